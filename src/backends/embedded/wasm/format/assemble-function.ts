import { concatenated, signed, unsigned } from "../sections.ts";
import type { ValueType } from "./module.ts";
import { opcodeNamed } from "./opcodes.ts";
import type { Opcode } from "./opcodes.ts";
import { Cursor, Names, signed64, typeBytes } from "./text-parts.ts";
import type { Spaces } from "./text-parts.ts";
import { WatError } from "./wat-syntax.ts";
import type { Atom, List } from "./wat-syntax.ts";

const end = 0x0b;
const otherwise = 0x05;
const emptyBlock = 0x40;

/** Assembles one function's body, or a constant expression. */
export class FunctionAssembler {
  #spaces: Spaces;
  #params: readonly (string | undefined)[];
  #typeUse: (cursor: Cursor) => number;
  #locals = new Names("local");
  /** Labels of the open blocks, the innermost last. */
  #labels: (string | undefined)[] = [];
  #parts: Uint8Array[] = [];

  /** `typeUse` reads a block's type and gives its index. */
  constructor(spaces: Spaces, params: readonly (string | undefined)[], typeUse: (cursor: Cursor) => number) {
    this.#spaces = spaces;
    this.#params = params;
    this.#typeUse = typeUse;
  }

  /** The body without its size; `arity` is the number of parameters of its type. */
  body(cursor: Cursor, arity: number): Uint8Array {
    for (let index = 0; index < arity; index += 1) this.#locals.add(this.#params[index], cursor.place);
    const names: (string | undefined)[] = [];
    const types = cursor.declared("local", names);
    for (const name of names) this.#locals.add(name, cursor.place);
    const groups: { type: ValueType; count: number }[] = [];
    for (const type of types) {
      const last = groups.at(-1);
      if (last?.type === type) last.count += 1;
      else groups.push({ type, count: 1 });
    }
    const locals = groups.map(({ type, count }) => concatenated([unsigned(count), typeBytes(type)]));
    return concatenated([unsigned(groups.length), ...locals, this.expression(cursor)]);
  }

  /** Instructions to the end of the list, and `end`. */
  expression(cursor: Cursor): Uint8Array {
    this.#sequence(cursor);
    this.#labels.length = 0;
    this.#emit(Uint8Array.of(end));
    return concatenated(this.#parts);
  }

  #emit(...parts: readonly Uint8Array[]): void {
    this.#parts.push(...parts);
  }

  #sequence(cursor: Cursor): void {
    const depth = this.#labels.length;
    while (cursor.peek()) {
      const node = cursor.next();
      if (node?.kind === "list") this.#folded(node);
      else if (node?.kind === "atom") this.#plain(node, cursor);
      else if (node) throw new WatError("unexpected string, expected an instr.", node);
    }
    if (this.#labels.length > depth) throw new WatError('unexpected token ")", expected end.', cursor.place);
  }

  #plain(word: Atom, cursor: Cursor): void {
    if (word.text === "end" || word.text === "else") {
      const label = this.#labels.at(-1);
      if (this.#labels.length === 0) throw new WatError(`unexpected token "${word.text}", expected ).`, word, 3);
      const named = cursor.peekAtom();
      if (named?.text.startsWith("$")) {
        cursor.next();
        if (named.text !== label) throw new WatError(`mismatching label "${label ?? ""}" != "${named.text}"`, named);
      }
      if (word.text === "end") this.#labels.pop();
      this.#emit(Uint8Array.of(word.text === "end" ? end : otherwise));
      return;
    }
    const opcode = named(word);
    if (opcode.immediate === "block") this.#open(opcode, cursor);
    else this.#instruction(opcode, word, cursor);
  }

