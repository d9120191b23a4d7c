import type { Grade } from "../../domain/report.ts";
import type { Texts } from "../../texts/en.ts";
import { textsFor } from "../../texts/texts.ts";
import { inLanguage, labRows, type LabRows, type ReportFigure, type ReportWriter } from "./rows.ts";
import { outcomeDetails, printable } from "./text.ts";

/** Markdown: a table per lab with a row per check. */
export const writeMarkdown: ReportWriter = (course, report, graded, language, figure) => {
  const texts = textsFor(language);
  const lines = [
    `# ${escaped(inLanguage(course.title, language))}`,
    "",
    `**${pointsOf(graded.grade, texts)}** (${texts.report.from(escaped(report.backend), report.profile)})`,
    ...(figure ? ["", imageOf(figure)] : []),
    ...labRows(course, report, graded, language).flatMap((lab) => section(lab, texts)),
  ];
  return `${lines.join("\n")}\n`;
};

/** Markdown has no drawings of its own; as an image it carries its bytes along. */
const imageOf = ({ title, svg }: ReportFigure): string =>
  `![${escaped(title)}](data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")})`;

const pointsOf = ({ points, maxPoints, verdict }: Grade, { common }: Texts): string =>
  `${common.points(points, maxPoints)}, ${common.verdicts[verdict]}`;

function section({ title, grade, checks }: LabRows, texts: Texts): string[] {
  const { report: words } = texts;
  return [
    "",
    `## ${escaped(title)}`,
    "",
    pointsOf(grade, texts),
    "",
    `| ${[words.step, words.check, words.status, words.points, words.details].join(" | ")} |`,
    "| --- | --- | --- | ---: | --- |",
    ...checks.map(({ stepTitle, check, outcome, points, maxPoints }) => {
      const details = outcomeDetails(outcome, texts).map(([name, text]) => `${name}: ${escaped(text)}`);
      const cells = [escaped(stepTitle), escaped(check), words.statuses[outcome.status], `${points}/${maxPoints}`];
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
