import { concatenated, sectionWith, signed, unsigned } from "../sections.ts";
import { FunctionAssembler } from "./assemble-function.ts";
import type { FunctionType, ValueType } from "./module.ts";
import { Cursor, Names, signed64, typeBytes, valueType } from "./text-parts.ts";
import type { Spaces } from "./text-parts.ts";
import { readLists, WatError } from "./wat-syntax.ts";
import type { Atom, List, Node } from "./wat-syntax.ts";

export { WatError } from "./wat-syntax.ts";

const kinds = ["func", "table", "memory", "global"] as const;
type Kind = (typeof kinds)[number];

const endOpcode = 0x0b;

interface PendingFunction {
  cursor: Cursor;
  type: number;
  params: (string | undefined)[];
}

/**
 * Assembles a text module. Throws WatError.
 * Simplified: WebAssembly 2.0 without vectors.
 */
export function assemble(source: string): Uint8Array {
  return new ModuleAssembler(fieldsOf(readLists(source))).bytes();
}

function fieldsOf(nodes: Node[]): List[] {
  const [first] = nodes;
  const isModule = first?.kind === "list" && first.items[0]?.kind === "atom" && first.items[0].text === "module";
  let fields = nodes;
  if (isModule) {
    const second = nodes[1];
    if (second) throw new WatError(`unexpected token "(", expected EOF.`, second);
    const [, ...rest] = first.items;
    const [name] = rest;
    fields = name?.kind === "atom" && name.text.startsWith("$") ? rest.slice(1) : rest;
  }
  return fields.map((field) => {
    if (field.kind === "list") return field;
    const text = field.kind === "atom" ? field.text : "string";
    throw new WatError(`unexpected token "${text}", expected a module field.`, field, text.length);
  });
}

