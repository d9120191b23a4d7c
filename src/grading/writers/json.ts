import { type ReportWriter, wholeReport } from "./rows.ts";

/** The report's facts with the grades that follow from them, in the same shape as `run --json`. */
export const writeJson: ReportWriter = (course, report, graded) => {
  const grades = new Map(graded.labs.map(({ id, ...grade }) => [id, grade]));
  const whole = wholeReport(course, report, "en");
  const labs = whole.labs.map((lab) => ({ ...lab, grade: grades.get(lab.id) }));
  return `${JSON.stringify({ ...whole, labs, grade: graded.grade }, undefined, 2)}\n`;
};
