import { FileError } from "../../files/errors.ts";
import type { ProgramTable } from "../../process.ts";
import { quote, quoteName, textToBinary, textWidth } from "./support/text.ts";
import { eachFile, LineReader, parseSize, tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";
import type { Options } from "./support/options.ts";

const visible = (code: number, marks: { tabs: boolean; ends: boolean; others: boolean }): string => {
  if (code === 9) return marks.tabs ? "^I" : "\t";
  if (!marks.others) return String.fromCharCode(code);
  if (code >= 128) return `M-${code - 128 === 9 ? "^I" : code - 128 === 10 ? "^J" : visible(code - 128, marks)}`;
  if (code === 127) return "^?";
  if (code < 32 && code !== 10) return `^${String.fromCharCode(code + 64)}`;
  return String.fromCharCode(code);
};

const cat = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Prints files one after the other.",
    options: "A,show-all b,number-nonblank e E,show-ends n,number s,squeeze-blank t T,show-tabs u v,show-nonprinting",
    bytes: true,
  },
  async (run, options) => {
    const all = options.has("show-all");
    const ends = all || options.has("e", "show-ends");
    const tabs = all || options.has("t", "show-tabs");
    const others = all || options.has("e", "t", "show-nonprinting");
    const nonblank = options.has("number-nonblank");
    const numbers = options.has("number") || nonblank;
    const squeeze = options.has("squeeze-blank");
    const plain = !ends && !tabs && !others && !numbers && !squeeze;
    let count = 0;
    let blank = 0;
    let continued = false;
    await eachFile(run, options.operands, async (name) => {
      if (plain) {
        for await (const chunk of run.open(name)) {
          run.printBytes(chunk);
          await run.drain();
        }
        return;
      }
      const lines = run.lines(name);
      for await (const line of lines) {
        if (line === "" && lines.terminated && !continued) {
          blank += 1;
          if (squeeze && blank > 1) continue;
        } else blank = 0;
        if (numbers && !continued && !(nonblank && line === "")) {
          count += 1;
          run.print(`${String(count).padStart(6)}\t`);
        }
        const shown =
          tabs || others ? [...line].map((one) => visible(one.charCodeAt(0), { tabs, ends, others })).join("") : line;
        continued = !lines.terminated;
        run.print(shown + (continued ? "" : ends ? "$\n" : "\n"));
        await run.drain();
      }
    });
  },
);

const tac = tool(
  {
    usage: "[FILE]...",
    about: "Prints files with their lines in reverse.",
    options: "b,before r,regex s,separator=",
    bytes: true,
  },
  async (run, options) => {
    for (const name of options.operands.length > 0 ? options.operands : ["-"]) {
      try {
        const bytes = await run.slurp(name);
        const separator = textToBinary(options.value("separator") ?? "\n");
        const text = Buffer.from(bytes).toString("latin1");
        const parts = text.split(separator);
        const last = parts.pop() ?? "";
        const records = parts.map((part) => part + separator);
        if (last !== "") records.push(last);
        for (const record of records.reverse()) {
          run.print(record);
          await run.drain();
        }
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        const reading =
          error.code === "EISDIR" ? `${name}: read error` : `failed to open ${quoteName(name)} for reading`;
        await run.fail(`${reading}: ${error.message}`);
      }
    }
  },
);

