import { isIP } from "node:net";
import type { ModelledMachine } from "../machine/machine.ts";

/** 127.0.0.0/8. */
export const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

/** 10.96.0.0/12, the cluster's service addresses. */
export function isServiceAddress(address: string): boolean {
  const [first, second] = address.split(".").map(Number);
  return first === 10 && second !== undefined && second >= 96 && second < 112;
}

/** Addresses that no router of the internet forwards (RFC 1918). */
export const isPrivate = (address: string): boolean => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address);

/** The one address a listener is limited to; undefined for all. */
export function normalizedAddress(address: string | undefined): string | undefined {
  if (address === undefined || address === "" || address === "0.0.0.0" || address === "::" || address === "*")
    return undefined;
  return address === "localhost" ? "127.0.0.1" : address;
}

/** What /etc/hosts of the machine says about a name. */
export function inHostsFile(machine: ModelledMachine, name: string): string | undefined {
  if (!machine.rootFiles.exists("/etc/hosts")) return undefined;
  for (const line of machine.rootFiles.readText("/etc/hosts").split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (address && isIP(address) === 4 && names.some((candidate) => candidate.toLowerCase() === name)) return address;
  }
  return undefined;
}
