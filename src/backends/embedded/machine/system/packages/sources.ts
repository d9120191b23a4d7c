import type { FileView } from "../../files/file-system.ts";
import { parseStanzas } from "./control.ts";

/** One repository suite that apt reads. */
export interface AptSource {
  /** Without a trailing slash. */
  uri: string;
  suite: string;
  /** Empty for a flat repository, whose suite ends in a slash. */
  components: string[];
  signedBy: string | undefined;
  trusted: boolean;
  /** Where it was written. */
  file: string;
}

export interface SourcesResult {
  sources: AptSource[];
  /** apt's words for the first entry that it does not understand. */
  error: string | undefined;
}

/** Reads sources.list, *.list and *.sources, in apt's order. */
export function readSources(files: FileView): SourcesResult {
  const paths = ["/etc/apt/sources.list"];
  const folder = "/etc/apt/sources.list.d";
  if (files.isDirectory(folder)) {
    for (const name of files.list(folder)) if (/^[\w.:-]+\.(list|sources)$/.test(name)) paths.push(`${folder}/${name}`);
  }
  const sources: AptSource[] = [];
  for (const path of paths) {
    if (!files.exists(path) || files.isDirectory(path)) continue;
    const text = files.readText(path);
    if (path.endsWith(".sources")) {
      sources.push(...modernSources(text, path));
      continue;
    }
    for (const [index, raw] of text.split("\n").entries()) {
      const line = raw.replace(/#.*$/, "").trim();
      if (line === "") continue;
      const malformed = (part: string): SourcesResult => ({
        sources,
        error: `E: Malformed entry ${index + 1} in list file ${path} (${part})\nE: The list of sources could not be read.\n`,
      });
      const match = /^(\S+)\s+(?:\[\s*([^\]]*?)\s*\]\s+)?(.*)$/.exec(line);
      const type = match?.[1] ?? line;
      if (type !== "deb" && type !== "deb-src") {
        return {
          sources,
          error: `E: Type '${type}' is not known on line ${index + 1} in source list ${path}\nE: The list of sources could not be read.\n`,
        };
      }
      const [uri, suite, ...components] = (match?.[3] ?? "").split(/\s+/).filter(Boolean);
      if (uri === undefined) return malformed("URI");
      if (suite === undefined) return malformed("Suite");
      if (!/^[a-z+]+:\/\//.test(uri)) return malformed("URI parse");
      if (components.length === 0 && !suite.endsWith("/")) return malformed("Component");
      if (components.length > 0 && suite.endsWith("/")) return malformed("absolute Suite Component");
      if (type === "deb-src") continue;
      const options = new Map(
        (match?.[2] ?? "")
          .split(/\s+/)
          .filter(Boolean)
          .map((option) => [option.split("=")[0] ?? "", option.split("=")[1] ?? ""] as const),
      );
      sources.push({
        uri: uri.replace(/\/+$/, ""),
        suite,
        components,
        signedBy: options.get("signed-by"),
        trusted: options.get("trusted") === "yes",
        file: path,
      });
    }
  }
  return { sources, error: undefined };
}

function modernSources(text: string, path: string): AptSource[] {
  const clean = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n");
  return parseStanzas(clean).flatMap((stanza) => {
    const list = (key: string): string[] => (stanza.get(key) ?? "").split(/\s+/).filter(Boolean);
    if (!list("Types").includes("deb") || stanza.get("Enabled") === "no") return [];
    return list("URIs").flatMap((uri) =>
      list("Suites").map((suite) => ({
        uri: uri.replace(/\/+$/, ""),
        suite,
        components: list("Components"),
        signedBy: stanza.get("Signed-By"),
        trusted: stanza.get("Trusted") === "yes",
        file: path,
      })),
    );
  });
}

/** Where the suite's index files are on the server. */
export function suiteUrl(source: AptSource): string {
  if (!source.suite.endsWith("/")) return `${source.uri}/dists/${source.suite}`;
  const flat = source.suite.replace(/^\.?\/*/, "").replace(/\/+$/, "");
  return flat === "" ? source.uri : `${source.uri}/${flat}`;
}

const listsFolder = "/var/lib/apt/lists";
const mangle = (url: string): string =>
  url
    .replace(/^[a-z]+:\/\//, "")
    .replaceAll("_", "%5f")
    .replaceAll(/[/]+/g, "_");

export const releaseListPath = (source: AptSource): string =>
  `${listsFolder}/${mangle(suiteUrl(source))}_${source.suite.endsWith("/") ? "." : ""}InRelease`.replace(
    "_.InRelease",
    "_InRelease",
  );

/** Path in /var/lib/apt/lists of a component's packages; a flat repository has one, without a component. */
export const packagesListPath = (source: AptSource, component: string | undefined): string =>
  component === undefined
    ? `${listsFolder}/${mangle(suiteUrl(source))}_Packages`
    : `${listsFolder}/${mangle(suiteUrl(source))}_${component}_binary-amd64_Packages`;

/** `focal/main amd64` as apt prints it after the address. */
export const shownSuite = (source: AptSource): string => (source.suite.endsWith("/") ? "" : source.suite);
