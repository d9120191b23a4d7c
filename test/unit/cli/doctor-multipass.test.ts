import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { examine, findingsFor, verdictOn } from "../../../src/cli/doctor/examine.ts";
import { runChild } from "../../../src/process/child.ts";
import { readRecipe } from "../../../src/recipes/recipe.ts";
import { textsFor } from "../../../src/texts/texts.ts";
import { openDouble } from "../../support/multipass/double.ts";
import { computer, linux } from "./doctor-host.ts";

const recipe = readRecipe({ folder: join(import.meta.dirname, "../../../vm-images"), profile: "current" });

let dispose = (): Promise<void> => Promise.resolve();
afterEach(() => dispose());

it.each([
  { version: "1.12", amiss: ["multipass-program"], exitCode: 4 },
  { version: "1.16.3", amiss: [], exitCode: 0 },
  { version: "1.17.0", amiss: [], exitCode: 0 },
  { version: "1.16.3", daemon: "no-socket", amiss: ["multipass-service"], exitCode: 4 },
  { version: "1.16.3", daemon: "denied", amiss: ["multipass-service"], exitCode: 5 },
  { version: "1.16.3", daemon: "unauthenticated", amiss: ["multipass-service"], exitCode: 4 },
] as const)("reads what Multipass $version says, $daemon", async ({ version, amiss, exitCode, ...rest }) => {
  const faults = "daemon" in rest ? [{ command: "*", daemon: rest.daemon }] : [];
  const double = openDouble({ version, faults });
  ({ dispose } = double);
  const host = computer(linux);
  const findings = await examine(
    {
      ...host,
      async run(file, argv) {
        if (file !== "multipass") return host.run(file, argv);
        const { exitCode: code, stdout, stderr } = await runChild(double.path, argv, { env: double.env });
        const [said = "", complained = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        return { exitCode: code, stdout: said, stderr: complained, missing: false, late: false };
      },
    },
    "/home/ada/.wasm-k8s-lab",
    recipe,
    textsFor("en"),
  );
  const failed = findingsFor("multipass", findings).filter(({ status }) => status === "fail");
  expect(failed.map(({ id }) => id)).toEqual(amiss);
  expect(verdictOn("multipass", findings)).toBe(exitCode);
});
