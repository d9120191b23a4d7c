import { expect, test } from "vitest";
import * as fc from "fast-check";
import type { Outcome } from "../../../src/domain/check.ts";
import type { Report } from "../../../src/domain/report.ts";
import { gradeReport } from "../../../src/grading/grade.ts";
import { type ReportFormat, reportFormats } from "../../../src/grading/writers/formats.ts";
import { reportWriters } from "../../../src/grading/writers/index.ts";
import { check, courseOf, lab, reportOf, step } from "./course.ts";
import { elements, readXml } from "./markup.ts";

const awkward = `a <b> & "c" 'd',\n=e;|*f*\r\ng ]]> \u001b[31m`;
const failure = (text: string): Outcome => ({
  status: "failed",
  id: "pods-missing",
  observed: text,
  expected: text,
  cause: text,
  next: text,
});
const passed: Outcome = { status: "passed" };

const course = courseOf(
  [
    lab("first", [step("one", [check("a", 2), check("p", 5, true)]), step("two", [check("b", 3)], awkward)], awkward),
    lab("second", [step("three", [check("c", 4), check("d", 1)]), step("four", [check("e", 2)])]),
  ],
  awkward,
);
const mixed = reportOf({
  first: { one: { a: passed, p: passed }, two: { b: failure(awkward) } },
  second: { three: { c: passed, d: { status: "errored", error: awkward }, unknown: passed } },
});

const write = (format: ReportFormat, report: Report = mixed): string =>
  reportWriters[format](course, report, gradeReport(course, report), "en");

/** What is left of a text in a document: no control character but tabs and line breaks. */
const printable = (text: string): string =>
  text.toWellFormed().replaceAll(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, "\ufffd");

