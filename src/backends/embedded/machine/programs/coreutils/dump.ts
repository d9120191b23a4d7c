import { FileError } from "../../files/errors.ts";
import { concat } from "../../io.ts";
import type { ProgramTable } from "../../process.ts";
import { quote } from "./support/text.ts";
import { parseSize, tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

/** The bytes of all files one after the other. */
async function bytesOf(
  run: Tool,
  names: readonly string[],
  words: (name: string, error: FileError) => string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const name of names.length > 0 ? names : ["-"]) {
    try {
      parts.push(await run.slurp(name));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.fail(words(name, error));
    }
  }
  return concat(parts);
}

interface Column {
  /** Bytes per number. */
  size: number;
  width: number;
  show: (bytes: Uint8Array) => string;
  text: boolean;
}

const named = [
  "nul",
  "soh",
  "stx",
  "etx",
  "eot",
  "enq",
  "ack",
  "bel",
  "bs",
  "ht",
  "nl",
  "vt",
  "ff",
  "cr",
  "so",
  "si",
  "dle",
  "dc1",
  "dc2",
  "dc3",
  "dc4",
  "nak",
  "syn",
  "etb",
  "can",
  "em",
  "sub",
  "esc",
  "fs",
  "gs",
  "rs",
  "us",
  "sp",
];

const cEscapes: Record<number, string> = {
  0: "\\0",
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
};

const character = (byte: number): string =>
  cEscapes[byte] ?? (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : byte.toString(8).padStart(3, "0"));

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);

function numberColumn(letter: string, size: number, text: boolean): Column {
  const widths: Record<string, number> = {
    x: size * 2,
    o: Math.ceil((size * 8) / 3),
    u: [0, 3, 5, 0, 10, 0, 0, 0, 20][size] ?? 20,
    d: [0, 4, 6, 0, 11, 0, 0, 0, 20][size] ?? 20,
  };
  const width = widths[letter] ?? 0;
  return {
    size,
    width: width + 1,
    text,
    show: (bytes) => {
      const value = little(bytes);
      if (letter === "x") return value.toString(16).padStart(width, "0");
      if (letter === "o") return value.toString(8).padStart(width, "0");
      return String(letter === "d" ? BigInt.asIntN(size * 8, value) : value);
    },
  };
}

const charColumn: Column = { size: 1, width: 4, text: false, show: ([byte = 0]) => character(byte) };
const nameColumn: Column = {
  size: 1,
  width: 4,
  text: false,
  show: ([byte = 0]) => ((byte & 127) === 127 ? "del" : (named[byte & 127] ?? String.fromCharCode(byte & 127))),
};

const odSizes: Record<string, number> = { C: 1, S: 2, I: 4, L: 8, "": 4 };

function typeColumns(text: string): Column[] | undefined {
  const columns: Column[] = [];
  let rest = text;
  while (rest !== "") {
    const match = /^([acdoux])([1248]|[CSIL])?(z?)/.exec(rest);
    if (!match) return undefined;
    rest = rest.slice(match[0].length);
    const [, letter = "", sizeWord = "", z] = match;
    if (letter === "c") columns.push(charColumn);
    else if (letter === "a") columns.push(nameColumn);
    else
      columns.push(numberColumn(letter, /\d/.test(sizeWord) ? Number(sizeWord) : (odSizes[sizeWord] ?? 4), z === "z"));
  }
  return columns;
}

