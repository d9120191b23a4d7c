import type { Executable } from "../../executable.ts";
import { executableBytes } from "../../executable.ts";
import { decode, encode } from "../../io.ts";

/** One path that a package brings. */
export interface DebFile {
  path: string;
  /** Default 0o644, for programs 0o755. */
  mode?: number;
  /** Exactly one of these; none is a folder. */
  text?: string;
  program?: Executable;
  link?: string;
  /** Kept when the administrator changed it, and after a removal. */
  conffile?: boolean;
}

/** A binary package: its control fields, its files and what its maintainer's scripts do. */
export interface Deb {
  name: string;
  version: string;
  architecture: string;
  section: string;
  maintainer: string;
  depends: string;
  recommends: string;
  provides: string;
  conflicts: string;
  /** Not to be removed. */
  essential: boolean;
  /** Bytes to download. */
  size: number;
  /** Kilobytes on disk. */
  installedSize: number;
  description: string;
  files: DebFile[];
  /** Units that the postinst enables, and starts. */
  enable: string[];
  start: string[];
  /** Modules and caches are simplified away; these are lines that its scripts print. */
  says: string[];
}

/** A package from the few facts that differ from the usual ones. */
export const deb = (facts: Partial<Deb> & Pick<Deb, "name" | "version">): Deb => ({
  architecture: "amd64",
  section: "misc",
  maintainer: "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>",
  depends: "",
  recommends: "",
  provides: "",
  conflicts: "",
  essential: false,
  size: 48_300,
  installedSize: 180,
  description: facts.name,
  files: [],
  enable: [],
  start: [],
  says: [],
  ...facts,
});

const magic = "!<arch>\ndebian-binary\n";

/**
 * The bytes of a .deb.
 * Simplified: a real one is an ar archive of two tarballs; this one holds the same facts as JSON.
 */
export const debBytes = (value: Deb): Uint8Array => encode(magic + JSON.stringify(value) + "\n");

/** Undefined for bytes that are no package. */
export function parseDeb(bytes: Uint8Array): Deb | undefined {
  const text = decode(bytes);
  if (!text.startsWith(magic)) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(magic.length));
    return isDeb(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isDeb = (value: unknown): value is Deb =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  "version" in value &&
  "files" in value &&
  Array.isArray(value.files);

/** The file's content; undefined for folders and links. */
export function debFileContent(file: DebFile): Uint8Array | undefined {
  if (file.program) return executableBytes(file.program);
  return file.text === undefined ? undefined : encode(file.text);
}

export const debFileMode = (file: DebFile): number => file.mode ?? (file.program ? 0o755 : 0o644);

/** The stanza of `Packages` and, with a status, of dpkg's database. */
export function controlFields(value: Deb): [string, string][] {
  const fields: [string, string][] = [
    ["Package", value.name],
    ...(value.essential ? [["Essential", "yes"] as [string, string]] : []),
    ["Priority", "optional"],
    ["Section", value.section],
    ["Installed-Size", String(value.installedSize)],
    ["Maintainer", value.maintainer],
    ["Architecture", value.architecture],
    ["Version", value.version],
  ];
  if (value.provides !== "") fields.push(["Provides", value.provides]);
  if (value.depends !== "") fields.push(["Depends", value.depends]);
  if (value.recommends !== "") fields.push(["Recommends", value.recommends]);
  if (value.conflicts !== "") fields.push(["Conflicts", value.conflicts]);
  const conffiles = value.files.filter((file) => file.conffile);
  if (conffiles.length > 0) fields.push(["Conffiles", conffiles.map((file) => `\n ${file.path}`).join("")]);
  fields.push(["Description", value.description]);
  return fields;
}
