import { FileError } from "../../files/errors.ts";
import type { ProgramTable } from "../../process.ts";
import { compareVersions } from "./ls.ts";
import type { Options } from "./support/options.ts";
import { quote, textToBinary } from "./support/text.ts";
import { eachFile, tool } from "./support/tool.ts";
import type { LineReader, Tool } from "./support/tool.ts";

interface Place {
  field: number;
  character: number;
  skipBlanks: boolean;
}

interface SortKey {
  from: Place;
  to: Place | undefined;
  flags: string;
}

const wholeLine: Place = { field: 1, character: 1, skipBlanks: false };

async function parseKey(run: Tool, text: string): Promise<SortKey> {
  const match = /^(\d+)(?:\.(\d+))?([bdfghiMnRrV]*)(?:,(\d+)(?:\.(\d+))?([bdfghiMnRrV]*))?$/.exec(text);
  if (!match)
    return run.die(
      `${/^\d/.test(text) ? "stray character in field spec" : "invalid number at field start"}: invalid field specification ${quote(text)}`,
      2,
    );
  const [, field, character, flags = "", toField, toCharacter, toFlags = ""] = match;
  if (Number(field) === 0 || Number(toField ?? 1) === 0)
    return run.die(`field number is zero: invalid field specification ${quote(text)}`, 2);
  return {
    from: { field: Number(field), character: Number(character ?? 1), skipBlanks: flags.includes("b") },
    to:
      toField === undefined
        ? undefined
        : { field: Number(toField), character: Number(toCharacter ?? 0), skipBlanks: toFlags.includes("b") },
    flags: flags.replace("b", "") + toFlags.replace("b", ""),
  };
}

/** Where each field begins and ends. Without a separator blanks belong to the field that follows them. */
function fieldsOf(line: string, separator: string | undefined): { start: number; end: number }[] {
  const fields: { start: number; end: number }[] = [];
  if (separator !== undefined) {
    let start = 0;
    for (let at = line.indexOf(separator); at >= 0; at = line.indexOf(separator, start)) {
      fields.push({ start, end: at });
      start = at + separator.length;
    }
    fields.push({ start, end: line.length });
    return fields;
  }
  for (const match of line.matchAll(/[ \t\n]*[^ \t\n]+|[ \t\n]+$/g))
    fields.push({ start: match.index, end: match.index + match[0].length });
  return fields;
}

function extract(line: string, key: SortKey, separator: string | undefined): string {
  const fields = fieldsOf(line, separator);
  const skip = (at: number): number => {
    let position = at;
    while (position < line.length && /[ \t]/.test(line.charAt(position))) position += 1;
    return position;
  };
  const first = fields[key.from.field - 1];
  if (!first) return "";
  const begin = (key.from.skipBlanks ? skip(first.start) : first.start) + key.from.character - 1;
  if (!key.to) return line.slice(begin);
  const last = fields[key.to.field - 1];
  if (!last) return line.slice(begin);
  const end =
    key.to.character === 0
      ? last.end
      : Math.min((key.to.skipBlanks ? skip(last.start) : last.start) + key.to.character, line.length);
  return line.slice(begin, end);
}

const numericValue = (text: string): number => {
  const match = /^[ \t]*(-?\d*\.?\d*)/.exec(text);
  const value = Number(match?.[1] ?? "");
  return Number.isNaN(value) ? 0 : value;
};

const generalValue = (text: string): number => {
  const match = /^\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?inf(?:inity)?|nan)/i.exec(text);
  if (!match) return Number.NEGATIVE_INFINITY;
  const word = (match[1] ?? "").toLowerCase();
  if (word.includes("inf")) return word.startsWith("-") ? -Number.MAX_VALUE : Number.MAX_VALUE;
  return word === "nan" ? -Number.MAX_VALUE : Number(word);
};

const suffixes = "KMGTPEZY";

const humanValue = (text: string): { order: number; value: number } => {
  const match = /^[ \t]*(-?\d*\.?\d*)([kKMGTPEZY]?)/.exec(text);
  const value = Number(match?.[1] ?? "") || 0;
  const order = value === 0 ? 0 : suffixes.indexOf((match?.[2] ?? "").toUpperCase() || " ") + 1;
  return { order: value < 0 ? -order : order, value };
};

const monthOrder = (text: string): number =>
  ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].indexOf(
    text.trim().slice(0, 3).toLowerCase(),
  );

const ordered = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

type Comparison = (a: string, b: string) => number;

