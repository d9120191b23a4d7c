import { concat } from "../../io.ts";
import { CertificateError, NetworkError } from "../../../network/network.ts";
import type { HttpResponse } from "../../../network/network.ts";
import type { Process } from "../../process.ts";

export type Fetched =
  | { ok: true; bytes: Uint8Array; url: string }
  | { ok: false; status: number | undefined; words: string; url: string };

/** Fetches like apt's http method: follows redirects and words failures as apt does. */
export async function aptFetch(process: Process, address: string): Promise<Fetched> {
  const { network } = process.machine.environment;
  let url = address;
  for (let hops = 0; hops < 10; hops += 1) {
    const { hostname, protocol, port } = new URL(url);
    const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
    try {
      const response = await network.fetch(process.place, url, {
        signal: process.signal,
        headers: { "user-agent": "Debian APT-HTTP/1.3 (2.0.10)" },
      });
      const location = response.headers["location"];
      if (response.status >= 300 && response.status < 400 && location !== undefined) {
        url = new URL(location, url).href;
        continue;
      }
      if (response.status !== 200) {
        const ip = await network.lookup(process.place, hostname).catch(() => hostname);
        return {
          ok: false,
          status: response.status,
          words: `${response.status}  ${response.reason ?? "Not Found"} [IP: ${ip} ${number}]`,
          url,
        };
      }
      return { ok: true, bytes: await bodyOf(response), url };
    } catch (error) {
      if (error instanceof NetworkError)
        return { ok: false, status: undefined, words: networkWords(error, hostname, number), url };
      if (error instanceof CertificateError) {
        return {
          ok: false,
          status: undefined,
          words: `Certificate verification failed: The certificate is NOT trusted. The certificate issuer is unknown.  Could not handshake: Error in the certificate verification. [IP: ${hostname} ${number}]`,
          url,
        };
      }
      throw error;
    }
  }
  return { ok: false, status: undefined, words: "Redirection loop encountered", url };
}

async function bodyOf(response: HttpResponse): Promise<Uint8Array> {
  if (response.body instanceof Uint8Array) return response.body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return concat(chunks);
}

function networkWords(error: NetworkError, host: string, port: number): string {
  switch (error.code) {
    case "ENOTFOUND":
      return `Could not resolve '${host}'`;
    case "ECONNREFUSED":
      return `Could not connect to ${host}:${port} (${host}). - connect (111: Connection refused)`;
    case "ETIMEDOUT":
      return `Could not connect to ${host}:${port} (${host}), connection timed out`;
    default:
      return `Cannot initiate the connection to ${host}:${port} (${host}). - connect (101: Network is unreachable)`;
  }
}

/** Bytes as apt prints them: `512 B`, `8,993 B`, `12.3 kB`, `4,210 kB`. */
export function aptSize(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 10_000 || unit === "GB") {
      const shown = value < 100 && unit !== "B" ? value.toFixed(1) : Math.floor(value).toLocaleString("en-US");
      return `${shown} ${unit}`;
    }
    value /= 1000;
  }
  return `${bytes} B`;
}
