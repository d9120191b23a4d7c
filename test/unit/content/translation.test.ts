import { expect, test } from "vitest";
import { readCourse } from "../../../src/cli/open-session.ts";
import { translationProblems } from "../../../src/content/translation.ts";
import type { CheckSpec, Course, Prose, Step } from "../../../src/domain/course.ts";

const text: Prose = {
  en: "Ask `kubectl get nodes` on {{address master}}, then go on to the next step.\n\n```\nx: 1\n```",
  de: "Frag `kubectl get nodes` auf {{address master}} und geh dann zum nächsten Schritt weiter.\n\n```\nx: 1\n```",
};
const check: CheckSpec = {
  id: "c",
  kind: "command",
  params: { machine: "master", expected: "the node is there", cause: "It did not join." },
  points: 1,
  precondition: false,
  causes: {
    expected: { en: "", de: "der Knoten ist da" },
    cause: { en: "", de: "Er ist nicht beigetreten." },
    "output-differs": { en: "It joined late.", de: "Er kam spät dazu." },
  },
};
const step: Step = {
  id: "one",
  title: { en: "Look at all of the nodes", de: "Sieh dir die Knoten an" },
  text,
  machine: "master",
  covers: [],
  fault: [],
  commands: [],
  checks: [check],
  hints: [{ level: "nudge", text: { en: "Look.", de: "Sieh hin." } }],
  afterwards: { en: "" },
  solution: [],
  routes: {},
  mistakes: [],
};
const courseWith = (changed: Partial<Step>, lab: { title?: Prose; chapter?: Prose } = {}): Course => ({
  title: { en: "Course", de: "Kurs" },
  chapters: [
    {
      id: "c",
      title: lab.chapter ?? { en: "Chapter", de: "Kapitel" },
      labs: [
        {
          id: "a-lab",
          section: "1",
          title: lab.title ?? { en: "Nodes", de: "Knoten" },
          summary: { en: "A summary.", de: "Eine Zusammenfassung." },
          scenario: "guided",
          environment: "course",
          machines: ["master"],
          setup: [],
          needs: [],
          profiles: ["thesis"],
          files: [],
          steps: [{ ...step, ...changed }],
        },
      ],
    },
  ],
});
const problemsOf = (changed: Partial<Step>): string[] => translationProblems(courseWith(changed), "de");
const german = (de: string): Prose => ({ ...text, de });

test("a whole translation has no problems", () => {
  expect(problemsOf({})).toEqual([]);
});

test("what is missing is named with file, step and place", () => {
  expect(problemsOf({ title: { en: "Look" } })).toEqual(["labs/a-lab/de.md: one: title: missing"]);
  expect(problemsOf({ hints: [{ level: "command", text: { en: "Type it." } }] })).toEqual([
    "labs/a-lab/de.md: one: hint command: missing",
  ]);
  expect(problemsOf({ afterwards: { en: "It was the disk." } })).toEqual([
    "labs/a-lab/de.md: one: afterwards: missing",
  ]);
  expect(problemsOf({ checks: [{ ...check, causes: { "output-differs": { en: "It joined late." } } }] })).toEqual([
    "labs/a-lab/de.md: one: Causes: c/expected: missing",
    "labs/a-lab/de.md: one: Causes: c/cause: missing",
    "labs/a-lab/de.md: one: Causes: c/output-differs: missing",
  ]);
  expect(translationProblems(courseWith({}, { title: { en: "Nodes" } }), "de")).toEqual([
    "labs/a-lab/de.md: missing; every lab has its prose in every language",
  ]);
  expect(translationProblems(courseWith({}, { chapter: { en: "Chapter" } }), "de")).toHaveLength(1);
});

test.each([
  ["a command", "Frag auf {{address master}}.\n\n```\nx: 1\n```", "`kubectl get nodes`"],
  ["a placeholder", "Frag `kubectl get nodes` auf {{address worker1}}.\n\n```\nx: 1\n```", "{{address master}}"],
  ["a block", "Frag `kubectl get nodes` auf {{address master}}.\n\n```\nx: 2\n```", "x: 1"],
  ["a paragraph more", `${text.de}\n\nUnd noch etwas.`, "3 paragraphs"],
])("%s that differs is a problem", (_, de, named) => {
  const problems = problemsOf({ text: german(de) });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(named);
});

test("a word that stands for something may be translated, a command may not", () => {
  const hint = (en: string, de: string): Partial<Step> => ({ hints: [{ level: "command", text: { en, de } }] });
  expect(problemsOf(hint("`ls --color FILE`", "`ls --color DATEI`"))).toEqual([]);
  expect(problemsOf(hint("`ls --color FILE`", "`ls --colour DATEI`"))).toHaveLength(1);
});

test("a text that was left in English is a problem, a name is not", () => {
  expect(problemsOf({ text: german(text.en) })).toEqual(["labs/a-lab/de.md: one: text: left in English"]);
  expect(problemsOf({ title: { en: "CRI-O, crun, WasmEdge", de: "CRI-O, crun, WasmEdge" } })).toEqual([]);
});

test.each(["thesis", "current"] as const)("the course is there in German as a whole, profile %s", (profile) => {
  expect(translationProblems(readCourse(profile), "de")).toEqual([]);
});
