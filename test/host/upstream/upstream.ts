import { join } from "node:path";
import { readCatalog } from "../../../src/recipes/catalog.ts";
import { type Source, sourcesOf } from "../../../src/recipes/sources.ts";
import { ubuntuArchive } from "./archive.ts";
import { crioStandIn } from "./cri-o-stand-in.ts";
import { builtPrograms } from "./go-builds.ts";
import { registryImages } from "./images.ts";
import { kubernetesIsWanted, kubernetesPackages } from "./kubernetes.ts";
import { flatRepository, packed } from "./packages.ts";
import { modules, releases } from "./releases.ts";
import type { Site } from "./server.ts";
import { signingKey } from "./signing.ts";

const architecture = "amd64";

/** What stands in for a download, in words for the report. */
export interface Substitution {
  id: string;
  version: string;
  served: string;
}

export interface Upstream {
  sites: Site[];
  substitutions: Substitution[];
  /** The digests that the catalogue pins, and those of what is served in their place. */
  digests: ReadonlyMap<string, string>;
}

/** Everything that the profile `current` downloads, as far as it is to be had without its own servers. */
export async function openUpstream(): Promise<Upstream> {
  const sources = sourcesOf(readCatalog(join(import.meta.dirname, "../../../vm-images")), "current", architecture);
  const bySource = (id: string): Source => {
    const found = sources.find((source) => source.id === id);
    if (!found) throw new Error(`the catalogue has no download ${id}`);
    return found;
  };
  const assets = await releases(sources);
  const containerd = await builtPrograms(modules.containerd(bySource("containerd").version));
  const crictl = await builtPrograms(modules.crictl(bySource("crictl").version));
  const crio = await packed(crioStandIn(containerd), architecture);
  const images = await registryImages(sources);
  const substitutions: Substitution[] = [
    { id: "ubuntu", version: "24.04", served: "Debian trixie's packages under Ubuntu's suite names" },
    ...assets.told.map(({ id, version, from, reason }) => ({ id, version, served: from ?? `absent: ${reason ?? ""}` })),
    { id: "cri-o", version: "0~stand-in", served: "NOT CRI-O: containerd with Debian's crun behind CRI-O's socket" },
    ...images.told,
    ...sources
      .filter(({ kind }) => kind === "vm-image")
      .map(({ id, version }) => ({ id, version, served: "absent: machines boot the root file system above" })),
  ];
  const sites: Site[] = [
    await ubuntuArchive(architecture),
    assets.site,
    images.site,
    await flatRepository(placeBelow(bySource("cri-o")), [crio], architecture),
  ];
  const kubernetes = bySource("kubernetes");
  const version = kubernetes.version.replace(/-.*$/, "");
  if (kubernetesIsWanted(version)) {
    const made = await kubernetesPackages(version, kubernetes.version, { crictl });
    const files: string[] = [];
    for (const wanted of made) files.push(await packed(wanted, architecture));
    sites.push(await flatRepository(placeBelow(kubernetes), files, architecture));
    // The newest minor has the key that signs all of them.
    const key = { file: (await signingKey()).armored };
    const newest = placeBelow(bySource("kubernetes-key"));
    sites.push((place) => (place === newest ? key : undefined));
    substitutions.push({ id: "kubernetes", version, served: "built here from the source of that version" });
  } else {
    substitutions.push({ id: "kubernetes", version, served: "absent: WASM_K8S_LAB_HOST_KUBERNETES=1 builds it" });
  }
  return { sites, substitutions, digests: assets.digests };
}

/** `host/path` of a source. */
const placeBelow = ({ url }: Source): string => url.replace(/^https?:\/\//, "");
