import type { ModelledMachine } from "../../../machine/machine.ts";
import type { Process } from "../../../machine/process.ts";
import type { ContainerdClients } from "../../containerd/clients.ts";
import { ClientError } from "../../containerd/clients.ts";

/** One run of ctr: its words after the global options, and the daemon behind the socket. */
export interface Command {
  process: Process;
  machine: ModelledMachine;
  namespace: string;
  clients: ContainerdClients;
  args: readonly string[];
}

/** Flags before the first operand; everything after it is kept as it is. */
export interface ParsedFlags {
  operands: string[];
  has(...names: string[]): boolean;
  values(...names: string[]): string[];
}

/** Splits options from operands as ctr does: options end at the first operand. */
export function parseFlags(args: readonly string[], takesValue: readonly string[]): ParsedFlags {
  const found: [string, string][] = [];
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      at += 1;
      break;
    }
    if (!arg.startsWith("-")) break;
    const [flag = "", joined] = arg.split(/=(.*)/s);
    const name = flag.replace(/^-+/, "");
    found.push([name, joined ?? (takesValue.includes(name) ? (args[(at += 1)] ?? "") : "true")]);
  }
  return {
    operands: args.slice(at),
    has: (...names) => found.some(([name]) => names.includes(name)),
    values: (...names) => found.filter(([name]) => names.includes(name)).map(([, value]) => value),
  };
}

/** Go's tabwriter with a padding of four. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)) + 4);
  return rows.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("")}\n`).join("");
}

/** containerd resolves no short names: a reference begins with the registry's host. Throws ClientError. */
export function fullReference(name: string): string {
  const [host = "", ...path] = name.split("/");
  const failed = `failed to resolve reference ${JSON.stringify(name)}: `;
  if (path.length === 0) {
    const [, tag] = host.split(":");
    throw new ClientError(
      tag === undefined
        ? `${failed}object required`
        : `${failed}parse "dummy://${name}": invalid port ":${tag}" after host`,
    );
  }
  if (!/[.:]/.test(host) && host !== "localhost") {
    throw new ClientError(
      `${failed}failed to do request: Head "https://${host}/v2/${path.join("/").replace(/:[^:/]+$/, "")}/manifests/${/:([^:/]+)$/.exec(name)?.[1] ?? ""}": dial tcp: lookup ${host}: no such host`,
    );
  }
  return name;
}
