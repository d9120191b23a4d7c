import type { Word, WordPart } from "./ast.ts";

/** One unquoted character, or a part that brace expansion does not look into. */
type Atom = string | Exclude<WordPart, { type: "text" }>;

const maxWords = 1_000_000;

/** `{a,b}` and `{1..3}`: the words that one word stands for. */
export function expandBraces(word: Word): readonly Word[] {
  if (!word.parts.some((part) => part.type === "text" && part.value.includes("{"))) return [word];
  const atoms: Atom[] = word.parts.flatMap((part): Atom[] => (part.type === "text" ? [...part.value] : [part]));
  return expand(atoms).map((result) => ({ parts: toParts(result), source: word.source }));
}

function toParts(atoms: readonly Atom[]): WordPart[] {
  const parts: WordPart[] = [];
  let text = "";
  for (const atom of atoms) {
    if (typeof atom === "string") {
      text += atom;
      continue;
    }
    if (text !== "") parts.push({ type: "text", value: text });
    text = "";
    parts.push(atom);
  }
  if (text !== "") parts.push({ type: "text", value: text });
  return parts;
}

function expand(atoms: readonly Atom[]): Atom[][] {
  for (let at = 0; at < atoms.length; at += 1) {
    if (atoms[at] !== "{") continue;
    const group = findGroup(atoms, at);
    if (!group) continue;
    const before = atoms.slice(0, at);
    const after = expand(atoms.slice(group.end));
    const middle = group.choices.flatMap(expand);
    if (middle.length * after.length > maxWords) return [[...atoms]];
    return middle.flatMap((choice) => after.map((rest) => [...before, ...choice, ...rest]));
  }
  return [[...atoms]];
}

function findGroup(atoms: readonly Atom[], start: number): { choices: Atom[][]; end: number } | undefined {
  let depth = 0;
  let choices: Atom[][] = [];
  let from = start + 1;
  for (let at = start; at < atoms.length; at += 1) {
    const atom = atoms[at];
    if (atom === "{") depth += 1;
    else if (atom === "," && depth === 1) {
      choices.push(atoms.slice(from, at));
      from = at + 1;
    } else if (atom === "}" && (depth -= 1) === 0) {
      if (choices.length > 0) return { choices: [...choices, atoms.slice(from, at)], end: at + 1 };
      const sequence = expandSequence(atoms.slice(start + 1, at));
      return sequence && { choices: sequence, end: at + 1 };
    }
  }
  choices = [];
  return undefined;
}

function expandSequence(atoms: readonly Atom[]): Atom[][] | undefined {
  if (!atoms.every((atom) => typeof atom === "string")) return undefined;
  const text = atoms.join("");
  const numbers = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/.exec(text);
  if (numbers?.[1] && numbers[2]) {
    const [from, to] = [Number(numbers[1]), Number(numbers[2])];
    const padded = /^-?0\d/.test(numbers[1]) || /^-?0\d/.test(numbers[2]);
    const width = padded ? Math.max(numbers[1].length, numbers[2].length) : 0;
    return range(from, to, Number(numbers[3] ?? 1))?.map((value) => [
      ...(value < 0 ? `-${String(-value).padStart(width - 1, "0")}` : String(value).padStart(width, "0")),
    ]);
  }
  const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d+))?$/.exec(text);
  if (!letters?.[1] || !letters[2]) return undefined;
  return range(letters[1].charCodeAt(0), letters[2].charCodeAt(0), Number(letters[3] ?? 1))?.map((code) => [
    String.fromCharCode(code),
  ]);
}

function range(from: number, to: number, step: number): number[] | undefined {
  const by = Math.max(1, Math.abs(step)) * (from <= to ? 1 : -1);
  const count = Math.floor((to - from) / by) + 1;
  return count > maxWords ? undefined : Array.from({ length: count }, (_, index) => from + index * by);
}