class ModuleAssembler {
  #types: FunctionType[] = [];
  #spaces: Spaces = {
    type: new Names("function type"),
    func: new Names("function"),
    table: new Names("table"),
    memory: new Names("memory"),
    global: new Names("global"),
    data: new Names("data segment"),
    elem: new Names("elem segment"),
  };
  #imports: Uint8Array[] = [];
  #functions: PendingFunction[] = [];
  #tables: Uint8Array[] = [];
  #memories: Uint8Array[] = [];
  #globals: (() => Uint8Array)[] = [];
  #exports: (() => Uint8Array)[] = [];
  #start: (() => number) | undefined;
  #elements: (() => Uint8Array)[] = [];
  #data: (() => Uint8Array)[] = [];

  constructor(fields: readonly List[]) {
    for (const field of fields) if (keyword(field) === "type") this.#type(new Cursor(field));
    for (const field of fields) this.#field(field);
  }

  bytes(): Uint8Array {
    const section = (id: number, entries: readonly Uint8Array[]): Uint8Array =>
      entries.length === 0 ? new Uint8Array() : sectionWith(id, concatenated([unsigned(entries.length), ...entries]));
    // Bodies first: they may add types.
    const bodies = this.#functions.map((pending) => this.#body(pending));
    const globals = this.#globals.map((make) => make());
    const elements = this.#elements.map((make) => make());
    const data = this.#data.map((make) => make());
    const types = this.#types.map(({ params, results }) =>
      concatenated([Uint8Array.of(0x60), vector(params), vector(results)]),
    );
    return concatenated([
      Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
      section(1, types),
      section(2, this.#imports),
      section(
        3,
        this.#functions.map(({ type }) => unsigned(type)),
      ),
      section(4, this.#tables),
      section(5, this.#memories),
      section(6, globals),
      section(
        7,
        this.#exports.map((make) => make()),
      ),
      this.#start ? sectionWith(8, unsigned(this.#start())) : new Uint8Array(),
      section(9, elements),
      section(10, bodies),
      section(11, data),
    ]);
  }

  #field(field: List): void {
    const cursor = new Cursor(field);
    const name = keyword(field);
    switch (name) {
      case "type":
        return;
      case "import":
        return this.#import(cursor);
      case "func":
        return this.#func(cursor);
      case "table":
        return this.#table(cursor);
      case "memory":
        return this.#memory(cursor);
      case "global":
        return this.#global(cursor);
      case "export":
        return this.#export(cursor);
      case "start": {
        cursor.next();
        const target = cursor.atom("an index");
        this.#start = () => this.#spaces.func.indexOf(target);
        return;
      }
      case "elem":
        return this.#elem(cursor);
      case "data":
        return this.#dataSegment(cursor);
      default: {
        const first = field.items[0];
        const shown = first?.kind === "atom" ? first.text : ")";
        throw new WatError(
          `unexpected token "${shown}", expected a module field.`,
          first ?? field,
          Math.max(1, shown.length),
        );
      }
    }
  }

  #type(cursor: Cursor): void {
    cursor.next();
    this.#spaces.type.add(cursor.name(), cursor.place);
    const inner = new Cursor(cursor.list("func"));
    inner.next();
    const { type } = inner.functionType();
    this.#types.push(type);
  }

  #import(cursor: Cursor): void {
    cursor.next();
    const names = [cursor.text(), cursor.text()];
    const description = new Cursor(cursor.anyList("an external kind"));
    const kind = kindOf(description.atom("an external kind"));
    this.#spaces[kind].add(description.name(), description.place);
    this.#imports.push(this.#importBytes(names, kind, description));
  }

  #importBytes(names: readonly Uint8Array[], kind: Kind, cursor: Cursor): Uint8Array {
    const described = {
      func: () => unsigned(this.#typeUse(cursor).type),
      table: () => tableBytes(cursor),
      memory: () => limitBytes(cursor),
      global: () => globalBytes(cursor),
    }[kind]();
    return concatenated([...names.map(withLength), Uint8Array.of(kinds.indexOf(kind)), described]);
  }

  /** Inline `(export ...)` and `(import ...)` at the start of a definition; true when it is an import. */
  #inline(kind: Kind, cursor: Cursor): boolean {
    const index = this.#spaces[kind].add(cursor.name(), cursor.place);
    for (;;) {
      const exported = cursor.takeList("export");
      if (!exported) break;
      const inner = new Cursor(exported);
      inner.next();
      const name = inner.text();
      this.#exports.push(() => concatenated([withLength(name), Uint8Array.of(kinds.indexOf(kind)), unsigned(index)]));
    }
    const imported = cursor.takeList("import");
    if (!imported) return false;
    const inner = new Cursor(imported);
    inner.next();
    this.#imports.push(this.#importBytes([inner.text(), inner.text()], kind, cursor));
    return true;
  }

  #func(cursor: Cursor): void {
    cursor.next();
    if (this.#inline("func", cursor)) return;
    const { type, params } = this.#typeUse(cursor);
    this.#functions.push({ cursor, type, params });
  }

  #table(cursor: Cursor): void {
    cursor.next();
    if (this.#inline("table", cursor)) return;
    const element = cursor.peekAtom();
    if (element === undefined || /^\d/.test(element.text)) {
      this.#tables.push(tableBytes(cursor));
      return;
    }
    const index = this.#spaces.table.size - 1;
    const type = valueType(cursor.atom("a reference type"));
    const items = new Cursor(cursor.list("elem"));
    items.next();
    const functions = items.atoms();
    this.#tables.push(concatenated([typeBytes(type), limits(functions.length, functions.length)]));
    this.#spaces.elem.add(undefined, cursor.place);
    this.#elements.push(() => this.#activeElements(index, constant(0), functions));
  }

  #memory(cursor: Cursor): void {
    cursor.next();
    if (this.#inline("memory", cursor)) return;
    const data = cursor.takeList("data");
    if (!data) {
      this.#memories.push(limitBytes(cursor));
      return;
    }
    const inner = new Cursor(data);
    inner.next();
    const bytes = inner.texts();
    const pages = Math.ceil(bytes.length / 65_536);
    this.#memories.push(limits(pages, pages));
    this.#spaces.data.add(undefined, cursor.place);
    this.#data.push(() => concatenated([Uint8Array.of(0), constant(0), withLength(bytes)]));
  }

  #global(cursor: Cursor): void {
    cursor.next();
    if (this.#inline("global", cursor)) return;
    const type = globalBytes(cursor);
    this.#globals.push(() => concatenated([type, this.#expression(cursor)]));
  }

  #export(cursor: Cursor): void {
    cursor.next();
    const name = cursor.text();
    const inner = new Cursor(cursor.anyList("an external kind"));
    const kind = kindOf(inner.atom("an external kind"));
    const target = inner.atom("an index");
    this.#exports.push(() =>
      concatenated([
        withLength(name),
        Uint8Array.of(kinds.indexOf(kind)),
        unsigned(this.#spaces[kind].indexOf(target)),
      ]),
    );
  }

  #elem(cursor: Cursor): void {
    cursor.next();
    this.#spaces.elem.add(cursor.name(), cursor.place);
    const table = cursor.takeList("table");
    const offset = cursor.takeList("offset") ?? cursor.takeAnyList();
    const word = cursor.peekAtom()?.text;
    if (word === "func" || word === "funcref" || word === "declare") cursor.next();
    if (word === "declare") cursor.next();
    const functions = cursor.atoms();
    this.#elements.push(() => {
      if (!offset) {
        const mode = word === "declare" ? 3 : 1;
        return concatenated([Uint8Array.of(mode, 0), this.#indices(functions)]);
      }
      const named = table ? new Cursor(table) : undefined;
      named?.next();
      const index = named ? this.#spaces.table.indexOf(named.atom("an index")) : 0;
      return this.#activeElements(index, this.#offset(offset), functions);
    });
  }

  #activeElements(table: number, offset: Uint8Array, functions: readonly Atom[]): Uint8Array {
    const head =
      table === 0 ? [Uint8Array.of(0), offset] : [Uint8Array.of(2), unsigned(table), offset, Uint8Array.of(0)];
    return concatenated([...head, this.#indices(functions)]);
  }

  #indices(functions: readonly Atom[]): Uint8Array {
    return concatenated([
      unsigned(functions.length),
      ...functions.map((atom) => unsigned(this.#spaces.func.indexOf(atom))),
    ]);
  }

  #dataSegment(cursor: Cursor): void {
    cursor.next();
    this.#spaces.data.add(cursor.name(), cursor.place);
    const memory = cursor.takeList("memory");
    const offset = cursor.takeList("offset") ?? cursor.takeAnyList();
    const bytes = cursor.texts();
    this.#data.push(() => {
      if (!offset) return concatenated([Uint8Array.of(1), withLength(bytes)]);
      const named = memory ? new Cursor(memory) : undefined;
      named?.next();
      const index = named ? this.#spaces.memory.indexOf(named.atom("an index")) : 0;
      const head = index === 0 ? Uint8Array.of(0) : concatenated([Uint8Array.of(2), unsigned(index)]);
      return concatenated([head, this.#offset(offset), withLength(bytes)]);
    });
  }

  /** `(offset ...)` or a folded instruction. */
  #offset(list: List): Uint8Array {
    if (keyword(list) !== "offset") return this.#expression(new Cursor({ ...list, items: [list] }));
    const cursor = new Cursor(list);
    cursor.next();
    return this.#expression(cursor);
  }

  #expression(cursor: Cursor): Uint8Array {
    return new FunctionAssembler(this.#spaces, [], (inner) => this.#typeUse(inner).type).expression(cursor);
  }

  #body({ cursor, type, params }: PendingFunction): Uint8Array {
    const assembler = new FunctionAssembler(this.#spaces, params, (inner) => this.#typeUse(inner).type);
    const arity = this.#types[type]?.params.length ?? params.length;
    return withLength(assembler.body(cursor, arity));
  }

  /** `(type ...)`, `(param ...)` and `(result ...)`: the index of the type, made when there is none alike. */
  #typeUse(cursor: Cursor): { type: number; params: (string | undefined)[] } {
    const use = cursor.takeList("type");
    const { type, params } = cursor.functionType();
    if (use) {
      const inner = new Cursor(use);
      inner.next();
      return { type: this.#spaces.type.indexOf(inner.atom("an index")), params };
    }
    const alike = this.#types.findIndex((known) => JSON.stringify(known) === JSON.stringify(type));
    if (alike !== -1) return { type: alike, params };
    this.#spaces.type.add(undefined, cursor.place);
    return { type: this.#types.push(type) - 1, params };
  }
}

