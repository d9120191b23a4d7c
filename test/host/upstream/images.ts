import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Source } from "../../../src/recipes/sources.ts";
import { cached, digestOf } from "../cache.ts";
import { run } from "../run.ts";
import { moduleSource } from "./go-builds.ts";
import type { Content, Site } from "./server.ts";

export interface Images {
  site: Site;
  told: { id: string; version: string; served: string }[];
}

/** Images in registries; so far only the one that every pod begins with. */
export async function registryImages(sources: readonly Source[]): Promise<Images> {
  const places = new Map<string, Content>();
  const told: Images["told"] = [];
  const kubernetes = sources.find(({ id }) => id === "kubernetes")?.version.replace(/-.*$/, "") ?? "";
  for (const { id, kind, url, version } of sources) {
    if (kind !== "image") continue;
    if (id !== "image-pause") {
      told.push({ id, version, served: "absent: nobody builds it here" });
      continue;
    }
    const layer = await pauseLayer(kubernetes);
    addImage(places, url, layer, { Entrypoint: ["/pause"] });
    told.push({ id, version, served: "built here from the source of that Kubernetes" });
  }
  return { site: (place) => places.get(place), told };
}

/** Kubernetes' own pause.c as a layer. */
async function pauseLayer(version: string): Promise<Buffer> {
  const source = join(await moduleSource({ path: "k8s.io/kubernetes", version }), "build/pause/linux/pause.c");
  const folder = await cached(`assets/pause-${digestOf(readFileSync(source, "utf8"))}`, "compiled", async (path) => {
    mkdirSync(path);
    await run("gcc", ["-Os", "-Wall", "-static", `-DVERSION=v${version}`, "-o", join(path, "pause"), source]);
    await run("tar", ["-C", path, "--owner=0", "--group=0", "--mtime=@0", "-cf", join(path, "layer.tar"), "pause"]);
  });
  return readFileSync(join(folder, "layer.tar"));
}

const sha256 = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** One image of one layer, at the addresses of its registry's API, of a mirror, and of a mirror for all registries. */
function addImage(
  places: Map<string, Content>,
  url: string,
  layer: Buffer,
  config: Readonly<Record<string, unknown>>,
): void {
  const [, registry = "", name = "", tag = ""] = /^docker:\/\/([^/]+)\/(.+):([^:/]+)$/.exec(url) ?? [];
  const described = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: [sha256(layer)] },
      history: [{ created_by: "a test of wasm-k8s-lab" }],
    }),
  );
  const oci = "application/vnd.oci.image";
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config: { mediaType: `${oci}.config.v1+json`, digest: sha256(described), size: described.length },
      layers: [{ mediaType: `${oci}.layer.v1.tar`, digest: sha256(layer), size: layer.length }],
    }),
  );
  for (const base of [`${registry}/v2/${name}`, `v2/${registry}/${name}`]) {
    places.set(`${base}/manifests/${tag}`, manifest);
    places.set(`${base}/manifests/${sha256(manifest)}`, manifest);
    for (const blob of [described, layer]) places.set(`${base}/blobs/${sha256(blob)}`, blob);
  }
}
