import { describe, expect, it } from "vitest";
import { runModelled, runReal, snippets } from "./support.ts";

/** Snippets that a modelled machine answers differently, and why. */
const excepted: Readonly<Record<string, string>> = {
  "#!/usr/bin/env python3": "the modelled machines have no Python",
};

describe.each(["snippets.txt", "more-snippets.txt"])("%s beside the computer's own bash", async (name) => {
  const all = await snippets(name);
  const reasonFor = (snippet: string) => Object.entries(excepted).find(([part]) => snippet.includes(part))?.[1];

  it.each(all.filter((snippet) => reasonFor(snippet) === undefined).map((snippet) => ({ snippet })))(
    "$snippet",
    async ({ snippet }) => {
      const [real, modelled] = await Promise.all([runReal(snippet), runModelled(snippet)]);
      expect({ stdout: modelled.stdout, exitCode: modelled.exitCode }).toEqual({
        stdout: real.stdout,
        exitCode: real.exitCode,
      });
    },
  );

  it("leaves out at most four of them", () => {
    expect(all.filter((snippet) => reasonFor(snippet) !== undefined).length).toBeLessThanOrEqual(4);
  });
});
