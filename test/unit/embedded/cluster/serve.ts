import { createServer } from "node:https";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import type { UserInfo } from "../../../../src/backends/embedded/cluster/api.ts";
import {
  certificatePem,
  distinguishedName,
  extensions,
  newKeys,
  privatePem,
  publicKeyInfo,
  type NamePart,
} from "../../../../src/backends/embedded/pki/x509.ts";
import { anonymous, certificateUser } from "../../../../src/backends/embedded/cluster/api-server/authentication.ts";
import type { ApiServer } from "../../../../src/backends/embedded/cluster/api-server/server.ts";

const day = 24 * 3600 * 1000;

export interface Served {
  url: string;
  /** A kubeconfig of a member of system:masters. */
  kubeconfig: string;
  close(): Promise<void>;
}

/** Serves an API server over HTTPS on a free loopback port, with certificates of its own. */
export async function serve(server: ApiServer): Promise<Served> {
  const pki = await makeCertificates(["127.0.0.1"]);
  const https = createServer(
    {
      cert: pki.server.certificate,
      key: pki.server.key,
      ca: pki.authority,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => void answer(server, request, response),
  );
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  const { port } = addressOf(https);
  const url = `https://127.0.0.1:${port}`;
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const kubeconfig = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "lab", cluster: { server: url, "certificate-authority-data": base64(pki.authority) } }],
    users: [
      {
        name: "admin",
        user: { "client-certificate-data": base64(pki.client.certificate), "client-key-data": base64(pki.client.key) },
      },
    ],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "admin" } }],
    "current-context": "lab",
  });
  return {
    url,
    kubeconfig,
    close: () =>
      new Promise((resolve) => {
        https.close(() => resolve());
        https.closeAllConnections();
      }),
  };
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not listening");
  return address;
}

async function answer(server: ApiServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const url = new URL(request.url ?? "/", "https://localhost");
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers[name] = String(value);
  const controller = new AbortController();
  response.on("close", () => controller.abort());
  const result = await server.handle({
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks),
    user: userOf(request),
    signal: controller.signal,
  });
  response.writeHead(result.status, result.headers);
  if (result.body instanceof Uint8Array) response.end(result.body);
  else {
    response.flushHeaders();
    for await (const chunk of result.body) response.write(chunk);
    response.end();
  }
}

function userOf(request: IncomingMessage): UserInfo {
  const socket: unknown = request.socket;
  if (typeof socket !== "object" || socket === null || !("getPeerX509Certificate" in socket)) return anonymous;
  const get = socket.getPeerX509Certificate;
  const certificate: unknown = typeof get === "function" ? get.call(socket) : undefined;
  return certificate === undefined ? anonymous : certificateUser(String(certificate));
}

interface Pair {
  certificate: string;
  key: string;
}

export interface TestPki {
  authority: string;
  server: Pair;
  client: Pair;
  /** For the tokens of service accounts. */
  signing: { key: string; publicKey: string };
}

/** An authority, a server's certificate for those addresses, and one of an administrator. */
export async function makeCertificates(addresses: readonly string[]): Promise<TestPki> {
  const notBefore = Date.now() - day;
  const notAfter = Date.now() + day;
  const authorityKeys = await newKeys();
  const issuer = distinguishedName([["commonName", "kubernetes"]]);
  const authority = certificatePem(
    {
      serial: Uint8Array.of(1),
      subject: issuer,
      issuer,
      notBefore,
      notAfter,
      publicKey: publicKeyInfo(authorityKeys.publicKey),
      extensions: [extensions.keyUsage(true), extensions.basicConstraints(true)],
    },
    authorityKeys.privateKey,
  );
  const issue = async (subject: readonly NamePart[], names: readonly string[]): Promise<Pair> => {
    const keys = await newKeys();
    const certificate = certificatePem(
      {
        serial: Uint8Array.of(2),
        subject: distinguishedName(subject),
        issuer,
        notBefore,
        notAfter,
        publicKey: publicKeyInfo(keys.publicKey),
        extensions: names.length > 0 ? [extensions.alternativeNames([], names)] : [],
      },
      authorityKeys.privateKey,
    );
    return { certificate, key: privatePem(keys.privateKey) };
  };
  return {
    authority,
    server: await issue([["commonName", "kube-apiserver"]], addresses),
    client: await issue(
      [
        ["organization", "system:masters"],
        ["commonName", "kubernetes-admin"],
      ],
      [],
    ),
    signing: signingKeys(),
  };
}

function signingKeys(): { key: string; publicKey: string } {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}
