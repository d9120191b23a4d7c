import { tokensOf } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { SourceError } from "./tokens.ts";

/** What the comparison of a source with the shipped one found. */
export type Comparison =
  | { kind: "same" }
  | { kind: "greeting"; greeting: string; line: number; column: number }
  | { kind: "different"; line: number; column: number; width: number; expected: string; found: string };

/**
 * Compares a program with the one that the lab has built: comments and white space do not count, the greeting may
 * differ. Throws SourceError when the program cannot be read.
 */
export function compareSources(shipped: string, written: string, greeting: string): Comparison {
  const wanted = tokensOf(shipped);
  const given = tokensOf(written);
  let changed: { token: Token; greeting: string } | undefined;
  for (const [index, expected] of wanted.entries()) {
    const found = given[index];
    if (!found) return atEnd(given, written, expected);
    if (found.raw === expected.raw) continue;
    const isText = expected.kind === "text" && found.kind === "text" && !found.raw.startsWith("b");
    if (isText && found.value === expected.value) continue;
    if (isText && expected.value === greeting) {
      changed = { token: found, greeting: found.value ?? "" };
      continue;
    }
    if (expected.raw === ";" && given[index]?.raw === wanted[index + 1]?.raw)
      throw missingSemicolon(given[index - 1], found);
    return {
      kind: "different",
      line: found.line,
      column: found.column,
      width: firstLine(found.raw),
      expected: expected.raw,
      found: found.raw,
    };
  }
  const extra = given[wanted.length];
  if (extra)
    return {
      kind: "different",
      line: extra.line,
      column: extra.column,
      width: firstLine(extra.raw),
      expected: "the end",
      found: extra.raw,
    };
  if (!changed) return { kind: "same" };
  return { kind: "greeting", greeting: changed.greeting, line: changed.token.line, column: changed.token.column };
}

const firstLine = (raw: string): number => Math.max(1, raw.split("\n")[0]?.length ?? 1);

function atEnd(given: readonly Token[], written: string, expected: Token): Comparison {
  const last = given.at(-1);
  const line = last?.line ?? 1;
  const column = last ? last.column + firstLine(last.raw) : 1;
  return {
    kind: "different",
    line,
    column: Math.min(column, (written.split("\n")[line - 1]?.length ?? 0) + 1),
    width: 1,
    expected: expected.raw,
    found: "the end",
  };
}

function missingSemicolon(before: Token | undefined, found: Token): SourceError {
  const place = before ? { line: before.line, column: before.column + firstLine(before.raw) } : found;
  const name = found.kind === "word" && keywords.has(found.raw) ? `keyword \`${found.raw}\`` : `\`${found.raw}\``;
  return new SourceError(`expected \`;\`, found ${name}`, place, { label: "help: add `;` here" });
}

const keywords = new Set([
  "fn",
  "let",
  "loop",
  "use",
  "const",
  "if",
  "match",
  "return",
  "for",
  "while",
  "struct",
  "impl",
]);
