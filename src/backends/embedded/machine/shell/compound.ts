import { binaryTest, unaryTest } from "../test-expression.ts";
import type { Command, Condition, List } from "./ast.ts";
import { quoteIfNeeded } from "./encoding.ts";
import { Jump, ShellFailure } from "./failures.ts";
import { extendedRegex, matches } from "./patterns.ts";
import { readLine } from "./reading.ts";
import type { Shell } from "./shell.ts";
import { testSubject } from "./tests.ts";

/** Runs a compound command, without its redirections. */
export async function runCompound(shell: Shell, command: Command): Promise<number> {
  switch (command.type) {
    case "group":
      return shell.list(command.body);
    case "subshell": {
      const child = shell.subshell(shell.descriptors.clone());
      return child.runToExit(() => child.list(command.body));
    }
    case "if": {
      for (const { condition, body } of command.branches) {
        if ((await shell.condition(condition)) === 0) return shell.list(body);
      }
      return command.otherwise ? shell.list(command.otherwise) : 0;
    }
    case "while":
      return loop(
        shell,
        command.body,
        async () => ((await shell.condition(command.condition)) === 0) !== command.until,
      );
    case "for": {
      const words = command.words ? await shell.expander.words(command.words) : [...shell.positional];
      let next = 0;
      return loop(shell, command.body, async () => {
        const word = words[next++];
        if (word === undefined) return false;
        shell.line = command.line;
        const source = command.words ? command.words.map((item) => item.source).join(" ") : '"$@"';
        await shell.traceText(`for ${command.name} in ${source}`);
        shell.variables.set(command.name, word);
        return true;
      });
    }
    case "select":
      return select(shell, command);
    case "arithmeticFor": {
      let started = false;
      return loop(shell, command.body, async () => {
        const step = started ? command.update : command.initial;
        await shell.traceText(`(( ${step.source.trim()} ))`);
        await shell.expander.arithmetic(step);
        started = true;
        await shell.traceText(`(( ${command.test.source.trim()} ))`);
        return command.test.source.trim() === "" || (await shell.expander.arithmetic(command.test)) !== 0n;
      });
    }
    case "case":
      return runCase(shell, command);
    case "arithmetic": {
      await shell.traceText(`(( ${command.expression.source.trim()} ))`);
      try {
        return (await shell.expander.arithmetic(command.expression)) === 0n ? 1 : 0;
      } catch (error) {
        if (!(error instanceof ShellFailure) || error.ends !== "command") throw error;
        throw new ShellFailure(error.message.endsWith("readonly variable") ? error.message : `((: ${error.message}`);
      }
    }
    case "condition":
      return (await evaluate(shell, command.expression)) ? 0 : 1;
    case "function":
      shell.functions.set(command.name, { body: command.body, source: command.body.source });
      return 0;
    case "simple":
      throw new TypeError("not a compound command");
  }
}

async function loop(shell: Shell, body: List, proceed: () => Promise<boolean>): Promise<number> {
  let status = 0;
  shell.loops += 1;
  try {
    for (;;) {
      const wait = shell.tick();
      if (wait) await wait;
      try {
        if (!(await proceed())) return status;
        status = await shell.list(body);
      } catch (error) {
        if (!(error instanceof Jump) || (error.kind !== "break" && error.kind !== "continue")) throw error;
        if (error.value > 1 && shell.loops > 1) throw new Jump(error.kind, error.value - 1);
        status = 0;
        if (error.kind === "break") return 0;
      }
    }
  } finally {
    shell.loops -= 1;
  }
}

async function select(shell: Shell, command: Command & { type: "select" }): Promise<number> {
  const words = command.words ? await shell.expander.words(command.words) : [...shell.positional];
  const menu = words.map((word, index) => `${index + 1}) ${word}\n`).join("");
  let shown = false;
  return loop(shell, command.body, async () => {
    await shell.write(2, `${shown ? "" : menu}${shell.variables.get("PS3") ?? "#? "}`);
    shown = true;
    const { line, ended } = await readLine(shell, 0, { raw: false });
    if (ended && line === "") return false;
    shell.variables.set("REPLY", line);
    shell.variables.set(command.name, words[Number(line) - 1] ?? "");
    return true;
  });
}

async function runCase(shell: Shell, command: Command & { type: "case" }): Promise<number> {
  const text = await shell.expander.text(command.word);
  await shell.traceText(`case ${quoteIfNeeded(text)} in`);
  let status = 0;
  let falls = false;
  for (const item of command.items) {
    let found = falls;
    for (const pattern of item.patterns) {
      if (found) break;
      found = matches(text, await shell.expander.pattern(pattern), shell.shopts["nocasematch"]);
    }
    if (!found) continue;
    status = await shell.list(item.body);
    if (item.end === ";;") return status;
    falls = item.end === ";&";
  }
  return status;
}

async function evaluate(shell: Shell, condition: Condition, negated = false): Promise<boolean> {
  switch (condition.type) {
    case "and":
      return (await evaluate(shell, condition.left)) && evaluate(shell, condition.right);
    case "or":
      return (await evaluate(shell, condition.left)) || evaluate(shell, condition.right);
    case "not":
      return !(await evaluate(shell, condition.operand, !negated));
    case "unary": {
      const operand = await shell.expander.text(condition.operand);
      await shell.traceText(`[[ ${negated ? "! " : ""}${condition.operator} ${quoteIfNeeded(operand)} ]]`);
      return unaryTest(testSubject(shell), condition.operator, operand);
    }
    case "binary":
      return evaluateBinary(shell, condition, negated);
  }
}

async function evaluateBinary(
  shell: Shell,
  condition: Condition & { type: "binary" },
  negated: boolean,
): Promise<boolean> {
  const left = await shell.expander.text(condition.left);
  if (shell.options.xtrace) {
    const right = await shell.expander.text(condition.right);
    await shell.traceText(
      `[[ ${negated ? "! " : ""}${quoteIfNeeded(left)} ${condition.operator} ${quoteIfNeeded(right)} ]]`,
    );
  }
  const fold = shell.shopts["nocasematch"] ?? false;
  switch (condition.operator) {
    case "=":
    case "==":
      return matches(left, await shell.expander.pattern(condition.right), fold);
    case "!=":
      return !matches(left, await shell.expander.pattern(condition.right), fold);
    case "=~": {
      let regex: RegExp;
      try {
        regex = extendedRegex(await shell.expander.regex(condition.right), fold);
      } catch (error) {
        if (error instanceof SyntaxError) throw new ShellFailure("", { exitCode: 2 });
        throw error;
      }
      const match = regex.exec(left);
      shell.variables.unset("BASH_REMATCH");
      if (match)
        shell.variables.setItems(
          "BASH_REMATCH",
          [...match].map((value: string | undefined) => ({ value: value ?? "" })),
          false,
        );
      return match !== null;
    }
    default: {
      const right = await shell.expander.text(condition.right);
      if (/^-(?:eq|ne|lt|le|gt|ge)$/.test(condition.operator)) {
        return binaryTest(
          testSubject(shell),
          String(shell.evaluate(left)),
          condition.operator,
          String(shell.evaluate(right)),
        );
      }
      return binaryTest(testSubject(shell), left, condition.operator, right);
    }
  }
}
