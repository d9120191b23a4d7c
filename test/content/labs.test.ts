import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKube } from "../../src/cli/open-session.ts";
import { systemClock } from "../../src/cli/system-clock.ts";
import { runOnHost } from "../../src/process/host-command.ts";
import { testContent } from "../../src/runner/content-test.ts";
import { allLabs } from "../../src/runner/prepare.ts";
import { labsFolder, openFreshLab, type OpenedLab } from "../support/embedded.ts";

let lab: OpenedLab;
beforeAll(async () => {
  lab = await openFreshLab();
});
afterAll(() => lab.close());

describe("every step of the course", () => {
  it("is unsolved before, solved after its solution, and fails wrong answers for the right reason", async () => {
    const results = await testContent({
      backend: lab.backend,
      course: lab.course,
      labsFolder,
      labs: allLabs(lab.course),
      profile: "thesis",
      language: "en",
      clock: systemClock,
      openKube,
      runOnHost,
      signal: new AbortController().signal,
    });
    const told = results.flatMap((result) =>
      result.problems.map((problem) => `${result.lab}/${result.step}: ${problem}`),
    );
    expect(told).toEqual([]);
    expect(results.length).toBe(allLabs(lab.course).flatMap((each) => each.steps).length);
  });
});
