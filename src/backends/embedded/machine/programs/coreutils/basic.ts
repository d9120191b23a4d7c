import { dirname } from "../../files/paths.ts";
import type { ProgramTable } from "../../process.ts";
import { expandEscapes, formatFloat, formatInteger, formatString, splitFormat, withStars } from "./support/format.ts";
import type { Options } from "./support/options.ts";
import { quote } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { Tool, Writer } from "./support/tool.ts";

const echo = tool({ usage: "[-neE] [STRING]...", about: "Prints its arguments." }, async (run, options) => {
  const words = [...options.operands];
  let newline = true;
  let escapes = false;
  while (/^-[neE]+$/.test(words[0] ?? "")) {
    for (const letter of words.shift() ?? "") {
      if (letter === "n") newline = false;
      else escapes = letter === "e" || (letter === "-" && escapes);
    }
  }
  const text = words.join(" ");
  if (!escapes) run.print(text + (newline ? "\n" : ""));
  else {
    const expanded = expandEscapes(text, true);
    run.print(expanded.text + (newline && !expanded.stop ? "\n" : ""));
  }
});

const printf = tool({ usage: "FORMAT [ARGUMENT]...", about: "Prints arguments by a format." }, async (run, options) => {
  const operands = options.operands[0] === "--" ? options.operands.slice(1) : options.operands;
  const [format, ...args] = operands;
  if (format === undefined) return run.misuse("missing operand");
  if (format === "--help" || format === "--version") run.print(`${run.name} ${run.process.executable.version}\n`);
  let at = 0;
  do {
    const before = at;
    for (const part of splitFormat(format)) {
      if (typeof part === "string") {
        const expanded = expandEscapes(part, false);
        run.print(expanded.text);
        if (expanded.stop) return;
        continue;
      }
      const conversion = withStars(part.conversion, part.stars, () => Number(args[at++] ?? 0));
      const arg = args[at];
      at += 1;
      if (conversion.letter === "b") {
        const expanded = expandEscapes(arg ?? "", true);
        run.print(formatString(expanded.text, conversion));
        if (expanded.stop) return;
      } else if (conversion.letter === "s") run.print(formatString(arg ?? "", conversion));
      else if (conversion.letter === "q") run.print(shellQuote(arg ?? ""));
      else if (conversion.letter === "c") run.print(formatString([...(arg ?? "")][0] ?? "", conversion));
      else if ("diuoxX".includes(conversion.letter)) {
        run.print(formatInteger(await integerArgument(run, arg), conversion));
      } else if ("eEfFgG".includes(conversion.letter)) {
        const value = Number(arg ?? 0);
        if (Number.isNaN(value)) await run.fail(`${quote(arg ?? "")}: expected a numeric value`);
        run.print(formatFloat(Number.isNaN(value) ? 0 : value, conversion));
      } else return run.die(`${part.spec}: invalid conversion specification`);
    }
    if (at === before) break;
  } while (at < args.length);
});