const wc = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Counts lines, words and bytes.",
    options: "c,bytes m,chars l,lines L,max-line-length w,words files0-from=",
    bytes: true,
  },
  async (run, options) => {
    const none = !options.has("bytes", "chars", "lines", "words", "max-line-length");
    const show = [
      none || options.has("lines"),
      none || options.has("words"),
      options.has("chars"),
      none || options.has("bytes"),
      options.has("max-line-length"),
    ];
    const files = options.operands.length > 0 ? options.operands : [""];
    const rows: { counts: number[]; name: string }[] = [];
    const total = [0, 0, 0, 0, 0];
    const regular = files
      .filter((name) => name !== "" && name !== "-")
      .map((name) => run.tryStat(name))
      .filter((stat) => stat?.type === "file");
    const size = regular.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
    const irregular = files.some(
      (name) => name === "" || name === "-" || (run.tryStat(name)?.type !== "file" && run.tryStat(name) !== undefined),
    );
    const single = show.filter(Boolean).length === 1 && files.length === 1;
    const width = single ? 1 : Math.max(irregular ? 7 : 1, String(size).length);
    const put = (counts: readonly number[], name: string): void => {
      const shown = counts.filter((_, index) => show[index]).map((count) => String(count).padStart(width));
      run.print(shown.join(" "));
      if (name !== "") run.printText(` ${name}`);
      run.print("\n");
    };
    for (const name of files) {
      const counts = [0, 0, 0, 0, 0];
      try {
        await count(run, name === "" ? "-" : name, counts);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`${name}: ${error.message}`);
        if (error.code !== "EISDIR") continue;
      }
      rows.push({ counts, name });
      put(counts, name);
      for (const index of total.keys()) {
        const value = counts[index] ?? 0;
        total[index] = index === 4 ? Math.max(total[index] ?? 0, value) : (total[index] ?? 0) + value;
      }
    }
    if (files.length > 1) put(total, "total");
  },
);

/** Fills lines, words, characters, bytes and the longest line. */
async function count(run: Tool, name: string, counts: number[]): Promise<void> {
  let inWord = false;
  let column = 0;
  const add = (index: number, amount: number): void => {
    counts[index] = (counts[index] ?? 0) + amount;
  };
  for await (const chunk of run.open(name)) {
    add(3, chunk.length);
    for (const byte of chunk) {
      if ((byte & 0xc0) !== 0x80) {
        add(2, 1);
        if (byte >= 32 && byte !== 127) column += 1;
        if (byte === 9) column += 8 - (column % 8);
      }
      if (byte === 10) {
        add(0, 1);
        counts[4] = Math.max(counts[4] ?? 0, column);
        column = 0;
      }
      const space = byte === 32 || (byte >= 9 && byte <= 13);
      if (!space && !inWord && byte > 32 && byte !== 127) {
        add(1, 1);
        inWord = true;
      } else if (space) inWord = false;
    }
  }
  counts[4] = Math.max(counts[4] ?? 0, column);
}

/** `-5` and `-5c` of head and tail as options. */
function oldCounts(args: readonly string[], plus: boolean): string[] {
  const end = args.indexOf("--");
  return args.flatMap((arg, index) => {
    if (end >= 0 && index > end) return [arg];
    const before = args[index - 1];
    if (before !== undefined && /^-[a-z]*[nc]$/.test(before)) return [arg];
    const match = /^-(\d+)([bkmcqvlfF]*)$/.exec(arg) ?? (plus && index === 0 ? /^\+(\d+)([clf]*)$/.exec(arg) : null);
    if (!match) return [arg];
    const letters = match[2] ?? "";
    const sign = arg.startsWith("+") ? "+" : "";
    const others = letters.replace(/[cl]/g, "");
    return [
      `${letters.includes("c") ? "--bytes=" : "--lines="}${sign}${match[1]}`,
      ...(others === "" ? [] : [`-${others}`]),
    ];
  });
}

const headed = (options: Options): boolean =>
  options.has("verbose") || (options.operands.length > 1 && !options.has("quiet", "silent"));

const head = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Prints the beginning of files.",
    options: "c,bytes= n,lines= q,quiet silent v,verbose z,zero-terminated",
    bytes: true,
    rewrite: (args) => oldCounts(args, false),
  },
  async (run, options) => {
    const kind = options.last("bytes", "lines") ?? "lines";
    const word = options.value(kind) ?? "10";
    const amount = parseSize(word.replace(/^-/, ""));
    if (amount === undefined) return run.die(`invalid number of ${kind}: ${quote(word)}`);
    const delimiter = options.has("zero-terminated") ? "\0" : "\n";
    let first = true;
    for (const name of options.operands.length > 0 ? options.operands : ["-"]) {
      try {
        const chunks = run.open(name);
        if (headed(options)) run.printText(`${first ? "" : "\n"}==> ${name === "-" ? "standard input" : name} <==\n`);
        first = false;
        if (kind === "bytes") await headBytes(run, chunks, word.startsWith("-") ? -amount : amount);
        else
          await headLines(
            run,
            new LineReader(chunks, true, delimiter),
            word.startsWith("-") ? -amount : amount,
            delimiter,
            word.startsWith("-"),
          );
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        if (error.code === "EISDIR") {
          if (headed(options)) run.printText(`${first ? "" : "\n"}==> ${name} <==\n`);
          first = false;
          await run.fail(`error reading ${quoteName(name)}: ${error.message}`);
        } else await run.fail(`cannot open ${quoteName(name)} for reading: ${error.message}`);
      }
    }
  },
);

