import { stringify } from "yaml";
import { encode } from "../../machine/io.ts";
import type { ApiResponse } from "../api.ts";
import { isObject, textAt, type JsonObject } from "../json.ts";
import { tableShape } from "../resources/columns.ts";
import columnDescriptions from "../resources/column-descriptions.json" with { type: "json" };
import { apiVersionOf, type ResourceKind } from "../resources/kinds.ts";
import { jsonOf } from "../store/store.ts";
import { failure } from "./errors.ts";

/** How a client wants objects shown. */
export interface Format {
  as: "object" | "table" | "metadata";
  yaml: boolean;
}

const served =
  "application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";

/** Chooses from an Accept header. Throws ApiError NotAcceptable. */
export function negotiate(accept: string | undefined): Format {
  const wanted = (accept ?? "").trim() || "application/json";
  for (const item of wanted.split(",")) {
    const [type = "", ...parameters] = item.split(";").map((part) => part.trim());
    const as = parameters.find((part) => part.startsWith("as="))?.slice(3);
    if (as === "APIGroupDiscoveryList") continue;
    const format = as === "Table" ? "table" : as?.startsWith("PartialObjectMetadata") ? "metadata" : "object";
    if (type === "application/json" || type === "*/*" || type === "application/*") return { as: format, yaml: false };
    if (type === "application/yaml") return { as: format, yaml: true };
  }
  throw failure(406, "NotAcceptable", `406: Not Acceptable\n\nAvailable representations: ${served}`, {});
}

/** A JSON document as a response. */
export function jsonResponse(status: number, text: string, format?: Format): ApiResponse {
  if (format?.yaml) {
    return { status, headers: { "content-type": "application/yaml" }, body: encode(stringify(JSON.parse(text))) };
  }
  return { status, headers: { "content-type": "application/json" }, body: encode(`${text}\n`) };
}

export const textResponse = (status: number, text: string): ApiResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  body: encode(text),
});

const itemTexts = new WeakMap<JsonObject, string>();

/** An object as it stands in a list, without its kind. */
function itemText(object: JsonObject): string {
  const known = itemTexts.get(object);
  if (known !== undefined) return known;
  const { kind: _kind, apiVersion: _version, ...rest } = object;
  const text = JSON.stringify(rest);
  itemTexts.set(object, text);
  return text;
}

const partial = (object: JsonObject): JsonObject => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata: object["metadata"],
});

interface TableOptions {
  now: number;
  /** `includeObject` of the request: None, Metadata or Object. */
  include: string;
  /** A watch sends the columns only once. */
  columns: boolean;
}

const descriptions: Readonly<Record<string, Readonly<Record<string, string>>>> = columnDescriptions;

/** What the server says of a column. Simplified: it says nothing of columns of kinds that labs do not look at. */
const columnDescription = (kind: string, column: string): string =>
  descriptions[kind]?.[column] ?? descriptions["*"]?.[column] ?? "";

function tableDocument(
  kind: string,
  objects: readonly JsonObject[],
  metadata: JsonObject,
  options: TableOptions,
): JsonObject {
  const shape = tableShape(kind);
  const definitions = shape.columns.map(({ name, type, format, wide }) => ({
    name,
    type,
    format,
    description: columnDescription(kind, name),
    priority: wide ? 1 : 0,
  }));
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: options.columns ? definitions : [],
    rows: objects.map((object) => ({
      cells: shape.cells(object, options.now),
      object: options.include === "None" ? null : options.include === "Object" ? object : partial(object),
    })),
  };
}

/** Shows one stored object in a format. */
export function showObject(object: JsonObject, format: Format, options: TableOptions): string {
  if (object["kind"] === "Status" || format.as === "object") return jsonOf(object);
  if (format.as === "metadata") return JSON.stringify(partial(object));
  const metadata = { resourceVersion: textAt(object, "metadata", "resourceVersion") };
  return JSON.stringify(tableDocument(textAt(object, "kind"), [object], metadata, options));
}

interface Page {
  resourceVersion: string;
  continue?: string;
  remainingItemCount?: number;
}

/** Shows a list in a format. */
export function showList(
  kind: ResourceKind,
  objects: readonly JsonObject[],
  page: Page,
  format: Format,
  options: TableOptions,
): string {
  if (format.as === "table") return JSON.stringify(tableDocument(kind.kind, objects, { ...page }, options));
  const metadata = JSON.stringify(page);
  if (format.as === "metadata") {
    return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":${metadata},"items":[${objects
      .map((object) => JSON.stringify(partial(object)))
      .join(",")}]}`;
  }
  return `{"kind":"${kind.kind}List","apiVersion":"${apiVersionOf(kind)}","metadata":${metadata},"items":[${objects
    .map(itemText)
    .join(",")}]}`;
}

/** The answer to a deletion that left nothing. */
export function deletedStatus(kind: ResourceKind, object: JsonObject): JsonObject {
  const details: JsonObject = {
    name: textAt(object, "metadata", "name"),
    ...(kind.group ? { group: kind.group } : {}),
    kind: kind.plural,
    uid: isObject(object["metadata"]) ? object["metadata"]["uid"] : undefined,
  };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
