import type { CheckKind } from "../domain/check.ts";
import { failed, passed } from "./outcomes.ts";
import { optional, paramsOf, pattern, text } from "./params.ts";

const parse = paramsOf({
  machine: text,
  path: text,
  /** `user:group`. */
  owner: optional(text),
  /** Octal, e.g. "600". */
  mode: optional(text),
  /** Must match the content. */
  contains: optional(pattern),
  /** Must not match the content. */
  lacks: optional(pattern),
  cause: text,
  next: text,
});

/** A file on a machine: that it is there, whose it is, what stands in it. */
export const file: CheckKind<ReturnType<typeof parse>> = {
  kind: "file",
  failures: ["file-missing", "file-owner", "file-mode", "file-content"],
  parse,
  async run(params, context) {
    const { path, cause, next } = params;
    const machine = await context.machine(params.machine);
    const on = `on ${params.machine}`;
    const stat = await machine.exec(["sudo", "stat", "-L", "-c", "%U:%G %a", path], { signal: context.signal });
    if (stat.exitCode !== 0) {
      const observed = `${path} does not exist ${on}`;
      return failed("file-missing", { observed, expected: `${path} exists ${on}`, cause, next });
    }
    const [owner = "", mode = ""] = stat.stdout.trim().split(" ");
    if (params.owner !== undefined && owner !== params.owner) {
      const observed = `${path} ${on} belongs to ${owner}`;
      return failed("file-owner", { observed, expected: `it belongs to ${params.owner}`, cause, next });
    }
    if (params.mode !== undefined && mode !== params.mode) {
      const observed = `${path} ${on} has mode ${mode}`;
      return failed("file-mode", { observed, expected: `mode ${params.mode}`, cause, next });
    }
    if (!params.contains && !params.lacks) return passed;
    const content = new TextDecoder().decode(await machine.readFile(path));
    if (params.contains && !params.contains.test(content)) {
      const observed = `no line of ${path} ${on} matches /${params.contains.source}/`;
      const expected = `a line that matches /${params.contains.source}/`;
      return failed("file-content", { observed, expected, cause, next });
    }
    const unwanted = params.lacks?.exec(content);
    if (unwanted) {
      const observed = `${path} ${on} has "${unwanted[0]}"`;
      return failed("file-content", { observed, expected: "no such line", cause, next });
    }
    return passed;
  },
};
