import type { CheckKind } from "../domain/check.ts";
import { excerpt, failed, passed } from "./outcomes.ts";
import { number, optional, paramsOf, pattern, text } from "./params.ts";
import { wordsFor } from "./words/words.ts";

const parse = paramsOf({
  machine: text,
  /** A read-only shell command, run by a login shell of `ubuntu`. */
  run: text,
  exitCode: optional(number),
  /** Must match standard output. */
  stdout: optional(pattern),
  /** In words, for the learner: what the output should show. */
  expected: text,
  cause: text,
  next: text,
});

/** Asks a machine a read-only question and reads the answer: exit code and output. */
export const command: CheckKind<ReturnType<typeof parse>> = {
  kind: "command",
  failures: ["command-failed", "output-differs"],
  parse,
  async run(params, context) {
    const { command: words, nothing } = wordsFor(context.language);
    const machine = await context.machine(params.machine);
    const result = await machine.exec(["bash", "-lc", params.run], { signal: context.signal, timeoutMs: 20_000 });
    const { expected, cause, next } = params;
    const wanted = params.exitCode ?? 0;
    if (result.exitCode !== wanted) {
      const said = excerpt(result.stderr || result.stdout, nothing);
      const observed = words.ended(params.run, params.machine, result.exitCode, said);
      return failed("command-failed", { observed, expected, cause, next });
    }
    if (params.stdout && !params.stdout.test(result.stdout)) {
      const observed = words.printed(params.run, params.machine, excerpt(result.stdout, nothing));
      return failed("output-differs", { observed, expected, cause, next });
    }
    return passed;
  },
};
