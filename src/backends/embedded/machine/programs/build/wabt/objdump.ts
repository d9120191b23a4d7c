import { FileError } from "../../../files/errors.ts";
import type { Program } from "../../../process.ts";
import { instructionsOf, readModule } from "../../../../wasm/format/module-reader.ts";
import { importsOf, sectionNames } from "../../../../wasm/format/module.ts";
import type { FunctionType, Import, Instruction, Limits, Module } from "../../../../wasm/format/module.ts";
import { reportFailure, tryHelp, wabtVersion } from "./command-line.ts";

type View = "headers" | "details" | "disassembly" | "contents";

const views: Readonly<Record<string, View>> = {
  "-h": "headers",
  "--headers": "headers",
  "-x": "details",
  "--details": "details",
  "-d": "disassembly",
  "--disassemble": "disassembly",
  "-s": "contents",
  "--full-contents": "contents",
};

/** Shows what a module is made of. Simplified: relocations, source maps and dylink sections are not shown. */
export const wasmObjdump: Program = async (process) => {
  const chosen = new Set<View>();
  const names: string[] = [];
  let section: string | undefined;
  const args = process.argv.slice(1);
  if (args.includes("--help")) {
    await process.out(usage);
    return 0;
  }
  if (args.includes("--version")) {
    await process.out(`${wabtVersion(process.executable.version)}\n`);
    return 0;
  }
  while (args.length > 0) {
    const argument = args.shift() ?? "";
    const letters = /^-[hxds]{2,}$/.test(argument)
      ? argument
          .slice(1)
          .split("")
          .map((letter) => `-${letter}`)
      : [argument];
    for (const option of letters) {
      const view = views[option];
      if (view) chosen.add(view);
      else if (option === "-j") section = args.shift();
      else if (option.startsWith("--section=")) section = option.slice(10);
      else if (option.startsWith("-")) {
        const kind = option.startsWith("--") ? "long" : "short";
        await process.err(`wasm-objdump: unknown ${kind} option '${option}'\n${tryHelp}`);
        return 1;
      } else names.push(option);
    }
  }
  if (names.length === 0) {
    await process.err(`wasm-objdump: expected filename argument.\n${tryHelp}`);
    return 1;
  }
  if (chosen.size === 0) {
    await process.err(
      "At least one of the following switches must be given:\n -d/--disassemble\n -h/--headers\n -x/--details\n -s/--full-contents\n",
    );
    return 1;
  }
  let status = 0;
  for (const name of names) {
    try {
      const module = readModule(process.files.readBytes(process.resolve(name)));
      await process.out(`\n${name.replace(/^.*\//, "")}:\tfile format wasm 0x1\n`);
      for (const view of ["headers", "details", "disassembly", "contents"] as const) {
        if (chosen.has(view)) await process.out(show(module, view, section));
      }
      if (section !== undefined && !module.sections.some(({ id }) => isNamed(id, section))) {
        await process.err(`Section not found: ${section}\n`);
        status = 1;
      }
    } catch (error) {
      status = 1;
      if (error instanceof FileError) await process.err(`error: unable to open file ${name}\n`);
      else await reportFailure(process, name, error);
    }
  }
  return status;
};

const usage = `usage: wasm-objdump [options] filename+

  Print information about the contents of wasm binaries.

examples:
  $ wasm-objdump test.wasm

options:
      --help                                   Print this help message
      --version                                Print version information
  -h, --headers                                Print headers
  -j, --section=SECTION                        Select just one section
  -s, --full-contents                          Print raw section contents
  -d, --disassemble                            Disassemble function bodies
  -x, --details                                Show section details
`;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

const isNamed = (id: number, section: string): boolean => sectionNames[id]?.toLowerCase() === section.toLowerCase();

function show(module: Module, view: View, section: string | undefined): string {
  // The list of headers is always whole.
  const wanted = (id: number): boolean => view === "headers" || section === undefined || isNamed(id, section);
  if (view === "disassembly") return disassembly(module);
  const shown = module.sections.filter(({ id }) => wanted(id));
  if (view === "headers") {
    const lines = shown.map(({ id, start, end, name, count }) => {
      const what = id === 0 ? `"${name}"` : id === 8 ? `start: ${module.start ?? 0}` : `count: ${count ?? 0}`;
      return `${(sectionNames[id] ?? "").padStart(9)} start=0x${hex(start, 8)} end=0x${hex(end, 8)} (size=0x${hex(end - start, 8)}) ${what}\n`;
    });
    return `\nSections:\n\n${lines.join("")}`;
  }
  if (view === "contents") {
    return shown
      .map(({ id, start, end, name }) => {
        const title = id === 0 ? `Custom section ${name}` : `section ${sectionNames[id] ?? ""}`;
        return `\nContents of ${title}:\n${dump(module.bytes.subarray(start, end), start, "")}`;
      })
      .join("");
  }
  return `\nSection Details:\n\n${shown.map((header) => details(module, header.id, header.name, header)).join("")}`;
}

