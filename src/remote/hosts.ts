import type { Machine } from "../domain/machine.ts";
import { LabError } from "../domain/errors.ts";

export interface MachineAddress {
  name: string;
  address: string;
}

const begin = "# wasm-k8s-lab: begin of the lab's machines";
const end = "# wasm-k8s-lab: end of the lab's machines";

/** The lines of /etc/hosts by which the machines know each other; the lab's registry is on master. */
export function hostsBlock(machines: readonly MachineAddress[]): string {
  const lines = machines
    .toSorted((one, other) => one.name.localeCompare(other.name))
    .map(({ name, address }) => `${address} ${name}${name === "master" ? " registry.lab" : ""}`);
  return `${[begin, ...lines, end].join("\n")}\n`;
}

/** `content` of /etc/hosts with this block as its only one, and without another place for the machines' own names. */
export function withHostsBlock(content: string, machines: readonly MachineAddress[]): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of content.split("\n")) {
    if (line === begin) inside = true;
    else if (line === end) inside = false;
    else if (!inside) kept.push(withoutNames(line, machines));
  }
  const others = kept.join("\n").replace(/\n*$/, "\n");
  return `${others === "\n" ? "" : others}${machines.length === 0 ? "" : hostsBlock(machines)}`;
}

/**
 * Ubuntu gives a machine's own name 127.0.1.1: what listens on the address of its name would then be out of reach for
 * the others.
 */
function withoutNames(line: string, machines: readonly MachineAddress[]): string {
  const [, address = "", names = ""] = /^\s*(127\.0\.1\.1)\s+([^#]*)/.exec(line) ?? [];
  if (address === "") return line;
  const others = names.split(/\s+/).filter((name) => name !== "" && !machines.some((each) => each.name === name));
  return others.length === 0 ? `# ${line.trim()}` : `${address} ${others.join(" ")}`;
}

/** Brings a machine's /etc/hosts up to date; writes only where it changes. */
export async function writeHosts(machine: Machine, machines: readonly MachineAddress[]): Promise<void> {
  const before = new TextDecoder().decode(await readHosts(machine));
  const after = withHostsBlock(before, machines);
  if (after !== before) await machine.writeFile("/etc/hosts", after);
}

async function readHosts(machine: Machine): Promise<Uint8Array> {
  try {
    return await machine.readFile("/etc/hosts");
  } catch (error) {
    if (error instanceof LabError && error.code === "file-not-found") return new TextEncoder().encode("");
    throw error;
  }
}
