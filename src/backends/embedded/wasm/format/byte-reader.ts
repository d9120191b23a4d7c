import { FormatError } from "./module.ts";
import type { GlobalType, Instruction, Limits, TableType, ValueType } from "./module.ts";
import { opcodeOf } from "./opcodes.ts";

const valueTypes: Readonly<Record<number, ValueType>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
};

/** Bytes read from front to back, never beyond `end`. */
export class ByteReader {
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