async function integerArgument(run: Tool, arg: string | undefined): Promise<bigint> {
  if (arg === undefined || arg === "") return 0n;
  if (/^["']/.test(arg)) return BigInt(arg.codePointAt(1) ?? 0);
  const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(arg);
  if (!match) {
    await run.fail(`${quote(arg)}: expected a numeric value`);
    return 0n;
  }
  if (match[0].length < arg.length) await run.fail(`${quote(arg)}: value not completely converted`);
  const digits = match[2] ?? "0";
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] === "-" ? -value : value;
}

const shellQuote = (text: string): string =>
  text === "" ? "''" : /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

const seq = tool(
  {
    usage: "[OPTION]... [FIRST [INCREMENT]] LAST",
    about: "Prints numbers.",
    options: "f,format= s,separator= w,equal-width",
    rewrite: (args) => protectNumbers(args),
  },
  async (run, options) => {
    const numbers = options.operands;
    if (numbers.length === 0) return run.misuse("missing operand");
    const extra = numbers[3];
    if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
    for (const text of numbers) {
      if (text.trim() === "" || !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) {
        await run.misuse(`invalid floating point argument: ${quote(text)}`);
      }
    }
    const [a = "1", b, c] = numbers;
    const [first, step, last] = c !== undefined ? [a, b ?? "1", c] : b !== undefined ? [a, "1", b] : ["1", "1", a];
    if (Number(step) === 0) return run.misuse(`invalid Zero increment value: ${quote(step)}`);
    const places = Math.max(decimals(first), decimals(step));
    const scale = 10 ** places;
    const low = Math.round(Number(first) * scale);
    const delta = Math.round(Number(step) * scale);
    const high = Number(last) * scale + (delta > 0 ? 1e-9 : -1e-9);
    const format = options.value("format");
    const text = (value: number): string => (value / scale).toFixed(places);
    const width = options.has("equal-width") ? Math.max(text(low).length, Number(last).toFixed(places).length) : 0;
    const separator = options.value("separator") ?? "\n";
    let any = false;
    for (let value = low; delta > 0 ? value <= high : value >= high; value += delta) {
      if (any) run.print(separator);
      any = true;
      run.print(format === undefined ? zeroPadded(text(value), width) : formatNumber(format, value / scale));
      await run.drain();
    }
    if (any) run.print("\n");
  },
);

const zeroPadded = (text: string, width: number): string =>
  text.startsWith("-") ? `-${text.slice(1).padStart(width - 1, "0")}` : text.padStart(width, "0");

/** Negative numbers are operands, not options. */
function protectNumbers(args: readonly string[]): string[] {
  const at = args.findIndex((arg) => /^-(\d|\.\d)/.test(arg));
  return at < 0 || args.includes("--") ? [...args] : [...args.slice(0, at), "--", ...args.slice(at)];
}

const decimals = (text: string): number => /\.(\d+)/.exec(text)?.[1]?.length ?? 0;

const formatNumber = (format: string, value: number): string => {
  let result = "";
  for (const part of splitFormat(format)) {
    result += typeof part === "string" ? part : formatFloat(value, part.conversion);
  }
  return result;
};

const yes = tool(
  { usage: "[STRING]...", about: "Prints a line until it is stopped.", options: "" },
  async (run, options) => {
    const line = `${options.operands.join(" ") || "y"}\n`;
    const block = line.repeat(Math.max(1, Math.floor(4096 / line.length)));
    for (;;) {
      run.print(block);
      await run.flush();
    }
  },
);

const sleep = tool({ usage: "NUMBER[SUFFIX]...", about: "Waits.", options: "" }, async (run, options) => {
  if (options.operands.length === 0) return run.misuse("missing operand");
  let total = 0;
  for (const text of options.operands) {
    const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(text);
    if (!match && text !== "infinity") await run.misuse(`invalid time interval ${quote(text)}`);
    const factors: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };
    total += match ? Number(match[1]) * (factors[match[2] ?? ""] ?? 1) : Number.POSITIVE_INFINITY;
  }
  const { clock } = run.process.machine.environment;
  const longest = 86_400_000;
  let left = total * 1000;
  do {
    await clock.sleep(Math.min(left, longest), run.process.signal);
    left -= longest;
  } while (left > 0);
});

const basename = tool(
  {
    usage: "NAME [SUFFIX]",
    about: "Prints the last part of a path.",
    options: "a,multiple s,suffix= z,zero",
    permute: false,
  },
  async (run, options) => {
    const many = options.has("multiple", "suffix");
    const [first, second, third] = options.operands;
    if (first === undefined) return run.misuse("missing operand");
    if (!many && third !== undefined) return run.misuse(`extra operand ${quote(third)}`);
    const suffix = options.value("suffix") ?? (many ? "" : (second ?? ""));
    for (const name of many ? options.operands : [first]) {
      const trimmed = name.replace(/\/+$/, "");
      const base = trimmed === "" && name !== "" ? "/" : trimmed.slice(trimmed.lastIndexOf("/") + 1);
      const short = suffix !== "" && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
      run.print(short + (options.has("zero") ? "\0" : "\n"));
    }
  },
);

const dirnameTool = tool(
  { usage: "NAME...", about: "Prints a path without its last part.", options: "z,zero" },
  async (run, options) => {
    if (options.operands.length === 0) return run.misuse("missing operand");
    for (const name of options.operands) run.print(dirname(name) + (options.has("zero") ? "\0" : "\n"));
  },
);

const pwd = tool(
  { usage: "[-LP]", about: "Prints the working directory.", options: "L,logical P,physical" },
  async (run, options) => {
    const { cwd, files, env } = run.process;
    const logical = options.last("logical", "physical") === "logical" && env["PWD"] === cwd;
    run.print(`${logical ? cwd : files.realPath(cwd)}\n`);
  },
);

