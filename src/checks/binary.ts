import type { CheckKind } from "../domain/check.ts";
import { excerpt, failed, passed } from "./outcomes.ts";
import { optional, paramsOf, pattern, text, texts } from "./params.ts";
import { typed } from "./wrong-answers.ts";
import { wordsFor } from "./words/words.ts";

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
  wrongAnswers({ machine, argv }) {
    const files = `$(bash -lc 'which -a ${argv[0] ?? ""}')`;
    const other = `printf '#!/bin/sh\\necho something else\\n' > /tmp/other && chmod 755 /tmp/other`;
    return [
      typed("removed", "binary-missing", machine, `sudo rm -f ${files}`),
      typed("not-executable", "binary-missing", machine, `sudo chmod a-x ${files}`),
      typed(
        "other-program",
        "binary-version",
        machine,
        `${other}; for f in ${files}; do sudo cp --remove-destination /tmp/other $f; done`,
      ),
    ];
  },
  async run(params, context) {
    const { cause, next } = params;
    const { binary: words, nothing } = wordsFor(context.language);
    const name = params.argv[0] ?? "";
    const machine = await context.machine(params.machine);
    // A login shell, because rustup extends PATH in the profile.
    const result = await machine.exec(["bash", "-lc", params.argv.join(" ")], { signal: context.signal });
    const output = `${result.stdout}${result.stderr}`;
    const said = excerpt(output, nothing);
    if (result.exitCode === 127 || result.exitCode === 126) {
      const observed = words.missing(params.machine, name, said);
      return failed("binary-missing", { observed, expected: words.installed(name), cause, next });
    }
    if (!params.version.test(output)) {
      const observed = words.printed(params.argv.join(" "), params.machine, said);
      return failed("binary-version", { observed, expected: words.versionLike(params.version.source), cause, next });
    }
    if (params.feature !== undefined && !output.includes(params.feature)) {
      const observed = words.builtWithout(name, params.machine, params.feature, said);
      return failed("binary-feature", { observed, expected: words.featureStands(params.feature), cause, next });
    }
    return passed;
  },
};
