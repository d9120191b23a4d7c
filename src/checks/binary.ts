import type { CheckKind } from "../domain/check.ts";
import { excerpt, failed, passed } from "./outcomes.ts";
import { optional, paramsOf, pattern, text, texts } from "./params.ts";

const parse = paramsOf({
  machine: text,
  /** e.g. [crun, --version]. */
  argv: texts,
  /** Must match the output. */
  version: pattern,
  /** A build feature that must stand in the output, such as `+WASM:wasmedge`. */
  feature: optional(text),
  cause: text,
  next: text,
});

/** A program is installed, has the version, and was built with the feature. */
export const binary: CheckKind<ReturnType<typeof parse>> = {
  kind: "binary",
  failures: ["binary-missing", "binary-version", "binary-feature"],
  parse,
  async run(params, context) {
    const { cause, next } = params;
    const name = params.argv[0] ?? "";
    const machine = await context.machine(params.machine);
    // A login shell, because rustup extends PATH in the profile.
    const result = await machine.exec(["bash", "-lc", params.argv.join(" ")], { signal: context.signal });
    const output = `${result.stdout}${result.stderr}`;
    if (result.exitCode === 127 || result.exitCode === 126) {
      const observed = `${params.machine} has no program ${name}: ${excerpt(output)}`;
      return failed("binary-missing", { observed, expected: `${name} is installed`, cause, next });
    }
    if (!params.version.test(output)) {
      const observed = `\`${params.argv.join(" ")}\` on ${params.machine} printed ${excerpt(output)}`;
      return failed("binary-version", { observed, expected: `a version like /${params.version.source}/`, cause, next });
    }
    if (params.feature !== undefined && !output.includes(params.feature)) {
      const observed = `${name} on ${params.machine} was built without ${params.feature}: ${excerpt(output)}`;
      return failed("binary-feature", { observed, expected: `${params.feature} stands in its version`, cause, next });
    }
    return passed;
  },
};
