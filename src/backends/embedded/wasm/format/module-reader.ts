import { opcodeOf } from "./opcodes.ts";
import type { Opcode } from "./opcodes.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

export interface FunctionType {
  params: ValueType[];
  results: ValueType[];
}

export interface Limits {
  initial: number;
  maximum: number | undefined;
}

export type ExternalKind = "func" | "table" | "memory" | "global";

export interface TableType {
  element: ValueType;
  limits: Limits;
}

export interface GlobalType {
  type: ValueType;
  mutable: boolean;
}

export interface Import {
  module: string;
  name: string;
  kind: ExternalKind;
  /** Index of a function's type. */
  type: number;
  table?: TableType;
  memory?: Limits;
  global?: GlobalType;
}

export interface Export {
  name: string;
  kind: ExternalKind;
  index: number;
}

/** One instruction: `offset` and `end` are in the file. */
export interface Instruction {
  opcode: Opcode;
  offset: number;
  end: number;
  /** Indices, alignment and offset, labels; constants as they are. */
  operands: (number | bigint)[];
  /** A block's type: nothing, a value's type, or the index of a function's type; also the types of `select`, `ref.null`. */
  types: (ValueType | number)[];
}

export interface SectionHeader {
  id: number;
  /** Name of a custom section. */
  name: string;
  /** First byte of the content, and the byte behind it. */
  start: number;
  end: number;
  /** Entries of a section that has a number of them. */
  count: number | undefined;
}

export interface Body {
  /** Offset of the body's size. */
  start: number;
  /** First byte behind the size. */
  contentStart: number;
  end: number;
  /** Local variables besides the parameters, in groups. */
  locals: { count: number; type: ValueType }[];
  /** Offset of the first instruction. */
  codeStart: number;
}

export interface DataSegment {
  mode: "active" | "passive";
  memory: number;
  offset: Instruction[];
  bytes: Uint8Array;
}

export interface ElementSegment {
  mode: "active" | "passive" | "declarative";
  table: number;
  offset: Instruction[];
  type: ValueType;
  /** Indices of functions; a segment of expressions has them instead. */
  functions: number[];
  expressions: Instruction[][];
}

export interface Module {
  bytes: Uint8Array;
  sections: SectionHeader[];
  types: FunctionType[];
  imports: Import[];
  /** Type of each function that the module defines. */
  functions: number[];
  tables: TableType[];
  memories: Limits[];
  globals: (GlobalType & { init: Instruction[] })[];
  exports: Export[];
  start: number | undefined;
  elements: ElementSegment[];
  dataCount: number | undefined;
  bodies: Body[];
  data: DataSegment[];
  /** Names from the section `name`, by index. */
  names: Map<number, string>;
}

