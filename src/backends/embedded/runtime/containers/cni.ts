import type { FileView } from "../../machine/files/file-system.ts";
import type { ModelledMachine } from "../../machine/machine.ts";
import { ensureBridge } from "../../machine/system/bridges.ts";

/** One network of /etc/cni/net.d. */
export interface CniNetwork {
  name: string;
  /** `type` of its plugins in order. */
  plugins: string[];
  ipam: { type: string; subnet: string; dataDir: string } | undefined;
  /** Name of the bridge that the first plugin makes; undefined when it makes none. */
  bridge: string | undefined;
  /** The bridge takes a new address when its network changes. */
  forceAddress: boolean;
  file: string;
}

/** What a plugin answered; the runtime words the rest. */
export class CniError extends Error {
  override readonly name = "CniError";
}

interface RawPlugin {
  type?: unknown;
  ipam?: unknown;
  bridge?: unknown;
  forceAddress?: unknown;
  name?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** The first valid network by file name; undefined when there is none. */
export function loadNetwork(files: FileView, folder: string): CniNetwork | undefined {
  if (!files.isDirectory(folder)) return undefined;
  for (const name of files.list(folder).filter((entry) => /\.(conf|conflist|json)$/.test(entry))) {
    const network = parseNetwork(files, `${folder.replace(/\/$/, "")}/${name}`);
    if (network) return network;
  }
  return undefined;
}

function parseNetwork(files: FileView, file: string): CniNetwork | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(files.readText(file));
  } catch {
    return undefined;
  }
  if (!isObject(raw) || typeof raw["name"] !== "string") return undefined;
  const list: RawPlugin[] = file.endsWith(".conflist")
    ? Array.isArray(raw["plugins"])
      ? raw["plugins"].filter((plugin) => isObject(plugin))
      : []
    : [raw];
  const plugins = list.map((plugin) => plugin.type).filter((type) => typeof type === "string");
  if (plugins.length === 0 || plugins.length !== list.length) return undefined;
  const [first] = list;
  const bridge = typeof first?.bridge === "string" ? first.bridge : "cni0";
  return {
    name: raw["name"],
    plugins,
    ipam: parseIpam(first?.ipam),
    bridge: plugins[0] === "bridge" ? bridge : undefined,
    forceAddress: first?.forceAddress === true,
    file,
  };
}

function parseIpam(raw: unknown): CniNetwork["ipam"] {
  if (!isObject(raw) || typeof raw["type"] !== "string") return undefined;
  const ranges: unknown = raw["ranges"];
  const first: unknown = Array.isArray(ranges) && Array.isArray(ranges[0]) ? ranges[0][0] : undefined;
  const nested = isObject(first) ? first["subnet"] : undefined;
  const subnet = typeof raw["subnet"] === "string" ? raw["subnet"] : nested;
  const dataDir = typeof raw["dataDir"] === "string" ? raw["dataDir"] : "/var/lib/cni/networks";
  return { type: raw["type"], subnet: typeof subnet === "string" ? subnet : "", dataDir };
}

/** Where a plugin's binary is; undefined when it is in none of the folders. */
export const findPlugin = (files: FileView, folders: readonly string[], name: string): string | undefined =>
  folders.map((folder) => `${folder.replace(/\/$/, "")}/${name}`).find((path) => files.exists(path));

const toNumber = (address: string): number =>
  address.split(".").reduce((sum, part) => sum * 256 + (Number.parseInt(part, 10) || 0), 0);

const toAddress = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join(".");

/**
 * Runs the network's plugins for a new pod and returns its address. Throws CniError in libcni's words.
 * Simplified: only bridge-like networks with host-local addresses are modelled.
 */
export function addToNetwork(
  machine: ModelledMachine,
  network: CniNetwork,
  folders: readonly string[],
  sandboxId: string,
): string {
  const files = machine.rootFiles;
  const path = `[${folders.join(" ")}]`;
  const failed = (plugin: string, words: string): CniError =>
    new CniError(`plugin type=${JSON.stringify(plugin)} failed (add): ${words}`);
  for (const plugin of network.plugins) {
    if (!findPlugin(files, folders, plugin)) {
      throw failed(plugin, `failed to find plugin ${JSON.stringify(plugin)} in path ${path}`);
    }
  }
  const first = network.plugins[0] ?? "";
  const { ipam } = network;
  if (!ipam) throw failed(first, "IPAM plugin returned missing IP config");
  if (!findPlugin(files, folders, ipam.type)) {
    throw failed(first, `failed to find plugin ${JSON.stringify(ipam.type)} in path ${path}`);
  }
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(ipam.subnet);
  if (!match) throw failed(first, `invalid CIDR address: ${ipam.subnet}`);
  const size = 2 ** (32 - Number(match[2]));
  const base = Math.floor(toNumber(match[1] ?? "") / size) * size;
  if (network.bridge !== undefined) {
    const gateway = toAddress(base + 1);
    const prefix = Number(match[2]);
    const bridge = ensureBridge(machine, { name: network.bridge, address: gateway, prefix });
    if (network.forceAddress) Object.assign(bridge, { address: gateway, prefix });
    if (bridge.address !== gateway || bridge.prefix !== prefix) {
      const words = `"${bridge.name}" already has an IP address different from ${gateway}/${prefix}`;
      throw failed(first, `failed to set bridge addr: ${words}`);
    }
  }
  const folder = `${ipam.dataDir}/${network.name}`;
  files.makeDirectories(folder);
  const lastFile = `${folder}/last_reserved_ip.0`;
  const last = files.exists(lastFile) ? toNumber(files.readText(lastFile).trim()) : base + 1;
  const usable = size - 3;
  for (let step = 1; step <= usable; step += 1) {
    const address = toAddress(base + 2 + ((last - base - 2 + step + usable) % usable));
    if (files.exists(`${folder}/${address}`)) continue;
    files.write(`${folder}/${address}`, `${sandboxId}\r\neth0`);
    files.write(lastFile, address);
    return address;
  }
  throw failed(
    first,
    `failed to allocate for range 0: no IP addresses available in range set: ${toAddress(base + 1)}-${toAddress(base + size - 2)}`,
  );
}

/** Gives a pod's address back. */
export function removeFromNetwork(files: FileView, sandboxId: string): void {
  const root = "/var/lib/cni/networks";
  if (!files.isDirectory(root)) return;
  for (const name of files.list(root)) {
    if (!files.isDirectory(`${root}/${name}`)) continue;
    for (const entry of files.list(`${root}/${name}`)) {
      if (/^\d/.test(entry) && files.readText(`${root}/${name}/${entry}`).startsWith(sandboxId)) {
        files.unlink(`${root}/${name}/${entry}`);
      }
    }
  }
}