/** Lines of sixteen bytes with their addresses and characters. */
function dump(bytes: Uint8Array, address: number, indent: string): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 16) {
    const line = bytes.subarray(at, at + 16);
    let digits = "";
    for (let index = 0; index < 16; index += 1) {
      digits += index < line.length ? hex(line[index] ?? 0, 2) : "  ";
      if (index % 2 === 1) digits += " ";
    }
    const characters = [...line].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."));
    text += `${indent}${hex(address + at, 7)}: ${digits} ${characters.join("")}\n`;
  }
  return text;
}

function details(module: Module, id: number, name: string, range: { start: number; end: number }): string {
  const title = (count: number): string => `${sectionNames[id] ?? ""}[${count}]:\n`;
  const list = <T>(items: readonly T[], line: (item: T, index: number) => string): string =>
    title(items.length) + items.map((item, index) => line(item, index)).join("");
  const functions = importsOf(module, "func").length;
  const label = functionNames(module);
  switch (id) {
    case 0:
      return `Custom:\n - name: "${name}"\n${name === "producers" ? "" : names(module, name)}`;
    case 1:
      return list(module.types, (type, index) => ` - type[${index}] ${signature(type)}\n`);
    case 2: {
      const counts = { func: 0, table: 0, memory: 0, global: 0 };
      return list(module.imports, (entry) => ` - ${entry.kind}[${counts[entry.kind]++}] ${imported(entry)}\n`);
    }
    case 3:
      return list(
        module.functions,
        (type, index) => ` - func[${index + functions}] sig=${type}${label(index + functions)}\n`,
      );
    case 4:
      return list(
        module.tables,
        ({ element, limits }, index) =>
          ` - table[${index + importsOf(module, "table").length}] type=${element} ${bounds(limits)}\n`,
      );
    case 5:
      return list(
        module.memories,
        (limits, index) => ` - memory[${index + importsOf(module, "memory").length}] pages: ${bounds(limits)}\n`,
      );
    case 6:
      return list(
        module.globals,
        ({ type, mutable, init }, index) =>
          ` - global[${index + importsOf(module, "global").length}] ${type} mutable=${mutable ? 1 : 0} - init ${constant(init)}\n`,
      );
    case 7:
      return list(module.exports, (entry) => {
        const own = entry.kind === "func" ? label(entry.index) : "";
        return ` - ${entry.kind}[${entry.index}]${own} -> "${entry.name}"\n`;
      });
    case 8:
      return `Start:\n - start function: ${module.start ?? 0}\n`;
    case 9:
      return list(module.elements, (segment, index) => {
        const count = Math.max(segment.functions.length, segment.expressions.length);
        const place =
          segment.mode === "active" ? `flags=${segment.table === 0 ? 0 : 2} table=${segment.table}` : "flags=1";
        const init = segment.mode === "active" ? ` - init ${constant(segment.offset)}` : "";
        const first = Number(segment.offset[0]?.operands[0] ?? 0);
        const items = segment.functions.map(
          (entry, at) => `  - elem[${first + at}] = ref.func:${entry}${label(entry)}\n`,
        );
        return ` - segment[${index}] ${place} count=${count}${init}\n${items.join("")}`;
      });
    case 10:
      return list(
        module.bodies,
        (body, index) =>
          ` - func[${index + functions}] size=${body.end - body.contentStart}${label(index + functions)}\n`,
      );
    case 11:
      return list(module.data, (segment, index) => {
        const active = segment.mode === "active";
        const place = active
          ? `memory=${segment.memory} size=${segment.bytes.length} - init ${constant(segment.offset)}`
          : `passive size=${segment.bytes.length}`;
        const address = active ? Number(segment.offset[0]?.operands[0] ?? 0) : 0;
        return ` - segment[${index}] ${place}\n${dump(segment.bytes, address, "  - ")}`;
      });
    default:
      return `DataCount:\n - data count: ${module.dataCount ?? range.end}\n`;
  }
}