function comparisonOf(flags: string): Comparison {
  const prepare = (text: string): string => {
    let result = text;
    if (flags.includes("b")) result = result.replace(/^[ \t]+/, "");
    if (flags.includes("d")) result = result.replace(/[^a-zA-Z0-9 \t]/g, "");
    if (flags.includes("i")) result = result.replace(/[^ -~]/g, "");
    return flags.includes("f") ? result.replace(/[a-z]+/g, (part) => part.toUpperCase()) : result;
  };
  const base: Comparison = flags.includes("n")
    ? (a, b) => ordered(numericValue(a), numericValue(b))
    : flags.includes("g")
      ? (a, b) => ordered(generalValue(a), generalValue(b))
      : flags.includes("h")
        ? (a, b) => {
            const x = humanValue(a);
            const y = humanValue(b);
            return ordered(x.order, y.order) || ordered(x.value, y.value);
          }
        : flags.includes("M")
          ? (a, b) => ordered(monthOrder(a), monthOrder(b))
          : flags.includes("V")
            ? (a, b) => compareVersions(prepare(a), prepare(b))
            : (a, b) => {
                const x = prepare(a);
                const y = prepare(b);
                return x < y ? -1 : x > y ? 1 : 0;
              };
  return flags.includes("r") ? (a, b) => -base(a, b) : base;
}

const table =
  "b,ignore-leading-blanks d,dictionary-order f,ignore-case g,general-numeric-sort i,ignore-nonprinting M,month-sort h,human-numeric-sort n,numeric-sort R,random-sort random-source= r,reverse sort= V,version-sort batch-size= c,check=? C compress-program= debug files0-from= k,key= m,merge o,output= s,stable S,buffer-size= t,field-separator= T,temporary-directory= parallel= u,unique z,zero-terminated";

const flagNames: Record<string, string> = {
  "ignore-leading-blanks": "b",
  "dictionary-order": "d",
  "ignore-case": "f",
  "general-numeric-sort": "g",
  "ignore-nonprinting": "i",
  "month-sort": "M",
  "human-numeric-sort": "h",
  "numeric-sort": "n",
  "random-sort": "R",
  reverse: "r",
  "version-sort": "V",
};

const sortWords: Record<string, string> = {
  "general-numeric": "g",
  "human-numeric": "h",
  month: "M",
  numeric: "n",
  random: "R",
  version: "V",
};

const sort = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Sorts lines.",
    options: table,
    usageStatus: 2,
    bytes: true,
    rewrite: (args) =>
      args.flatMap((arg, index) => (/^-[koStT]$/.test(args[index - 1] ?? "") ? [arg] : splitCheck(arg))),
  },
  async (run, options) => {
    const global = options.given
      .map(({ name, value }) => (name === "sort" ? (sortWords[value ?? ""] ?? "") : (flagNames[name] ?? "")))
      .join("");
    const separator = await separatorOf(run, options);
    const keys: SortKey[] = [];
    for (const text of options.values("key")) keys.push(await parseKey(run, text));
    const comparisons = (keys.length > 0 ? keys : [{ from: wholeLine, to: undefined, flags: "" }]).map((key) => {
      const own = key.flags !== "" || key.from.skipBlanks || key.to?.skipBlanks === true;
      const flags = own ? key.flags : global;
      const inherited: SortKey =
        own || !global.includes("b")
          ? key
          : { ...key, from: { ...key.from, skipBlanks: true }, to: key.to && { ...key.to, skipBlanks: true } };
      const comparison = comparisonOf(keys.length > 0 ? flags.replaceAll("b", "") : flags);
      if (keys.length === 0) return comparison;
      return (a: string, b: string): number =>
        comparison(extract(a, inherited, separator), extract(b, inherited, separator));
    });
    const last = comparisonOf(global.includes("r") ? "r" : "");
    const plain = keys.length === 0 && !/[^r]/.test(global);
    const byKeys: Comparison = (a, b) => {
      for (const comparison of comparisons) {
        const order = comparison(a, b);
        if (order !== 0) return order;
      }
      return 0;
    };
    const compare: Comparison =
      options.has("stable", "unique") || plain ? byKeys : (a, b) => byKeys(a, b) || last(a, b);
    const end = options.has("zero-terminated") ? "\0" : "\n";
    const lines: string[] = [];
    const names = options.operands.length > 0 ? options.operands : ["-"];
    for (const name of names) {
      try {
        for await (const line of run.lines(name, end)) lines.push(line);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.die(`${error.code === "EISDIR" ? "read failed" : "cannot read"}: ${name}: ${error.message}`, 2);
      }
    }
    if (options.has("check", "C")) {
      for (let index = 1; index < lines.length; index += 1) {
        const order = compare(lines[index - 1] ?? "", lines[index] ?? "");
        if (order < 0 || (order === 0 && !options.has("unique"))) continue;
        run.status = 1;
        const quiet = options.has("C") || ["quiet", "silent"].includes(options.value("check") ?? "");
        if (!quiet) await run.warn(`${names[0] ?? "-"}:${index + 1}: disorder: ${lines[index] ?? ""}`);
        return;
      }
      return;
    }
    if (global.includes("R")) shuffle(lines, () => run.process.machine.environment.random.next());
    else lines.sort(compare);
    const output = options.value("output");
    const kept = options.has("unique")
      ? lines.filter((line, index) => index === 0 || byKeys(lines[index - 1] ?? "", line) !== 0)
      : lines;
    if (output !== undefined) {
      try {
        await run.create(output).write(Buffer.from(kept.map((line) => line + end).join(""), "latin1"));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.die(`open failed: ${output}: ${error.message}`, 2);
      }
      return;
    }
    for (const line of kept) {
      run.print(line + end);
      await run.drain();
    }
  },
);

