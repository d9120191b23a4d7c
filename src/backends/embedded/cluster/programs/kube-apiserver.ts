import { X509Certificate } from "node:crypto";
import { FileError } from "../../machine/files/errors.ts";
import type { Process, Program } from "../../machine/process.ts";
import { NetworkError, type HttpRequest, type HttpResponse } from "../../network/network.ts";
import type { ObjectPass } from "../../picture/traffic.ts";
import type { UserInfo } from "../api.ts";
import { ApiError } from "../api.ts";
import { anonymous, certificateUser, tokenUser, type TokenKeys } from "../api-server/authentication.ts";
import { bootstrapCluster } from "../api-server/bootstrap.ts";
import { failure } from "../api-server/errors.ts";
import { jsonResponse } from "../api-server/responses.ts";
import { ApiServer } from "../api-server/server.ts";
import { createStreams } from "../api-server/streams.ts";
import { serverVersion } from "../api-server/version.ts";
import { apiServerSocket } from "../clients/local.ts";
import { EtcdData, etcdSocket } from "../store/etcd.ts";
import type { ObjectStore } from "../store/store.ts";
import { aborted, klog, parseFlags } from "./flags.ts";

const mutating = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** kube-apiserver as a static pod runs it: needs its certificates and an etcd, listens on `--secure-port`. */
export const kubeApiserver: Program = async (process) => {
  const { machine } = process;
  const { environment } = machine;
  const flags = parseFlags(process.argv.slice(1));
  const log = (level: "I" | "W" | "E" | "F", source: string, message: string): Promise<void> =>
    process.err(klog(level, environment.clock.now(), process.pid, source, message));
  const version = serverVersion(process.executable.version);
  if (flags.has("version")) {
    await process.out(`Kubernetes ${version.gitVersion}\n`);
    return 0;
  }
  const refuse = async (message: string): Promise<number> => {
    await log("E", "run.go:74", `"command failed" err="${message.replaceAll('"', '\\"')}"`);
    return 1;
  };
  if (!flags.has("etcd-servers")) return refuse("--etcd-servers must be specified");
  for (const flag of ["service-account-issuer", "service-account-signing-key-file", "service-account-key-file"]) {
    if (!flags.has(flag)) return refuse(`${flag} is a required flag`);
  }
  const read = (flag: string): string => process.files.readText(flags.get(flag) ?? "");
  let tls: { certificate: string; key: string; clientAuthority: string };
  let tokenKeys: TokenKeys;
  try {
    tls = {
      certificate: read("tls-cert-file"),
      key: read("tls-private-key-file"),
      clientAuthority: read("client-ca-file"),
    };
    tokenKeys = {
      publicKey: read("service-account-key-file"),
      privateKey: read("service-account-signing-key-file"),
      issuer: flags.get("service-account-issuer") ?? "",
    };
    for (const flag of ["etcd-cafile", "etcd-certfile", "etcd-keyfile"]) if (flags.has(flag)) read(flag);
    void new X509Certificate(tls.certificate);
  } catch (error) {
    if (error instanceof FileError) return refuse(`open ${error.path}: no such file or directory`);
    return refuse("tls: failed to find any PEM data in certificate input");
  }
  const range = flags.get("service-cluster-ip-range") ?? "10.0.0.0/24";
  const port = Number(flags.get("secure-port") ?? "6443");
  const address = flags.get("advertise-address") ?? machine.address;
  const [low = 30_000, high = 32_767] = (flags.get("service-node-port-range") ?? "30000-32767").split("-").map(Number);
  const context = {
    clock: environment.clock,
    random: environment.random,
    store: () => connectStore(process),
    serviceRange: range,
    nodePorts: [low, high] as const,
    observe: (pass: ObjectPass) => environment.traffic?.object(pass),
  };
  const streams = createStreams(process, context, {
    certificate: flags.get("kubelet-client-certificate") ?? "",
    key: flags.get("kubelet-client-key") ?? "",
  });
  const server = new ApiServer({
    ...context,
    version,
    address: `${address}:${port}`,
    tokenKeys,
    streams,
    isListening: (wanted) => environment.network.listening(process.place).some((item) => item.port === wanted),
  });
  if (!(await waitForEtcd(process, server, (flags.get("etcd-servers") ?? "").split(",")))) {
    return process.signal.aborted ? 0 : refuse(`context deadline exceeded`);
  }
  const serviceAddress = range.replace(/\d+\/\d+$/, "1");
  bootstrapCluster(server, { address, port, serviceAddress });
  const handle = (request: HttpRequest): Promise<HttpResponse> => answer(process, server, tokenKeys, flags, request);
  let close: () => void;
  try {
    close = environment.network.listen(process.place, port, {
      process: "kube-apiserver",
      pid: process.pid,
      handle,
      tls,
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return refuse(
      `failed to create listener: failed to listen on 0.0.0.0:${port}: listen tcp 0.0.0.0:${port}: bind: address already in use`,
    );
  }
  const withdraw = machine.sockets.provide(apiServerSocket, server);
  if (!process.resumed) await log("I", "secure_serving.go:213", `Serving securely on [::]:${port}`);
  process.notifyReady();
  await aborted(process.signal);
  withdraw();
  close();
  return 0;
};

function connectStore(process: Process): ObjectStore {
  const data = process.machine.sockets.connect(etcdSocket);
  if (!(data instanceof EtcdData)) throw failure(500, "", "etcdserver: request timed out");
  return data.store;
}

/** A real server waits 20 seconds for etcd and then ends; here it tries as many times, spread over the modelled start. */
async function waitForEtcd(process: Process, server: ApiServer, urls: readonly string[]): Promise<boolean> {
  const { clock } = process.machine.environment;
  for (let attempt = 0; attempt < 40; attempt += 1) {
    try {
      server.context.store();
      if (urls.some((url) => isEtcd(process, url))) return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    try {
      await clock.sleep(50, process.signal);
    } catch {
      return false;
    }
  }
  const host = URL.parse(urls[0] ?? "")?.host ?? "";
  await process.err(
    klog(
      "W",
      clock.now(),
      process.pid,
      "logging.go:59",
      `[core] [Channel #1 SubChannel #2] grpc: addrConn.createTransport failed to connect to {Addr: "${host}", ServerName: "${host}", }. Err: connection error: desc = "transport: Error while dialing: dial tcp ${host}: connect: connection refused"`,
    ),
  );
  return false;
}

/** True when an etcd listens at that address. Simplified: only one on the same machine is found. */
function isEtcd(process: Process, url: string): boolean {
  const { machine, place } = process;
  const { hostname = "", port = "" } = URL.parse(url) ?? {};
  const isHere = hostname === "localhost" || hostname.startsWith("127.") || hostname === machine.address;
  const listening = machine.environment.network.listening(place);
  return isHere && listening.some((item) => item.process === "etcd" && item.port === Number(port));
}

async function answer(
  process: Process,
  server: ApiServer,
  keys: TokenKeys,
  flags: ReadonlyMap<string, string>,
  request: HttpRequest,
): Promise<HttpResponse> {
  const [path = "/", search = ""] = request.target.split(/\?(.*)/s);
  let user: UserInfo;
  try {
    user = userOf(server, keys, flags, request);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return jsonResponse(error.code, JSON.stringify(error.status));
  }
  const before = mutating.has(request.method) ? revisionOf(server) : 0;
  const response = await server.handle({
    method: request.method,
    path,
    query: new URLSearchParams(search),
    headers: request.headers,
    body: request.body,
    user,
    signal: request.signal,
  });
  // What a client was told is done must still be there after the lab was killed. The cluster's own components go back
  // together with what they wrote, and do it again; what kubeadm did is saved when its command ends.
  const routine = isComponent(user) || (request.headers["user-agent"] ?? "").startsWith("kubeadm/");
  if (mutating.has(request.method) && !routine && response.status < 300 && revisionOf(server) !== before) {
    await process.machine.environment.persist();
  }
  return response;
}

const isComponent = ({ name, groups }: UserInfo): boolean =>
  groups.includes("system:nodes") || /^system:(?:kube-|apiserver$|serviceaccount:kube-system:)/.test(name);

function revisionOf(server: ApiServer): number {
  try {
    return server.context.store().revision;
  } catch {
    return 0;
  }
}

function userOf(
  server: ApiServer,
  keys: TokenKeys,
  flags: ReadonlyMap<string, string>,
  request: HttpRequest,
): UserInfo {
  if (request.clientCertificate !== undefined) return certificateUser(request.clientCertificate);
  const header = request.headers["authorization"] ?? "";
  const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  if (token !== undefined) return tokenUser(server.context, token, keys);
  if (flags.get("anonymous-auth") === "false") throw failure(401, "Unauthorized", "Unauthorized");
  return anonymous;
}
