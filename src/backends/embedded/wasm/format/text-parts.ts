import type { FunctionType, ValueType } from "./module.ts";
import { WatError } from "./wat-syntax.ts";
import type { Atom, List, Node, Place } from "./wat-syntax.ts";

const valueTypeBytes: Readonly<Record<string, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
};

const isValueType = (text: string): text is ValueType => text in valueTypeBytes;

export function valueType(atom: Atom): ValueType {
  if (isValueType(atom.text)) return atom.text;
  throw new WatError(`unexpected token "${atom.text}", expected a value type.`, atom, atom.text.length);
}

export const typeBytes = (type: ValueType): Uint8Array => Uint8Array.of(valueTypeBytes[type] ?? 0);

/** A whole number of up to 64 bits in decimal or hexadecimal. */
export function signed64(atom: Atom): bigint {
  const parts = /^([+-]?)(0x[0-9a-f](?:_?[0-9a-f])*|\d(?:_?\d)*)$/i.exec(atom.text);
  if (!parts) throw new WatError(`invalid literal "${atom.text}"`, atom, atom.text.length);
  const value = BigInt((parts[2] ?? "").replaceAll("_", ""));
  return parts[1] === "-" ? -value : value;
}

/** The names of one index space. */
export class Names {
  #what: string;
  #names = new Map<string, number>();
  #size = 0;

  constructor(what: string) {
    this.#what = what;
  }

  get size(): number {
    return this.#size;
  }

  /** Gives the next index to a name, if it has one. */
  add(name: string | undefined, place: Place): number {
    if (name !== undefined) {
      if (this.#names.has(name)) throw new WatError(`redefinition of ${this.#what} "${name}"`, place, name.length);
      this.#names.set(name, this.#size);
    }
    this.#size += 1;
    return this.#size - 1;
  }

  indexOf(atom: Atom): number {
    const found = atom.text.startsWith("$") ? this.#names.get(atom.text) : Number(signed64(atom));
    if (found !== undefined && found < this.#size) return found;
    if (found === undefined) {
      throw new WatError(`undefined ${this.#what} variable "${atom.text}"`, atom, atom.text.length);
    }
    throw new WatError(`${this.#what} variable out of range: ${found} (max ${this.#size})`, atom, atom.text.length);
  }
}

export type Spaces = Readonly<Record<"type" | "func" | "table" | "memory" | "global" | "data" | "elem", Names>>;

/** Reads the items of one list from front to back. */
export class Cursor {
  #list: List;
  #at = 0;

  constructor(list: List) {
    this.#list = list;
  }

  /** Where the next item is, or the list when there is none. */
  get place(): Place {
    return this.#list.items[this.#at] ?? this.#list;
  }

  peek(): Node | undefined {
    return this.#list.items[this.#at];
  }

  next(): Node | undefined {
    this.#at += 1;
    return this.#list.items[this.#at - 1];
  }

  peekAtom(): Atom | undefined {
    const node = this.peek();
    return node?.kind === "atom" ? node : undefined;
  }

  atom(expected: string): Atom {
    const node = this.next();
    if (node?.kind === "atom") return node;
    const shown = node ? (node.kind === "list" ? "(" : "string") : ")";
    throw new WatError(`unexpected token "${shown}", expected ${expected}.`, node ?? this.#list);
  }

  /** A name such as `$add`, when there is one. */
  name(): string | undefined {
    const atom = this.peekAtom();
    if (!atom?.text.startsWith("$")) return undefined;
    this.next();
    return atom.text;
  }

  text(): Uint8Array {
    const node = this.next();
    if (node?.kind === "text") return node.bytes;
    throw new WatError(`unexpected token, expected a quoted string.`, node ?? this.#list);
  }

  /** All strings that are left, as one. */
  texts(): Uint8Array {
    const parts: number[] = [];
    while (this.peek()) parts.push(...this.text());
    return Uint8Array.from(parts);
  }

  atoms(): Atom[] {
    const atoms: Atom[] = [];
    while (this.peek()) atoms.push(this.atom("an index"));
    return atoms;
  }

  anyList(expected: string): List {
    const node = this.next();
    if (node?.kind === "list") return node;
    const shown = node?.kind === "atom" ? node.text : ")";
    throw new WatError(`unexpected token "${shown}", expected ${expected}.`, node ?? this.#list, shown.length);
  }

  takeAnyList(): List | undefined {
    return this.peek()?.kind === "list" ? this.anyList("a list") : undefined;
  }

  /** The next item when it is a list that begins with `word`. */
  takeList(word: string): List | undefined {
    const node = this.peek();
    if (node?.kind !== "list") return undefined;
    const [first] = node.items;
    if (first?.kind !== "atom" || first.text !== word) return undefined;
    this.next();
    return node;
  }

  list(word: string): List {
    const found = this.takeList(word);
    if (found) return found;
    throw new WatError(`unexpected token, expected "(${word}".`, this.place);
  }

  /** `(param ...)` and `(result ...)`, and the parameters' names. */
  functionType(): { type: FunctionType; params: (string | undefined)[] } {
    const names: (string | undefined)[] = [];
    const params = this.declared("param", names);
    return { type: { params, results: this.declared("result", []) }, params: names };
  }

  /** The types in lists such as `(local $a i32)` and `(local i32 i32)`. */
  declared(word: string, names: (string | undefined)[]): ValueType[] {
    const types: ValueType[] = [];
    for (let list = this.takeList(word); list; list = this.takeList(word)) {
      const inner = new Cursor(list);
      inner.next();
      const name = inner.name();
      while (inner.peek()) {
        types.push(valueType(inner.atom("a value type")));
        names.push(name);
      }
    }
    return types;
  }
}
