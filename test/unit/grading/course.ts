import type { Outcome } from "../../../src/domain/check.ts";
import type { CheckSpec, Course, Lab, Step } from "../../../src/domain/course.ts";
import type { Report } from "../../../src/domain/report.ts";

export const check = (id: string, points = 1, precondition = false): CheckSpec => ({
  id,
  kind: "file",
  params: {},
  points,
  precondition,
  causes: {},
});

export const step = (id: string, checks: CheckSpec[], title = id): Step => ({
  id,
  title: { en: title },
  text: { en: "" },
  machine: "master",
  covers: [],
  fault: [],
  commands: [],
  checks,
  hints: [],
  afterwards: { en: "" },
  solution: [],
  routes: {},
  mistakes: [],
});

export const lab = (id: string, steps: Step[], title = ""): Lab => ({
  id,
  section: "1",
  title: { en: title },
  summary: { en: "" },
  scenario: "guided",
  environment: "course",
  machines: ["master"],
  setup: [],
  needs: [],
  profiles: ["thesis"],
  files: [],
  steps,
});

export const courseOf = (labs: Lab[], title = ""): Course => ({
  title: { en: title },
  chapters: [{ id: "c", title: { en: "" }, labs }],
});

/** Outcomes by lab, step and check. */
export type Outcomes = Record<string, Record<string, Record<string, Outcome>>>;

export const reportOf = (outcomes: Outcomes): Report => ({
  formatVersion: 1,
  backend: "embedded",
  profile: "thesis",
  labs: Object.entries(outcomes).map(([id, steps]) => ({
    id,
    steps: Object.entries(steps).map(([name, checks]) => ({
      id: name,
      checks: Object.entries(checks).map(([each, outcome]) => ({ id: each, outcome })),
      hintsUsed: 0,
      solutionShown: false,
    })),
  })),
});
