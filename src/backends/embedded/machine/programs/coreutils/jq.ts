import { FileError } from "../../files/errors.ts";
import type { ProgramTable } from "../../process.ts";
import { JqSyntaxError, parseJq } from "./jq-parse.ts";
import { JqError, runJq } from "./jq-run.ts";
import type { Json } from "./jq-run.ts";
import { decodeText } from "./support/text.ts";
import { tool } from "./support/tool.ts";

const table =
  "c,compact-output r,raw-output j,join-output a,ascii-output C,color-output M,monochrome-output S,sort-keys s,slurp n,null-input e,exit-status R,raw-input f,from-file= tab indent= arg argjson args jsonargs h";

interface Variables {
  args: string[];
  variables: Map<string, Json>;
  wrong: string | undefined;
}

/** Takes `--arg NAME VALUE` and `--argjson NAME JSON` out of the arguments. */
function takeVariables(args: readonly string[]): Variables {
  const result: Variables = { args: [], variables: new Map(), wrong: undefined };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg !== "--arg" && arg !== "--argjson") {
      result.args.push(arg);
      continue;
    }
    const [name = "", value = ""] = args.slice(index + 1, index + 3);
    index += 2;
    try {
      result.variables.set(name, arg === "--arg" ? value : JSON.parse(value));
    } catch {
      result.wrong = `Invalid JSON text passed to --argjson`;
    }
  }
  return result;
}

/** JSON values that follow each other in a text. */
function* jsonValues(text: string): Generator<Json> {
  let at = 0;
  while (at < text.length) {
    const lead = /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    at += lead;
    if (at >= text.length) return;
    const end = endOfValue(text, at);
    yield JSON.parse(text.slice(at, end));
    at = end;
  }
}

function endOfValue(text: string, from: number): number {
  const first = text.charAt(from);
  if (first !== "{" && first !== "[" && first !== '"')
    return from + (/^[^\s{}[\],":]+/.exec(text.slice(from))?.[0].length ?? text.length);
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') {
      at += 1;
      while (at < text.length && text.charAt(at) !== '"') at += text.charAt(at) === "\\" ? 2 : 1;
    } else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** JSON laid out as jq does it. */
function show(value: Json, indent: string, sorted: boolean): string {
  const order = (input: Json): Json => {
    if (Array.isArray(input)) return input.map(order);
    if (typeof input !== "object" || input === null) return input;
    return Object.fromEntries(
      Object.entries(input)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, order(inner)]),
    );
  };
  return JSON.stringify(sorted ? order(value) : value, undefined, indent);
}

const jq = tool(
  {
    usage: "[OPTIONS] FILTER [FILES...]",
    about: "Selects and changes JSON.",
    options: table,
    usageStatus: 2,
    suite: "jq",
    rewrite: (args) => takeVariables(args).args,
    hint: (name) =>
      `Use ${name} --help for help with command-line options,\nor see the jq manpage, or online docs  at https://stedolan.github.io/jq`,
  },
  async (run, options) => {
    const { variables, wrong } = takeVariables(run.process.argv.slice(1));
    if (wrong !== undefined) return run.die(wrong, 2);
    const operands = [...options.operands];
    const programFile = options.value("from-file");
    const source = programFile === undefined ? operands.shift() : decodeText(await run.slurp(programFile));
    if (source === undefined) return run.misuse("missing filter", 2);
    let program: ReturnType<typeof parseJq>;
    try {
      program = parseJq(source);
    } catch (error) {
      if (!(error instanceof JqSyntaxError)) throw error;
      await run.process.err(
        `jq: error: ${error.message} (Unix shell quoting issues?) at <top-level>, line 1:\n${source}\njq: 1 compile error\n`,
      );
      return run.exit(3);
    }
    const texts: string[] = [];
    if (!options.has("null-input")) {
      for (const name of operands.length > 0 ? operands : ["-"]) {
        try {
          texts.push(decodeText(await run.slurp(name)));
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          await run.process.err(`jq: error: Could not open ${name}: ${error.message}\n`);
          run.status = 2;
        }
      }
    }
    const indent = options.has("compact-output")
      ? ""
      : options.has("tab")
        ? "\t"
        : " ".repeat(Number(options.value("indent") ?? 2));
    let last: Json | undefined;
    const apply = async (input: Json): Promise<void> => {
      try {
        for (const output of runJq(program, input, variables, run.process.env)) {
          last = output;
          const raw = options.has("raw-output", "join-output") && typeof output === "string";
          run.print(
            (raw ? output : show(output, indent, options.has("sort-keys"))) + (options.has("join-output") ? "" : "\n"),
          );
          await run.drain();
        }
      } catch (error) {
        if (!(error instanceof JqError)) throw error;
        await run.flush();
        await run.process.err(
          `jq: error (at ${operands[0] === undefined ? "<stdin>" : operands[0]}:${lineCount(texts)}): ${error.message}\n`,
        );
        run.status = 5;
      }
    };
    if (options.has("null-input")) await apply(null);
    else if (options.has("raw-input")) {
      const text = texts.join("");
      if (options.has("slurp")) await apply(text);
      else for (const line of text.replace(/\n$/, "").split("\n")) await apply(line);
    } else {
      try {
        const values = jsonValues(texts.join("\n"));
        if (options.has("slurp")) await apply([...values]);
        else for (const value of values) await apply(value);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        await run.flush();
        await run.process.err(`jq: parse error: Invalid numeric literal at line ${lineCount(texts)}, column 0\n`);
        run.status = 2;
      }
    }
    if (options.has("exit-status") && run.status === 0)
      run.status = last === undefined ? 4 : last === null || last === false ? 1 : 0;
  },
);

const lineCount = (texts: readonly string[]): number => texts.join("").split("\n").length - 1;

export const jqPrograms: ProgramTable = { jq };
