import { isObject, listAt, mapAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import { labelValueProblems, qualifiedNameProblems } from "../resources/names.ts";
import { badRequest } from "./errors.ts";

type Labels = Readonly<Record<string, string>>;

/** One condition on labels. */
interface Requirement {
  key: string;
  operator: "in" | "notin" | "exists" | "absent" | "gt" | "lt";
  values: readonly string[];
}

export type LabelSelector = readonly Requirement[];

const cannotParse = (why: string): Error => badRequest(`unable to parse requirement: ${why}`);

/** Reads `a=b,c!=d,e in (f,g),!h`. Throws ApiError BadRequest in the server's words. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements: Requirement[] = [];
  for (const part of splitTop(text)) {
    const item = part.trim();
    if (item === "") {
      if (text.trim() === "") continue;
      throw cannotParse("found '', expected: identifier");
    }
    requirements.push(parseRequirement(item));
  }
  return requirements;
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = "";
  for (const character of text) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (character === "," && depth === 0) {
      parts.push(current);
      current = "";
    } else current += character;
  }
  parts.push(current);
  return parts;
}

function parseRequirement(item: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(item);
  if (set) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    return checked({ key: set[1] ?? "", operator: set[2] === "in" ? "in" : "notin", values });
  }
  const pair = /^([^\s!=<>]+)\s*(==|!=|=|>|<)\s*([^\s=!<>]*)$/.exec(item);
  if (pair) {
    const operators = { "==": "in", "=": "in", "!=": "notin", ">": "gt", "<": "lt" } as const;
    const sign = pair[2];
    const operator = sign === "!=" || sign === ">" || sign === "<" || sign === "==" ? operators[sign] : "in";
    return checked({ key: pair[1] ?? "", operator, values: [pair[3] ?? ""] });
  }
  const absent = /^!\s*(\S+)$/.exec(item);
  if (absent) return checked({ key: absent[1] ?? "", operator: "absent", values: [] });
  if (/\s/.test(item)) {
    const second = item.split(/\s+/)[1] ?? "";
    throw cannotParse(`found '${second}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  return checked({ key: item, operator: "exists", values: [] });
}

function checked(requirement: Requirement): Requirement {
  for (const problem of qualifiedNameProblems(requirement.key)) {
    throw cannotParse(`<nil>: Invalid value: ${JSON.stringify(requirement.key)}: ${problem}`);
  }
  for (const [index, value] of requirement.values.entries()) {
    for (const problem of labelValueProblems(value)) {
      throw cannotParse(`values[${index}][${requirement.key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`);
    }
  }
  return requirement;
}

export const selects = (selector: LabelSelector, labels: Labels): boolean =>
  selector.every((requirement) => meets(requirement, labels));

function meets({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "absent":
      return value === undefined;
    case "gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
}

/** A selector as objects hold it: `matchLabels` and `matchExpressions`. */
export function matchesLabels(selector: JsonObject, labels: Labels): boolean {
  const pairs = Object.entries(mapAt(selector, "matchLabels"));
  if (!pairs.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)) return false;
  return objectsAt(selector, "matchExpressions").every((expression) => {
    const values = listAt(expression, "values").filter((value) => typeof value === "string");
    const operators = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "absent" } as const;
    const name = textAt(expression, "operator");
    if (name !== "In" && name !== "NotIn" && name !== "Exists" && name !== "DoesNotExist") return false;
    return meets({ key: textAt(expression, "key"), operator: operators[name], values }, labels);
  });
}

/** A selector in the form that tables and scales show it. */
export function selectorText(selector: unknown): string {
  if (!isObject(selector)) return "<none>";
  const parts = Object.entries(mapAt(selector, "matchLabels"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  for (const expression of objectsAt(selector, "matchExpressions")) {
    const key = textAt(expression, "key");
    const values = listAt(expression, "values").join(",");
    const operator = textAt(expression, "operator");
    if (operator === "Exists") parts.push(key);
    else if (operator === "DoesNotExist") parts.push(`!${key}`);
    else parts.push(`${key} ${operator === "In" ? "in" : "notin"} (${values})`);
  }
  return parts.length > 0 ? parts.join(",") : "<none>";
}

interface FieldRequirement {
  field: string;
  equals: boolean;
  value: string;
}

export type FieldSelector = readonly FieldRequirement[];

/** Reads `metadata.name=x,spec.nodeName!=y`. Throws ApiError for a field that the kind does not offer. */
export function parseFieldSelector(text: string, kind: string): FieldSelector {
  const allowed = new Set(["metadata.name", "metadata.namespace", ...(selectableFields[kind] ?? [])]);
  return text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const match = /^([^=!]+)(==|!=|=)(.*)$/.exec(part.trim());
      if (!match) throw badRequest(`invalid field selector: '${text}'; can't understand '${part}'`);
      const field = match[1] ?? "";
      if (!allowed.has(field)) {
        throw badRequest(
          selectableFields[kind]
            ? `field label not supported: ${field}`
            : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
        );
      }
      return { field, equals: match[2] !== "!=", value: match[3] ?? "" };
    });
}

export const fieldsSelect = (selector: FieldSelector, object: JsonObject): boolean =>
  selector.every(({ field, equals, value }) => (fieldText(object, field) === value) === equals);

function fieldText(object: JsonObject, field: string): string {
  if (field === "reportingComponent" || field === "source") {
    return textAt(object, "source", "component") || textAt(object, "reportingComponent");
  }
  let current: unknown = object;
  for (const part of field.split(".")) current = isObject(current) ? current[part] : undefined;
  return current === undefined || current === null
    ? ""
    : typeof current === "string" || typeof current === "number" || typeof current === "boolean"
      ? String(current)
      : "";
}

const involved = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"].map(
  (field) => `involvedObject.${field}`,
);

const selectableFields: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
  ],
  Node: ["spec.unschedulable"],
  Namespace: ["status.phase", "name"],
  Secret: ["type"],
  Event: [...involved, "reason", "reportingComponent", "source", "type"],
  ReplicaSet: ["status.replicas"],
  ReplicationController: ["status.replicas"],
  Job: ["status.successful"],
  Service: ["spec.clusterIP", "spec.type"],
  CertificateSigningRequest: ["spec.signerName"],
};