/** A bundled `c` takes no value. */
function splitCheck(arg: string): string[] {
  const match = /^-([bdfgiMhnRrVmsuz]*)c([bdfgiMhnRrVmsuz]*)$/.exec(arg);
  if (!match) return [arg];
  const rest = `${match[1]}${match[2]}`;
  return rest === "" ? ["--check"] : ["--check", `-${rest}`];
}

async function separatorOf(run: Tool, options: Options): Promise<string | undefined> {
  const word = options.value("field-separator");
  if (word === undefined) return undefined;
  if (word === "") return run.die("empty tab", 2);
  const separator = word === "\\0" ? "\0" : textToBinary(word);
  if (separator.length > 1) return run.die(`multi-character tab ${quote(word)}`, 2);
  return separator;
}

/** Puts items in a random order. */
function shuffle(items: string[], next: () => number): void {
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = Math.floor(next() * (index + 1));
    const [a, b] = [items[index], items[other]];
    if (a === undefined || b === undefined) continue;
    items[index] = b;
    items[other] = a;
  }
}

const uniq = tool(
  {
    usage: "[OPTION]... [INPUT [OUTPUT]]",
    about: "Drops repeated lines.",
    options:
      "c,count d,repeated D all-repeated=? f,skip-fields= group=? i,ignore-case s,skip-chars= u,unique z,zero-terminated w,check-chars=",
    bytes: true,
  },
  async (run, options) => {
    const [input = "-", output, extra] = options.operands;
    if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
    const end = options.has("zero-terminated") ? "\0" : "\n";
    const fields = Number(options.value("skip-fields") ?? 0);
    const characters = Number(options.value("skip-chars") ?? 0);
    const width = options.has("check-chars") ? Number(options.value("check-chars")) : undefined;
    const keyOf = (line: string): string => {
      let key = line;
      for (let index = 0; index < fields; index += 1) key = key.replace(/^[ \t]*[^ \t]*/, "");
      key = key.slice(characters, width === undefined ? undefined : characters + width);
      return options.has("ignore-case") ? key.toLowerCase() : key;
    };
    let text = "";
    const put = (group: readonly string[]): void => {
      const [first] = group;
      if (first === undefined) return;
      if (options.has("unique") && group.length > 1) return;
      if (options.has("repeated", "D", "all-repeated") && group.length === 1) return;
      const shown = options.has("D", "all-repeated") ? group : [first];
      for (const line of shown)
        text += (options.has("count") ? `${String(group.length).padStart(7)} ` : "") + line + end;
    };
    try {
      let group: string[] = [];
      let key = "";
      for await (const line of run.lines(input, end)) {
        const next = keyOf(line);
        if (group.length > 0 && next === key) {
          // Only the first line and the count matter, unless all are shown.
          group.push(options.has("D", "all-repeated") ? line : "");
          continue;
        }
        put(group);
        group = [line];
        key = next;
        if (output === undefined) run.print(text);
        if (output === undefined) text = "";
        await run.drain();
      }
      put(group);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return run.die(`${input}: ${error.message}`);
    }
    if (output === undefined) run.print(text);
    else await run.create(output).write(Buffer.from(text, "latin1"));
  },
);

