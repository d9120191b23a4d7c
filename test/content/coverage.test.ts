import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { coverageOf, coverageTable, unknownItems } from "../../src/content/coverage.ts";
import { readCourse } from "../../src/cli/open-session.ts";
import { labsFolder } from "../support/embedded.ts";

const thesis = join(labsFolder, "thesis.yaml");
const table = readFileSync(join(labsFolder, "..", "docs", "coverage.md"), "utf8");

/** Counted in the thesis's own lists of contents, figures and tables; its listings and appendices beside them. */
const counts = { section: 36, figure: 19, table: 4, listing: 13, appendix: 3 };

describe("the coverage table", () => {
  it("names everything that the thesis has in chapters 2 to 4 and its appendices", () => {
    const ids = coverageOf(readCourse("thesis"), thesis).map(({ id }) => id);
    for (const [kind, count] of Object.entries(counts)) {
      expect(ids.filter((id) => id.startsWith(`${kind}-`)).length, kind).toBe(count);
    }
  });

  it.each(["thesis", "current"] as const)("names a step for each of them in profile %s", (profile) => {
    const course = readCourse(profile);
    const items = coverageOf(course, thesis);
    expect(items.filter(({ steps }) => steps.length === 0).map(({ id }) => id)).toEqual([]);
    expect(unknownItems(course, items)).toEqual([]);
  });

  it("is the one in docs/coverage.md, with steps that exist", () => {
    expect(table, "run `wasm-k8s-lab content coverage` and put its table there").toContain(
      coverageTable(coverageOf(readCourse("thesis"), thesis)),
    );
  });
});
