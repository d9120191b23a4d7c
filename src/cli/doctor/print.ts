import { styleText } from "node:util";
import stringWidth from "string-width";
import type { Texts } from "../../texts/en.ts";
import { findingsFor, verdictOn } from "./examine.ts";
import { type BackendId, backendIds, type Finding, type Status } from "./finding.ts";

const marks: Readonly<Record<Status, string>> = { ok: "✓", warn: "!", fail: "✗", unknown: "?" };
const colors = { ok: "green", warn: "yellow", fail: "red", unknown: "yellow" } as const;

/** Widest line that is still easily read. */
const widest = 100;

/** What was found, as text for a terminal of that width; `Infinity` breaks no line. */
export function findingLines(
  findings: readonly Finding[],
  backend: BackendId | undefined,
  columns: number,
  { doctor }: Texts,
): string[] {
  const width = Number.isFinite(columns) ? Math.min(columns, widest) : columns;
  const everywhere = findings.filter(({ backends }) => backends.length === backendIds.length);
  const only = (id: BackendId): Finding[] =>
    findingsFor(id, findings).filter(({ backends }) => backends.length < backendIds.length);
  const section = (title: string, shown: readonly Finding[]): string[] =>
    shown.length === 0 ? [] : [styleText("bold", title), ...shown.flatMap((finding) => lines(finding, width)), ""];
  const chosen = backend ?? "embedded";
  const others = backend === undefined ? backendIds.filter((id) => id !== chosen) : [];
  const sections = [
    ...section(doctor.topics.computer, everywhere),
    ...section(doctor.topics[chosen], only(chosen)),
    // What is in order elsewhere is of no interest to somebody who has not asked for it.
    ...others.flatMap((id) =>
      section(
        doctor.topics[id],
        only(id).filter(({ status }) => status === "fail"),
      ),
    ),
  ];
  const verdicts = (backend === undefined ? backendIds : [backend]).map((id) => verdictLine(id, findings, doctor));
  const more = backend === undefined ? ["", ...wrapped(doctor.more("multipass"), width, "")] : [];
  return [...sections, ...verdicts.flatMap((line) => wrapped(line, width, "  ")), ...more];
}

function verdictLine(id: BackendId, findings: readonly Finding[], words: Texts["doctor"]): string {
  const own = findingsFor(id, findings);
  const named = (status: Status): string => own.flatMap((each) => (each.status === status ? [each.id] : [])).join(", ");
  if (verdictOn(id, findings) !== 0) return `✗ ${words.notReady(id, named("fail"))}`;
  return named("warn") === "" ? `✓ ${words.ready(id)}` : `✓ ${words.readyWithNotes(id, named("warn"))}`;
}

function lines({ id, status, detail, remedy }: Finding, width: number): string[] {
  const [first = "", ...rest] = wrapped(`${id}: ${detail}`, width - 4, "");
  const mark = styleText(colors[status], marks[status]);
  const below = remedy === "" ? [] : wrapped(`→ ${remedy}`, width - 6, "  ").map((line) => `      ${line}`);
  return [`  ${mark} ${first}`, ...rest.map((line) => `    ${line}`), ...below];
}

/** Breaks a text between words; rows after the first begin with `indent`. */
function wrapped(text: string, width: number, indent: string): string[] {
  const rows: string[] = [];
  for (const word of text.split(" ")) {
    const last = rows.at(-1);
    if (last !== undefined && stringWidth(`${last} ${word}`) <= width) rows[rows.length - 1] = `${last} ${word}`;
    else rows.push(last === undefined ? word : `${indent}${word}`);
  }
  return rows;
}