const od = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Shows bytes as numbers.",
    options:
      "A,address-radix= j,skip-bytes= N,read-bytes= t,format= v,output-duplicates w,width=? a b c d i l o s x endian= S,strings=?",
  },
  async (run, options) => {
    const short: Record<string, string> = {
      a: "a",
      b: "o1",
      c: "c",
      d: "u2",
      i: "dI",
      l: "dL",
      o: "o2",
      s: "d2",
      x: "x2",
    };
    const columns: Column[] = [];
    for (const { name, value } of options.given) {
      const type = name === "format" ? value : short[name];
      if (type === undefined) continue;
      const parsed = typeColumns(type);
      if (!parsed) return run.die(`invalid type string ${quote(type)}`);
      columns.push(...parsed);
    }
    if (columns.length === 0) columns.push(numberColumn("o", 2, false));
    const skip = parseSize(options.value("skip-bytes") ?? "0") ?? 0;
    const limit = parseSize(options.value("read-bytes") ?? "") ?? Number.POSITIVE_INFINITY;
    const all = await bytesOf(run, options.operands, (name, error) => `${name}: ${error.message}`);
    const bytes = all.subarray(skip, Math.min(all.length, skip + limit));
    const width = Number(options.has("width") ? (options.value("width") ?? 32) : 16);
    const radix = options.value("address-radix") ?? "o";
    const address = (at: number): string =>
      radix === "n"
        ? ""
        : radix === "x"
          ? at.toString(16).padStart(6, "0")
          : radix === "d"
            ? String(at).padStart(7, "0")
            : at.toString(8).padStart(7, "0");
    const unit = Math.max(...columns.map((column) => column.size));
    // Every number of a bigger type stands over as many columns as the smaller ones below it need.
    const perUnit = Math.max(...columns.map((column) => column.width * (unit / column.size)));
    let previous = "";
    let starred = false;
    for (let at = 0; at < bytes.length; at += width) {
      const row = bytes.subarray(at, at + width);
      const key = Buffer.from(row).toString("latin1");
      if (!options.has("output-duplicates") && key === previous && row.length === width && at > 0) {
        if (!starred) run.print("*\n");
        starred = true;
        continue;
      }
      starred = false;
      previous = key;
      for (const [index, column] of columns.entries()) {
        let line = index === 0 ? address(skip + at) : " ".repeat(address(0).length);
        const cell = (perUnit * column.size) / unit;
        let shown = 0;
        for (let from = 0; from < row.length; from += column.size) {
          const part = new Uint8Array(column.size);
          part.set(row.subarray(from, from + column.size));
          line += column.show(part).padStart(cell);
          shown += 1;
        }
        if (column.text) {
          line += " ".repeat((width / column.size - shown) * cell);
          line += `  >${[...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("")}<`;
        }
        run.print(`${line}\n`);
      }
      await run.drain();
    }
    if (radix !== "n") run.print(`${address(skip + bytes.length)}\n`);
  },
);

