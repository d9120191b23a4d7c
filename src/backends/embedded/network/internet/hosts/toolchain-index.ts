import type { Profile } from "../../../../../domain/backend.ts";
import { loadCatalog } from "../catalog.ts";
import type { InternetHost } from "../internet.ts";
import { crunHosts } from "./crun-source.ts";
import { rustHosts } from "./rust.ts";
import { wasmedgeHosts } from "./wasmedge.ts";
import { wasmtimeHosts } from "./wasmtime.ts";

/** Where the toolchains come from: Rust's installer and registry, WasmEdge's installer and releases, crun's source. */
export function toolchainHosts(profile: Profile): InternetHost[] {
  const catalog = loadCatalog();
  const date = catalog.dates[profile];
  return [
    ...rustHosts(date),
    ...wasmedgeHosts(catalog, date),
    ...wasmtimeHosts(catalog, date),
    ...crunHosts(catalog, date),
  ];
}
