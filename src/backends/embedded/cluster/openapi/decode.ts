import { badRequest } from "../api-server/errors.ts";
import { isObject, type JsonObject } from "../json.ts";
import { elementType, fieldsOf, rootType, structName, type FieldType } from "./fields.ts";

interface Walk {
  unknown: string[];
}

/** A JSON value that a Go type cannot hold. */
class Mismatch extends Error {}

const scalarNames: Readonly<Record<string, string>> = {
  s: "string",
  i: "int32",
  l: "int64",
  d: "float64",
  b: "bool",
  y: "[]uint8",
  t: "v1.Time",
  T: "v1.MicroTime",
  q: "resource.Quantity",
};

/**
 * Looks at an object as the server's decoder does: takes unknown, null and empty fields out of it and answers the paths of the unknown ones.
 * Rejects a value of the wrong type with the decoder's words.
 */
export function pruneUnknown(apiVersion: string, kind: string, object: JsonObject): string[] {
  const type = rootType(apiVersion, kind);
  if (type === undefined) return [];
  const walk: Walk = { unknown: [] };
  try {
    decodeStruct(walk, type, object, "", "");
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw cannotHandle(apiVersion, kind, error.message);
  }
  return walk.unknown;
}

export const cannotHandle = (apiVersion: string, kind: string, why: string): Error =>
  badRequest(`${kind} in version "${apiVersion.split("/").at(-1)}" cannot be handled as a ${kind}: ${why}`);

/** Lists that are written even when nothing is in them; all others are left out then. */
const keptEmpty = new Set(["rules", "endpoints", "containers", "drivers", "ports"]);

const isEmptyCollection = (type: FieldType, value: unknown): boolean =>
  (type.startsWith("[]") && Array.isArray(value) && value.length === 0) ||
  (type.startsWith("{}") && isObject(value) && Object.keys(value).length === 0);

function decodeStruct(walk: Walk, type: FieldType, object: JsonObject, path: string, goPath: string): void {
  const fields = fieldsOf(type) ?? {};
  for (const [field, value] of Object.entries(object)) {
    const here = path ? `${path}.${field}` : field;
    if (!Object.hasOwn(fields, field)) {
      walk.unknown.push(here);
      delete object[field];
      continue;
    }
    if (value === null) delete object[field];
    const wanted = fields[field]?.replace("!", "") ?? "*";
    decodeValue(walk, wanted, value, here, `${structName(type)}.`, goPath ? `${goPath}.${field}` : field);
    if (isEmptyCollection(wanted, value) && !keptEmpty.has(field)) delete object[field];
  }
}

function decodeValue(walk: Walk, type: FieldType, value: unknown, path: string, owner: string, goPath: string): void {
  if (value === null || value === undefined || type === "*") return;
  const refuse = (): never => {
    throw new Mismatch(
      `json: cannot unmarshal ${jsonType(value, type)} into Go struct field ${owner}${goPath} of type ${goType(type)}`,
    );
  };
  const element = elementType(type);
  if (element !== undefined && type.startsWith("[]")) {
    if (!Array.isArray(value)) return refuse();
    value.forEach((item, index) => decodeValue(walk, element, item, `${path}[${index}]`, owner, goPath));
  } else if (element !== undefined) {
    if (!isObject(value)) return refuse();
    for (const [key, item] of Object.entries(value)) decodeValue(walk, element, item, `${path}.${key}`, owner, goPath);
  } else if (fieldsOf(type)) {
    if (!isObject(value)) return refuse();
    decodeStruct(walk, type, value, path, goPath);
  } else decodeScalar(type, value, refuse);
}

const quantityPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+|Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)?$/;

function decodeScalar(type: FieldType, value: unknown, refuse: () => never): void {
  switch (type) {
    case "s":
      if (typeof value !== "string") refuse();
      return;
    case "b":
      if (typeof value !== "boolean") refuse();
      return;
    case "i":
    case "l":
      if (typeof value !== "number" || !Number.isInteger(value) || (type === "i" && Math.abs(value) > 2 ** 31))
        refuse();
      return;
    case "d":
      if (typeof value !== "number") refuse();
      return;
    case "q":
      if (typeof value !== "number" && !(typeof value === "string" && quantityPattern.test(value))) {
        throw new Mismatch(
          "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        );
      }
      return;
    case "x":
      if (typeof value !== "string" && typeof value !== "number") refuse();
      return;
    case "y":
      if (typeof value !== "string") refuse();
      else decodeBase64(value);
      return;
    default:
      if (typeof value !== "string") refuse();
      else if (Number.isNaN(Date.parse(value))) {
        throw new Mismatch(
          `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
        );
      }
  }
}

function decodeBase64(value: string): void {
  const wrong =
    /[^A-Za-z0-9+/=\r\n]/.exec(value)?.index ?? (value.replace(/[\r\n]/g, "").length % 4 ? value.length : -1);
  if (wrong >= 0) throw new Mismatch(`illegal base64 data at input byte ${wrong}`);
}

function jsonType(value: unknown, type: FieldType): string {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return type === "i" || type === "l" ? `number ${value}` : "number";
  if (Array.isArray(value)) return "array";
  return typeof value === "string" ? "string" : "object";
}

function goType(type: FieldType): string {
  const element = elementType(type);
  if (element !== undefined) return `${type.startsWith("[]") ? "[]" : "map[string]"}${goType(element)}`;
  return scalarNames[type] ?? (type === "x" ? "intstr.IntOrString" : `v1.${structName(type)}`);
}
