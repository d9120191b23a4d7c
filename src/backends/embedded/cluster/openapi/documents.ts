import { createHash } from "node:crypto";
import { concat, encode } from "../../machine/io.ts";
import type { JsonObject } from "../json.ts";
import { apiVersionOf, kinds, type ResourceKind } from "../resources/kinds.ts";
import { elementType, fieldsOf, rootType, structName, type FieldType } from "./fields.ts";

const scalarSchemas: Readonly<Record<string, JsonObject>> = {
  s: { type: "string" },
  i: { type: "integer", format: "int32" },
  l: { type: "integer", format: "int64" },
  d: { type: "number", format: "double" },
  b: { type: "boolean" },
  y: { type: "string", format: "byte" },
  "*": { type: "object" },
};

const shared: Readonly<Record<string, readonly [string, JsonObject]>> = {
  t: ["io.k8s.apimachinery.pkg.apis.meta.v1.Time", { type: "string", format: "date-time" }],
  T: ["io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", { type: "string", format: "date-time" }],
  q: ["io.k8s.apimachinery.pkg.api.resource.Quantity", { oneOf: [{ type: "string" }, { type: "number" }] }],
  x: [
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
  ],
};

const metaTypes = new Set([
  "V1ObjectMeta",
  "V1LabelSelector",
  "V1LabelSelectorRequirement",
  "V1ManagedFieldsEntry",
  "V1OwnerReference",
  "V1ListMeta",
  "V1Condition",
]);

/** Simplified: types below the kinds are all named as if they were of the core group. */
const schemaName = (type: FieldType, group: string, version: string): string =>
  metaTypes.has(type)
    ? `io.k8s.apimachinery.pkg.apis.meta.v1.${structName(type)}`
    : `io.k8s.api.${(group || "core").split(".")[0]}.${version}.${structName(type)}`;

function versionDocument(group: string, version: string): JsonObject {
  const schemas: JsonObject = {};
  const paths: JsonObject = {};
  const schemaOf = (type: FieldType): JsonObject => {
    const element = elementType(type);
    if (element !== undefined) {
      const items = schemaOf(element);
      return type.startsWith("[]") ? { type: "array", items } : { type: "object", additionalProperties: items };
    }
    const scalar = scalarSchemas[type];
    if (scalar) return scalar;
    const common = shared[type];
    if (common) schemas[common[0]] = common[1];
    else addType(type);
    return { $ref: `#/components/schemas/${common ? common[0] : schemaName(type, group, version)}` };
  };
  const addType = (type: FieldType): void => {
    const name = schemaName(type, group, version);
    if (schemas[name] !== undefined) return;
    const properties: JsonObject = {};
    const schema: JsonObject = { type: "object", properties };
    schemas[name] = schema;
    const required: string[] = [];
    for (const [field, text] of Object.entries(fieldsOf(type) ?? {})) {
      if (text.endsWith("!")) required.push(field);
      const inner = schemaOf(text.replace("!", ""));
      properties[field] = "$ref" in inner ? { allOf: [inner], default: {} } : inner;
    }
    if (required.length > 0) schema["required"] = required;
  };
  for (const kind of kinds.filter((item) => item.group === group && item.version === version)) {
    describeKind(kind, schemas, paths, addType);
  }
  return { openapi: "3.0.0", info: { title: "Kubernetes", version: "v1" }, paths, components: { schemas } };
}

function describeKind(
  kind: ResourceKind,
  schemas: JsonObject,
  paths: JsonObject,
  addType: (type: FieldType) => void,
): void {
  const gvk = { group: kind.group, version: kind.version, kind: kind.kind };
  const type = rootType(apiVersionOf(kind), kind.kind);
  const name = type
    ? schemaName(type, kind.group, kind.version)
    : `io.k8s.api.${kind.group || "core"}.${kind.version}.${kind.kind}`;
  if (type) addType(type);
  else schemas[name] = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const schema = schemas[name];
  if (typeof schema === "object" && schema !== null)
    Object.assign(schema, { "x-kubernetes-group-version-kind": [gvk] });
  const prefix = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`;
  const base = `${prefix}${kind.namespaced ? "/namespaces/{namespace}" : ""}/${kind.plural}`;
  const parameters = ["dryRun", "fieldManager", "fieldValidation"].map((parameter) => ({
    name: parameter,
    in: "query",
    schema: { type: "string", uniqueItems: true },
  }));
  const reference = { $ref: `#/components/schemas/${name}` };
  const answer = { "200": { description: "OK", content: { "application/json": { schema: reference } } } };
  const operation = (action: string, extra: JsonObject = {}): JsonObject => ({
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvk,
    responses: answer,
    ...extra,
  });
  const body = { requestBody: { content: { "application/json": { schema: reference } } }, parameters };
  if (kind.verbs.includes("create")) paths[base] = { get: operation("list"), post: operation("post", body) };
  if (kind.verbs.includes("patch")) {
    const patch = {
      requestBody: { content: { "application/apply-patch+yaml": { schema: { type: "object" } } } },
      parameters,
    };
    paths[`${base}/{name}`] = { get: operation("get"), put: operation("put", body), patch: operation("patch", patch) };
  }
}

const documents = new Map<string, string>();

/** The OpenAPI v3 document of a group version, such as `apis/apps/v1`; undefined for one that is not served. */
export function openapiDocument(path: string): string | undefined {
  const match = /^(?:api\/(v1)|apis\/([^/]+)\/([^/]+))$/.exec(path);
  if (!match) return undefined;
  const found = documents.get(path);
  if (found !== undefined) return found;
  const group = match[2] ?? "";
  const version = match[1] ?? match[3] ?? "";
  if (!kinds.some((kind) => kind.group === group && kind.version === version)) return undefined;
  const text = JSON.stringify(versionDocument(group, version));
  documents.set(path, text);
  return text;
}

/** The list of OpenAPI v3 documents. */
export function openapiIndex(version: string): JsonObject {
  const paths: JsonObject = {};
  for (const apiVersion of new Set(kinds.map(apiVersionOf))) {
    const path = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
    // The hash only has to change when the document does, which comes with the program's own version.
    const hash = createHash("sha512").update(`${version} ${path}`).digest("hex").toUpperCase();
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** Content type of the OpenAPI v2 document as protobuf. */
export const openapiV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/**
 * The OpenAPI v2 document, as protobuf, that kubectl up to 1.29 asks for before an apply.
 * Simplified: a real one describes every kind; clients then fall back on what they know themselves.
 */
export function openapiV2Document(version: string): Uint8Array {
  const text = (field: number, value: Uint8Array): Uint8Array =>
    concat([Uint8Array.of(field * 8 + 2, value.length), value]);
  const info = concat([text(1, encode("Kubernetes")), text(2, encode(version))]);
  return concat([text(1, encode("2.0")), text(2, info), text(8, new Uint8Array()), text(9, new Uint8Array())]);
}
