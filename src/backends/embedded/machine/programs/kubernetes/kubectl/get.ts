import { pathOf, outputPrefix, type ApiResource } from "../client/discovery.ts";
import { CommandError, isApiError, ManyErrors } from "../client/errors.ts";
import { isObject, listAt, mapAt, objectAt, objectsAt, textAt, type Json } from "../client/json.ts";
import { humanDuration, parseDuration } from "../go/duration.ts";
import { jsonPathValues } from "../go/jsonpath.ts";
import { ColumnWriter } from "../go/tab-writer.ts";
import { asList, customColumns, outputFlags, outputFormat, presented, render, type OutputFormat } from "./output.ts";
import { fileFlags, readManifests } from "./manifests.ts";
import { selections, withType, type Selection } from "./resource-arguments.ts";
import type { Command, Session } from "./session.ts";

const tableAccept =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

export const getCommand: Command = {
  summary: "Display one or many resources",
  usage:
    "kubectl get [(-o|--output=)json|yaml|name|wide|jsonpath=...|custom-columns=...] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags]",
  group: "Basic Commands (Intermediate)",
  flags: {
    ...outputFlags,
    ...fileFlags,
    "all-namespaces": { kind: "bool", short: "A" },
    selector: { kind: "string", short: "l" },
    "field-selector": { kind: "string" },
    watch: { kind: "bool", short: "w" },
    "watch-only": { kind: "bool" },
    "output-watch-events": { kind: "bool" },
    "show-labels": { kind: "bool" },
    "show-kind": { kind: "bool" },
    "label-columns": { kind: "strings", short: "L" },
    "sort-by": { kind: "string" },
    "no-headers": { kind: "bool" },
    "ignore-not-found": { kind: "bool" },
    "server-print": { kind: "bool" },
    "chunk-size": { kind: "int" },
    raw: { kind: "string" },
    subresource: { kind: "string" },
  },
  run: get,
};

async function get(session: Session): Promise<number> {
  const { flags } = session;
  const raw = flags.text("raw");
  if (raw !== undefined) {
    const bytes = await session.connection.bytes("GET", raw);
    await session.process.stdout.write(bytes);
    return 0;
  }
  const format = outputFormat(session, ["custom-columns", "custom-columns-file", "wide"]);
  const selected = flags.has("filename") ? await fromFiles(session) : await fromWords(session);
  if (flags.bool("watch") || flags.bool("watch-only")) return watch(session, selected, format);
  if (format && format.name !== "wide") return structured(session, selected, format);
  return tables(session, selected, format?.name === "wide");
}

async function fromWords(session: Session): Promise<Selection[]> {
  if (session.flags.words.length === 0) {
    throw new CommandError(
      `You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse "kubectl explain <resource>" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples`,
    );
  }
  const selected = await selections(session, session.flags.words);
  if (
    session.flags.bool("all-namespaces") &&
    selected.some(({ names, resource }) => names.length > 0 && resource.namespaced)
  ) {
    throw new CommandError("error: a resource cannot be retrieved by name across all namespaces");
  }
  if (session.flags.has("selector") && selected.some(({ names }) => names.length > 0)) {
    throw new CommandError("error: name cannot be provided when a selector is specified");
  }
  return selected;
}

async function fromFiles(session: Session): Promise<Selection[]> {
  const selected: Selection[] = [];
  for (const entry of await readManifests(session)) {
    if ("error" in entry) throw entry.error;
    selected.push({ resource: entry.resource, names: [textAt(entry.object, "metadata", "name")] });
  }
  return selected;
}

const scopeOf = (session: Session): string => (session.flags.bool("all-namespaces") ? "" : session.namespace);