  #folded(list: List): void {
    const cursor = new Cursor(list);
    const word = cursor.atom("an instr");
    const opcode = named(word);
    if (opcode.name === "if") return this.#foldedIf(opcode, cursor);
    if (opcode.immediate === "block") {
      this.#open(opcode, cursor);
      this.#sequence(cursor);
      this.#labels.pop();
      this.#emit(Uint8Array.of(end));
      return;
    }
    // The operands stand behind the immediates and are computed before.
    const before = this.#parts;
    this.#parts = [];
    this.#instruction(opcode, word, cursor);
    const own = this.#parts;
    this.#parts = before;
    this.#sequence(cursor);
    this.#emit(...own);
  }

  #foldedIf(opcode: Opcode, cursor: Cursor): void {
    const before = this.#parts;
    this.#parts = [];
    this.#open(opcode, cursor);
    const head = this.#parts;
    const label = this.#labels.pop();
    this.#parts = before;
    let branch = cursor.takeList("then");
    while (!branch) {
      const operand = cursor.takeAnyList();
      if (!operand) throw new WatError('unexpected token ")", expected "(then".', cursor.place);
      this.#folded(operand);
      branch = cursor.takeList("then");
    }
    this.#labels.push(label);
    this.#emit(...head);
    const inside = (part: List): void => {
      const inner = new Cursor(part);
      inner.next();
      this.#sequence(inner);
    };
    inside(branch);
    const other = cursor.takeList("else");
    if (other) {
      this.#emit(Uint8Array.of(otherwise));
      inside(other);
    }
    this.#labels.pop();
    this.#emit(Uint8Array.of(end));
  }

  /** The head of a block, loop or if. */
  #open(opcode: Opcode, cursor: Cursor): void {
    this.#labels.push(cursor.name());
    this.#emit(Uint8Array.of(opcode.code), this.#blockType(cursor));
  }

  #blockType(cursor: Cursor): Uint8Array {
    const node = cursor.peek();
    const first = node?.kind === "list" && node.items[0]?.kind === "atom" ? node.items[0].text : "";
    if (first !== "type" && first !== "param" && first !== "result") return Uint8Array.of(emptyBlock);
    if (first === "result" && node?.kind === "list" && node.items.length === 2) {
      const [type] = cursor.declared("result", []);
      if (type) return typeBytes(type);
    }
    return signed(this.#typeUse(cursor));
  }

  #instruction(opcode: Opcode, word: Atom, cursor: Cursor): void {
    const prefix = opcode.prefix === undefined ? [] : [Uint8Array.of(opcode.prefix)];
    const code = opcode.prefix === undefined ? Uint8Array.of(opcode.code) : unsigned(opcode.code);
    this.#emit(...prefix, code, ...this.#immediates(opcode, word, cursor));
  }

  #immediates(opcode: Opcode, word: Atom, cursor: Cursor): Uint8Array[] {
    const spaces = this.#spaces;
    const index = (names: Names): Uint8Array => unsigned(names.indexOf(cursor.atom("an index")));
    const optional = (names: Names): Uint8Array => {
      const atom = cursor.peekAtom();
      return atom && /^[$\d]/.test(atom.text) ? index(names) : unsigned(0);
    };
    switch (opcode.immediate) {
      case "none":
      case "block":
        return [];
      case "label":
        return [this.#label(cursor.atom("a label"))];
      case "labels": {
        const targets: Uint8Array[] = [];
        while (/^[$\d]/.test(cursor.peekAtom()?.text ?? "")) targets.push(this.#label(cursor.atom("a label")));
        if (targets.length === 0) throw new WatError("unexpected token, expected a label.", word, word.text.length);
        return [unsigned(targets.length - 1), ...targets];
      }
      case "function":
        return [index(spaces.func)];
      case "call-indirect": {
        const table = optional(spaces.table);
        return [unsigned(this.#typeUse(cursor)), table];
      }
      case "local":
        return [index(this.#locals)];
      case "global":
        return [index(spaces.global)];
      case "table":
        return [optional(spaces.table)];
      case "memory":
        return [optional(spaces.memory)];
      case "two-memories":
        return [optional(spaces.memory), optional(spaces.memory)];
      case "two-tables":
        return [optional(spaces.table), optional(spaces.table)];
      case "data":
        return [index(spaces.data)];
      case "data-memory":
        return [index(spaces.data), unsigned(0)];
      case "elem":
        return [index(spaces.elem)];
      case "elem-table":
        return [index(spaces.elem), unsigned(0)];
      case "memory-access":
        return memoryAccess(opcode, cursor);
      case "i32": {
        const atom = cursor.atom("a numeric literal");
        return [signed(Number(BigInt.asIntN(32, whole(atom, 32))))];
      }
      case "i64":
        return [signedLong(BigInt.asIntN(64, whole(cursor.atom("a numeric literal"), 64)))];
      case "f32":
      case "f64":
        return [float(cursor.atom("a numeric literal"), opcode.immediate)];
      case "reference":
        return [Uint8Array.of(cursor.atom("a reference type").text.startsWith("extern") ? 0x6f : 0x70)];
      case "types": {
        const types = cursor.declared("result", []);
        return [unsigned(types.length), ...types.map(typeBytes)];
      }
    }
  }

  #label(atom: Atom): Uint8Array {
    if (!atom.text.startsWith("$")) return unsigned(Number(signed64(atom)));
    const found = this.#labels.lastIndexOf(atom.text);
    if (found === -1) throw new WatError(`undefined label variable "${atom.text}"`, atom, atom.text.length);
    return unsigned(this.#labels.length - 1 - found);
  }
}

function named(word: Atom): Opcode {
  const opcode = opcodeNamed(word.text);
  if (!opcode) throw new WatError(`unexpected token ${word.text}, expected an instr.`, word, word.text.length);
  return opcode;
}

function memoryAccess(opcode: Opcode, cursor: Cursor): Uint8Array[] {
  let offset = 0n;
  let alignment = opcode.alignment;
  for (let atom = cursor.peekAtom(); atom && /^(?:offset|align)=/.test(atom.text); atom = cursor.peekAtom()) {
    const [name = "", value = ""] = atom.text.split("=");
    const number = signed64({ ...atom, text: value });
    if (name === "offset") offset = number;
    else alignment = Math.log2(Number(number));
    if (!Number.isInteger(alignment)) throw new WatError("alignment must be power-of-two", atom, atom.text.length);
    cursor.next();
  }
  return [unsigned(alignment), unsigned(Number(offset))];
}

/** A whole number that fits, signed or unsigned. */
function whole(atom: Atom, bits: 32 | 64): bigint {
  const value = signed64(atom);
  const limit = 1n << BigInt(bits);
  if (value < -(limit / 2n) || value >= limit) {
    throw new WatError(`invalid literal "${atom.text}"`, atom, atom.text.length);
  }
  return value;
}

function signedLong(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
      return Uint8Array.from([...bytes, low]);
    }
    bytes.push(low | 0x80);
  }
}

function float(atom: Atom, type: "f32" | "f64"): Uint8Array {
  const words = /^([+-]?)(inf|nan)$/.exec(atom.text);
  let value = numberOf(atom.text.replaceAll("_", ""));
  if (words) value = (words[1] === "-" ? -1 : 1) * (words[2] === "inf" ? Infinity : Number.NaN);
  else if (Number.isNaN(value)) throw new WatError(`invalid literal "${atom.text}"`, atom, atom.text.length);
  const bytes = new Uint8Array(type === "f32" ? 4 : 8);
  const view = new DataView(bytes.buffer);
  if (type === "f32") view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return bytes;
}

/** A number in decimal, or in hexadecimal with a binary exponent such as 0x1.8p+1. */
function numberOf(text: string): number {
  const parts = /^([+-]?)0x([0-9a-f]+)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i.exec(text);
  if (!parts) return Number(text);
  const [, sign = "", before = "", after = "", exponent = "0"] = parts;
  const size = Number.parseInt(before + after, 16) * 2 ** (Number(exponent) - 4 * after.length);
  return sign === "-" ? -size : size;
}
