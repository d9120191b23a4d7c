import { parseDocument, type YAMLError } from "yaml";
import { decode, readText } from "../../../io.ts";
import { FileError } from "../../../files/errors.ts";
import { readChunks } from "../client/connection.ts";
import { dialReason } from "../client/errors.ts";
import { isObject, listAt, textAt, type Json } from "../client/json.ts";
import type { ApiResource } from "../client/discovery.ts";
import type { FlagSpecs } from "../go/flags.ts";
import type { FoundObject } from "./resource-arguments.ts";
import type { Session } from "./session.ts";

export const fileFlags: FlagSpecs = {
  filename: { kind: "strings", short: "f" },
  kustomize: { kind: "string", short: "k" },
  recursive: { kind: "bool", short: "R" },
};

/** A document of a manifest, or why it could not be used. */
export type ManifestEntry = FoundObject | { error: Error };

interface Source {
  name: string;
  text: string;
}

/** Reads every document that `-f` names. What is wrong with one document is an entry, so that the others go on. */
export async function readManifests(session: Session): Promise<ManifestEntry[]> {
  const { flags } = session;
  if (flags.has("kustomize")) throw new Error("kustomize is not part of this lab's kubectl");
  const entries: ManifestEntry[] = [];
  const sources: Source[] = [];
  for (const name of flags.strings("filename").flatMap((value) => value.split(","))) {
    try {
      sources.push(...(await open(session, name)));
    } catch (error) {
      entries.push({ error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  // Simplified: a real one reads lazily and has spoken to the server about the first document when a later one fails.
  for (const source of sources) {
    for (const document of splitDocuments(source.text)) {
      const parsed = parseManifest(document, source.name);
      if (parsed instanceof Error) {
        entries.push({ error: parsed });
        break;
      }
      if (parsed) entries.push(...(await resolveDocument(session, parsed, source.name)));
    }
  }
  return entries;
}

async function open(session: Session, name: string): Promise<Source[]> {
  const { process, flags } = session;
  if (name === "-") return [{ name: "STDIN", text: await readText(process.stdin) }];
  if (/^https?:\/\//.test(name)) return [{ name, text: await download(session, name) }];
  const path = process.resolve(name);
  try {
    if (!process.files.isDirectory(path)) return [{ name, text: process.files.readText(path) }];
    return walk(session, name, flags.bool("recursive"));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code === "ENOENT" || error.code === "ENOTDIR")
      throw new Error(`the path ${JSON.stringify(name)} does not exist`, { cause: error });
    throw new Error(`open ${name}: ${error.message.toLowerCase()}`, { cause: error });
  }
}

function walk(session: Session, folder: string, recursive: boolean): Source[] {
  const { files } = session.process;
  const found: Source[] = [];
  for (const entry of [...files.list(session.process.resolve(folder))].sort()) {
    const name = `${folder.replace(/\/$/, "")}/${entry}`;
    const path = session.process.resolve(name);
    if (files.isDirectory(path)) {
      if (recursive) found.push(...walk(session, name, true));
    } else if (/\.(?:json|yaml|yml)$/.test(entry)) found.push({ name, text: files.readText(path) });
  }
  if (found.length === 0 && !recursive)
    throw new Error(`error reading [${folder}]: recognized file extensions are [.json .yaml .yml]`);
  return found;
}

async function download(session: Session, url: string): Promise<string> {
  const { process } = session;
  let target = url;
  for (let hop = 0; hop < 10; hop += 1) {
    try {
      const response = await process.machine.environment.network.fetch(process.place, target, {
        signal: process.signal,
      });
      const location = response.headers["location"];
      if (response.status >= 300 && response.status < 400 && location !== undefined) {
        target = new URL(location, target).toString();
        continue;
      }
      const body = response.body instanceof Uint8Array ? response.body : await readChunks(response.body);
      if (response.status !== 200) {
        const reason = response.status === 404 ? "404 Not Found" : String(response.status);
        throw new Error(
          `unable to read URL ${JSON.stringify(url)}, server reported ${reason}, status code=${response.status}`,
        );
      }
      return decode(body);
    } catch (error) {
      const reason = dialReason(error);
      if (reason === undefined) throw error;
      throw new Error(`Get ${JSON.stringify(target)}: ${reason}`, { cause: error });
    }
  }
  throw new Error(`Get ${JSON.stringify(url)}: stopped after 10 redirects`);
}

/** Documents between `---` lines, empty ones left out. */
function splitDocuments(text: string): string[] {
  return text.split(/^---(?:[ \t].*)?$/m).filter((part) => part.replaceAll(/^\s*(?:#.*)?$/gm, "").trim() !== "");
}

/** One YAML or JSON document; undefined for `null`, an Error in kubectl's words for what cannot be read. */
export function parseManifest(text: string, source: string): Json | Error | undefined {
  // A document after a separator begins with the separator's line break, which does not count as a line of it.
  const document = parseDocument(text.replace(/^\n/, ""), { uniqueKeys: false, version: "1.1", merge: true });
  const [problem] = document.errors;
  if (problem) return new Error(`error parsing ${source}: error converting YAML to JSON: ${goYamlError(problem)}`);
  const value: unknown = document.toJS();
  if (value === null || value === undefined) return undefined;
  if (!isObject(value)) {
    const type = Array.isArray(value) ? "array" : typeof value;
    const reason = `json: cannot unmarshal ${type} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
    return new Error(
      `unable to decode ${JSON.stringify(source)}: couldn't get version/kind; json parse error: ${reason.replaceAll('\\"', '"')}`,
    );
  }
  if (textAt(value, "kind") === "") {
    return new Error(
      `error validating ${JSON.stringify(source)}: error validating data: kind not set; if you choose to ignore these errors, turn validation off with --validate=false`,
    );
  }
  return value;
}

/** The same problem as go-yaml words and counts it: its parser counts lines from 0, its scanner from 1. */
function goYamlError(problem: YAMLError): string {
  // A key that spans lines is noticed at its colon.
  const line =
    (problem.code === "BLOCK_AS_IMPLICIT_KEY" ? problem.linePos?.[1]?.line : undefined) ??
    problem.linePos?.[0].line ??
    1;
  const scanner = (reason: string, at = line): string => `yaml: line ${at}: ${reason}`;
  const parser = (reason: string): string => (line > 1 ? `yaml: line ${line - 1}: ${reason}` : `yaml: ${reason}`);
  switch (problem.code) {
    case "BLOCK_AS_IMPLICIT_KEY":
      return scanner("mapping values are not allowed in this context");
    case "TAB_AS_INDENT":
      return scanner("found character that cannot start any token");
    case "MISSING_CHAR":
      return /Missing closing/.test(problem.message)
        ? scanner("found unexpected end of stream")
        : scanner("could not find expected ':'", line + 1);
    case "MULTILINE_IMPLICIT_KEY":
      return scanner("could not find expected ':'", line + 1);
    case "BAD_ALIAS":
      return scanner("did not find expected alphabetic or numeric character");
    case "BAD_INDENT":
      return parser("did not find expected key");
    case "UNEXPECTED_TOKEN":
      return /seq|block-seq/.test(problem.message)
        ? parser("did not find expected '-' indicator")
        : parser("did not find expected key");
    default:
      return parser("did not find expected key");
  }
}

async function resolveDocument(session: Session, document: Json, source: string): Promise<ManifestEntry[]> {
  if (textAt(document, "kind").endsWith("List") && Array.isArray(document["items"])) {
    const items: ManifestEntry[] = [];
    for (const item of listAt(document, "items").filter(isObject))
      items.push(...(await resolveDocument(session, item, source)));
    return items;
  }
  const apiVersion = textAt(document, "apiVersion");
  const kind = textAt(document, "kind");
  const name = textAt(document, "metadata", "name");
  const namespace = textAt(document, "metadata", "namespace");
  const discovery = await session.discover();
  const resource = apiVersion === "" ? undefined : await discovery.findKind(apiVersion, kind);
  if (!resource) {
    const missing =
      apiVersion === ""
        ? `Object 'apiVersion' is missing in '${JSON.stringify(document)}'`
        : `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(namespace)} from ${JSON.stringify(source)}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}\nensure CRDs are installed first`;
    return [
      { error: new Error(apiVersion === "" ? `unable to decode ${JSON.stringify(source)}: ${missing}` : missing) },
    ];
  }
  return [{ resource, namespace: namespaceOf(session, resource, namespace), object: document, source }];
}

function namespaceOf(session: Session, resource: ApiResource, inFile: string): string {
  if (!resource.namespaced) return "";
  const wanted = session.flags.text("namespace");
  if (inFile !== "" && wanted !== undefined && wanted !== inFile) {
    throw new Error(
      `the namespace from the provided object ${JSON.stringify(inFile)} does not match the namespace ${JSON.stringify(wanted)}. You must pass '--namespace=${inFile}' to perform this operation.`,
    );
  }
  return inFile || session.namespace;
}
