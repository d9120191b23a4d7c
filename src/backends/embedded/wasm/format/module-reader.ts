import { ByteReader } from "./byte-reader.ts";
import { FormatError, sectionNames } from "./module.ts";
import type {
  Body,
  DataSegment,
  ElementSegment,
  ExternalKind,
  Import,
  Instruction,
  Module,
  SectionHeader,
  ValueType,
} from "./module.ts";

const externalKinds: readonly ExternalKind[] = ["func", "table", "memory", "global"];

/** Reads a whole module. Throws FormatError. */
export function readModule(bytes: Uint8Array): Module {
  const reader = new ByteReader(bytes, 0, bytes.length);
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

function readSection(reader: ByteReader, header: SectionHeader, module: Module): void {
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

function readKind(reader: ByteReader): ExternalKind {
  const kind = externalKinds[reader.byte("external kind")];
  if (!kind) throw new FormatError("invalid external kind", reader.at);
  return kind;
}

function readImport(reader: ByteReader): Import {
  const module = reader.text("import module name");
  const name = reader.text("import field name");
  const kind = readKind(reader);
  if (kind === "func") return { module, name, kind, type: reader.number("import signature index") };
  if (kind === "table") return { module, name, kind, type: 0, table: reader.table() };
  if (kind === "memory") return { module, name, kind, type: 0, memory: reader.limits() };
  return { module, name, kind, type: 0, global: reader.global() };
}

function readElements(reader: ByteReader): ElementSegment {
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

function readBody(reader: ByteReader): Body {
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

function readData(reader: ByteReader): DataSegment {
  const flags = reader.number("data segment flags");
  const memory = flags === 2 ? reader.number("data segment memory index") : 0;
  const offset = flags === 1 ? [] : reader.expression();
  const bytes = reader.take(reader.number("data segment size"), "data segment data");
  return { mode: flags === 1 ? "passive" : "active", memory, offset, bytes };
}

function readNames(reader: ByteReader, module: Module): void {
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
  const reader = new ByteReader(module.bytes, body.codeStart, body.end);
  const list: Instruction[] = [];
  while (reader.at < body.end) list.push(reader.instruction());
  return list;
}

/** The instruction that begins at an offset of the file; undefined when none does. */
export function instructionAt(module: Module, offset: number): Instruction | undefined {
  const body = module.bodies.find((candidate) => candidate.codeStart <= offset && offset < candidate.end);
  return body && instructionsOf(module, body).find((instruction) => instruction.offset === offset);
}