/** Rows of an RFC 4180 document. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const token = /(?:"(?<quoted>(?:[^"]|"")*)"|(?<plain>[^",\r\n]*))(?<end>,|\r\n)/y;
  while (token.lastIndex < text.length) {
    const found = token.exec(text)?.groups;
    if (!found) throw new Error("not RFC 4180");
    row.push(found["quoted"]?.replaceAll('""', '"') ?? found["plain"] ?? "");
    if (found["end"] === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

test("JUnit has a suite per lab and a case per check, and tells failed, not asked and could not ask apart", () => {
  const root = readXml(write("junit"));
  expect(root.attributes).toMatchObject({ tests: "6", failures: "1", errors: "1", skipped: "1" });
  const suites = elements(root, "testsuite");
  expect(suites.map(({ attributes }) => attributes["tests"])).toEqual(["3", "3"]);
  expect(suites[0]?.attributes["name"]).toBe(printable(`1 ${awkward}`));
  const cases = elements(root, "testcase").map(({ attributes, children }) => [
    `${attributes["classname"]} ${attributes["name"]}`,
    children[0]?.name,
  ]);
  expect(cases).toEqual([
    ["first.one a", undefined],
    ["first.one p", undefined],
    ["first.two b", "failure"],
    ["second.three c", undefined],
    ["second.three d", "error"],
    ["second.four e", "skipped"],
  ]);
  const [found] = elements(root, "failure");
  expect(found?.attributes).toEqual({
    type: "pods-missing",
    message: printable(`observed ${awkward}; expected ${awkward}`),
  });
  expect(found?.text).toContain(printable(`likely cause: ${awkward}`));
});

test("every format's points agree with the grade", () => {
  const { grade, labs } = gradeReport(course, mixed);
  expect(grade).toEqual({ points: 6, maxPoints: 12, verdict: "failed" });
  const json = JSON.parse(write("json"));
  expect(json.grade).toEqual(grade);
  expect(json.labs.map((each: { id: string; grade: object }) => ({ id: each.id, ...each.grade }))).toEqual(labs);
  const gradescope = JSON.parse(write("gradescope"));
  const sum = (key: string): number =>
    gradescope.tests.reduce((total: number, each: Record<string, number>) => total + (each[key] ?? 0), 0);
  expect([gradescope.score, sum("score"), sum("max_score")]).toEqual([6, 6, 12]);
  const rows = readCsv(write("csv")).slice(1);
  const column = (index: number): number => rows.reduce((total, row) => total + Number(row[index]), 0);
  expect([column(4), column(5)]).toEqual([6, 12]);
  for (const format of ["markdown", "html"] as const) expect(write(format)).toContain("6/12 points, failed");
});

test("Gradescope sees every check, with a status it knows and the true one as a tag", () => {
  const { tests } = JSON.parse(write("gradescope"));
  expect(tests.map((each: { number: string }) => each.number)).toEqual([
    "first/one/a",
    "first/one/p",
    "first/two/b",
    "second/three/c",
    "second/three/d",
    "second/four/e",
  ]);
  expect(tests.map((each: { status: string; tags: string[] }) => [each.status, ...each.tags])).toEqual([
    ["passed", "passed"],
    ["passed", "passed"],
    ["failed", "failed"],
    ["passed", "passed"],
    ["failed", "errored"],
    ["failed", "skipped"],
  ]);
  expect(new Set(tests.map((each: { visibility: string }) => each.visibility))).toEqual(new Set(["visible"]));
  expect(tests[2].output).toContain(printable(`observed: ${awkward}`));
});

test("CSV has a header, one row per check, and no formulas", () => {
  const rows = readCsv(write("csv"));
  expect(rows[0]?.slice(0, 6)).toEqual(["lab", "step", "check", "status", "points", "max_points"]);
  expect(rows.map((row) => row.length)).toEqual(Array.from({ length: 7 }, () => 11));
  expect(rows[3]).toEqual(["first", "two", "b", "failed", "0", "3", "pods-missing", ...texts(4)]);
  for (const formula of ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r=1"]) {
    const [, , , row] = readCsv(write("csv", reportOf({ first: { two: { b: failure(formula) } } })));
    expect(row?.[7]).toBe(`'${formula}`);
  }
});

const texts = (count: number): string[] => Array.from({ length: count }, () => printable(awkward));

test("Markdown keeps every row on its line and lets no text become markup", () => {
  const lines = write("markdown").split("\n");
  const rows = lines.filter(
    (line) => line.startsWith("| ") && !line.startsWith("| ---") && !line.includes("| status |"),
  );
  expect(rows).toHaveLength(6);
  for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(7);
  expect(rows[2]).toContain(String.raw`a &lt;b&gt; &amp; "c" 'd',<br>=e;\|\*f\*<br>g`);
});

test("HTML is one page without scripts, and lets no text become markup", () => {
  const page = write("html");
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page).not.toMatch(/<script|https?:|src=|<b>/);
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).toContain("a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;,");
  expect(page.match(/<tr><td>/g)).toHaveLength(6);
});

test("HTML and Markdown show the drawing that they are given, the other formats none", () => {
  const figure = { title: "the cluster", svg: '<svg role="img"><text>worker1</text></svg>\n' };
  const withFigure = (format: ReportFormat): string =>
    reportWriters[format](course, mixed, gradeReport(course, mixed), "en", figure);
  expect(withFigure("html")).toContain(`<figure>\n${figure.svg}</figure>`);
  const image = /!\[the cluster\]\(data:image\/svg\+xml;base64,([^)]+)\)/.exec(withFigure("markdown"))?.[1] ?? "";
  expect(Buffer.from(image, "base64").toString()).toBe(figure.svg);
  for (const format of ["json", "junit", "gradescope", "csv"] as const) {
    expect(withFigure(format)).toBe(write(format));
  }
});

test("what was never asked is skipped, in every format", () => {
  const none = reportOf({ first: {}, second: {} });
  const { labs } = JSON.parse(write("json", none));
  expect(JSON.stringify(labs).match(/"skipped"/g)).toHaveLength(6);
  expect(readXml(write("junit", none)).attributes).toMatchObject({ tests: "6", failures: "0", skipped: "6" });
  for (const format of reportFormats) expect(write(format, none)).toContain("not asked yet");
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."<>&\"'\r\n\t ,;=|]\u0000\ud800") }),
);

test("any text survives JUnit as well-formed XML", () => {
  fc.assert(
    fc.property(anyText, anyText, (observed, expected) => {
      const outcome: Outcome = { status: "failed", id: "x", observed, expected, cause: "", next: "" };
      const [found] = elements(readXml(write("junit", reportOf({ first: { two: { b: outcome } } }))), "failure");
      expect(found?.attributes["message"]).toBe(printable(`observed ${observed}; expected ${expected}`));
      expect(found?.text).toContain(printable(`observed: ${observed}\nexpected: ${expected}\n`));
    }),
  );
});

test("any text survives CSV, and no field begins a formula", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const [, , , row] = readCsv(write("csv", reportOf({ first: { two: { b: failure(text) } } })));
      expect([printable(text), `'${printable(text)}`]).toContain(row?.[7]);
      expect(row?.[7]).not.toMatch(/^\s*[=+\-@]/);
    }),
  );
});

test("any text leaves the HTML page's tags as they are", () => {
  const tags = (text: string): string[] =>
    write("html", reportOf({ first: { two: { b: failure(text) } } })).match(/<[^>]*>/g) ?? [];
  fc.assert(
    fc.property(anyText, (text) => {
      expect(tags(text)).toEqual(tags(""));
    }),
  );
});