/** Asks for everything selected; what fails is kept until the rest is printed. */
async function fetchEach(
  session: Session,
  selected: readonly Selection[],
  accept: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<{ answers: { resource: ApiResource; answer: Json }[]; errors: unknown[] }> {
  const { flags } = session;
  const answers: { resource: ApiResource; answer: Json }[] = [];
  const errors: unknown[] = [];
  for (const { resource, names } of selected) {
    const paths = names.length === 0 ? [undefined] : names;
    for (const name of paths) {
      try {
        const query =
          name === undefined
            ? {
                labelSelector: flags.text("selector"),
                fieldSelector: flags.text("field-selector"),
                limit: "500",
                ...extra,
              }
            : extra;
        const answer = await session.connection.json(
          "GET",
          pathOf(resource, scopeOf(session), name, flags.text("subresource")),
          { accept, query },
        );
        answers.push({ resource, answer });
      } catch (error) {
        if (flags.bool("ignore-not-found") && isApiError(error, "NotFound")) continue;
        errors.push(reworded(error, resource, session));
      }
    }
  }
  return { answers, errors };
}

/** A refused selector names the resource that was looked for. */
function reworded(error: unknown, resource: ApiResource, session: Session): unknown {
  if (!isApiError(error, "BadRequest") || !(session.flags.has("selector") || session.flags.has("field-selector")))
    return error;
  const group = resource.group === "" ? "" : resource.group;
  const what = `${group}/${resource.version}, Resource=${resource.plural}`;
  const labels = JSON.stringify(session.flags.text("selector") ?? "");
  const fields = JSON.stringify(session.flags.text("field-selector") ?? "");
  error.status.message = `Unable to find ${JSON.stringify(what)} that match label selector ${labels}, field selector ${fields}: ${error.status.message ?? ""}`;
  return error;
}

async function nothingFound(session: Session): Promise<void> {
  const scope = session.flags.bool("all-namespaces") ? "" : session.namespace;
  await session.flushWarnings();
  if (!session.flags.bool("ignore-not-found")) {
    await session.err(
      scope === "" || session.flags.has("raw") ? "No resources found\n" : `No resources found in ${scope} namespace.\n`,
    );
  }
}

async function structured(session: Session, selected: readonly Selection[], format: OutputFormat): Promise<number> {
  const { answers, errors } = await fetchEach(session, selected, "application/json");
  const single = answers.length === 1 && selected.length === 1 && selected[0]?.names.length === 1;
  let items: { resource: ApiResource; object: Json }[] = answers.flatMap(({ resource, answer }) =>
    Array.isArray(answer["items"])
      ? objectsAt(answer, "items").map((item) => ({ resource, object: withType(item, answer) }))
      : [{ resource, object: answer }],
  );
  const sortBy = session.flags.text("sort-by");
  if (sortBy !== undefined) items = sortItems(items, sortBy, ({ object }) => object);
  const objects = items.map(({ object }) => presented(session, object));
  if (format.name === "name") {
    for (const { resource, object } of items)
      await session.out(`${outputPrefix(resource)}/${textAt(object, "metadata", "name")}\n`);
  } else if (format.name.startsWith("custom-columns")) {
    if (items.length > 0 || errors.length === 0) await session.out(customColumns(format, objects, session));
  } else if (answers.length > 0 || (errors.length === 0 && !session.flags.bool("ignore-not-found"))) {
    const [only] = objects;
    await session.out(render(format, single && only ? only : asList(objects), session));
  }
  if (errors.length > 0) throw new ManyErrors(errors);
  return 0;
}

function sortItems<T>(items: readonly T[], path: string, objectOf: (item: T) => unknown): T[] {
  const value = (item: T): unknown => jsonPathValues(path, objectOf(item))[0];
  return [...items].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    if (typeof x === "number" && typeof y === "number") return x - y;
    const left = x === undefined || x === null ? "" : String(x);
    const right = y === undefined || y === null ? "" : String(y);
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

interface Shape {
  wide: boolean;
  withKind: boolean;
  withNamespace: boolean;
}

/** The header and rows of a server's Table as they are printed. */
function rowsOf(
  session: Session,
  resource: ApiResource,
  table: Json,
  shape: Shape,
): { header: string[]; rows: string[][] } {
  const { flags } = session;
  const columns = objectsAt(table, "columnDefinitions").map((column, index) => ({
    name: textAt(column, "name"),
    format: textAt(column, "format"),
    shown: shape.wide || textAt(column, "priority") === "0" || textAt(column, "priority") === "",
    index,
  }));
  const shown = columns.filter((column) => column.shown);
  const labelColumns = flags.strings("label-columns").flatMap((value) => value.split(","));
  const header = shown.map((column) => column.name.toUpperCase());
  if (shape.withNamespace) header.unshift("NAMESPACE");
  header.push(...labelColumns.map((key) => key.slice(key.lastIndexOf("/") + 1).toUpperCase()));
  if (flags.bool("show-labels")) header.push("LABELS");
  const tableRows = objectsAt(table, "rows");
  const sortBy = flags.text("sort-by");
  const ordered = sortBy === undefined ? tableRows : sortItems(tableRows, sortBy, (row) => row["object"]);
  const rows = ordered.map((row) => {
    const cells = listAt(row, "cells");
    const object = objectAt(row, "object");
    const line = shown.map((column) => {
      const text = cellText(cells[column.index]);
      const named = column.format === "name" || column.index === 0;
      return shape.withKind && named && column.index === 0 ? `${outputPrefix(resource)}/${text}` : text;
    });
    if (shape.withNamespace) line.unshift(textAt(object, "metadata", "namespace"));
    const labels = mapAt(object, "metadata", "labels");
    line.push(...labelColumns.map((key) => labels.find(([name]) => name === key)?.[1] ?? ""));
    if (flags.bool("show-labels"))
      line.push(labels.length === 0 ? "<none>" : labels.map(([key, value]) => `${key}=${value}`).join(","));
    return line;
  });
  return { header, rows };
}

/** A cell's first line; the rest of a longer text is cut as kubectl cuts it. */
function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "<none>";
  const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
  const end = text.search(/[\f\n\r]/);
  return end < 0 ? text : `${text.slice(0, end)}...`;
}

async function tables(session: Session, selected: readonly Selection[], wide: boolean): Promise<number> {
  const extra = session.flags.has("sort-by") ? { includeObject: "Object" } : {};
  const { answers, errors } = await fetchEach(session, selected, tableAccept, extra);
  const many = new Set(selected.map(({ resource }) => resource.plural)).size > 1;
  const slashed = session.flags.bool("show-kind");
  let printed = false;
  let current: { resource: ApiResource; rows: string[][]; header: string[] } | undefined;
  const flush = async (): Promise<void> => {
    if (!current || current.rows.length === 0) return;
    const header = session.flags.bool("no-headers") ? [] : [current.header];
    await session.out((printed && many ? "\n" : "") + new ColumnWriter().render([...header, ...current.rows]));
    printed = true;
    current = undefined;
  };
  for (const { resource, answer } of answers) {
    const table = answer["kind"] === "Table" ? answer : tableOf(session, answer);
    const shape = {
      wide,
      withKind: many || slashed,
      withNamespace: session.flags.bool("all-namespaces") && resource.namespaced,
    };
    const { header, rows } = rowsOf(session, resource, table, shape);
    if (current?.resource === resource) current.rows.push(...rows);
    else {
      await flush();
      current = { resource, header, rows };
    }
  }
  await flush();
  if (!printed && errors.length === 0 && !(session.flags.bool("ignore-not-found") && answers.length === 0)) {
    const namespaced = selected.every(({ resource }) => resource.namespaced);
    if (namespaced) await nothingFound(session);
    else {
      await session.flushWarnings();
      await session.err("No resources found\n");
    }
  }
  await session.flushWarnings();
  if (errors.length > 0) throw new ManyErrors(errors);
  return 0;
}

/** A Table for an answer that is none: name and age. */
function tableOf(session: Session, answer: Json): Json {
  const items = Array.isArray(answer["items"]) ? objectsAt(answer, "items") : [answer];
  return {
    columnDefinitions: [
      { name: "Name", format: "name", priority: 0 },
      { name: "Age", priority: 0 },
    ],
    rows: items.map((item) => ({
      cells: [textAt(item, "metadata", "name"), ageOf(session, textAt(item, "metadata", "creationTimestamp"))],
      object: item,
    })),
  };
}

export const ageOf = (session: Session, time: string): string =>
  time === "" ? "<unknown>" : humanDuration(session.now() - Date.parse(time));

async function watch(
  session: Session,
  selected: readonly Selection[],
  format: OutputFormat | undefined,
): Promise<number> {
  const [first] = selected;
  if (selected.length !== 1 || !first) throw new CommandError("error: you may only specify a single resource type");
  if (first.names.length > 1)
    throw new CommandError(
      "error: watch is only supported on individual resources and resource collections - more than 1 resource was found",
    );
  const { flags } = session;
  const { resource } = first;
  const [name] = first.names;
  const asTable = !format || format.name === "wide";
  const accept = asTable ? tableAccept : "application/json";
  const fieldSelector = name === undefined ? flags.text("field-selector") : `metadata.name=${name}`;
  const path = pathOf(resource, scopeOf(session));
  const query = { labelSelector: flags.text("selector"), fieldSelector };
  if (name !== undefined) await session.connection.json("GET", pathOf(resource, scopeOf(session), name));
  const list = await session.connection.json("GET", path, { accept, query: { ...query, limit: "500" } });
  const writer = new ColumnWriter();
  const shape = {
    wide: format?.name === "wide",
    withKind: flags.bool("show-kind"),
    withNamespace: flags.bool("all-namespaces") && resource.namespaced,
  };
  let headed = flags.bool("no-headers");
  const show = async (events: { type: string; object: Json }[]): Promise<void> => {
    for (const batch of asTable ? [events] : events.map((event) => [event])) {
      const lines: string[][] = [];
      for (const { type, object } of batch) {
        if (!asTable) {
          await showStructured(session, resource, type, object, format);
          continue;
        }
        const table = object["kind"] === "Table" ? object : tableOf(session, object);
        const { header, rows } = rowsOf(session, resource, table, shape);
        const prefix = flags.bool("output-watch-events");
        if (!headed && rows.length > 0) lines.push(prefix ? ["EVENT", ...header] : header);
        if (rows.length > 0) headed = true;
        lines.push(...rows.map((row) => (prefix ? [type, ...row] : row)));
      }
      if (lines.length > 0) await session.out(writer.render(lines));
    }
  };
  const tableHeader = list["kind"] === "Table" ? objectsAt(list, "columnDefinitions") : undefined;
  if (!flags.bool("watch-only")) {
    const initial = asTable
      ? [{ type: "ADDED", object: list }]
      : objectsAt(list, "items").map((item) => ({ type: "ADDED", object: withType(item, list) }));
    await show(initial);
  }
  const limit = parseDuration(flags.text("request-timeout") ?? "0") ?? 0;
  const signal =
    limit > 0 ? AbortSignal.any([session.process.signal, deadline(session, limit)]) : session.process.signal;
  let version = textAt(list, "metadata", "resourceVersion");
  while (!signal.aborted) {
    const stream = session.connection.lines(path, {
      accept,
      signal,
      query: { ...query, watch: "true", resourceVersion: version },
    });
    for await (const event of stream) {
      const object = objectAt(event, "object");
      const type = textAt(event, "type");
      if (type === "ERROR") return 0;
      // Only the first table of a watch carries the columns.
      if (object["kind"] === "Table" && listAt(object, "columnDefinitions").length === 0 && tableHeader)
        object["columnDefinitions"] = tableHeader;
      version =
        textAt(objectAt(objectsAt(object, "rows")[0], "object"), "metadata", "resourceVersion") ||
        textAt(object, "metadata", "resourceVersion") ||
        version;
      if (type !== "BOOKMARK") await show([{ type, object }]);
    }
    signal.throwIfAborted();
    await session.process.machine.environment.clock.sleep(50, signal);
  }
  return 0;
}

function deadline(session: Session, ms: number): AbortSignal {
  const controller = new AbortController();
  session.process.machine.environment.clock.after(ms, () => controller.abort(new Error("timed out")));
  return controller.signal;
}

async function showStructured(
  session: Session,
  resource: ApiResource,
  type: string,
  object: Json,
  format: OutputFormat | undefined,
): Promise<void> {
  if (!format || !isObject(object)) return;
  if (format.name === "name") return session.out(`${outputPrefix(resource)}/${textAt(object, "metadata", "name")}\n`);
  const shown = presented(session, object);
  if (format.name.startsWith("custom-columns")) return session.out(customColumns(format, [shown], session));
  if (session.flags.bool("output-watch-events")) {
    return session.out(render(format, { object: shown, type }, session));
  }
  return session.out((format.name === "yaml" ? "---\n" : "") + render(format, shown, session));
}
