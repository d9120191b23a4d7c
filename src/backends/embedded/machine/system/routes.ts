import { isIP } from "node:net";
import type { ModelledMachine } from "../machine.ts";
import { cniBridges, networkOf } from "./bridges.ts";

/** A route that somebody added by hand. */
export interface Route {
  network: string;
  prefix: number;
  /** Address of the next computer. */
  via: string;
}

interface RouteState {
  /** The boot in which they were added: a reboot takes them away. */
  bootedAt: number;
  routes: Route[];
}

function stateOf(machine: ModelledMachine): RouteState {
  const state = machine.durable<RouteState>("routes", () => ({ bootedAt: machine.bootedAt, routes: [] }));
  if (state.bootedAt !== machine.bootedAt) Object.assign(state, { bootedAt: machine.bootedAt, routes: [] });
  return state;
}

/** The added routes. Simplified: those of a real machine can also come from netplan at every boot. */
export const addedRoutes = (machine: ModelledMachine): readonly Route[] => stateOf(machine).routes;

const numberOf = (address: string): number =>
  address.split(".").reduce((sum, part) => sum * 256 + (Number.parseInt(part, 10) || 0), 0);

function contains(network: string, prefix: number, address: string): boolean {
  const size = 2 ** (32 - prefix);
  return Math.floor(numberOf(network) / size) === Math.floor(numberOf(address) / size);
}

/** `10.22.1.0/24`, or one address; undefined for anything else. A network's host part must be zero. */
export function parseDestination(text: string): { network: string; prefix: number } | undefined {
  const [network = "", length = "32"] = text.split("/");
  const prefix = Number(length);
  if (isIP(network) !== 4 || !/^\d+$/.test(length) || prefix > 32) return undefined;
  return numberOf(network) % 2 ** (32 - prefix) === 0 ? { network, prefix } : undefined;
}

/** False when there is one to that network already. */
export function addRoute(machine: ModelledMachine, route: Route): boolean {
  const { routes } = stateOf(machine);
  if (routes.some((other) => other.network === route.network && other.prefix === route.prefix)) return false;
  routes.push(route);
  machine.environment.touch();
  return true;
}

/** False when there is none to that network. */
export function removeRoute(machine: ModelledMachine, { network, prefix }: Omit<Route, "via">): boolean {
  const { routes } = stateOf(machine);
  const at = routes.findIndex((other) => other.network === network && other.prefix === prefix);
  if (at < 0) return false;
  routes.splice(at, 1);
  machine.environment.touch();
  return true;
}

/** Where the machine's kernel sends a packet: the longest prefix wins, a directly connected network before a route. */
export type NextHop = { kind: "connected"; device: string } | { kind: "via"; address: string } | undefined;

/** The next hop to an address; undefined when only the default route fits. */
export function nextHop(machine: ModelledMachine, address: string): NextHop {
  let longest = -1;
  let found: NextHop;
  for (const bridge of cniBridges(machine)) {
    if (bridge.prefix <= longest || !contains(networkOf(bridge), bridge.prefix, address)) continue;
    longest = bridge.prefix;
    found = { kind: "connected", device: bridge.name };
  }
  for (const route of addedRoutes(machine)) {
    if (route.prefix <= longest || !contains(route.network, route.prefix, address)) continue;
    longest = route.prefix;
    found = { kind: "via", address: route.via };
  }
  return found;
}

/** True when both addresses are in the network of one bridge of the machine. */
export const onBridge = (machine: ModelledMachine, one: string, other: string): boolean =>
  cniBridges(machine).some(
    (bridge) => contains(networkOf(bridge), bridge.prefix, one) && contains(networkOf(bridge), bridge.prefix, other),
  );
