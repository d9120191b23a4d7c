import type { Outcome } from "../../domain/check.ts";
import type { Texts } from "../../texts/en.ts";
import { textsFor } from "../../texts/texts.ts";
import { type CheckRow, inLanguage, labRows, type LabRows, type ReportWriter } from "./rows.ts";
import { escapeAttribute, escapeMarkup, outcomeText } from "./text.ts";

type Attributes = Readonly<Record<string, string | number>>;

/** JUnit XML: a suite per lab and a case per check. A check that could not be asked is an error, not a failure. */
export const writeJunit: ReportWriter = (course, report, graded, language) => {
  const labs = labRows(course, report, graded, language);
  const all = counts(labs.flatMap((lab) => lab.checks));
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: inLanguage(course.title, language), ...all })}>`,
    ...labs.flatMap((lab) => suite(lab, { backend: report.backend, profile: report.profile }, textsFor(language))),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
};

function suite(lab: LabRows, facts: Attributes, texts: Texts): string[] {
  const { points, maxPoints, verdict } = lab.grade;
  const properties = Object.entries({ ...facts, lab: lab.id, points, maxPoints, verdict });
  return [
    `  <testsuite${attributes({ name: lab.title, ...counts(lab.checks) })}>`,
    "    <properties>",
    ...properties.map(([name, value]) => `      <property${attributes({ name, value })}/>`),
    "    </properties>",
    ...lab.checks.map((row) => testcase(lab.id, row, texts)),
    "  </testsuite>",
  ];
}

function testcase(lab: string, { step, check, outcome }: CheckRow, texts: Texts): string {
  const begin = `    <testcase${attributes({ classname: `${lab}.${step}`, name: check })}`;
  const found = finding(outcome, texts);
  return found === undefined ? `${begin}/>` : `${begin}>${found}</testcase>`;
}

function finding(outcome: Outcome, texts: Texts): string | undefined {
  switch (outcome.status) {
    case "passed":
      return undefined;
    case "failed": {
      const { observed, expected } = texts.common;
      const message = `${observed} ${outcome.observed}; ${expected} ${outcome.expected}`;
      return `<failure${attributes({ type: outcome.id, message })}>${escapeMarkup(outcomeText(outcome, texts))}</failure>`;
    }
    case "errored":
      return `<error${attributes({ type: "could-not-check", message: outcome.error })}/>`;
    case "skipped":
      return `<skipped${attributes({ message: outcome.reason })}/>`;
  }
}

function counts(rows: readonly CheckRow[]): Attributes {
  const of = (status: Outcome["status"]): number => rows.filter(({ outcome }) => outcome.status === status).length;
  return { tests: rows.length, failures: of("failed"), errors: of("errored"), skipped: of("skipped") };
}

function attributes(values: Attributes): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeAttribute(String(value))}"`)
    .join("");
}
