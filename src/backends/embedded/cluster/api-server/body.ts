import { parse as parseYaml, parseAllDocuments } from "yaml";
import { isObject, type JsonObject } from "../json.ts";
import { badRequest, failure } from "./errors.ts";
import { decodeProtobuf, protobufMagic } from "./protobuf.ts";

const protobufType = "application/vnd.kubernetes.protobuf";
const decoder = new TextDecoder();

const mediaType = (header: string | undefined): string => (header ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/** A request's body as an object. `kind` is what the path expects; throws ApiError with the server's words. */
export function parseBody(body: Uint8Array, contentType: string | undefined, kind: string): JsonObject {
  const type = mediaType(contentType) || "application/json";
  if (type === protobufType) return fromProtobuf(body, kind);
  if (type !== "application/json" && type !== "application/yaml") {
    throw failure(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${protobufType}`,
    );
  }
  const text = decoder.decode(body);
  const value = type === "application/yaml" ? yamlValue(text, kind) : jsonValue(text, kind);
  if (!isObject(value)) {
    throw unrecognized(
      kind,
      `json: cannot unmarshal ${jsonName(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
      text,
    );
  }
  return value;
}

function jsonName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : value === null ? "null" : typeof value;
}

const unrecognized = (kind: string, why: string, text: string): Error =>
  badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${text.slice(0, 100)})`,
  );

function jsonValue(text: string, kind: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unrecognized(kind, goJsonError(text), text);
  }
}

function yamlValue(text: string, kind: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw unrecognized(kind, error instanceof Error ? (error.message.split("\n")[0] ?? "") : "yaml", text);
  }
}

/** How Go words what is wrong with a JSON text. */
function goJsonError(text: string): string {
  let message = "";
  try {
    JSON.parse(text);
  } catch (error) {
    message = error instanceof Error ? error.message : "";
  }
  const position = Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN);
  const character = text[position];
  if (character === undefined) return "unexpected end of JSON input";
  return `invalid character '${character}' looking for beginning of value`;
}

function fromProtobuf(body: Uint8Array, kind: string): JsonObject {
  if (!protobufMagic.every((byte, index) => body[index] === byte)) {
    throw badRequest(`provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]`);
  }
  const decoded = decodeProtobuf(body, kind);
  if (!decoded) {
    throw failure(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
    );
  }
  return decoded;
}

/** The patch formats that the API takes. */
export type PatchType = "json" | "merge" | "strategic" | "apply";

const patchTypes: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};

export function patchTypeOf(contentType: string | undefined): PatchType {
  const type = patchTypes[mediaType(contentType)];
  if (!type) throw failure(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  return type;
}

export function parsePatch(body: Uint8Array, type: PatchType): unknown {
  const text = decoder.decode(body);
  if (type === "apply") {
    try {
      if (parseAllDocuments(text).length !== 1) throw new SyntaxError("expected one document");
      return parseYaml(text);
    } catch (error) {
      throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : ""}`);
    }
  }
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest(`error decoding patch: ${goJsonError(text)}`);
  }
}
