import { ApiError, type StatusObject } from "../api.ts";

/** One thing that is wrong with an object, as a Status lists it. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

interface Subject {
  name: string;
  group: string;
  /** Plural, or for invalid objects the kind. */
  kind: string;
}

interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  causes?: readonly Cause[];
  retryAfterSeconds?: number;
}

export function failure(code: number, reason: string, message: string, details?: StatusDetails): ApiError {
  const status: StatusObject = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message };
  if (reason !== "") status.reason = reason;
  if (details) status.details = { ...details };
  status.code = code;
  return new ApiError(status);
}

function detailsOf({ name, group, kind }: Subject): StatusDetails {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind };
}

const qualified = ({ group, kind }: Subject): string => (group ? `${kind}.${group}` : kind);

export const notFound = (subject: Subject): ApiError =>
  failure(404, "NotFound", `${qualified(subject)} "${subject.name}" not found`, detailsOf(subject));

export const alreadyExists = (subject: Subject): ApiError =>
  failure(409, "AlreadyExists", `${qualified(subject)} "${subject.name}" already exists`, detailsOf(subject));

export const conflict = (subject: Subject, why: string): ApiError =>
  failure(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`,
    detailsOf(subject),
  );

export const modified = (subject: Subject): ApiError =>
  conflict(subject, "the object has been modified; please apply your changes to the latest version and try again");

export const forbidden = (subject: Subject, why: string): ApiError =>
  failure(
    403,
    "Forbidden",
    subject.kind === ""
      ? `forbidden: ${why}`
      : `${qualified(subject)}${subject.name ? ` "${subject.name}"` : ""} is forbidden: ${why}`,
    subject.kind === "" ? {} : detailsOf(subject),
  );

/** An object that its kind's rules refuse; `kind` of the subject is the kind, such as `Deployment`. */
export function invalid(subject: Subject, causes: readonly Cause[]): ApiError {
  // The same problem is told once, though it may have been found by several checks.
  const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return failure(422, "Invalid", `${qualified(subject)} "${subject.name}" is invalid: ${list}`, {
    ...detailsOf(subject),
    causes,
  });
}

export const badRequest = (message: string): ApiError => failure(400, "BadRequest", message);

export const methodNotAllowed = (): ApiError =>
  failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

export const resourceNotFound = (): ApiError =>
  failure(404, "NotFound", "the server could not find the requested resource", {});

export const expired = (requested: number, oldest: number): ApiError =>
  failure(410, "Expired", `too old resource version: ${requested} (${oldest})`);

export const internal = (message: string): ApiError =>
  failure(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ reason: "", message, field: "" }],
  });

export const required = (field: string, message = ""): Cause => ({
  reason: "FieldValueRequired",
  message: message ? `Required value: ${message}` : "Required value",
  field,
});

export const invalidValue = (field: string, value: unknown, message: string): Cause => ({
  reason: "FieldValueInvalid",
  message: `Invalid value: ${goValue(value)}: ${message}`,
  field,
});

export const forbiddenValue = (field: string, message: string): Cause => ({
  reason: "FieldValueForbidden",
  message: `Forbidden: ${message}`,
  field,
});

export const duplicateValue = (field: string, value: unknown): Cause => ({
  reason: "FieldValueDuplicate",
  message: `Duplicate value: ${goValue(value)}`,
  field,
});

export const unsupportedValue = (field: string, value: unknown, supported: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${goValue(value)}: supported values: ${supported.map((item) => `"${item}"`).join(", ")}`,
  field,
});

/** A value as Go's %#v shows maps of strings, and JSON else. */
function goValue(value: unknown): string {
  if (value instanceof Map) {
    if (value.size === 0) return "map[string]string(nil)";
    const pairs = [...value].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    return `map[string]string{${pairs.map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`).join(", ")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
