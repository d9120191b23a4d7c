import type { Profile } from "../domain/backend.ts";
import type { Architecture, Download, RecipeCatalog } from "./catalog.ts";

/** One thing that real machines of a profile download. */
export interface Source {
  /** Unique within a profile. */
  id: string;
  /**
   * `file`: one file. `key`: a file with OpenPGP keys, ASCII-armored. `apt`: a repository of packages. `image`: an image
   * in a registry. `vm-image`: what a new machine boots.
   */
  kind: "file" | "apt" | "image" | "key" | "vm-image";
  /** http(s); of an image `docker://registry/name:tag`; of a repository its base address, ending in a slash. */
  url: string;
  version: string;
  /** In hexadecimal, where somebody published it and the catalogue says where. */
  sha256?: string;
  /** A file of lines `digest  name` (or the digest alone) that upstream publishes beside the file. */
  checksumUrl?: string;
  /** Why there is neither; whoever downloads it says so, and records what came. */
  unverified?: string;
  /** The component of the catalogue that it belongs to. */
  component: string;
  /** Id of the source that this one takes the place of where that is gone: of such a group one is enough. */
  insteadOf?: string;
  /** What is other than in the thesis when this source is used. */
  deviation?: string;
  /** Only of repositories. */
  apt?: {
    /** Id of the source with its key; absent where Ubuntu itself brings it. */
    key?: string;
    /** Suites such as `noble`; empty where the repository is flat (`/`). */
    suites: readonly string[];
    /** Sections such as `main`. */
    sections: readonly string[];
    /** Packages that are asked for, each `name` or `name=version`; what they depend on is not among them. */
    packages: readonly string[];
  };
}

/** The kernel's name of an architecture (`uname -m`). */
const machineNames: Readonly<Record<Architecture, string>> = { amd64: "x86_64", arm64: "aarch64" };

/** Where Ubuntu keeps the packages of an architecture. */
const archives: Readonly<Record<Architecture, string>> = {
  amd64: "http://archive.ubuntu.com/ubuntu/",
  arm64: "http://ports.ubuntu.com/ubuntu-ports/",
};

/**
 * Everything that the machines of a profile download, for one architecture and one release of Ubuntu (absent: the one
 * that new machines boot), in the catalogue's order.
 */
export function sourcesOf(
  catalog: RecipeCatalog,
  profile: Profile,
  architecture: Architecture,
  release?: string,
): Source[] {
  const { downloads, components, machines } = catalog.profiles[profile];
  const ubuntu = release ?? machines.releases[0];
  return Object.entries(downloads)
    .filter(([, download]) => download.releases?.includes(ubuntu) ?? true)
    .map(([id, download]) => {
      const version = (download.version ?? components[download.component]?.version ?? "").replace("{release}", ubuntu);
      const fill = (text: string): string =>
        fillPattern(text, {
          version,
          minor: minorOf(version),
          arch: architecture,
          machine: machineNames[architecture],
          spinarch: architecture === "arm64" ? "aarch64" : architecture,
          archive: archives[architecture],
          release: ubuntu,
          series: catalog.ubuntu[ubuntu]?.series ?? "",
        });
      const url = fill(download.url);
      const sha256 = download.sha256?.[architecture] ?? download.sha256?.any;
      return {
        id,
        kind: download.kind,
        url,
        version,
        component: download.component,
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(download.checksumUrl === undefined
          ? {}
          : { checksumUrl: fill(download.checksumUrl).replaceAll("{url}", url) }),
        ...(download.unverified === undefined ? {} : { unverified: download.unverified }),
        ...(download.insteadOf === undefined ? {} : { insteadOf: download.insteadOf }),
        ...(download.deviation === undefined ? {} : { deviation: download.deviation }),
        ...(download.kind === "apt" ? { apt: aptOf(download, fill) } : {}),
      };
    });
}

function aptOf(download: Download, fill: (text: string) => string): NonNullable<Source["apt"]> {
  return {
    ...(download.key === undefined ? {} : { key: download.key }),
    suites: (download.suites ?? []).map(fill),
    sections: download.sections ?? [],
    packages: (download.packages ?? []).map(fill),
  };
}

const minorOf = (version: string): string => version.split(".").slice(0, 2).join(".");

/** Replaces `{name}` by its value; leaves names that it does not know. */
function fillPattern(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
