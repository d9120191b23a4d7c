import type { Program } from "../../../process.ts";
import { instructionsOf, readModule } from "../../../../wasm/format/module-reader.ts";
import { importsOf } from "../../../../wasm/format/module.ts";
import type { FunctionType, Import, Instruction, Limits, Module, ValueType } from "../../../../wasm/format/module.ts";
import { readArguments, reportFailure } from "./command-line.ts";

const help = "  Read a file in the WebAssembly binary format, and convert it to\n  the WebAssembly text format.\n";

/** Writes a module as text. Simplified: names of the section `name` are not used; functions have their numbers. */
export const wasm2wat: Program = async (process) => {
  const named = await readArguments(process, help);
  if (typeof named === "number") return named;
  const { input, output } = named;
  try {
    const text = toText(readModule(process.files.readBytes(process.resolve(input))));
    if (output === undefined) await process.out(text);
    else process.files.write(process.resolve(output), text);
    return 0;
  } catch (error) {
    await reportFailure(process, input, error);
    return 1;
  }
};

/** A module in the text format, flat and indented. Throws FormatError. */
export function toText(module: Module): string {
  const fields: string[] = [];
  const { types, functions, tables, memories, globals, exports, elements, data } = module;
  types.forEach((type, index) => fields.push(`(type (;${index};) (func${declared(type)}))`));
  const counts = { func: 0, table: 0, memory: 0, global: 0 };
  for (const entry of module.imports) {
    fields.push(`(import ${quoted(entry.module)} ${quoted(entry.name)} ${imported(entry, counts[entry.kind]++)})`);
  }
  functions.forEach((_, index) => fields.push(functionText(module, index)));
  tables.forEach(({ element, limits }, index) =>
    fields.push(`(table (;${index + importsOf(module, "table").length};) ${bounds(limits)} ${element})`),
  );
  memories.forEach((limits, index) =>
    fields.push(`(memory (;${index + importsOf(module, "memory").length};) ${bounds(limits)})`),
  );
  globals.forEach((entry, index) => {
    const number = index + importsOf(module, "global").length;
    fields.push(`(global (;${number};) ${globalType(entry)} ${constant(entry.init)})`);
  });
  for (const { name, kind, index } of exports) fields.push(`(export ${quoted(name)} (${kind} ${index}))`);
  if (module.start !== undefined) fields.push(`(start ${module.start})`);
  elements.forEach((segment, index) => {
    const table = segment.table === 0 ? "" : ` (table ${segment.table})`;
    const place = segment.mode === "active" ? `${table} ${constant(segment.offset)}` : "";
    const mode = segment.mode === "declarative" ? " declare" : "";
    const items = segment.functions.map((entry) => ` ${entry}`).join("");
    const expressions = segment.expressions.map((expression) => ` ${constant(expression)}`).join("");
    const kind = segment.expressions.length > 0 ? segment.type : "func";
    fields.push(`(elem (;${index};)${mode}${place} ${kind}${items}${expressions})`);
  });
  data.forEach((segment, index) => {
    const place = segment.mode === "active" ? ` ${constant(segment.offset)}` : "";
    fields.push(`(data (;${index};)${place} ${quotedBytes(segment.bytes)})`);
  });
  return `(module${fields.map((field) => `\n  ${field}`).join("")})\n`;
}

function declared({ params, results }: FunctionType): string {
  const part = (word: string, types: readonly ValueType[]): string =>
    types.length === 0 ? "" : ` (${word} ${types.join(" ")})`;
  return part("param", params) + part("result", results);
}

function imported(entry: Import, index: number): string {
  if (entry.memory) return `(memory (;${index};) ${bounds(entry.memory)})`;
  if (entry.table) return `(table (;${index};) ${bounds(entry.table.limits)} ${entry.table.element})`;
  if (entry.global) return `(global (;${index};) ${globalType(entry.global)})`;
  return `(func (;${index};) (type ${entry.type}))`;
}

const bounds = ({ initial, maximum }: Limits): string =>
  maximum === undefined ? `${initial}` : `${initial} ${maximum}`;

const globalType = ({ type, mutable }: { type: ValueType; mutable: boolean }): string =>
  mutable ? `(mut ${type})` : type;