const tee = tool(
  {
    usage: "[-a] [FILE]...",
    about: "Copies standard input to files and to standard output.",
    options: "a,append i,ignore-interrupts p output-error=?",
    bytes: true,
  },
  async (run, options) => {
    const writers: Writer[] = [];
    for (const name of options.operands) {
      try {
        writers.push(run.create(name, options.has("append")));
      } catch (error) {
        await run.fail(`${name}: ${fileErrorText(error)}`);
      }
    }
    for await (const chunk of run.open("-")) {
      run.printBytes(chunk);
      for (const writer of writers) await writer.write(chunk);
      await run.flush();
    }
  },
);

const fileErrorText = (error: unknown): string => {
  if (error instanceof Error && error.name === "FileError") return error.message;
  throw error;
};

const truth = tool({ usage: "", about: "Succeeds." }, async () => {});
const falsehood = tool({ usage: "", about: "Fails." }, async (run) => {
  run.status = 1;
});

const printLine =
  (text: (run: Tool, options: Options) => string) =>
  async (run: Tool, options: Options): Promise<void> => {
    run.print(`${text(run, options)}\n`);
  };

const arch = tool(
  { usage: "", about: "Prints the machine's architecture.", options: "" },
  printLine((run) => (run.process.machine.hardware.architecture === "amd64" ? "x86_64" : "aarch64")),
);

const nproc = tool(
  { usage: "[--all] [--ignore=N]", about: "Prints the number of processors.", options: "all ignore=" },
  printLine((run, options) =>
    String(Math.max(1, run.process.machine.hardware.cpus - Number(options.value("ignore") ?? 0))),
  ),
);

const tty = tool(
  { usage: "[-s]", about: "Prints the terminal's name.", options: "s,silent quiet" },
  async (run, options) => {
    const terminal = run.process.stdin.isTerminal ? run.process.terminal : undefined;
    if (!terminal) run.status = 1;
    if (!options.has("silent", "quiet"))
      run.print(terminal ? `${terminal.name.replace(/^(?!\/)/, "/dev/")}\n` : "not a tty\n");
  },
);

const clear = tool({ usage: "", about: "Clears the screen.", options: "T= x", suite: "ncurses" }, async (run) => {
  run.print("\u001b[H\u001b[2J\u001b[3J");
});

const reset = tool({ usage: "", about: "Sets the terminal back.", suite: "ncurses" }, async (run) => {
  run.print("\u001bc");
});

const stty = tool(
  { usage: "[SETTING]...", about: "Shows or changes terminal settings.", suite: "GNU coreutils" },
  async (run, options) => {
    const { terminal, stdin } = run.process;
    if (!stdin.isTerminal || !terminal) return run.die("'standard input': Inappropriate ioctl for device");
    const [word] = options.operands;
    if (word === "size") run.print(`${terminal.rows} ${terminal.columns}\n`);
    else if (word === "-echo") terminal.echo = false;
    else if (word === "echo" || word === "sane") terminal.echo = true;
    else if (word === undefined || word === "-a") {
      run.print(`speed 38400 baud; rows ${terminal.rows}; columns ${terminal.columns}; line = 0;\n`);
    }
  },
);

const locale = tool(
  { usage: "[-a]", about: "Shows the locale.", options: "a,all-locales m,charmaps", suite: "GNU libc" },
  async (run, options) => {
    if (options.has("all-locales")) return run.print("C\nC.UTF-8\nPOSIX\n");
    if (options.has("charmaps")) return run.print("ANSI_X3.4-1968\nUTF-8\n");
    const { env } = run.process;
    const lang = env["LANG"] ?? "";
    run.print(`LANG=${lang}\nLANGUAGE=${env["LANGUAGE"] ?? ""}\n`);
    const names =
      "CTYPE NUMERIC TIME COLLATE MONETARY MESSAGES PAPER NAME ADDRESS TELEPHONE MEASUREMENT IDENTIFICATION";
    for (const name of names.split(" ")) run.print(`LC_${name}="${env["LC_ALL"] || (lang === "" ? "POSIX" : lang)}"\n`);
    run.print(`LC_ALL=${env["LC_ALL"] ?? ""}\n`);
  },
);

export const basicPrograms: ProgramTable = {
  echo,
  printf,
  seq,
  yes,
  sleep,
  basename,
  dirname: dirnameTool,
  pwd,
  tee,
  true: truth,
  false: falsehood,
  arch,
  nproc,
  tty,
  clear,
  reset,
  stty,
  locale,
};