async function headBytes(run: Tool, chunks: AsyncGenerator<Uint8Array>, amount: number): Promise<void> {
  if (amount < 0 || Object.is(amount, -0)) {
    let held: Uint8Array = new Uint8Array();
    for await (const chunk of chunks) {
      held = Buffer.concat([held, chunk]);
      const ready = held.length + amount;
      if (ready > 0) {
        run.printBytes(held.slice(0, ready));
        held = held.slice(ready);
      }
    }
    return;
  }
  let left = amount;
  if (left === 0) return;
  for await (const chunk of chunks) {
    run.printBytes(chunk.slice(0, left));
    left -= Math.min(left, chunk.length);
    if (left === 0) return;
    await run.drain();
  }
}

async function headLines(
  run: Tool,
  lines: LineReader,
  amount: number,
  delimiter: string,
  fromEnd: boolean,
): Promise<void> {
  const held: string[] = [];
  let left = amount;
  if (!fromEnd && left === 0) return;
  for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
    const text = line + (lines.terminated ? delimiter : "");
    if (fromEnd) {
      held.push(text);
      if (held.length > -amount) run.print(held.shift() ?? "");
    } else {
      run.print(text);
      left -= 1;
      if (left === 0) break;
    }
    await run.drain();
  }
  await lines.close();
}

const tailTable =
  "c,bytes= f follow=? F n,lines= max-unchanged-stats= pid= q,quiet silent retry s,sleep-interval= v,verbose z,zero-terminated";

const tail = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Prints the end of files.",
    options: tailTable,
    bytes: true,
    rewrite: (args) => oldCounts(args, true),
  },
  async (run, options) => {
    const kind = options.last("bytes", "lines") ?? "lines";
    const word = options.value(kind) ?? "10";
    const amount = parseSize(word.replace(/^[-+]/, ""));
    if (amount === undefined) return run.die(`invalid number of ${kind}: ${quote(word)}`);
    const delimiter = options.has("zero-terminated") ? 0 : 10;
    const names = options.operands.length > 0 ? options.operands : ["-"];
    const follows = options.has("f", "follow", "F");
    const byName = options.has("F") || options.value("follow") === "name";
    const followed: Followed[] = [];
    let first = true;
    for (const name of names) {
      try {
        const bytes = await run.slurp(name);
        if (headed(options)) run.printText(`${first ? "" : "\n"}==> ${name === "-" ? "standard input" : name} <==\n`);
        first = false;
        run.printBytes(bytes.slice(tailStart(bytes, amount, kind, word.startsWith("+"), delimiter)));
        if (follows && name !== "-") {
          const stat = run.stat(name);
          followed.push({ name, length: bytes.length, version: stat.version, inode: stat.inode, missing: false });
        }
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        if (error.code === "EISDIR") await run.fail(`error reading ${quoteName(name)}: ${error.message}`);
        else await run.fail(`cannot open ${quoteName(name)} for reading: ${error.message}`);
        if (follows && byName) followed.push({ name, length: 0, version: -1, inode: -1, missing: true });
      }
    }
    if (!follows) return;
    if (followed.length === 0) return names.includes("-") ? undefined : run.die("no files remaining");
    await follow(run, followed, byName, headed(options));
  },
);

