import type { Language } from "../../domain/backend.ts";
import type { Outcome } from "../../domain/check.ts";
import type { Course, Lab, Prose } from "../../domain/course.ts";
import type { Grade, LabReport, Report } from "../../domain/report.ts";
import { textsFor } from "../../texts/texts.ts";
import type { GradedReport } from "../grade.ts";

/** Writes a graded report as one document that ends with a line break. Pure. */
export type ReportWriter = (
  course: Course,
  report: Report,
  graded: GradedReport,
  language: Language,
  figure?: ReportFigure,
) => string;

/** A drawing for those formats that can show one. */
export interface ReportFigure {
  title: string;
  /** One whole SVG document, with its own title and description. */
  svg: string;
}

/** One check of the course with its outcome; without points when it is a precondition. */
export interface CheckRow {
  step: string;
  stepTitle: string;
  check: string;
  outcome: Outcome;
  points: number;
  maxPoints: number;
}

export interface LabRows {
  id: string;
  title: string;
  grade: Grade;
  checks: CheckRow[];
}

const neverAsked = (language: Language): Outcome => ({
  status: "skipped",
  reason: textsFor(language).common.notAsked,
});

/** The prose in that language, else in English. */
export const inLanguage = (prose: Prose, language: Language): string => prose[language] ?? prose.en;

/**
 * The report with every check of the course in it; those that were never asked are skipped (the reason is in that
 * language), unknown ones are left out.
 */
export function wholeReport(course: Course, report: Report, language: Language): Report {
  return { ...report, labs: report.labs.map((lab) => wholeLab(findLab(course, lab.id), lab, language)) };
}

function wholeLab(lab: Lab | undefined, report: LabReport, language: Language): LabReport {
  const steps = (lab?.steps ?? []).map((step) => {
    const known = report.steps.find(({ id }) => id === step.id);
    const outcomes = new Map(known?.checks.map(({ id, outcome }) => [id, outcome]));
    return {
      ...known,
      id: step.id,
      checks: step.checks.map(({ id, precondition }) => ({
        id,
        outcome: outcomes.get(id) ?? neverAsked(language),
        ...(precondition ? { precondition } : {}),
      })),
      hintsUsed: known?.hintsUsed ?? 0,
      solutionShown: known?.solutionShown ?? false,
    };
  });
  return { id: report.id, steps };
}

/** One row per check, lab by lab, in the order of the report and of the course. */
export function labRows(course: Course, report: Report, graded: GradedReport, language: Language): LabRows[] {
  return wholeReport(course, report, language).labs.map(({ id, steps }) => {
    const lab = findLab(course, id);
    const grade = graded.labs.find((each) => each.id === id);
    const specs = new Map(lab?.steps.map((step) => [step.id, step]));
    return {
      id,
      title: lab ? `${lab.section} ${inLanguage(lab.title, language)}` : id,
      grade: grade ?? { points: 0, maxPoints: 0, verdict: "incomplete" },
      checks: steps.flatMap((step) => {
        const spec = specs.get(step.id);
        return step.checks.map((check): CheckRow => {
          const worth = check.precondition ? 0 : (spec?.checks.find((each) => each.id === check.id)?.points ?? 0);
          return {
            step: step.id,
            stepTitle: spec ? inLanguage(spec.title, language) : step.id,
            check: check.id,
            outcome: check.outcome,
            points: check.outcome.status === "passed" ? worth : 0,
            maxPoints: worth,
          };
        });
      }),
    };
  });
}

function findLab(course: Course, id: string): Lab | undefined {
  return course.chapters.flatMap(({ labs }) => labs).find((lab) => lab.id === id);
}