function keyword(list: List): string | undefined {
  const [first] = list.items;
  return first?.kind === "atom" ? first.text : undefined;
}

function kindOf(atom: Atom): Kind {
  const kind = kinds.find((known) => known === atom.text);
  if (!kind) throw new WatError(`unexpected token "${atom.text}", expected an external kind.`, atom, atom.text.length);
  return kind;
}

const withLength = (bytes: Uint8Array): Uint8Array => concatenated([unsigned(bytes.length), bytes]);

const vector = (types: readonly ValueType[]): Uint8Array =>
  concatenated([unsigned(types.length), ...types.map((type) => typeBytes(type))]);

const constant = (value: number): Uint8Array => Uint8Array.of(0x41, ...signed(value), endOpcode);

const limits = (initial: number, maximum: number | undefined): Uint8Array =>
  Uint8Array.of(
    maximum === undefined ? 0 : 1,
    ...unsigned(initial),
    ...(maximum === undefined ? [] : unsigned(maximum)),
  );

function limitBytes(cursor: Cursor): Uint8Array {
  const initial = Number(signed64(cursor.atom("a natural number")));
  const maximum = cursor.peekAtom();
  if (!maximum || !/^\d/.test(maximum.text)) return limits(initial, undefined);
  cursor.next();
  return limits(initial, Number(signed64(maximum)));
}

function tableBytes(cursor: Cursor): Uint8Array {
  const size = limitBytes(cursor);
  return concatenated([typeBytes(valueType(cursor.atom("a reference type"))), size]);
}

function globalBytes(cursor: Cursor): Uint8Array {
  const mutable = cursor.takeList("mut");
  if (!mutable) return Uint8Array.of(...typeBytes(valueType(cursor.atom("a value type"))), 0);
  const inner = new Cursor(mutable);
  inner.next();
  return Uint8Array.of(...typeBytes(valueType(inner.atom("a value type"))), 1);
}
