import type { ProgramTable } from "../../process.ts";
import { quote, textToBinary } from "./support/text.ts";
import { eachFile, tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

interface Range {
  low: number;
  high: number;
}

async function parseRanges(run: Tool, list: string, what: string): Promise<Range[]> {
  const ranges: Range[] = [];
  for (const part of list.split(/[, \t]/)) {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    const kind = what === "fields" ? "field" : "byte/character";
    if (!match || part === "")
      return part === ""
        ? run.misuse(what === "fields" ? "fields are numbered from 1" : "byte/character positions are numbered from 1")
        : run.misuse(
            `invalid ${kind} ${what === "fields" ? "value" : "position"} ${quote(part)}`.replace(
              "byte/character position",
              "byte or character position",
            ),
          );
    if (part === "-") return run.misuse("invalid range with no endpoint: -");
    const low = match[1] === "" ? 1 : Number(match[1]);
    const high = match[2] === "" ? low : match[3] === "" ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (low === 0 || high === 0)
      return run.misuse(
        what === "fields" ? "fields are numbered from 1" : "byte/character positions are numbered from 1",
      );
    if (high < low) return run.misuse("invalid decreasing range");
    ranges.push({ low, high });
  }
  return ranges;
}

const cut = tool(
  {
    usage: "OPTION... [FILE]...",
    about: "Prints parts of lines.",
    options:
      "b,bytes= c,characters= d,delimiter= f,fields= n complement s,only-delimited output-delimiter= z,zero-terminated",
    bytes: true,
  },
  async (run, options) => {
    const kinds = options.given.filter((option) => ["bytes", "characters", "fields"].includes(option.name));
    const [kind] = kinds;
    if (!kind) return run.misuse("you must specify a list of bytes, characters, or fields");
    if (kinds.length > 1) return run.misuse("only one list may be specified");
    const byFields = kind.name === "fields";
    const delimiter = textToBinary(options.value("delimiter") ?? "\t") || "\0";
    if (delimiter.length > 1) return run.misuse("the delimiter must be a single character");
    if (!byFields && options.has("delimiter"))
      return run.misuse("an input delimiter may be specified only when operating on fields");
    if (!byFields && options.has("only-delimited"))
      return run.misuse("suppressing non-delimited lines makes sense\n\tonly when operating on fields");
    const ranges = await parseRanges(run, kind.value ?? "", byFields ? "fields" : "bytes");
    const complement = options.has("complement");
    const selected = (position: number): boolean =>
      ranges.some((range) => position >= range.low && position <= range.high) !== complement;
    const given = options.value("output-delimiter");
    const glue = given === undefined ? (byFields ? delimiter : "") : textToBinary(given);
    const end = options.has("zero-terminated") ? "\0" : "\n";
    await eachFile(run, options.operands, async (name) => {
      for await (const line of run.lines(name, end)) {
        await run.drain();
        if (byFields) {
          if (!line.includes(delimiter)) {
            if (!options.has("only-delimited")) run.print(line + end);
            continue;
          }
          run.print(
            line
              .split(delimiter)
              .filter((_, index) => selected(index + 1))
              .join(glue) + end,
          );
          continue;
        }
        let result = "";
        let last = -1;
        for (let index = 0; index < line.length; index += 1) {
          if (!selected(index + 1)) continue;
          // Parts of one range stay together, also with an output delimiter.
          const starts =
            last >= 0 &&
            (index !== last + 1 ||
              ranges.some(
                (range) => range.low === index + 1 && !ranges.some((other) => other.low <= index && other.high > index),
              ));
          if (glue !== "" && starts) result += glue;
          result += line.charAt(index);
          last = index;
        }
        run.print(result + end);
      }
    });
  },
);

const controlEscapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
};

const bytesBetween = (low: number, high: number): string[] =>
  Array.from({ length: high - low + 1 }, (_, index) => String.fromCharCode(low + index));

const allBytes = bytesBetween(0, 255);

