import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Source } from "../../../src/recipes/sources.ts";
import { placeOf } from "../../../src/offline/places.ts";
import { cached } from "../cache.ts";
import { run } from "../run.ts";
import { builtPrograms, type GoModule, moduleSource } from "./go-builds.ts";
import type { Content, Site } from "./server.ts";

/** How the asset of a download is made from source; keyed by the download's id in the catalogue. */
type Maker = (source: Source) => Promise<string>;

const cniPlugins = (
  "main/bridge main/host-device main/ipvlan main/loopback main/macvlan main/ptp main/vlan ipam/dhcp " +
  "ipam/host-local ipam/static meta/bandwidth meta/firewall meta/portmap meta/tuning"
).split(" ");

/** The modules that downloads are built from, by the program that they are known for. */
export const modules = {
  runc: (version: string): GoModule => ({
    path: "github.com/opencontainers/runc",
    version,
    programs: [{ name: "runc", package: ".", tags: "seccomp", cgo: true }],
  }),
  containerd: (version: string): GoModule => {
    const path = `github.com/containerd/containerd${version.startsWith("1.") ? "" : "/v2"}`;
    const variables = { [`${path}/version.Version`]: `v${version}` };
    const tags = "no_btrfs no_zfs no_devmapper";
    const names = ["containerd", "containerd-shim-runc-v2", "ctr"];
    return { path, version, programs: names.map((name) => ({ name, package: `cmd/${name}`, tags, variables })) };
  },
  cni: (version: string): GoModule => {
    const path = "github.com/containernetworking/plugins";
    const variables = { [`${path}/pkg/utils/buildversion.BuildVersion`]: `v${version}` };
    const programs = cniPlugins.map((plugin) => ({ name: basename(plugin), package: `plugins/${plugin}`, variables }));
    return { path, version, programs };
  },
  crictl: (version: string): GoModule => ({
    path: "sigs.k8s.io/cri-tools",
    version,
    programs: [
      {
        name: "crictl",
        package: "cmd/crictl",
        variables: { "sigs.k8s.io/cri-tools/pkg/version.Version": `v${version}` },
      },
    ],
  }),
};

const tarball = async (source: Source, folder: string, names: readonly string[], prefix = ""): Promise<string> =>
  cached(`assets/${basename(new URL(source.url).pathname)}`, "packed", async (file) => {
    const rename = `--transform=s,^,${prefix},`;
    await run("tar", ["-C", folder, "--owner=0", "--group=0", rename, "-czf", file, ...names]);
  });

const makers: Readonly<Record<string, Maker>> = {
  runc: async (source) => join(await builtPrograms(modules.runc(source.version)), "runc"),
  containerd: async (source) => {
    const module = modules.containerd(source.version);
    const folder = await builtPrograms(module);
    return tarball(
      source,
      folder,
      module.programs.map(({ name }) => name),
      "bin/",
    );
  },
  "containerd-service": async (source) =>
    join(await moduleSource(modules.containerd(source.version)), "containerd.service"),
  "cni-plugins": async (source) => {
    const module = modules.cni(source.version);
    const folder = await builtPrograms(module);
    return tarball(
      source,
      folder,
      module.programs.map(({ name }) => name),
    );
  },
  crictl: async (source) => tarball(source, await builtPrograms(modules.crictl(source.version)), ["crictl"]),
  flannel: async ({ version }) =>
    join(await moduleSource({ path: "github.com/flannel-io/flannel", version }), "Documentation/kube-flannel.yml"),
};

export interface Releases {
  site: Site;
  /** What is served, and what could not be had, with the reason; by the download's id. */
  told: { id: string; version: string; from?: string; reason?: string }[];
  /** What the catalogue says of files that were built here, and their own digests. */
  digests: Map<string, string>;
}

/** Release assets of a profile, built here from the source of the same version; the rest is not there. */
export async function releases(sources: readonly Source[]): Promise<Releases> {
  const places = new Map<string, Content>();
  const told: Releases["told"] = [];
  const digests = new Map<string, string>();
  for (const source of sources) {
    if (source.kind !== "file") continue;
    const { id, version } = source;
    const make = makers[id];
    if (!make) {
      told.push({ id, version, reason: "no source of it is to be had here" });
      continue;
    }
    try {
      const file = await make(source);
      places.set(placeOf(source.url), { file });
      told.push({ id, version, from: "built here from the source of that version" });
      const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
      if (source.sha256 !== undefined) digests.set(source.sha256, digest);
      if (source.checksumUrl !== undefined)
        addDigest(places, source.checksumUrl, `${digest}  ${basename(source.url)}\n`);
    } catch (error) {
      told.push({ id, version, reason: String(error).split("\n", 1)[0] ?? "" });
    }
  }
  return { site: (place) => places.get(place), told, digests };
}

function addDigest(places: Map<string, Content>, url: string, line: string): void {
  const place = placeOf(url);
  const before = places.get(place);
  places.set(place, `${typeof before === "string" ? before : ""}${line}`);
}