function tailStart(bytes: Uint8Array, amount: number, kind: string, fromStart: boolean, delimiter: number): number {
  if (kind === "bytes") return fromStart ? Math.max(0, amount - 1) : Math.max(0, bytes.length - amount);
  if (fromStart) {
    let at = 0;
    for (let line = 1; line < amount; line += 1) {
      const end = bytes.indexOf(delimiter, at);
      if (end < 0) return bytes.length;
      at = end + 1;
    }
    return at;
  }
  if (amount === 0) return bytes.length;
  let at = bytes.at(-1) === delimiter ? bytes.length - 1 : bytes.length;
  for (let line = 0; line < amount; line += 1) {
    at = bytes.lastIndexOf(delimiter, at - 1);
    if (at < 0) return 0;
    if (at === 0) return line === amount - 1 ? 1 : 0;
  }
  return at + 1;
}

interface Followed {
  name: string;
  length: number;
  version: number;
  inode: number;
  missing: boolean;
}

/** Prints what is added to the files until the process is killed. */
async function follow(run: Tool, followed: Followed[], byName: boolean, headers: boolean): Promise<never> {
  const { machine, signal, files } = run.process;
  let shown = followed.at(-1);
  let wake: () => void = () => {};
  const stop = machine.files.onChange(() => wake());
  const onAbort = (): void => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      for (const file of followed) {
        const stat = run.tryStat(file.name);
        if (!stat) {
          if (byName && !file.missing) {
            file.missing = true;
            await run.warn(`${quoteName(file.name)} has become inaccessible: No such file or directory`);
          }
          continue;
        }
        if (stat.inode !== file.inode) {
          if (!byName) continue;
          const words = file.missing ? "has appeared;  following new file" : "has been replaced;  following new file";
          await run.warn(`${quoteName(file.name)} ${words}`);
          Object.assign(file, { inode: stat.inode, length: 0, version: -1, missing: false });
        }
        if (stat.version === file.version) continue;
        file.version = stat.version;
        const bytes = files.readBytes(run.path(file.name));
        if (bytes.length < file.length) {
          await run.warn(`${file.name}: file truncated`);
          file.length = 0;
        }
        if (bytes.length === file.length) continue;
        if (headers && shown !== file) run.printText(`\n==> ${file.name} <==\n`);
        shown = file;
        run.printBytes(bytes.slice(file.length));
        file.length = bytes.length;
      }
      await run.flush();
      signal.throwIfAborted();
      await changed;
      await run.pause();
    }
  } finally {
    stop();
    signal.removeEventListener("abort", onAbort);
  }
}

const nl = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Numbers lines.",
    options:
      "b,body-numbering= d,section-delimiter= f,footer-numbering= h,header-numbering= i,line-increment= l,join-blank-lines= n,number-format= p,no-renumber s,number-separator= v,starting-line-number= w,number-width=",
    bytes: true,
  },
  async (run, options) => {
    const style = options.value("body-numbering") ?? "t";
    const step = Number(options.value("line-increment") ?? 1);
    const width = Number(options.value("number-width") ?? 6);
    const separator = textToBinary(options.value("number-separator") ?? "\t");
    const format = options.value("number-format") ?? "rn";
    const pattern = style.startsWith("p") ? new RegExp(style.slice(1)) : undefined;
    let number = Number(options.value("starting-line-number") ?? 1);
    await eachFile(run, options.operands, async (name) => {
      for await (const line of run.lines(name)) {
        const counts = style === "a" || (style === "t" && line !== "") || pattern?.test(line) === true;
        if (counts) {
          const text = String(number);
          const cell = format === "ln" ? text.padEnd(width) : text.padStart(width, format === "rz" ? "0" : " ");
          run.print(`${cell}${separator}${line}\n`);
          number += step;
        } else run.print(`${" ".repeat(width + separator.length)}${line}\n`);
        await run.drain();
      }
    });
  },
);

const rev = tool(
  { usage: "[FILE]...", about: "Reverses each line.", options: "", suite: "util-linux" },
  async (run, options) => {
    for (const name of options.operands.length > 0 ? options.operands : ["-"]) {
      try {
        const lines = run.lines(name);
        for await (const line of lines) {
          run.print([...line].reverse().join("") + (lines.terminated ? "\n" : ""));
          await run.drain();
        }
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`cannot open ${name}: ${error.message}`);
      }
    }
  },
);