const trClasses: Record<string, RegExp> = {
  alpha: /[a-zA-Z]/,
  digit: /[0-9]/,
  alnum: /[a-zA-Z0-9]/,
  upper: /[A-Z]/,
  lower: /[a-z]/,
  space: /[ \t\n\r\f\v]/,
  blank: /[ \t]/,
  punct: /[!-/:-@[-`{-~]/,
  print: /[ -~]/,
  graph: /[!-~]/,
  cntrl: /[^ -~\x80-\xff]/,
  xdigit: /[0-9a-fA-F]/,
};

interface TrSet {
  characters: string[];
  /** Where `[c*]` fills up to the other set's length. */
  fill: { at: number; character: string } | undefined;
  classes: { name: string; at: number }[];
}

async function parseSet(run: Tool, source: string): Promise<TrSet> {
  const set: TrSet = { characters: [], fill: undefined, classes: [] };
  let at = 0;
  const one = (): string => {
    if (source.charAt(at) !== "\\" || at + 1 >= source.length) return source.charAt(at++);
    const octal = /^\\([0-7]{1,3})/.exec(source.slice(at));
    if (octal) {
      at += octal[0].length;
      return String.fromCharCode(Number.parseInt(octal[1] ?? "0", 8) & 255);
    }
    const letter = source.charAt(at + 1);
    at += 2;
    return controlEscapes[letter] ?? letter;
  };
  while (at < source.length) {
    const rest = source.slice(at);
    const named = /^\[:([a-z]*):\]/.exec(rest);
    if (named) {
      const pattern = trClasses[named[1] ?? ""];
      if (!pattern) return run.die(`invalid character class ${quote(named[1] ?? "")}`);
      set.classes.push({ name: named[1] ?? "", at: set.characters.length });
      set.characters.push(...allBytes.filter((character) => pattern.test(character)));
      at += named[0].length;
      continue;
    }
    const equal = /^\[=([^])=\]/.exec(rest);
    if (equal) {
      set.characters.push(equal[1] ?? "");
      at += equal[0].length;
      continue;
    }
    const repeat = /^\[(\\[0-7]{1,3}|\\[^]|[^\\])\*(\d*)\]/.exec(rest);
    if (repeat) {
      at += 1;
      const character = one();
      at += 2 + (repeat[2] ?? "").length;
      const digits = repeat[2] ?? "";
      const times = digits === "" ? 0 : Number.parseInt(digits, digits.startsWith("0") ? 8 : 10);
      if (times === 0) set.fill = { at: set.characters.length, character };
      else set.characters.push(...Array.from({ length: times }, () => character));
      continue;
    }
    const low = one();
    if (source.charAt(at) === "-" && at + 1 < source.length) {
      at += 1;
      const high = one();
      if (high < low) return run.die(`range-endpoints of '${low}-${high}' are in reverse collating sequence order`);
      set.characters.push(...bytesBetween(low.charCodeAt(0), high.charCodeAt(0)));
    } else set.characters.push(low);
  }
  return set;
}

/** Of the classes only upper and lower may stand in the second set, each over against one in the first. */
async function checkClasses(run: Tool, first: TrSet, second: TrSet, complement: boolean): Promise<void> {
  for (const { name, at } of second.classes) {
    if (name !== "upper" && name !== "lower") {
      await run.die("when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'");
    }
    const partner = complement
      ? undefined
      : first.classes.find((other) => other.at === at && /^(?:upper|lower)$/.test(other.name));
    if (!partner) await run.die("misaligned [:upper:] and/or [:lower:] construct");
  }
}

const tr = tool(
  {
    usage: "[OPTION]... SET1 [SET2]",
    about: "Translates, squeezes or deletes characters.",
    options: "c,complement C d,delete s,squeeze-repeats t,truncate-set1",
    bytes: true,
    permute: false,
  },
  async (run, options) => {
    const [word1, word2, extra] = options.operands;
    const deletes = options.has("delete");
    const squeezes = options.has("squeeze-repeats");
    if (word1 === undefined) return run.misuse("missing operand");
    if (word2 === undefined && (deletes ? squeezes : !squeezes)) {
      const why = deletes
        ? "Two strings must be given when both deleting and squeezing repeats."
        : "Two strings must be given when translating.";
      return run.misuse(`missing operand after ${quote(word1)}\n${why}`);
    }
    if (word2 !== undefined && deletes && !squeezes) {
      return run.misuse(
        `extra operand ${quote(word2)}\nOnly one string may be given when deleting without squeezing repeats.`,
      );
    }
    if (extra !== undefined) return run.misuse(`extra operand ${quote(extra)}`);
    const first = await parseSet(run, textToBinary(word1));
    const second = word2 === undefined ? undefined : await parseSet(run, textToBinary(word2));
    let source = first.characters;
    if (options.has("complement", "C")) {
      const members = new Set(source);
      source = allBytes.filter((character) => !members.has(character));
    }
    const members = new Set(source);
    const map = new Map<string, string>();
    if (second && !deletes) {
      await checkClasses(run, first, second, options.has("complement", "C"));
      const target = [...second.characters];
      if (second.fill) {
        const { at, character } = second.fill;
        const missing = Math.max(0, source.length - target.length);
        target.splice(at, 0, ...Array.from({ length: missing }, () => character));
      }
      if (target.length === 0 && !options.has("truncate-set1"))
        return run.die("when not truncating set1, string2 must be non-empty");
      if (options.has("complement", "C") && first.classes.length > 0 && new Set(target).size > 1) {
        return run.die(
          "when translating with complemented character classes,\nstring2 must map all characters in the domain to one",
        );
      }
      for (const [index, character] of source.entries()) {
        const to = target[index] ?? (options.has("truncate-set1") ? undefined : target.at(-1));
        if (to !== undefined) map.set(character, to);
      }
    }
    const squeezed = squeezes ? new Set(second ? second.characters : source) : new Set<string>();
    let previous = "";
    for await (const chunk of run.open("-")) {
      const text = Buffer.from(chunk).toString("latin1");
      let result = "";
      for (const character of text) {
        if (deletes && members.has(character)) continue;
        const to = map.get(character) ?? character;
        if (to === previous && squeezed.has(to)) continue;
        previous = to;
        result += to;
      }
      run.print(result);
      await run.drain();
    }
  },
);

const paste = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Joins lines of files.",
    options: "d,delimiters= s,serial z,zero-terminated",
    bytes: true,
  },
  async (run, options) => {
    const word = textToBinary(options.value("delimiters") ?? "\t");
    const delimiters = [...word.matchAll(/\\([^])|[^\\]/g)].map((match) =>
      match[1] === undefined ? match[0] : match[1] === "0" ? "" : (controlEscapes[match[1]] ?? match[1]),
    );
    if (delimiters.length === 0) delimiters.push("");
    const end = options.has("zero-terminated") ? "\0" : "\n";
    const names = options.operands.length > 0 ? options.operands : ["-"];
    if (options.has("serial")) {
      await eachFile(run, names, async (name) => {
        let count = 0;
        let text = "";
        for await (const line of run.lines(name, end)) {
          text += (count > 0 ? (delimiters[(count - 1) % delimiters.length] ?? "") : "") + line;
          count += 1;
        }
        run.print(text + end);
      });
      return;
    }
    const shared = names.includes("-") ? run.lines("-", end) : undefined;
    const readers: ReturnType<Tool["lines"]>[] = [];
    await eachFile(run, names, async (name) => {
      readers.push(name === "-" && shared ? shared : run.lines(name, end));
    });
    if (readers.length < names.length) return;
    for (;;) {
      const cells: (string | undefined)[] = [];
      for (const reader of readers) cells.push(await reader.next());
      if (cells.every((cell) => cell === undefined)) return;
      run.print(
        cells
          .map(
            (cell, index) =>
              (cell ?? "") + (index < cells.length - 1 ? (delimiters[index % delimiters.length] ?? "") : ""),
          )
          .join("") + end,
      );
      await run.drain();
    }
  },
);

export const cutPrograms: ProgramTable = { cut, tr, paste };
