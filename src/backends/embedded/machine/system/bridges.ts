import type { ModelledMachine } from "../machine.ts";

/** A bridge that a CNI plugin made for this machine's pods. */
export interface Bridge {
  name: string;
  /** Its own IPv4 address, the pods' gateway. */
  address: string;
  prefix: number;
}

const leases = "/var/lib/cni/networks";
const configurations = "/etc/cni/net.d";

/** Bridges whose network has given out addresses. Simplified: a bridge is there as long as the network's leases and configuration are. */
export function cniBridges(machine: ModelledMachine): Bridge[] {
  const files = machine.rootFiles;
  if (!files.isDirectory(leases) || !files.isDirectory(configurations)) return [];
  const used = new Set(
    files
      .list(leases)
      .filter((name) => files.isDirectory(`${leases}/${name}`) && files.list(`${leases}/${name}`).length > 0),
  );
  return files.list(configurations).flatMap((name) => {
    const text = files.isDirectory(`${configurations}/${name}`) ? "" : files.readText(`${configurations}/${name}`);
    const network = /"name"\s*:\s*"([^"]+)"/.exec(text)?.[1];
    const subnet = /"subnet"\s*:\s*"(\d+\.\d+\.\d+)\.\d+\/(\d+)"/.exec(text);
    const bridge = /"bridge"\s*:\s*"([^"]+)"/.exec(text)?.[1] ?? "cni0";
    if (network === undefined || !used.has(network) || !subnet || !text.includes('"type": "bridge"')) return [];
    return [{ name: bridge, address: `${subnet[1] ?? ""}.1`, prefix: Number(subnet[2]) }];
  });
}

/** The address of the network that a bridge serves, such as `10.22.0.0`. */
export function networkOf(bridge: Bridge): string {
  const value = bridge.address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - bridge.prefix);
  const start = Math.floor(value / size) * size;
  return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
}
