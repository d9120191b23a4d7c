import { expect, it } from "vitest";
import { contentResults, problemsOf } from "../support/content.ts";
import { labGroups } from "../support/lab-groups.ts";

it("every step is unsolved before, solved after, and refuses wrong answers", async () => {
  expect(problemsOf(await contentResults(labGroups.discussion, { profile: "thesis" }))).toEqual([]);
});

it("so it is on machines of today, with the mistakes that only their learners can make", async () => {
  // Faults that both profiles know are the longest to get wrong of all steps, and fail alike in both.
  const run = { profile: "current", language: "de", onlyMistakes: true, playedIn: "thesis" } as const;
  expect(problemsOf(await contentResults(labGroups.discussion, run))).toEqual([]);
});