const fold = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Breaks long lines.",
    options: "b,bytes s,spaces w,width=",
    bytes: true,
    rewrite: (args) => args.map((arg) => (/^-\d+$/.test(arg) ? `-w${arg.slice(1)}` : arg)),
  },
  async (run, options) => {
    const width = Number(options.value("width") ?? 80);
    if (!Number.isInteger(width) || width < 1)
      return run.die(`invalid number of columns: ${quote(options.value("width") ?? "")}`);
    await eachFile(run, options.operands, async (name) => {
      const lines = run.lines(name);
      for await (const line of lines) {
        let rest = line;
        while (columnsOf(rest, options.has("bytes")) > width) {
          let cut = fitting(rest, width, options.has("bytes"));
          if (options.has("spaces")) {
            const blank = rest.slice(0, cut).search(/[ \t][^ \t]*$/);
            if (blank >= 0) cut = blank + 1;
          }
          // One character wider than the line stands alone.
          if (cut >= rest.length) break;
          run.print(`${rest.slice(0, cut)}\n`);
          rest = rest.slice(cut);
        }
        run.print(rest + (lines.terminated ? "\n" : ""));
        await run.drain();
      }
    });
  },
);

const advance = (column: number, character: string, bytes: boolean): number => {
  if (bytes) return column + 1;
  if (character === "\t") return column + 8 - (column % 8);
  if (character === "\b") return Math.max(0, column - 1);
  return character === "\r" ? 0 : column + 1;
};

const columnsOf = (text: string, bytes: boolean): number => {
  let column = 0;
  for (const character of text) column = advance(column, character, bytes);
  return column;
};

function fitting(text: string, width: number, bytes: boolean): number {
  let column = 0;
  for (const [index, character] of [...text].entries()) {
    column = advance(column, character, bytes);
    if (column > width) return Math.max(1, index);
  }
  return text.length;
}

const fmt = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Fills paragraphs.",
    options: "w,width= s,split-only u,uniform-spacing",
    rewrite: (args) => args.map((arg) => (/^-\d+$/.test(arg) ? `-w${arg.slice(1)}` : arg)),
  },
  async (run, options) => {
    const width = Number(options.value("width") ?? 75);
    // Simplified: a real fmt balances line lengths; this one fills lines greedily.
    await eachFile(run, options.operands, async (name) => {
      let words: string[] = [];
      let indent = "";
      const put = (): void => {
        let line = indent;
        for (const word of words) {
          if (line !== indent && textWidth(line) + 1 + textWidth(word) > width) {
            run.print(`${line}\n`);
            line = indent;
          }
          line += (line === indent ? "" : " ") + word;
        }
        if (words.length > 0) run.print(`${line}\n`);
        words = [];
      };
      for await (const line of run.lines(name)) {
        const lead = /^\s*/.exec(line)?.[0] ?? "";
        if (line.trim() === "") {
          put();
          run.print("\n");
          continue;
        }
        if (words.length > 0 && lead !== indent) put();
        indent = lead;
        words.push(...line.trim().split(/\s+/));
      }
      put();
    });
  },
);

const expand = tool(
  { usage: "[OPTION]... [FILE]...", about: "Turns tabs into spaces.", options: "i,initial t,tabs=", bytes: true },
  async (run, options) => {
    const size = Number(options.value("tabs") ?? 8);
    await eachFile(run, options.operands, async (name) => {
      const lines = run.lines(name);
      for await (const line of lines) {
        let result = "";
        for (const character of line)
          result += character === "\t" ? " ".repeat(size - (result.length % size)) : character;
        run.print(result + (lines.terminated ? "\n" : ""));
      }
    });
  },
);