const comm = tool(
  {
    usage: "[OPTION]... FILE1 FILE2",
    about: "Compares sorted files.",
    options: "1 2 3 check-order nocheck-order output-delimiter= total z,zero-terminated",
    bytes: true,
  },
  async (run, options) => {
    const [a, b, extra] = options.operands;
    if (a === undefined) return run.misuse("missing operand");
    if (b === undefined) return run.misuse(`missing operand after ${quote(a)}`);
    if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
    const tab = options.value("output-delimiter") ?? "\t";
    const totals = [0, 0, 0];
    const put = (kind: 1 | 2 | 3, line: string): void => {
      totals[kind - 1] = (totals[kind - 1] ?? 0) + 1;
      if (options.has(String(kind))) return;
      const before = [1, 2].filter((one) => one < kind && !options.has(String(one))).length;
      run.print(`${tab.repeat(before)}${line}\n`);
    };
    const readers: LineReader[] = [];
    await eachFile(run, [a, b], async (name) => {
      readers.push(run.lines(name));
    });
    const [left, right] = readers;
    if (!left || !right) return;
    let x = await left.next();
    let y = await right.next();
    const previous = ["", ""];
    let disorder = false;
    const check = async (side: 0 | 1, line: string | undefined): Promise<void> => {
      if (line === undefined) return;
      if (line < (previous[side] ?? "") && !options.has("nocheck-order")) {
        disorder = true;
        await run.fail(`file ${side + 1} is not in sorted order`);
      }
      previous[side] = line;
    };
    await check(0, x);
    await check(1, y);
    while (x !== undefined || y !== undefined) {
      if (y === undefined || (x !== undefined && x < y)) {
        put(1, x ?? "");
        x = await left.next();
        await check(0, x);
      } else if (x === undefined || x > y) {
        put(2, y);
        y = await right.next();
        await check(1, y);
      } else {
        put(3, x);
        x = await left.next();
        y = await right.next();
        await check(0, x);
        await check(1, y);
      }
      await run.drain();
    }
    if (options.has("total")) run.print(`${totals.join(tab)}${tab}total\n`);
    if (disorder) await run.warn("input is not in sorted order");
  },
);

const join = tool(
  {
    usage: "[OPTION]... FILE1 FILE2",
    about: "Joins lines on a common field.",
    options: "a= e= i,ignore-case j= o= t= v= 1= 2= check-order nocheck-order header z,zero-terminated",
    bytes: true,
  },
  async (run, options) => {
    const [a, b] = options.operands;
    if (a === undefined) return run.misuse("missing operand");
    if (b === undefined) return run.misuse(`missing operand after ${quote(a)}`);
    const tab = options.value("t");
    const keys = [
      Number(options.value("1") ?? options.value("j") ?? 1) - 1,
      Number(options.value("2") ?? options.value("j") ?? 1) - 1,
    ];
    const split = (line: string): string[] => (tab === undefined ? line.trim().split(/[ \t]+/) : line.split(tab));
    const rows: string[][][] = [[], []];
    for (const [side, name] of [a, b].entries()) {
      try {
        for await (const line of run.lines(name)) rows[side]?.push(split(line));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.die(`${name}: ${error.message}`);
      }
    }
    const glue = tab ?? " ";
    const empty = options.value("e") ?? "";
    const format = options.value("o");
    const fold = (text: string): string => (options.has("ignore-case") ? text.toLowerCase() : text);
    const keyOf = (row: readonly string[], side: 0 | 1): string => row[keys[side] ?? 0] ?? "";
    const put = (left: readonly string[] | undefined, right: readonly string[] | undefined): void => {
      const key = left ? keyOf(left, 0) : keyOf(right ?? [], 1);
      let cells: string[];
      if (format !== undefined && format !== "auto") {
        cells = format.split(/[ ,]/).map((place) => {
          if (place === "0") return key;
          const [side, field] = place.split(".");
          return (side === "1" ? left : right)?.[Number(field) - 1] || empty;
        });
      } else
        cells = [
          key,
          ...(left ?? []).filter((_, index) => index !== keys[0]),
          ...(right ?? []).filter((_, index) => index !== keys[1]),
        ];
      run.print(`${cells.join(glue)}\n`);
    };
    const unpaired = [...options.values("a"), ...options.values("v")];
    const only = options.has("v");
    const [left = [], right = []] = rows;
    if (options.has("header") && left[0] && right[0]) put(left.shift(), right.shift());
    let i = 0;
    let j = 0;
    while (i < left.length || j < right.length) {
      const x = left[i];
      const y = right[j];
      const order = x === undefined ? 1 : y === undefined ? -1 : byBytes(fold(keyOf(x, 0)), fold(keyOf(y, 1)));
      if (order < 0) {
        if (unpaired.includes("1")) put(x, undefined);
        i += 1;
      } else if (order > 0) {
        if (unpaired.includes("2")) put(undefined, y);
        j += 1;
      } else {
        const key = fold(keyOf(x ?? [], 0));
        const same = right.slice(j).findIndex((row) => fold(keyOf(row, 1)) !== key);
        const count = same < 0 ? right.length - j : same;
        while (i < left.length && fold(keyOf(left[i] ?? [], 0)) === key) {
          for (const row of right.slice(j, j + count)) if (!only) put(left[i], row);
          i += 1;
        }
        j += count;
      }
      await run.drain();
    }
  },
);

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const shuf = tool(
  {
    usage: "[OPTION]... [FILE]",
    about: "Prints lines in random order.",
    options: "e,echo i,input-range= n,head-count= o,output= r,repeat random-source= z,zero-terminated",
  },
  async (run, options) => {
    const { random } = run.process.machine.environment;
    let lines: string[] = [];
    const range = options.value("input-range");
    if (range !== undefined) {
      const match = /^(\d+)-(\d+)$/.exec(range);
      if (!match) return run.die(`invalid input range: ${quote(range)}`);
      for (let value = Number(match[1]); value <= Number(match[2]); value += 1) lines.push(String(value));
    } else if (options.has("echo")) lines = [...options.operands];
    else {
      const name = options.operands[0] ?? "-";
      for await (const line of run.lines(name)) lines.push(line);
    }
    const count = Number(
      options.value("head-count") ?? (options.has("repeat") ? Number.POSITIVE_INFINITY : lines.length),
    );
    if (options.has("repeat")) {
      for (let index = 0; index < count && lines.length > 0; index += 1) {
        run.print(`${lines[Math.floor(random.next() * lines.length)] ?? ""}\n`);
        await run.drain();
      }
      return;
    }
    shuffle(lines, () => random.next());
    for (const line of lines.slice(0, count)) run.print(`${line}\n`);
  },
);

