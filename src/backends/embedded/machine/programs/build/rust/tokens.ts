/** A piece of Rust source that means something: comments and white space are left out. */
export interface Token {
  kind: "word" | "number" | "text" | "character" | "lifetime" | "mark";
  /** As written. */
  raw: string;
  /** Value of a string literal. */
  value?: string;
  /** From 1. */
  line: number;
  column: number;
}

/** A slip that makes the source unreadable, at its place. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly code: string | undefined;
  readonly line: number;
  readonly column: number;
  readonly label: string;
  readonly opened: { line: number; column: number } | undefined;
  constructor(
    message: string,
    at: { line: number; column: number },
    details: { code?: string; label?: string; opened?: { line: number; column: number } } = {},
  ) {
    super(message);
    this.code = details.code;
    this.line = at.line;
    this.column = at.column;
    this.label = details.label ?? "";
    this.opened = details.opened;
  }
}

const rules: readonly (readonly [Token["kind"], RegExp])[] = [
  ["text", /b?r(#*)"[\s\S]*?"\1/y],
  ["text", /b?"(?:[^"\\]|\\[\s\S])*"/y],
  ["character", /b?'(?:[^'\\\n]|\\(?:x[\da-fA-F]{2}|u\{[^}]*\}|.))'/y],
  ["lifetime", /'[\p{L}_][\p{L}\d_]*/uy],
  ["word", /[\p{L}_][\p{L}\d_]*/uy],
  ["number", /\d[\w.]*/y],
  ["mark", /::|->|=>|==|!=|<=|>=|&&|\|\||\.\.=|\.\.|[^\s]/uy],
];

/** All tokens of a source. Throws SourceError for an unfinished string or comment and for unbalanced brackets. */
export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  let lineStart = 0;
  const advance = (length: number): void => {
    for (let index = at; index < at + length; index += 1) {
      if (source[index] === "\n") {
        line += 1;
        lineStart = index + 1;
      }
    }
    at += length;
  };
  while (at < source.length) {
    const place = { line, column: at - lineStart + 1 };
    const space = /\s+|\/\/[^\n]*/y;
    space.lastIndex = at;
    const skipped = space.exec(source)?.[0] ?? blockComment(source, at, place);
    if (skipped !== "") {
      advance(skipped.length);
      continue;
    }
    const token = nextToken(source, at);
    if (!token) throw new SourceError("unknown start of token", place);
    if (token.raw === '"') {
      throw new SourceError("unterminated double quote string", place, { code: "E0765" });
    }
    tokens.push({ ...token, ...place });
    advance(token.raw.length);
  }
  checkBrackets(tokens, line, source);
  return tokens;
}

function nextToken(source: string, at: number): Pick<Token, "kind" | "raw" | "value"> | undefined {
  for (const [kind, rule] of rules) {
    rule.lastIndex = at;
    const raw = rule.exec(source)?.[0];
    if (raw === undefined) continue;
    return kind === "text" ? { kind, raw, value: literalValue(raw) } : { kind, raw };
  }
  return undefined;
}

function blockComment(source: string, at: number, place: { line: number; column: number }): string {
  if (!source.startsWith("/*", at)) return "";
  let depth = 0;
  for (let index = at; index < source.length; index += 1) {
    if (source.startsWith("/*", index)) {
      depth += 1;
      index += 1;
    } else if (source.startsWith("*/", index)) {
      depth -= 1;
      index += 1;
      if (depth === 0) return source.slice(at, index + 1);
    }
  }
  throw new SourceError("unterminated block comment", place, { code: "E0758" });
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  "\\": "\\",
  "0": "\0",
  "'": "'",
  '"': '"',
};

function literalValue(raw: string): string {
  const plain = /^b?r(#*)"([\s\S]*)"\1$/.exec(raw);
  if (plain) return plain[2] ?? "";
  return raw
    .replace(/^b?"|"$/g, "")
    .replace(
      /\\(?:\r?\n\s*|x([\da-fA-F]{2})|u\{([\da-fA-F_]+)\}|([\s\S]))/g,
      (_all, byte?: string, code?: string, letter?: string) => {
        if (byte !== undefined) return String.fromCodePoint(Number.parseInt(byte, 16));
        if (code !== undefined) return String.fromCodePoint(Number.parseInt(code.replaceAll("_", ""), 16));
        return letter === undefined ? "" : (simpleEscapes[letter] ?? letter);
      },
    );
}

const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

function checkBrackets(tokens: readonly Token[], lastLine: number, source: string): void {
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind !== "mark") continue;
    if (closing[token.raw] !== undefined) open.push(token);
    else if (token.raw === ")" || token.raw === "]" || token.raw === "}") {
      const opened = open.pop();
      if (!opened) {
        throw new SourceError(`unexpected closing delimiter: \`${token.raw}\``, token, {
          label: "unexpected closing delimiter",
        });
      }
      if (closing[opened.raw] !== token.raw) {
        throw new SourceError(`mismatched closing delimiter: \`${token.raw}\``, token, {
          label: "mismatched closing delimiter",
          opened,
        });
      }
    }
  }
  const opened = open.at(-1);
  if (!opened) return;
  const lines = source.replace(/\n$/, "").split("\n");
  const end = { line: Math.min(lastLine, lines.length), column: (lines.at(-1)?.length ?? 0) + 1 };
  throw new SourceError("this file contains an unclosed delimiter", end, { opened });
}
