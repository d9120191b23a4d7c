import type { ModelledMachine } from "../../machine/machine.ts";
import { CertificateError, NetworkError } from "../../network/network.ts";

/** The name server that Go's resolver names in its errors: the first one of /etc/resolv.conf. */
export function nameServerOf(machine: ModelledMachine): string {
  const files = machine.rootFiles;
  const text = files.exists("/etc/resolv.conf") ? files.readText("/etc/resolv.conf") : "";
  return `${/^nameserver\s+(\S+)/m.exec(text)?.[1] ?? "127.0.0.53"}:53`;
}

/** A failed connection as Go's net and net/http word it, e.g. `dial tcp 10.0.0.1:5000: connect: connection refused`. */
export async function goConnectionWords(error: unknown, machine: ModelledMachine): Promise<string> {
  if (error instanceof CertificateError) return certificateWords(error.message);
  if (!(error instanceof NetworkError)) return error instanceof Error ? error.message : String(error);
  if (error.code === "ENOTFOUND") return `dial tcp: lookup ${error.host} on ${nameServerOf(machine)}: no such host`;
  const address = await addressOf(machine, error.host);
  switch (error.code) {
    case "ECONNREFUSED":
      return `dial tcp ${address}:${error.port}: connect: connection refused`;
    case "EHOSTUNREACH":
      return `dial tcp ${address}:${error.port}: connect: no route to host`;
    case "ENETUNREACH":
      return `dial tcp ${address}:${error.port}: connect: network is unreachable`;
    case "ETIMEDOUT":
      return `dial tcp ${address}:${error.port}: i/o timeout`;
    case "ECONNRESET":
      return `read tcp ${machine.address}->${address}:${error.port}: read: connection reset by peer`;
    default:
      return `dial tcp ${address}:${error.port}: ${error.code}`;
  }
}

async function addressOf(machine: ModelledMachine, host: string): Promise<string> {
  try {
    return await machine.environment.network.lookup({ machine: machine.name }, host);
  } catch (error) {
    if (error instanceof NetworkError) return host;
    throw error;
  }
}

function certificateWords(message: string): string {
  if (message.startsWith("x509:")) return `tls: failed to verify certificate: ${message}`;
  return message;
}
