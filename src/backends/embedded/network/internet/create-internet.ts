import { createHash } from "node:crypto";
import type { Clock } from "../../../../domain/clock.ts";
import type { Profile } from "../../../../domain/backend.ts";
import type { BlobStore } from "../../machine/files/file-system.ts";
import { loadCatalog } from "./catalog.ts";
import { aptHosts } from "./hosts/apt-index.ts";
import { fileHosts } from "./hosts/files.ts";
import { githubHosts } from "./hosts/github.ts";
import { registryHosts } from "./hosts/registries.ts";
import { toolchainHosts } from "./hosts/toolchain-index.ts";
import { notFound } from "./http.ts";
import type { Internet, InternetHost } from "./internet.ts";

export interface InternetOptions {
  profile: Profile;
  clock: Clock;
  blobs: BlobStore;
  /** Hosts of other parts; where a name has several, the first that has the page answers. */
  others?: readonly InternetHost[];
}

/** Everything outside the lab, as it stood on the profile's day. */
export function createInternet(options: InternetOptions): Internet {
  const catalog = loadCatalog();
  const date = catalog.dates[options.profile];
  return composeInternet(
    [
      ...(options.others ?? []),
      ...toolchainHosts(options.profile),
      ...aptHosts(options.profile),
      ...githubHosts(catalog, date),
      ...fileHosts(catalog, date),
      ...registryHosts(catalog, date),
    ],
    catalog.addresses,
  );
}

/** Gives every name its address and joins the hosts that share a name. */
export function composeInternet(hosts: readonly InternetHost[], known: Readonly<Record<string, string>>): Internet {
  const byName = new Map<string, InternetHost[]>();
  for (const host of hosts) for (const name of host.names) byName.set(name, [...(byName.get(name) ?? []), host]);
  const addresses = new Map<string, string>();
  const names = new Map<string, string>();
  // Sorted, so that a name's address does not depend on the order of the hosts.
  for (const name of [...byName.keys()].sort()) {
    let address = known[name] ?? derivedAddress(name, 0);
    for (let attempt = 1; names.has(address); attempt += 1) address = derivedAddress(name, attempt);
    addresses.set(name, address);
    names.set(address, name);
  }
  return {
    resolve: (host) => addresses.get(host.toLowerCase()),
    hostAt(address, port) {
      const name = names.get(address);
      const behind = (name === undefined ? [] : (byName.get(name) ?? [])).filter((host) =>
        (host.ports ?? [80, 443]).includes(port),
      );
      return name === undefined || behind.length === 0 ? undefined : joined(name, behind);
    },
  };
}

/** Documentation addresses (RFC 5737) for names whose own address the catalogue does not say. */
function derivedAddress(name: string, attempt: number): string {
  const [block = 0, last = 0] = createHash("sha256").update(`${name} ${attempt}`).digest();
  return `${block < 128 ? "198.51.100" : "203.0.113"}.${1 + (last % 254)}`;
}

function joined(name: string, hosts: readonly InternetHost[]): InternetHost {
  const [only] = hosts;
  if (hosts.length === 1 && only) return only;
  return {
    names: [name],
    async handle(request) {
      let response = notFound();
      for (const host of hosts) {
        response = await host.handle(request);
        if (response.status !== 404) return response;
      }
      return response;
    },
  };
}
