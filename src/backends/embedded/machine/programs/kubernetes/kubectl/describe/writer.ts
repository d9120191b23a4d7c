import { mapAt, objectAt, objectsAt, textAt, type Json } from "../../client/json.ts";
import { humanDuration, rfc1123 } from "../../go/duration.ts";
import { alignTabs } from "../../go/tab-writer.ts";

const longestAnnotation = 140;
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** Collects a description: tab-separated lines, indented by level. */
export class DescriptionWriter {
  #text = "";
  readonly now: number;
  /** Minor version of the kubectl that describes. */
  readonly minor: number;

  constructor(now: number, minor: number) {
    this.now = now;
    this.minor = minor;
  }

  line(level: number, text: string): void {
    this.#text += `${"  ".repeat(level)}${text}\n`;
  }

  /** Without indentation or line break. */
  raw(text: string): void {
    this.#text += text;
  }

  toString(): string {
    return alignTabs(this.#text);
  }

  /** How long ago an API time was. */
  since(time: string): string {
    return time === "" ? "<unknown>" : humanDuration(this.now - Date.parse(time));
  }
}

/** An API time as describe shows it. */
export const shownTime = (time: string): string => (time === "" ? "Mon, 01 Jan 0001 00:00:00 +0000" : rfc1123(time));

export const orNone = (text: string): string => (text === "" ? "<none>" : text);

/** Labels or selectors, one per line. */
export function writeLabels(
  writer: DescriptionWriter,
  title: string,
  entries: readonly (readonly [string, string])[],
): void {
  writer.raw(`${title}:\t`);
  if (entries.length === 0) writer.raw("<none>\n");
  entries.forEach(([key, value], i) => writer.raw(`${i === 0 ? "" : "\t"}${key}=${value}\n`));
}

export function writeAnnotations(writer: DescriptionWriter, title: string, metadata: Json): void {
  const entries = mapAt(metadata, "annotations").filter(([key]) => key !== lastApplied);
  writer.raw(`${title}:\t`);
  if (entries.length === 0) writer.raw("<none>\n");
  entries.forEach(([key, text], i) => {
    if (i > 0) writer.raw("\t");
    const value = text.replace(/\n$/, "");
    if (value.length + key.length + 2 > longestAnnotation || value.includes("\n")) {
      writer.raw(`${key}:\n`);
      for (const part of value.split("\n")) writer.raw(`\t  ${shorten(part, longestAnnotation - 2)}\n`);
    } else writer.raw(`${key}: ${value}\n`);
  });
}

const shorten = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}...` : text);

/** Name, namespace, labels and annotations: how most descriptions begin. */
export function writeMetadata(writer: DescriptionWriter, object: Json, namespaced = true): void {
  const metadata = objectAt(object, "metadata");
  writer.line(0, `Name:\t${textAt(metadata, "name")}`);
  if (namespaced) writer.line(0, `Namespace:\t${textAt(metadata, "namespace")}`);
  writeLabels(writer, "Labels", mapAt(metadata, "labels"));
  writeAnnotations(writer, "Annotations", metadata);
}

/** A label selector as one line. */
export function selectorText(selector: Json): string {
  const equal = mapAt(selector, "matchLabels").map(([key, value]) => `${key}=${value}`);
  const expressions = objectsAt(selector, "matchExpressions").map((item) => {
    const key = textAt(item, "key");
    const values = Array.isArray(item["values"]) ? item["values"].map(String).sort().join(",") : "";
    switch (textAt(item, "operator")) {
      case "In":
        return `${key} in (${values})`;
      case "NotIn":
        return `${key} notin (${values})`;
      case "DoesNotExist":
        return `!${key}`;
      default:
        return key;
    }
  });
  return orNone([...equal, ...expressions].join(","));
}

export const mapText = (entries: readonly (readonly [string, string])[]): string =>
  orNone(entries.map(([key, value]) => `${key}=${value}`).join(","));

/** The controller of an object, `Kind/name`; empty without one. */
export function controllerOf(object: Json): string {
  const owner = objectsAt(object, "metadata", "ownerReferences").find((item) => item["controller"] === true);
  return owner ? `${textAt(owner, "kind")}/${textAt(owner, "name")}` : "";
}

/** The Events part: `items` are core/v1 Events about the object. */
export function writeEvents(writer: DescriptionWriter, items: readonly Json[]): void {
  if (items.length === 0) {
    writer.line(0, "Events:\t<none>");
    return;
  }
  const last = (event: Json): number =>
    Date.parse(
      textAt(event, "lastTimestamp") || textAt(event, "eventTime") || textAt(event, "metadata", "creationTimestamp"),
    );
  const sorted = [...items].sort(
    (a, b) => (textAt(a, "lastTimestamp") === "" ? 0 : last(a)) - (textAt(b, "lastTimestamp") === "" ? 0 : last(b)),
  );
  writer.line(0, "Events:");
  writer.line(1, "Type\tReason\tAge\tFrom\tMessage");
  writer.line(1, "----\t------\t----\t----\t-------");
  for (const event of sorted) {
    const first = writer.since(textAt(event, "eventTime") || textAt(event, "firstTimestamp"));
    const series = objectAt(event, "series");
    const count = Number(textAt(event, "count") || "0");
    let interval = first;
    if (textAt(series, "count") !== "")
      interval = `${writer.since(textAt(series, "lastObservedTime"))} (x${textAt(series, "count")} over ${first})`;
    else if (count > 1) interval = `${writer.since(textAt(event, "lastTimestamp"))} (x${count} over ${first})`;
    const source = textAt(event, "source", "component") || textAt(event, "reportingComponent");
    writer.line(
      1,
      `${textAt(event, "type")}\t${textAt(event, "reason")}\t${interval}\t${source}\t${textAt(event, "message").trim()}`,
    );
  }
}
