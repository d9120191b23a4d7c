import type { GuestHost, HostInterface, WasiVersion } from "./functions.ts";
import { httpInterfaces } from "./http.ts";
import { cliInterfaces, clockInterfaces, ioInterfaces, randomInterfaces } from "./system.ts";

export const wasiVersions: readonly WasiVersion[] = ["0.2.0-rc-2023-10-18", "0.2.0"];

/** Name of a module's export that handles requests. */
export const handlerExport = (version: WasiVersion): string => `wasi:http/incoming-handler@${version}#handle`;

/** All interfaces of one version by the name that modules import them with. */
export function hostInterfaces(version: WasiVersion, host: GuestHost): Readonly<Record<string, HostInterface>> {
  const all = {
    ...ioInterfaces(version, host),
    ...clockInterfaces(version, host),
    ...randomInterfaces(),
    ...cliInterfaces(host),
    ...httpInterfaces(version, host),
  };
  return Object.fromEntries(Object.entries(all).map(([name, functions]) => [`${name}@${version}`, functions]));
}