const constant = (expression: readonly Instruction[]): string =>
  expression.map((instruction) => `(${plainWords(instruction, 0)})`).join(" ");

const quoted = (text: string): string => quotedBytes(new TextEncoder().encode(text));

function quotedBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const isPlain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92;
    text += isPlain ? String.fromCharCode(byte) : `\\${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"`;
}

function functionText(module: Module, index: number): string {
  const number = index + importsOf(module, "func").length;
  const type = module.functions[index] ?? 0;
  const body = module.bodies[index];
  const head = `(func (;${number};) (type ${type})${declared(module.types[type] ?? { params: [], results: [] })}`;
  if (!body) return `${head})`;
  const locals = body.locals.flatMap(({ count, type: of }) => Array.from({ length: count }, () => of));
  const lines = locals.length === 0 ? [] : [`    (local ${locals.join(" ")})`];
  let depth = 0;
  const instructions = instructionsOf(module, body).slice(0, -1);
  for (const instruction of instructions) {
    const { name, immediate } = instruction.opcode;
    if (name === "end" || name === "else") depth -= 1;
    const indent = "  ".repeat(depth + 2);
    lines.push(
      `${indent}${immediate === "block" ? blockWords(instruction, depth, module) : plainWords(instruction, depth)}`,
    );
    if (immediate === "block" || name === "else") depth += 1;
  }
  return `${head}${lines.map((line) => `\n${line}`).join("")})`;
}

function blockWords({ opcode, types }: Instruction, depth: number, module: Module): string {
  const [type] = types;
  let shown = "";
  if (typeof type === "number") shown = ` (type ${type})${declared(module.types[type] ?? { params: [], results: [] })}`;
  else if (type !== undefined) shown = ` (result ${type})`;
  return `${opcode.name}${shown}  ;; label = @${depth + 1}`;
}

/** An instruction with its operands; labels also name the block that they lead to. */
function plainWords({ opcode, operands, types }: Instruction, depth: number): string {
  const [first = 0, second = 0] = operands;
  const label = (target: number | bigint): string => `${target} (;@${depth - Number(target)};)`;
  switch (opcode.immediate) {
    case "label":
      return `${opcode.name} ${label(first)}`;
    case "labels":
      return [opcode.name, ...operands.map(label)].join(" ");
    case "call-indirect":
      return `${opcode.name} ${second === 0 ? "" : `${second} `}(type ${first})`;
    case "memory-access": {
      const alignment = 2 ** Number(first);
      const align = alignment === 2 ** opcode.alignment ? "" : ` align=${alignment}`;
      return `${opcode.name}${second === 0 ? "" : ` offset=${second}`}${align}`;
    }
    case "f32":
    case "f64":
      return `${opcode.name} ${hexadecimal(Number(first), opcode.immediate === "f32" ? 23 : 52)} (;=${shortest(Number(first), opcode.immediate)};)`;
    case "memory":
    case "two-memories":
      return opcode.name;
    case "reference":
      return `${opcode.name} ${types[0] === "externref" ? "extern" : "func"}`;
    case "types":
      return `${opcode.name} (result ${types.join(" ")})`;
    default:
      return [opcode.name, ...operands].join(" ");
  }
}

/** A number in the text format's exact notation, such as 0x1.8p+1. */
function hexadecimal(value: number, bits: 23 | 52): string {
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (Number.isNaN(value)) return "nan";
  if (size === Infinity) return `${sign}inf`;
  if (size === 0) return `${sign}0x0p+0`;
  const exponent = Math.floor(Math.log2(size));
  const fraction = BigInt(Math.round((size / 2 ** exponent - 1) * 2 ** bits)) << (bits === 23 ? 1n : 0n);
  const digits = fraction
    .toString(16)
    .padStart(bits === 23 ? 6 : 13, "0")
    .replace(/0+$/, "");
  return `${sign}0x1${digits === "" ? "" : `.${digits}`}p${exponent < 0 ? "" : "+"}${exponent}`;
}

function shortest(value: number, type: "f32" | "f64"): string {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "inf").replace("NaN", "nan");
  return type === "f32" ? String(Number(value.toPrecision(6))) : String(Number(value.toPrecision(6)));
}