const split = tool(
  {
    usage: "[OPTION]... [FILE [PREFIX]]",
    about: "Splits a file into pieces.",
    options:
      "a,suffix-length= additional-suffix= b,bytes= C,line-bytes= d numeric-suffixes=? l,lines= n,number= t,separator= verbose x",
    bytes: true,
    rewrite: (args) => args.map((arg) => (/^-\d+$/.test(arg) ? `-l${arg.slice(1)}` : arg)),
  },
  async (run, options) => {
    const [name = "-", prefix = "x"] = options.operands;
    const length = Number(options.value("suffix-length") ?? 2);
    const numeric = options.has("d", "numeric-suffixes");
    let index = 0;
    const nextName = (): string => {
      const value = index;
      index += 1;
      if (numeric) return prefix + String(value).padStart(length, "0") + (options.value("additional-suffix") ?? "");
      let suffix = "";
      for (let rest = value, place = 0; place < length; place += 1) {
        suffix = String.fromCharCode(97 + (rest % 26)) + suffix;
        rest = Math.floor(rest / 26);
      }
      return prefix + suffix + (options.value("additional-suffix") ?? "");
    };
    let bytes: Uint8Array;
    try {
      bytes = await run.slurp(name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return run.die(`cannot open '${name}' for reading: ${error.message}`);
    }
    const put = async (part: Uint8Array): Promise<void> => {
      const file = nextName();
      if (options.has("verbose")) run.printText(`creating file '${file}'\n`);
      await run.create(file).write(part);
    };
    const sizeWord = options.value("bytes");
    const chunks = options.value("number");
    if (sizeWord !== undefined || chunks !== undefined) {
      const unit = /^(\d+)([kKmMgG]?)/.exec(sizeWord ?? "");
      const size =
        chunks === undefined
          ? Number(unit?.[1] ?? 0) * 1024 ** " kmg".indexOf((unit?.[2] ?? "").toLowerCase() || " ")
          : Math.floor(bytes.length / Number(chunks));
      if (!(size > 0)) return run.die(`invalid number of bytes: ${quote(sizeWord ?? "")}`);
      if (chunks === undefined) for (let at = 0; at < bytes.length; at += size) await put(bytes.slice(at, at + size));
      else
        for (let part = 0; part < Number(chunks); part += 1)
          await put(bytes.slice(part * size, part === Number(chunks) - 1 ? bytes.length : (part + 1) * size));
      return;
    }
    const count = Number(options.value("lines") ?? 1000);
    if (!(count > 0)) return run.die(`invalid number of lines: ${quote(options.value("lines") ?? "")}`);
    let from = 0;
    for (let at = 0, lines = 0; at < bytes.length; at += 1) {
      if (bytes[at] === 10) lines += 1;
      if (lines === count || at === bytes.length - 1) {
        await put(bytes.slice(from, at + 1));
        from = at + 1;
        lines = 0;
      }
    }
  },
);

export const sortPrograms: ProgramTable = { sort, uniq, comm, join, shuf, split };
