import { parseRelations, type Relation } from "../../domain/debian.ts";

/** A package in a repository's index. */
export interface Package {
  name: string;
  version: string;
  /** Where its file is, below the repository's base address. */
  filename: string;
  /** Bytes. */
  size: number;
  sha256: string;
  priority: string;
  /** Pre-Depends and Depends, each a choice of alternatives. */
  depends: Relation[][];
  recommends: Relation[][];
  provides: Relation[];
  /** The source package that it is built from. */
  origin: string;
  /** Breaks and Conflicts. */
  breaks: Relation[];
  /** True while Ubuntu gives it to a part of all computers only. */
  phased: boolean;
}

/** Reads a repository's `Packages`; what has no file or digest is left out. */
export function readPackages(text: string): Package[] {
  return stanzas(text)
    .flatMap((fields): Package[] => {
      const name = fields.get("package");
      const version = fields.get("version");
      const filename = fields.get("filename");
      const sha256 = fields.get("sha256");
      if (name === undefined || version === undefined || filename === undefined || sha256 === undefined) return [];
      const described: Package = {
        name,
        version,
        filename,
        sha256,
        size: Number(fields.get("size")),
        origin: fields.get("source")?.split(" ", 1)[0] ?? name,
        priority: fields.get("priority") ?? "optional",
        depends: [...parseRelations(fields.get("pre-depends")), ...parseRelations(fields.get("depends"))],
        recommends: parseRelations(fields.get("recommends")),
        provides: parseRelations(fields.get("provides")).flat(),
        breaks: [...parseRelations(fields.get("breaks")), ...parseRelations(fields.get("conflicts"))].flat(),
        phased: Number(fields.get("phased-update-percentage") ?? 100) < 100,
      };
      return [described];
    })
    .toArray();
}

/** What is read of an index; descriptions and the like are most of it. */
const known = new Set(
  (
    "package version filename sha256 size source priority pre-depends depends recommends provides breaks conflicts " +
    "phased-update-percentage"
  ).split(" "),
);

/** Paragraphs of `Name: value` lines; a line that begins with a space goes on with the value before it. */
function* stanzas(text: string): Generator<Map<string, string>> {
  let fields = new Map<string, string>();
  let last = "";
  for (const line of text.split("\n")) {
    if (line === "") {
      if (fields.size > 0) yield fields;
      fields = new Map();
    } else if (line.startsWith(" ")) {
      if (known.has(last)) fields.set(last, `${fields.get(last) ?? ""}\n${line.slice(1)}`);
    } else {
      const colon = line.indexOf(":");
      last = line.slice(0, colon).toLowerCase();
      if (known.has(last)) fields.set(last, line.slice(colon + 1).trim());
    }
  }
  if (fields.size > 0) yield fields;
}

export interface Release {
  /** Path below the suite to digest and size of each index file. */
  files: ReadonlyMap<string, { sha256: string; size: number }>;
}

/** Reads `Release` or `InRelease`; the signature is left to apt on the machines. */
export function readRelease(text: string): Release {
  const files = new Map<string, { sha256: string; size: number }>();
  const body = /^-----BEGIN PGP SIGNED MESSAGE-----\n(?:.+\n)*\n(?<body>[\s\S]*?)\n-----BEGIN PGP SIGNATURE/m.exec(
    text,
  );
  for (const fields of stanzas(body?.groups?.["body"] ?? text)) {
    for (const line of (fields.get("sha256") ?? "").split("\n")) {
      const [sha256, size, path] = line.trim().split(/\s+/);
      if (sha256 !== undefined && path !== undefined) files.set(path, { sha256, size: Number(size) });
    }
  }
  return { files };
}
