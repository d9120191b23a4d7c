import { afterAll, describe, expect, test } from "vitest";
import { comparable, isInstalled, runOurs, runReal, words } from "./compare.ts";
import { coreutilsPrograms } from "../../../../src/backends/embedded/machine/programs/coreutils/index.ts";
import { fileCases } from "./files.cases.ts";
import { calculatorCases, jqCases, textCases } from "./text.cases.ts";

const cases = [...textCases, ...jqCases, ...calculatorCases, ...fileCases];
const names = [...new Set(cases.map(({ run }) => words(run)[0] ?? ""))];
const missing = names.filter((name) => !isInstalled(name));
const known = cases.filter(({ run }) => (words(run)[0] ?? "") in coreutilsPrograms);

/** True when the real program's order is that of the disk. */
const walksFolders = (argv: readonly string[]): boolean =>
  argv[0] === "find" ||
  argv.some((arg) => /^-[a-z]*[rR][a-z]*$/.test(arg) && ["cp", "rm", "grep", "chmod"].includes(argv[0] ?? ""));

const sortedLines = (text: string): string => text.split("\n").sort().join("\n");

afterAll(() => {
  if (missing.length > 0) console.warn(`NOT COMPARED, because this computer has no: ${missing.join(", ")}`);
});

test("there are enough comparisons", () => {
  expect(known.length).toBeGreaterThan(250);
});

describe.each([...Map.groupBy(known, ({ run }) => words(run)[0] ?? "").entries()])("%s", (name, group) => {
  test.skipIf(missing.includes(name)).each(group)("$run", async ({ run, input = "", files = {} }) => {
    const argv = words(run);
    const real = comparable(runReal(argv, files, input));
    const ours = comparable(await runOurs(argv, files, input));
    if (walksFolders(argv)) for (const outcome of [real, ours]) outcome.stdout = sortedLines(outcome.stdout);
    expect(ours).toEqual(real);
  });
});