function names(module: Module, section: string): string {
  if (section !== "name") return "";
  return [...module.names].map(([index, name]) => ` - func[${index}] <${name}>\n`).join("");
}

const list = (types: readonly string[]): string => `(${types.join(", ")})`;

function signature({ params, results }: FunctionType): string {
  const [only = "nil"] = results;
  return `${list(params)} -> ${results.length > 1 ? list(results) : only}`;
}

const bounds = ({ initial, maximum }: Limits): string =>
  `initial=${initial}${maximum === undefined ? "" : ` max=${maximum}`}`;

function imported(entry: Import): string {
  const from = `${entry.module}.${entry.name}`;
  if (entry.kind === "func") return `sig=${entry.type} <${from}> <- ${from}`;
  if (entry.memory) return `pages: ${bounds(entry.memory)} <- ${from}`;
  if (entry.table) return `type=${entry.table.element} ${bounds(entry.table.limits)} <- ${from}`;
  return `${entry.global?.type ?? ""} mutable=${entry.global?.mutable ? 1 : 0} <- ${from}`;
}

function constant(expression: readonly Instruction[]): string {
  const [only] = expression;
  if (!only) return "";
  const type = only.opcode.name.split(".")[0] ?? "";
  if (only.opcode.name === "global.get") return `global=${only.operands[0] ?? 0}`;
  return `${type}=${only.operands[0] ?? 0}`;
}

/** ` <name>` of a function: from the section `name`, its export, or its import. */
function functionNames(module: Module): (index: number) => string {
  const known = new Map<number, string>();
  importsOf(module, "func").forEach((entry, index) => known.set(index, `${entry.module}.${entry.name}`));
  for (const entry of module.exports) if (entry.kind === "func") known.set(entry.index, entry.name);
  for (const [index, name] of module.names) known.set(index, name);
  return (index) => {
    const name = known.get(index);
    return name === undefined ? "" : ` <${name}>`;
  };
}

const bytesPerLine = 9;

function disassembly(module: Module): string {
  const imports = importsOf(module, "func").length;
  const label = functionNames(module);
  const lines: string[] = ["\nCode Disassembly:\n\n"];
  for (const [index, body] of module.bodies.entries()) {
    const number = imports + index;
    lines.push(`${hex(body.contentStart, 6)} func[${number}]${label(number)}:\n`);
    let local = module.types[module.functions[index] ?? 0]?.params.length ?? 0;
    let at = body.contentStart + 1;
    for (const { count, type } of body.locals) {
      const range = count === 1 ? `${local}` : `${local}..${local + count - 1}`;
      lines.push(...line(module, at, at + 2, `local[${range}] type=${type}`));
      local += count;
      at += 2;
    }
    let depth = 0;
    for (const instruction of instructionsOf(module, body)) {
      const { name } = instruction.opcode;
      if (name === "end" || name === "else") depth = Math.max(0, depth - 1);
      lines.push(
        ...line(module, instruction.offset, instruction.end, `${"  ".repeat(depth)}${words(instruction, label)}`),
      );
      if (instruction.opcode.immediate === "block" || name === "else") depth += 1;
    }
  }
  return lines.join("");
}

function line(module: Module, from: number, to: number, text: string): string[] {
  const lines: string[] = [];
  for (let at = from; at < to; at += bytesPerLine) {
    const bytes = [...module.bytes.subarray(at, Math.min(to, at + bytesPerLine))].map((byte) => hex(byte, 2)).join(" ");
    lines.push(` ${hex(at, 6)}: ${bytes.padEnd(bytesPerLine * 3 - 1)} | ${at === from ? text : ""}\n`);
  }
  return lines;
}

function words(instruction: Instruction, label: (index: number) => string): string {
  const { opcode, operands, types } = instruction;
  const [first = 0, second = 0] = operands;
  switch (opcode.immediate) {
    case "call-indirect":
      return `${opcode.name} ${second} (type ${first})`;
    case "function":
      return `${opcode.name} ${first}${label(Number(first))}`;
    case "i64":
      return `${opcode.name} ${BigInt.asUintN(64, BigInt(first))}`;
    case "i32":
      return `${opcode.name} ${Number(first) >>> 0}`;
    case "block":
      return `${opcode.name}${types.map((type) => (typeof type === "number" ? ` type[${type}]` : ` ${type}`)).join("")}`;
    default:
      return [opcode.name, ...operands, ...types].join(" ");
  }
}
