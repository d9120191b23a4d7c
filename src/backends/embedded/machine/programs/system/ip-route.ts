import type { Process } from "../../process.ts";
import { cniBridges, networkOf } from "../../system/bridges.ts";
import { addedRoutes, addRoute, nextHop, parseDestination, removeRoute } from "../../system/routes.ts";

/** `ip route`: shows, adds and removes. `words` follow the object. Resolves with the exit code. */
export async function ipRoute(process: Process, words: readonly string[]): Promise<number> {
  const [verb = "show", ...rest] = words;
  if (verb === "show" || verb === "list" || verb === "ls") {
    await process.out(table(process));
    return 0;
  }
  if (verb === "get") return get(process, rest[0] ?? "");
  if (!["add", "replace", "change", "append", "del", "delete"].includes(verb)) {
    await process.err(`Command "${verb}" is unknown, try "ip route help".\n`);
    return 255;
  }
  return change(process, verb, rest);
}

function table(process: Process): string {
  const { address } = process.machine;
  const routes = addedRoutes(process.machine).map(
    ({ network, prefix, via }) => `${prefix === 32 ? network : `${network}/${prefix}`} via ${via} dev ens3 \n`,
  );
  const bridges = cniBridges(process.machine).map(
    (bridge) =>
      `${networkOf(bridge)}/${bridge.prefix} dev ${bridge.name} proto kernel scope link src ${bridge.address} \n`,
  );
  const gateway = address.replace(/\d+$/, "1");
  const own = `${address.replace(/\d+$/, "0")}/24 dev ens3 proto kernel scope link src ${address} \n`;
  return `default via ${gateway} dev ens3 proto dhcp src ${address} metric 100 \n${[own, ...bridges, ...routes].toSorted(byAddress).join("")}`;
}

function byAddress(one: string, other: string): number {
  const parts = (line: string): number[] => (line.split(/[ /]/)[0] ?? "").split(".").map(Number);
  const others = parts(other);
  return parts(one).reduce((sign, part, index) => (sign === 0 ? part - (others[index] ?? 0) : sign), 0);
}

async function get(process: Process, destination: string): Promise<number> {
  const { machine } = process;
  const { uid } = process.credentials;
  const local = destination.startsWith("127.") || destination === machine.address;
  const gateway = machine.address.replace(/\d+$/, "1");
  const lan = destination.replace(/\d+$/, "") === machine.address.replace(/\d+$/, "");
  const next = nextHop(machine, destination);
  const bridge = next?.kind === "connected" ? cniBridges(machine).find(({ name }) => name === next.device) : undefined;
  const way = local
    ? `dev lo src ${destination}`
    : bridge
      ? `dev ${bridge.name} src ${bridge.address}`
      : next?.kind === "via"
        ? `via ${next.address} dev ens3 src ${machine.address}`
        : `${lan ? "" : `via ${gateway} `}dev ens3 src ${machine.address}`;
  await process.out(
    `${local ? "local " : ""}${destination} ${way} uid ${uid} \n    cache ${local ? "<local> " : ""}\n`,
  );
  return 0;
}

async function change(process: Process, verb: string, words: readonly string[]): Promise<number> {
  const fail = async (text: string, exitCode: number): Promise<number> => {
    await process.err(`${text}\n`);
    return exitCode;
  };
  const { machine } = process;
  const destination = parseDestination(words[0] ?? "");
  if (!destination) {
    const isNetwork = /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(words[0] ?? "");
    if (isNetwork) return fail("RTNETLINK answers: Invalid argument", 2);
    return fail(`Error: any valid prefix is expected rather than "${words[0] ?? ""}".`, 1);
  }
  if (process.credentials.uid !== 0) return fail("RTNETLINK answers: Operation not permitted", 2);
  if (verb.startsWith("del")) {
    return removeRoute(machine, destination) ? 0 : fail("RTNETLINK answers: No such process", 2);
  }
  const via = words.includes("via") ? (words[words.indexOf("via") + 1] ?? "") : "";
  // Simplified: a route leads to another computer of the same network; real ones can name a device alone.
  if (via === "") return fail("RTNETLINK answers: Operation not supported", 2);
  const onLink = via.replace(/\d+$/, "") === machine.address.replace(/\d+$/, "") && via !== machine.address;
  if (!onLink) return fail("Error: Nexthop has invalid gateway.", 2);
  if (verb === "replace" || verb === "change") removeRoute(machine, destination);
  return addRoute(machine, { ...destination, via }) ? 0 : fail("RTNETLINK answers: File exists", 2);
}
