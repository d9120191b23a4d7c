import { textsFor } from "../../texts/texts.ts";
import { labRows, type ReportWriter } from "./rows.ts";
import { outcomeText, printable } from "./text.ts";

/** Gradescope's `results.json`. It knows only passed and failed, so the output says when a check could not be asked. */
export const writeGradescope: ReportWriter = (course, report, graded, language) => {
  const texts = textsFor(language);
  const labs = labRows(course, report, graded, language);
  const tests = labs.flatMap((lab) =>
    lab.checks.map((row) => ({
      name: printable(`${lab.title}: ${row.stepTitle}: ${row.check}`),
      number: `${lab.id}/${row.step}/${row.check}`,
      score: row.points,
      max_score: row.maxPoints,
      status: row.outcome.status === "passed" ? "passed" : "failed",
      output: printable(outcomeText(row.outcome, texts)),
      output_format: "text",
      tags: [row.outcome.status],
      visibility: "visible",
    })),
  );
  const { points, maxPoints, verdict } = graded.grade;
  const results = {
    score: points,
    output: `${texts.common.points(points, maxPoints)}, ${texts.common.verdicts[verdict]}`,
    output_format: "text",
    visibility: "visible",
    extra_data: { backend: report.backend, profile: report.profile, verdict },
    tests,
  };
  return `${JSON.stringify(results, undefined, 2)}\n`;
};
