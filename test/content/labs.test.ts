import { describe, expect, it } from "vitest";
import { readCourse } from "../../src/cli/open-session.ts";
import { allLabs } from "../../src/runner/prepare.ts";
import { labGroups } from "../support/lab-groups.ts";

describe.each(["thesis", "current"] as const)("profile %s", (profile) => {
  it("has every lab in a group that is tested", () => {
    const labs = allLabs(readCourse(profile)).map(({ id }) => id);
    expect([...labs].sort()).toEqual(Object.values(labGroups).flat().sort());
  });
});
