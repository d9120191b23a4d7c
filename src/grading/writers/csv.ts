import { type CheckRow, labRows, type ReportWriter } from "./rows.ts";
import { printable } from "./text.ts";

const place = ["lab", "step", "check", "status", "points", "max_points"];
const header = [...place, "failure", "observed", "expected", "cause", "next"];

/** CSV (RFC 4180) with a header and one row per check. */
export const writeCsv: ReportWriter = (course, report, graded, language) =>
  [header, ...labRows(course, report, graded, language).flatMap((lab) => lab.checks.map((row) => fields(lab.id, row)))]
    .map((row) => `${row.join(",")}\r\n`)
    .join("");

function fields(lab: string, { step, check, outcome, points, maxPoints }: CheckRow): string[] {
  const found = Object.assign(["", "", "", "", ""], details(outcome)).map(field);
  const texts = [lab, step, check, outcome.status].map(field);
  return [...texts, String(points), String(maxPoints), ...found];
}

function details(outcome: CheckRow["outcome"]): string[] {
  switch (outcome.status) {
    case "passed":
      return [];
    case "failed":
      return [outcome.id, outcome.observed, outcome.expected, outcome.cause, outcome.next];
    case "errored":
      return ["", outcome.error];
    case "skipped":
      return ["", outcome.reason];
  }
}

/** A field's text; an apostrophe before what a spreadsheet would take for a formula. */
function field(text: string): string {
  const plain = printable(text);
  const safe = /^(\s*[=+\-@]|[\t\r])/.test(plain) ? `'${plain}` : plain;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
