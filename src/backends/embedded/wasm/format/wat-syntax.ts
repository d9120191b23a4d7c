/** What is wrong with a text module, and where; line and column count from 1. */
export class WatError extends Error {
  override readonly name = "WatError";
  readonly line: number;
  readonly column: number;
  /** Characters of the wrong word. */
  readonly width: number;
  constructor(message: string, at: Place, width = 1) {
    super(message);
    this.line = at.line;
    this.column = at.column;
    this.width = width;
  }
}

export interface Place {
  line: number;
  column: number;
}

export interface Atom extends Place {
  kind: "atom";
  text: string;
}

export interface Text extends Place {
  kind: "text";
  bytes: Uint8Array;
}

export interface List extends Place {
  kind: "list";
  items: Node[];
}

export type Node = Atom | Text | List;

const wordEnd = /[\s()";]/;

/** The nested lists of a text module. Throws WatError. */
export function readLists(source: string): Node[] {
  const top: Node[] = [];
  const open: List[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const place = (): Place => ({ line, column: at - lineStart + 1 });
  const add = (node: Node): void => void (open.at(-1)?.items ?? top).push(node);
  const newLines = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) {
      if (source[index] !== "\n") continue;
      line += 1;
      lineStart = index + 1;
    }
  };
  while (at < source.length) {
    const character = source[at] ?? "";
    if (/\s/.test(character)) {
      newLines(at, at + 1);
      at += 1;
    } else if (source.startsWith(";;", at)) {
      const end = source.indexOf("\n", at);
      at = end === -1 ? source.length : end;
    } else if (source.startsWith("(;", at)) {
      const from = place();
      const end = commentEnd(source, at);
      if (end === -1) throw new WatError("EOF in block comment", from);
      newLines(at, end);
      at = end;
    } else if (character === "(") {
      const list: List = { kind: "list", items: [], ...place() };
      add(list);
      open.push(list);
      at += 1;
    } else if (character === ")") {
      if (!open.pop()) throw new WatError('unexpected token ")", expected EOF.', place());
      at += 1;
    } else if (character === '"') {
      const from = place();
      const text = readText(source, at, from);
      add({ kind: "text", bytes: text.bytes, ...from });
      at = text.end;
    } else {
      const from = place();
      let end = at;
      while (end < source.length && !wordEnd.test(source[end] ?? "")) end += 1;
      if (end === at) throw new WatError(`unexpected char`, from);
      add({ kind: "atom", text: source.slice(at, end), ...from });
      at = end;
    }
  }
  if (open.length > 0) throw new WatError('unexpected token "EOF", expected ).', place());
  return top;
}

function commentEnd(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    if (source.startsWith("(;", at)) depth += 1;
    else if (source.startsWith(";)", at)) depth -= 1;
    else continue;
    at += 1;
    if (depth === 0) return at + 1;
  }
  return -1;
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '"': 34, "'": 39, "\\": 92 };

function readText(source: string, start: number, place: Place): { bytes: Uint8Array; end: number } {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (let at = start + 1; at < source.length; at += 1) {
    const character = source.codePointAt(at) ?? 0;
    if (character === 34) return { bytes: Uint8Array.from(bytes), end: at + 1 };
    if (character === 10) break;
    if (character !== 92) {
      bytes.push(...encoder.encode(String.fromCodePoint(character)));
      if (character > 0xffff) at += 1;
      continue;
    }
    const next = source[at + 1] ?? "";
    const known = escapes[next];
    const hex = /^[0-9a-fA-F]{2}/.exec(source.slice(at + 1, at + 3))?.[0];
    const unicode = /^u\{([0-9a-fA-F]+)\}/.exec(source.slice(at + 1, at + 12));
    if (known !== undefined) {
      bytes.push(known);
      at += 1;
    } else if (hex !== undefined) {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    } else if (unicode) {
      bytes.push(...encoder.encode(String.fromCodePoint(Number.parseInt(unicode[1] ?? "0", 16))));
      at += unicode[0].length;
    } else {
      throw new WatError(`bad escape "\\${next}"`, { line: place.line, column: place.column + at - start });
    }
  }
  throw new WatError("newline in string", place);
}