/** What cannot be read, and where; the words are wabt's. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export const sectionNames = [
  "Custom",
  "Type",
  "Import",
  "Function",
  "Table",
  "Memory",
  "Global",
  "Export",
  "Start",
  "Elem",
  "Code",
  "Data",
  "DataCount",
] as const;

const valueTypes: Readonly<Record<number, ValueType>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
};

const externalKinds: readonly ExternalKind[] = ["func", "table", "memory", "global"];

/** Bytes read from front to back, never beyond `end`. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  byte(what: string): number {
    const value = this.at < this.end ? this.bytes[this.at] : undefined;
    if (value === undefined) throw new FormatError(`unable to read ${what}`, this.at);
    this.at += 1;
    return value;
  }

  /** An unsigned LEB128 number of up to 32 bits. */
  number(what: string): number {
    let value = 0;
    for (let factor = 1, length = 0; ; factor *= 128, length += 1) {
      const byte = this.at < this.end && length < 5 ? this.bytes[this.at] : undefined;
      if (byte === undefined) throw new FormatError(`unable to read u32 leb128: ${what}`, this.at);
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if ((byte & 0x80) === 0) return value;
    }
  }

  /** A signed LEB128 number of up to 64 bits. */
  signed(what: string): bigint {
    let value = 0n;
    for (let shift = 0n; ;) {
      const byte = this.byte(what);
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if ((byte & 0x80) !== 0 && shift < 70n) continue;
      return (byte & 0x40) === 0 ? value : value - (1n << shift);
    }
  }

  take(length: number, what: string): Uint8Array {
    if (this.at + length > this.end) throw new FormatError(`unable to read ${what}`, this.at);
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(what: string): string {
    return new TextDecoder().decode(this.take(this.number(`${what} length`), what));
  }

  list<T>(what: string, read: () => T): T[] {
    const count = this.number(`${what} count`);
    const list: T[] = [];
    for (let index = 0; index < count; index += 1) list.push(read());
    return list;
  }

  valueType(what: string): ValueType {
    const type = valueTypes[this.byte(what)];
    if (!type) throw new FormatError(`expected valid ${what}`, this.at);
    return type;
  }

  limits(): Limits {
    const flags = this.byte("limits flags");
    const initial = this.number("limits initial");
    return { initial, maximum: (flags & 1) === 0 ? undefined : this.number("limits maximum") };
  }

  table(): TableType {
    return { element: this.valueType("table elem type"), limits: this.limits() };
  }

  global(): GlobalType {
    return { type: this.valueType("global type"), mutable: this.byte("global mutability") === 1 };
  }

  /** One instruction. */
  instruction(): Instruction {
    const offset = this.at;
    const first = this.byte("opcode");
    const code = first === 0xfc ? this.number("opcode") : first;
    const opcode = opcodeOf(code, first === 0xfc ? first : undefined);
    if (!opcode) throw new FormatError(`unexpected opcode: 0x${first.toString(16)}`, this.at);
    const operands: (number | bigint)[] = [];
    const types: (ValueType | number)[] = [];
    const index = (what: string): void => void operands.push(this.number(what));
    switch (opcode.immediate) {
      case "block":
        types.push(...this.#blockType());
        break;
      case "labels":
        operands.push(...this.list("br_table target", () => this.number("br_table target depth")));
        index("br_table default target depth");
        break;
      case "call-indirect":
        index("call_indirect signature index");
        index("table index");
        break;
      case "memory-access":
        index("load alignment");
        index("load offset");
        break;
      case "two-memories":
      case "two-tables":
      case "data-memory":
      case "elem-table":
        index("index");
        index("index");
        break;
      case "label":
      case "function":
      case "local":
      case "global":
      case "table":
      case "memory":
      case "data":
      case "elem":
        index("index");
        break;
      case "i32":
        operands.push(Number(BigInt.asIntN(32, this.signed("i32.const value"))));
        break;
      case "i64":
        operands.push(BigInt.asIntN(64, this.signed("i64.const value")));
        break;
      case "f32":
        operands.push(this.#float(4));
        break;
      case "f64":
        operands.push(this.#float(8));
        break;
      case "reference":
        types.push(this.valueType("ref.null type"));
        break;
      case "types":
        types.push(...this.list("num result types", () => this.valueType("select result type")));
        break;
      case "none":
        break;
    }
    return { opcode, offset, end: this.at, operands, types };
  }

  /** A constant expression, without its `end`. */
  expression(): Instruction[] {
    const list: Instruction[] = [];
    for (;;) {
      const instruction = this.instruction();
      if (instruction.opcode.name === "end") return list;
      list.push(instruction);
    }
  }

  #blockType(): (ValueType | number)[] {
    const byte = this.bytes[this.at] ?? 0;
    if (byte === 0x40) {
      this.at += 1;
      return [];
    }
    const type = valueTypes[byte];
    if (!type) return [Number(this.signed("block signature type"))];
    this.at += 1;
    return [type];
  }

  #float(size: 4 | 8): number {
    const bytes = this.take(size, "float constant");
    const view = new DataView(bytes.buffer, bytes.byteOffset, size);
    return size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  }
}

/** Reads a whole module. Throws FormatError. */
export function readModule(bytes: Uint8Array): Module {
  const reader = new Reader(bytes, 0, bytes.length);
  if (bytes.length < 4) throw new FormatError("unable to read uint32_t: magic", 0);
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) !== 0x6d736100) {
    throw new FormatError("bad magic value", 4);
  }
  if (bytes.length < 8) throw new FormatError("unable to read uint16_t: version", 4);
  const version = bytes[4];
  if (version !== 1 || bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) {
    throw new FormatError(`bad wasm file version: 0x${(version ?? 0).toString(16)} (expected 0x1)`, 8);
  }
  const module: Module = {
    bytes,
    sections: [],
    types: [],
    imports: [],
    functions: [],
    tables: [],
    memories: [],
    globals: [],
    exports: [],
    start: undefined,
    elements: [],
    dataCount: undefined,
    bodies: [],
    data: [],
    names: new Map(),
  };
  reader.at = 8;
  while (reader.at < bytes.length) {
    const id = reader.byte("section code");
    const size = reader.number("section size");
    const start = reader.at;
    const end = start + size;
    if (sectionNames[id] === undefined) throw new FormatError(`invalid section code: ${id}`, reader.at);
    if (end > bytes.length) throw new FormatError("invalid section size: extends past end", reader.at);
    reader.end = end;
    const header: SectionHeader = { id, name: "", start, end, count: undefined };
    module.sections.push(header);
    readSection(reader, header, module);
    if (id !== 0 && reader.at !== end)
      throw new FormatError(`unfinished section (expected end: 0x${end.toString(16)})`, reader.at);
    reader.at = end;
    reader.end = bytes.length;
  }
  return module;
}

