import { expect, it } from "vitest";
import { contentResults, problemsOf } from "../support/content.ts";
import { labGroups } from "../support/lab-groups.ts";

it("every step is unsolved before, solved after, and refuses wrong answers", async () => {
  expect(problemsOf(await contentResults(labGroups.literature, { profile: "thesis" }))).toEqual([]);
});

it("so it is on machines of today, with the mistakes of their learners", async () => {
  const run = { profile: "current", language: "de", onlyMistakes: true } as const;
  expect(problemsOf(await contentResults(labGroups.literature, run))).toEqual([]);
});
