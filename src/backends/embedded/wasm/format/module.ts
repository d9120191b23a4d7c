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

/** Imports of one kind; their indices come before those of what the module defines. */
export const importsOf = (module: Module, kind: ExternalKind): Import[] =>
  module.imports.filter((entry) => entry.kind === kind);

/** The type of a function by its index, imported or defined. */
export function typeOf(module: Module, index: number): FunctionType | undefined {
  const imported = importsOf(module, "func");
  const type = imported[index]?.type ?? module.functions[index - imported.length];
  return type === undefined ? undefined : module.types[type];
}
