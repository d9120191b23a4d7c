import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const planted = join(root, "src/domain/planted-violation");
afterEach(() => rmSync(planted, { recursive: true, force: true }));

interface Cruise {
  summary: { totalCruised: number; violations: { rule: { name: string } }[] };
}

async function cruise(...paths: string[]): Promise<Cruise> {
  const argv = [
    join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs"),
    "--output-type",
    "json",
    ...paths,
  ];
  const run = promisify(execFile)(process.execPath, argv, { cwd: root, maxBuffer: 256 * 1024 * 1024 });
  // Violations end it with an exit code of their number; the document is on standard output all the same.
  const { stdout } = await run.catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Cruise;
}

describe("the layers", () => {
  it("are read whole: every part of the tree is among the modules", async () => {
    const { summary } = await cruise("src", "scenarios");
    expect(summary.totalCruised).toBeGreaterThan(200);
    expect(summary.violations).toEqual([]);
  });

  it("refuse a planted violation", async () => {
    mkdirSync(planted, { recursive: true });
    writeFileSync(
      join(planted, "bad.ts"),
      'import { gradeReport } from "../../grading/grade.ts";\nexport const bad = gradeReport;\n',
    );
    const { summary } = await cruise("src/domain");
    expect(summary.violations.map((violation) => violation.rule.name)).toContain("domain-imports");
  });
});
