import type { Course } from "../domain/course.ts";
import type { Grade, LabReport, Report } from "../domain/report.ts";

export interface LabGrade extends Grade {
  id: string;
}

export interface GradedReport {
  labs: LabGrade[];
  grade: Grade;
}

/**
 * The grade that follows from a report: points of passed checks, keyed by id. A check that could not be asked costs no
 * points that were earned and gives none; the verdict is then `incomplete`, as it is while a step is missing.
 */
export function gradeReport(course: Course, report: Report): GradedReport {
  const labs = report.labs.map((lab) => gradeLab(course, lab));
  const verdicts = labs.map((lab) => lab.verdict);
  return {
    labs,
    grade: {
      points: sum(labs.map((lab) => lab.points)),
      maxPoints: sum(labs.map((lab) => lab.maxPoints)),
      verdict: worst(verdicts),
    },
  };
}

function gradeLab(course: Course, report: LabReport): LabGrade {
  const lab = course.chapters.flatMap((chapter) => chapter.labs).find((each) => each.id === report.id);
  const steps = new Map(report.steps.map((step) => [step.id, step]));
  let points = 0;
  let maxPoints = 0;
  const verdicts: Grade["verdict"][] = [];
  for (const step of lab?.steps ?? []) {
    const checks = new Map(steps.get(step.id)?.checks.map((check) => [check.id, check.outcome.status]));
    for (const check of step.checks) {
      const status = checks.get(check.id);
      if (!check.precondition) maxPoints += check.points;
      if (status === "passed" && !check.precondition) points += check.points;
      verdicts.push(status === "passed" ? "passed" : status === "failed" ? "failed" : "incomplete");
    }
  }
  return { id: report.id, points, maxPoints, verdict: worst(verdicts) };
}

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);

function worst(verdicts: Grade["verdict"][]): Grade["verdict"] {
  if (verdicts.includes("failed")) return "failed";
  return verdicts.length === 0 || verdicts.includes("incomplete") ? "incomplete" : "passed";
}
