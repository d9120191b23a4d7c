/** What follows an opcode in the binary format. */
export type Immediate =
  | "block"
  | "label"
  | "labels"
  | "function"
  | "call-indirect"
  | "local"
  | "global"
  | "table"
  | "memory-access"
  | "memory"
  | "two-memories"
  | "data-memory"
  | "data"
  | "elem-table"
  | "elem"
  | "two-tables"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "reference"
  | "types"
  | "none";

export interface Opcode {
  name: string;
  /** One byte, or 0xfc and the number after it. */
  code: number;
  prefix: number | undefined;
  immediate: Immediate;
  /** log2 of the alignment that a memory access has by itself. */
  alignment: number;
}

/** Opcodes of WebAssembly 2.0 without vectors; `from` then names that follow one another. */
const plain: readonly (readonly [number, Immediate, string])[] = [
  [0x00, "none", "unreachable nop"],
  [0x02, "block", "block loop if"],
  [0x05, "none", "else"],
  [0x0b, "none", "end"],
  [0x0c, "label", "br br_if"],
  [0x0e, "labels", "br_table"],
  [0x0f, "none", "return"],
  [0x10, "function", "call"],
  [0x11, "call-indirect", "call_indirect"],
  [0x1a, "none", "drop select"],
  [0x1c, "types", "select"],
  [0x20, "local", "local.get local.set local.tee"],
  [0x23, "global", "global.get global.set"],
  [0x25, "table", "table.get table.set"],
  [
    0x28,
    "memory-access",
    "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load8_s i64.load8_u " +
      "i64.load16_s i64.load16_u i64.load32_s i64.load32_u i32.store i64.store f32.store f64.store i32.store8 " +
      "i32.store16 i64.store8 i64.store16 i64.store32",
  ],
  [0x3f, "memory", "memory.size memory.grow"],
  [0x41, "i32", "i32.const"],
  [0x42, "i64", "i64.const"],
  [0x43, "f32", "f32.const"],
  [0x44, "f64", "f64.const"],
  [
    0x45,
    "none",
    "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u i32.ge_s i32.ge_u " +
      "i64.eqz i64.eq i64.ne i64.lt_s i64.lt_u i64.gt_s i64.gt_u i64.le_s i64.le_u i64.ge_s i64.ge_u " +
      "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le f64.ge " +
      "i32.clz i32.ctz i32.popcnt i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or " +
      "i32.xor i32.shl i32.shr_s i32.shr_u i32.rotl i32.rotr " +
      "i64.clz i64.ctz i64.popcnt i64.add i64.sub i64.mul i64.div_s i64.div_u i64.rem_s i64.rem_u i64.and i64.or " +
      "i64.xor i64.shl i64.shr_s i64.shr_u i64.rotl i64.rotr " +
      "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub f32.mul f32.div f32.min " +
      "f32.max f32.copysign " +
      "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub f64.mul f64.div f64.min " +
      "f64.max f64.copysign " +
      "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u i64.extend_i32_s " +
      "i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u f32.convert_i32_s " +
      "f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64 f64.convert_i32_s f64.convert_i32_u " +
      "f64.convert_i64_s f64.convert_i64_u f64.promote_f32 i32.reinterpret_f32 i64.reinterpret_f64 " +
      "f32.reinterpret_i32 f64.reinterpret_i64 i32.extend8_s i32.extend16_s i64.extend8_s i64.extend16_s " +
      "i64.extend32_s",
  ],
  [0xd0, "reference", "ref.null"],
  [0xd1, "none", "ref.is_null"],
  [0xd2, "function", "ref.func"],
];

const prefixed: readonly (readonly [number, Immediate, string])[] = [
  [
    0,
    "none",
    "i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u " +
      "i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u",
  ],
  [8, "data-memory", "memory.init"],
  [9, "data", "data.drop"],
  [10, "two-memories", "memory.copy"],
  [11, "memory", "memory.fill"],
  [12, "elem-table", "table.init"],
  [13, "elem", "elem.drop"],
  [14, "two-tables", "table.copy"],
  [15, "table", "table.grow table.size table.fill"],
];

function alignmentOf(name: string): number {
  const [type = "", operation = ""] = name.split(".");
  const bits = /(?:load|store)(\d+)/.exec(operation)?.[1] ?? type.slice(1);
  return Math.log2(Number(bits) / 8);
}

function expand(rows: typeof plain, prefix: number | undefined): Opcode[] {
  return rows.flatMap(([from, immediate, names]) =>
    names.split(" ").map((name, index) => ({
      name,
      code: from + index,
      prefix,
      immediate,
      alignment: immediate === "memory-access" ? alignmentOf(name) : 0,
    })),
  );
}

const opcodes: readonly Opcode[] = [...expand(plain, undefined), ...expand(prefixed, 0xfc)];

const byCode = new Map(opcodes.map((opcode) => [(opcode.prefix ?? 0) * 256 + opcode.code, opcode]));
const byName = new Map(opcodes.map((opcode) => [opcode.name, opcode]));
// `select` is written alike with and without types.
const untypedSelect = byCode.get(0x1b);
if (untypedSelect) byName.set("select", untypedSelect);

/** The opcode with this number; `prefix` is 0xfc or undefined. */
export const opcodeOf = (code: number, prefix?: number): Opcode | undefined => byCode.get((prefix ?? 0) * 256 + code);

/** The opcode of an instruction's name in the text format. */
export const opcodeNamed = (name: string): Opcode | undefined => byName.get(name);