const printable = (row: Uint8Array): string =>
  [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

const hexdump = tool(
  {
    usage: "[-C] [FILE]...",
    about: "Shows bytes as hexadecimal numbers.",
    options:
      "b,one-byte-octal c,one-byte-char C,canonical d,two-bytes-decimal o,two-bytes-octal x,two-bytes-hex n,length= s,skip= v,no-squeezing e,format=",
    suite: "util-linux",
  },
  async (run, options) => {
    const all = await bytesOf(run, options.operands, (name, error) => `${name}: ${error.message}`);
    const skip = parseSize(options.value("skip") ?? "0") ?? 0;
    const bytes = all.subarray(skip, skip + (parseSize(options.value("length") ?? "") ?? all.length));
    const canonical = options.has("canonical") || run.name === "hd";
    let previous = "";
    let starred = false;
    for (let at = 0; at < bytes.length; at += 16) {
      const row = bytes.subarray(at, at + 16);
      const key = Buffer.from(row).toString("latin1");
      if (!options.has("no-squeezing") && key === previous && at > 0 && row.length === 16) {
        if (!starred) run.print("*\n");
        starred = true;
        continue;
      }
      starred = false;
      previous = key;
      const address = (skip + at).toString(16);
      if (canonical) {
        const cells = Array.from(
          { length: 16 },
          (_, index) => (index === 8 ? " " : "") + (row[index] === undefined ? "  " : hex(row[index])),
        ).join(" ");
        run.print(`${address.padStart(8, "0")}  ${cells}  |${printable(row)}|\n`);
      } else {
        const cells: string[] = [];
        for (let from = 0; from < row.length; from += 2) {
          const value = (row[from] ?? 0) + 256 * (row[from + 1] ?? 0);
          cells.push(
            options.has("two-bytes-decimal")
              ? `  ${String(value).padStart(5, "0")}`
              : options.has("two-bytes-octal")
                ? ` ${value.toString(8).padStart(6, "0")}`
                : options.has("two-bytes-hex")
                  ? `   ${value.toString(16).padStart(4, "0")}`
                  : value.toString(16).padStart(4, "0"),
          );
        }
        const size = options.has("two-bytes-decimal", "two-bytes-octal", "two-bytes-hex") ? 7 : 4;
        run.print(`${address.padStart(7, "0")} ${cells.join(" ").padEnd(8 * size + 7)}\n`);
      }
      await run.drain();
    }
    if (bytes.length > 0) run.print(`${(skip + bytes.length).toString(16).padStart(canonical ? 8 : 7, "0")}\n`);
  },
);

const xxd = tool(
  {
    usage: "[OPTION]... [INFILE [OUTFILE]]",
    about: "Shows bytes as hexadecimal numbers, or the reverse.",
    options: "a b c= e g= i l= p r s= u ps plain postscript",
    suite: "xxd",
    rewrite: (args) => args.map((arg) => (arg === "-ps" || arg === "-plain" ? "-p" : arg)),
  },
  async (run, options) => {
    const [input = "-", output] = options.operands;
    let bytes: Uint8Array;
    try {
      bytes = await run.slurp(input);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.process.err(`${run.name}: ${input}: ${error.message}\n`);
      return run.exit(2);
    }
    let result: string | Uint8Array;
    if (options.has("r")) result = fromHex(Buffer.from(bytes).toString("latin1"), options.has("p"));
    else {
      const from = Number(options.value("s") ?? 0);
      const part = bytes.subarray(from, from + Number(options.value("l") ?? bytes.length));
      result = toHex(
        part,
        from,
        options.has("p"),
        Number(options.value("c") ?? (options.has("p") ? 30 : 16)),
        Number(options.value("g") ?? 2),
        options.has("u"),
      );
    }
    const data = typeof result === "string" ? Buffer.from(result) : result;
    if (output === undefined) run.printBytes(data);
    else await run.create(output).write(data);
  },
);

function toHex(
  bytes: Uint8Array,
  offset: number,
  plain: boolean,
  columns: number,
  group: number,
  upper: boolean,
): string {
  let text = "";
  const shown = (byte: number): string => (upper ? hex(byte).toUpperCase() : hex(byte));
  for (let at = 0; at < bytes.length; at += columns) {
    const row = bytes.subarray(at, at + columns);
    if (plain) {
      text += `${[...row].map(shown).join("")}\n`;
      continue;
    }
    let cells = "";
    for (let index = 0; index < columns; index += 1) {
      const byte = row[index];
      cells += byte === undefined ? "  " : shown(byte);
      if (group > 0 && (index + 1) % group === 0) cells += " ";
    }
    if (group === 0 || columns % group !== 0) cells += " ";
    text += `${(offset + at).toString(16).padStart(8, "0")}: ${cells} ${printable(row)}\n`;
  }
  return text;
}

function fromHex(text: string, plain: boolean): Uint8Array {
  if (plain) return new Uint8Array(Buffer.from(text.replace(/[^0-9a-fA-F]/g, ""), "hex"));
  const parts: Uint8Array[] = [];
  for (const line of text.split("\n")) {
    const match = /^[0-9a-fA-F]+: ((?:[0-9a-fA-F]{2,} ?)+)/.exec(line);
    if (match) parts.push(new Uint8Array(Buffer.from((match[1] ?? "").replaceAll(" ", ""), "hex")));
  }
  return concat(parts);
}

export const dumpPrograms: ProgramTable = { od, hexdump, hd: hexdump, xxd };
