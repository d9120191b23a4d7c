import type { CheckKind } from "../domain/check.ts";
import { failed, passed } from "./outcomes.ts";
import { optional, paramsOf, pattern, text } from "./params.ts";
import { quoted, typed } from "./wrong-answers.ts";
import { wordsFor } from "./words/words.ts";

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
  wrongAnswers({ machine, path, owner, mode, contains }) {
    const target = quoted(path);
    const answers = [
      typed("removed", "file-missing", machine, `sudo rm -rf ${target}`),
      typed("elsewhere", "file-missing", machine, `sudo mv ${target} ${quoted(`${path}.other`)}`),
    ];
    if (owner !== undefined) answers.push(typed("other-owner", "file-owner", machine, `sudo chown 12:12 ${target}`));
    if (mode !== undefined) answers.push(typed("other-mode", "file-mode", machine, `sudo chmod 0111 ${target}`));
    if (contains) answers.push(typed("emptied", "file-content", machine, `sudo truncate -s 0 ${target}`));
    else answers.push(typed("dangling", "file-missing", machine, `sudo ln -sfn /nowhere ${target}`));
    return answers;
  },
  async run(params, context) {
    const { path, cause, next } = params;
    const machine = await context.machine(params.machine);
    const { file: words } = wordsFor(context.language);
    const stat = await machine.exec(["sudo", "stat", "-L", "-c", "%U:%G %a", path], { signal: context.signal });
    if (stat.exitCode !== 0) {
      const observed = words.missing(path, params.machine);
      return failed("file-missing", { observed, expected: words.exists(path, params.machine), cause, next });
    }
    const [owner = "", mode = ""] = stat.stdout.trim().split(" ");
    if (params.owner !== undefined && owner !== params.owner) {
      const observed = words.owner(path, params.machine, owner);
      return failed("file-owner", { observed, expected: words.belongsTo(params.owner), cause, next });
    }
    if (params.mode !== undefined && mode !== params.mode) {
      const observed = words.mode(path, params.machine, mode);
      return failed("file-mode", { observed, expected: words.wantedMode(params.mode), cause, next });
    }
    if (!params.contains && !params.lacks) return passed;
    const content = new TextDecoder().decode(await machine.readFile(path));
    if (params.contains && !params.contains.test(content)) {
      const observed = words.noLine(path, params.machine, params.contains.source);
      const expected = words.lineLike(params.contains.source);
      return failed("file-content", { observed, expected, cause, next });
    }
    const unwanted = params.lacks?.exec(content);
    if (unwanted) {
      const observed = words.hasLine(path, params.machine, unwanted[0]);
      return failed("file-content", { observed, expected: words.noSuchLine, cause, next });
    }
    return passed;
  },
};
