import { expect, it } from "vitest";
import { contentResults, problemsOf } from "../support/content.ts";
import { labGroups } from "../support/lab-groups.ts";

it.each(["thesis", "current"] as const)(
  "every step is unsolved before, solved after, and refuses wrong answers (profile %s)",
  async (profile) => {
    expect(problemsOf(await contentResults(labGroups.method1, { profile }))).toEqual([]);
  },
);
