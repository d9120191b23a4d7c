import { inLanguage, labRows, type LabRows, type ReportWriter } from "./rows.ts";
import { outcomeDetails, printable } from "./text.ts";

/** Markdown: a table per lab with a row per check. */
export const writeMarkdown: ReportWriter = (course, report, graded, language) => {
  const { points, maxPoints, verdict } = graded.grade;
  const lines = [
    `# ${escaped(inLanguage(course.title, language))}`,
    "",
    `**${points}/${maxPoints} points, ${verdict}** (backend ${escaped(report.backend)}, profile ${report.profile})`,
    ...labRows(course, report, graded, language).flatMap(section),
  ];
  return `${lines.join("\n")}\n`;
};

function section({ title, grade, checks }: LabRows): string[] {
  return [
    "",
    `## ${escaped(title)}`,
    "",
    `${grade.points}/${grade.maxPoints} points, ${grade.verdict}`,
    "",
    "| step | check | status | points | details |",
    "| --- | --- | --- | ---: | --- |",
    ...checks.map(({ stepTitle, check, outcome, points, maxPoints }) => {
      const details = outcomeDetails(outcome).map(([name, text]) => `${name}: ${escaped(text)}`);
      const cells = [escaped(stepTitle), escaped(check), outcome.status, `${points}/${maxPoints}`];
      return `| ${[...cells, details.join("<br>")].join(" | ")} |`;
    }),
  ];
}

/** The text as it stands, on one line. */
const escaped = (text: string): string =>
  printable(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\\`*_[\]|~#!$]/g, String.raw`\$&`)
    .replaceAll(/\r\n?|\n/g, "<br>");