function readSection(reader: Reader, header: SectionHeader, module: Module): void {
  const counted = header.id !== 0 && header.id !== 8;
  if (counted) {
    header.count = reader.number("count");
    if (header.id !== 12) reader.at = header.start;
  }
  switch (header.id) {
    case 0:
      header.name = reader.text("custom section name");
      if (header.name === "name") readNames(reader, module);
      return;
    case 1:
      module.types = reader.list("type", () => {
        const form = reader.byte("type form");
        if (form !== 0x60) throw new FormatError(`unexpected type form (got 0x${form.toString(16)})`, reader.at);
        const params = reader.list("function param", () => reader.valueType("function param"));
        return { params, results: reader.list("function result", () => reader.valueType("function result")) };
      });
      return;
    case 2:
      module.imports = reader.list("import", () => readImport(reader));
      return;
    case 3:
      module.functions = reader.list("function signature", () => reader.number("function signature index"));
      return;
    case 4:
      module.tables = reader.list("table", () => reader.table());
      return;
    case 5:
      module.memories = reader.list("memory", () => reader.limits());
      return;
    case 6:
      module.globals = reader.list("global", () => ({ ...reader.global(), init: reader.expression() }));
      return;
    case 7:
      module.exports = reader.list("export", () => {
        const name = reader.text("export item name");
        return { name, kind: readKind(reader), index: reader.number("export item index") };
      });
      return;
    case 8:
      module.start = reader.number("start function index");
      return;
    case 9:
      module.elements = reader.list("elem segment", () => readElements(reader));
      return;
    case 10:
      module.bodies = reader.list("function body", () => readBody(reader));
      return;
    case 11:
      module.data = reader.list("data segment", () => readData(reader));
      return;
    default:
      module.dataCount = header.count;
  }
}

function readKind(reader: Reader): ExternalKind {
  const kind = externalKinds[reader.byte("external kind")];
  if (!kind) throw new FormatError("invalid external kind", reader.at);
  return kind;
}

function readImport(reader: Reader): Import {
  const module = reader.text("import module name");
  const name = reader.text("import field name");
  const kind = readKind(reader);
  if (kind === "func") return { module, name, kind, type: reader.number("import signature index") };
  if (kind === "table") return { module, name, kind, type: 0, table: reader.table() };
  if (kind === "memory") return { module, name, kind, type: 0, memory: reader.limits() };
  return { module, name, kind, type: 0, global: reader.global() };
}

function readElements(reader: Reader): ElementSegment {
  const flags = reader.number("elem segment flags");
  const passive = (flags & 1) !== 0;
  const explicit = (flags & 2) !== 0;
  const expressions = (flags & 4) !== 0;
  const table = !passive && explicit ? reader.number("elem segment table index") : 0;
  const offset = passive ? [] : reader.expression();
  let type: ValueType = "funcref";
  if (passive || explicit) {
    if (expressions) type = reader.valueType("elem type");
    else reader.byte("elem kind");
  }
  const mode = passive ? (explicit ? "declarative" : "passive") : "active";
  if (expressions) {
    const list = reader.list("elem expr", () => reader.expression());
    return { mode, table, offset, type, functions: [], expressions: list };
  }
  const functions = reader.list("elem", () => reader.number("elem index"));
  return { mode, table, offset, type, functions, expressions: [] };
}

function readBody(reader: Reader): Body {
  const start = reader.at;
  const size = reader.number("function body size");
  const contentStart = reader.at;
  const end = contentStart + size;
  if (end > reader.end) throw new FormatError("function body extends past end of section", reader.at);
  const locals = reader.list("local declaration", () => ({
    count: reader.number("local type count"),
    type: reader.valueType("local type"),
  }));
  const codeStart = reader.at;
  reader.at = end;
  return { start, contentStart, end, locals, codeStart };
}

function readData(reader: Reader): DataSegment {
  const flags = reader.number("data segment flags");
  const memory = flags === 2 ? reader.number("data segment memory index") : 0;
  const offset = flags === 1 ? [] : reader.expression();
  const bytes = reader.take(reader.number("data segment size"), "data segment data");
  return { mode: flags === 1 ? "passive" : "active", memory, offset, bytes };
}

function readNames(reader: Reader, module: Module): void {
  while (reader.at < reader.end) {
    const kind = reader.byte("name type");
    const end = reader.number("subsection size") + reader.at;
    if (kind === 1) {
      for (const [index, name] of reader.list("name", () => [reader.number("index"), reader.text("name")] as const)) {
        module.names.set(index, name);
      }
    }
    reader.at = end;
  }
}

/** The instructions of a body, with the last `end`. Throws FormatError. */
export function instructionsOf(module: Module, body: Body): Instruction[] {
  const reader = new Reader(module.bytes, body.codeStart, body.end);
  const list: Instruction[] = [];
  while (reader.at < body.end) list.push(reader.instruction());
  return list;
}

/** Imports of one kind; their indices come before those of what the module defines. */
export const importsOf = (module: Module, kind: ExternalKind): Import[] =>
  module.imports.filter((entry) => entry.kind === kind);

/** The type of a function by its index, imported or defined. */
export function typeOf(module: Module, index: number): FunctionType | undefined {
  const imported = importsOf(module, "func");
  const type = imported[index]?.type ?? module.functions[index - imported.length];
  return type === undefined ? undefined : module.types[type];
}

/** The instruction that begins at an offset of the file; undefined when none does. */
export function instructionAt(module: Module, offset: number): Instruction | undefined {
  const body = module.bodies.find((candidate) => candidate.codeStart <= offset && offset < candidate.end);
  return body && instructionsOf(module, body).find((instruction) => instruction.offset === offset);
}
