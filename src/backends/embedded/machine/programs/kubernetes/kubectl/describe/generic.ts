import { isObject, objectAt, textAt, type Json } from "../../client/json.ts";
import { mapAt } from "../../client/json.ts";
import { writeAnnotations, writeEvents, writeLabels, type DescriptionWriter } from "./writer.ts";

const skipped = new Set([
  ".metadata.managedFields",
  ".metadata.name",
  ".metadata.namespace",
  ".metadata.labels",
  ".metadata.annotations",
]);

/** Any object, field by field. */
export function describeAnything(writer: DescriptionWriter, object: Json, events: Json[]): void {
  writer.line(0, `Name:\t${textAt(object, "metadata", "name")}`);
  writer.line(0, `Namespace:\t${textAt(object, "metadata", "namespace")}`);
  writeLabels(writer, "Labels", mapAt(object, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(object, "metadata"));
  writeContent(writer, 0, object, "");
  writeEvents(writer, events);
}

function writeContent(writer: DescriptionWriter, level: number, content: Json, path: string): void {
  for (const field of Object.keys(content).sort()) {
    const value = content[field];
    const here = `${path}.${field}`;
    if (skipped.has(here)) continue;
    if (isObject(value)) {
      writer.line(level, `${labelFor(field)}:`);
      writeContent(writer, level + 1, value, here);
    } else if (Array.isArray(value)) {
      writer.line(level, `${labelFor(field)}:`);
      for (const item of value) {
        if (isObject(item)) writeContent(writer, level + 1, item, here);
        else writer.line(level + 1, String(item));
      }
    } else writer.line(level, `${labelFor(field)}:\t${value === null ? "<nil>" : String(value)}`);
  }
}

const acronyms = new Set(["API", "URL", "UID", "OSB", "GUID"]);

/** `creationTimestamp` as `Creation Timestamp`, `apiVersion` as `API Version`. */
function labelFor(field: string): string {
  const parts = field.match(/[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+|[^A-Za-z0-9]+/g) ?? [field];
  return parts
    .filter((part) => /[A-Za-z0-9]/.test(part) || parts.length === 1)
    .map((part) => {
      const upper = part.toUpperCase();
      return acronyms.has(upper) ? upper : `${part.slice(0, 1).toUpperCase()}${part.slice(1)}`;
    })
    .join(" ");
}