const column = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Lays text out in columns.",
    options:
      "t,table s,separator= o,output-separator= c,output-width= x,fillrows n,name= R,table-right= N,table-columns= e,table-header-repeat L,keep-empty-lines",
    suite: "util-linux",
  },
  async (run, options) => {
    const rows: string[] = [];
    for (const name of options.operands.length > 0 ? options.operands : ["-"]) {
      try {
        for await (const line of run.lines(name))
          if (line.trim() !== "" || options.has("keep-empty-lines")) rows.push(line);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`${name}: ${error.message}`);
      }
    }
    if (rows.length === 0) return;
    if (options.has("table")) return printTable(run, rows, options);
    const width = Number(options.value("output-width") ?? run.process.terminal?.columns ?? 80);
    const cell = (Math.floor(Math.max(...rows.map(textWidth)) / 8) + 1) * 8;
    const columns = Math.max(1, Math.floor(width / cell));
    const height = Math.ceil(rows.length / columns);
    for (let row = 0; row < height; row += 1) {
      let line = "";
      for (let at = 0; at < columns; at += 1) {
        const index = options.has("fillrows") ? row * columns + at : at * height + row;
        const text = rows[index];
        if (text === undefined) break;
        const next = options.has("fillrows") ? index + 1 : index + height;
        const more = next < rows.length && at < columns - 1;
        line += text + (more ? "\t".repeat(Math.ceil((cell - textWidth(text)) / 8)) : "");
      }
      run.print(`${line}\n`);
    }
  },
);

function printTable(run: Tool, rows: readonly string[], options: Options): void {
  const separators = options.value("separator");
  const gap = options.value("output-separator") ?? "  ";
  const cells = rows.map((row) => (separators === undefined ? row.trim().split(/[ \t]+/) : splitAny(row, separators)));
  const names = options.value("table-columns");
  if (names !== undefined) cells.unshift(names.split(","));
  const widths: number[] = [];
  for (const row of cells)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, textWidth(cell));
  const right = new Set(
    (options.value("table-right") ?? "")
      .split(",")
      .filter(Boolean)
      .map((word) => (/^\d+$/.test(word) ? Number(word) - 1 : (names ?? "").split(",").indexOf(word))),
  );
  for (const row of cells) {
    const padded = row.map((cell, index) => {
      const missing = " ".repeat((widths[index] ?? 0) - textWidth(cell));
      if (right.has(index)) return missing + cell;
      return index === row.length - 1 && row.length === widths.length ? cell : cell + missing;
    });
    const trailing =
      row.length < widths.length
        ? gap +
          widths
            .slice(row.length)
            .map((width, index) => (index === widths.length - row.length - 1 ? "" : " ".repeat(width)))
            .join(gap)
        : "";
    run.print(`${padded.join(gap)}${trailing}\n`);
  }
}

const splitAny = (text: string, separators: string): string[] => {
  const result: string[] = [""];
  for (const character of text) {
    if (separators.includes(character)) result.push("");
    else result[result.length - 1] = (result.at(-1) ?? "") + character;
  }
  return result;
};

const strings = tool(
  {
    usage: "[OPTION]... FILE...",
    about: "Prints the readable text in files.",
    options: "a,all f,print-file-name n,bytes= t,radix= d,data o w",
    bytes: true,
    suite: "GNU Binutils",
    rewrite: (args) => args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg)),
  },
  async (run, options) => {
    const least = Number(options.value("bytes") ?? 4);
    const radix = options.value("radix");
    const base = radix === "d" ? 10 : radix === "x" ? 16 : 8;
    for (const name of options.operands.length > 0 ? options.operands : ["-"]) {
      let stat = run.tryStat(name);
      if (name === "-") stat = undefined;
      else if (!stat) {
        await run.process.err(`${run.name}: '${name}': No such file\n`);
        run.status = 1;
        continue;
      } else if (stat.type === "directory") {
        await run.process.err(`${run.name}: Warning: '${name}' is a directory\n`);
        run.status = 1;
        continue;
      }
      const text = Buffer.from(await run.slurp(name)).toString("latin1");
      for (const match of text.matchAll(/[\t\x20-\x7e]+/g)) {
        if (match[0].length < least) continue;
        if (options.has("print-file-name")) run.printText(`${name}: `);
        run.print(`${radix === undefined ? "" : `${match.index.toString(base).padStart(7)} `}${match[0]}\n`);
        await run.drain();
      }
    }
  },
);

export const textPrograms: ProgramTable = { cat, tac, wc, head, tail, nl, rev, fold, fmt, expand, column, strings };
