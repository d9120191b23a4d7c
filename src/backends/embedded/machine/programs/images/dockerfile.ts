/** One instruction of a Dockerfile. */
export interface Instruction {
  /** Upper case. */
  keyword: string;
  /** `--from=builder` and its like, by name. */
  flags: Readonly<Record<string, string>>;
  /** What follows the keyword and the flags. */
  text: string;
  /** The words of the exec form, when `text` is a JSON list. */
  exec: string[] | undefined;
  /** As written, on one line. */
  original: string;
  line: number;
}

export interface StageText {
  /** The base: an image, an earlier stage, or `scratch`; not yet expanded. */
  from: string;
  platform: string | undefined;
  /** Name given with AS, lower case; else its number. */
  name: string;
  fromInstruction: Instruction;
  instructions: Instruction[];
}

export interface Dockerfile {
  /** ARG instructions before the first FROM. */
  globals: Instruction[];
  stages: StageText[];
}

/** The text is no Dockerfile; `message` is the parser's. */
export class DockerfileError extends Error {
  override readonly name = "DockerfileError";
}

const keywords = new Set([
  "ADD",
  "ARG",
  "CMD",
  "COPY",
  "ENTRYPOINT",
  "ENV",
  "EXPOSE",
  "FROM",
  "HEALTHCHECK",
  "LABEL",
  "MAINTAINER",
  "ONBUILD",
  "RUN",
  "SHELL",
  "STOPSIGNAL",
  "USER",
  "VOLUME",
  "WORKDIR",
]);
const flagged = new Set(["ADD", "COPY", "FROM", "RUN", "HEALTHCHECK"]);
const listed = new Set(["ADD", "COPY", "RUN", "CMD", "ENTRYPOINT", "SHELL", "VOLUME"]);

/** Reads a Dockerfile. Throws DockerfileError. */
export function parseDockerfile(text: string): Dockerfile {
  const instructions = readInstructions(text);
  if (instructions.length === 0) throw new DockerfileError("file with no instructions");
  const result: Dockerfile = { globals: [], stages: [] };
  for (const instruction of instructions) {
    const stage = result.stages.at(-1);
    if (instruction.keyword === "FROM") result.stages.push(stageOf(instruction, result.stages.length));
    else if (stage) stage.instructions.push(instruction);
    else if (instruction.keyword === "ARG") result.globals.push(instruction);
    else throw new DockerfileError(`no FROM statement found before ${instruction.keyword} on line ${instruction.line}`);
  }
  if (result.stages.length === 0) throw new DockerfileError("no FROM statement found");
  return result;
}

function stageOf(instruction: Instruction, index: number): StageText {
  const words = instruction.text.split(/\s+/).filter(Boolean);
  const [from, as, name] = words;
  const named = words.length === 3 && as?.toUpperCase() === "AS";
  if (from === undefined || (words.length !== 1 && !named)) {
    throw new DockerfileError("FROM requires either one or three arguments");
  }
  return {
    from,
    platform: instruction.flags["platform"],
    name: named && name !== undefined ? name.toLowerCase() : String(index),
    fromInstruction: instruction,
    instructions: [],
  };
}

function readInstructions(text: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escape = /^#\s*escape\s*=\s*(`)\s*$/im.exec(lines[0] ?? "")?.[1] ?? "\\";
  const instructions: Instruction[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const start = index;
    let joined = lines[index] ?? "";
    if (/^\s*(#.*)?$/.test(joined)) continue;
    while (joined.trimEnd().endsWith(escape) && index + 1 < lines.length) {
      joined = joined.trimEnd().slice(0, -1);
      do index += 1;
      while (index < lines.length && /^\s*(#.*)?$/.test(lines[index] ?? ""));
      joined += lines[index] ?? "";
    }
    instructions.push(readInstruction(joined.trim(), start + 1));
  }
  return instructions;
}

function readInstruction(original: string, line: number): Instruction {
  const match = /^(\S+)\s*(.*)$/s.exec(original);
  const keyword = (match?.[1] ?? "").toUpperCase();
  let text = match?.[2] ?? "";
  if (!keywords.has(keyword))
    throw new DockerfileError(`unknown instruction: ${JSON.stringify(keyword)} on line ${line}`);
  if (text === "") throw new DockerfileError(`${keyword} requires at least one argument on line ${line}`);
  const flags: Record<string, string> = {};
  if (flagged.has(keyword)) {
    for (let flag = /^--([a-z-]+)(?:=(\S*))?\s+/.exec(text); flag; flag = /^--([a-z-]+)(?:=(\S*))?\s+/.exec(text)) {
      flags[flag[1] ?? ""] = flag[2] ?? "true";
      text = text.slice(flag[0].length);
    }
  }
  return { keyword, flags, text, exec: listed.has(keyword) ? jsonList(text) : undefined, original, line };
}

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) && parsed.every((item) => typeof item === "string") ? parsed : undefined;
  } catch {
    // A list with a mistake in it is taken as the shell form.
    return undefined;
  }
}

/** Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+value}`; `\$` is a dollar. */
export function expandVariables(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(
    /\\(\$)|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\})/g,
    (
      _,
      dollar: string | undefined,
      plain: string | undefined,
      braced: string | undefined,
      operator: string | undefined,
      word: string | undefined,
    ) => {
      if (dollar !== undefined) return dollar;
      const value = values[plain ?? braced ?? ""];
      const present = value !== undefined && (value !== "" || operator?.startsWith(":") !== true);
      if (operator?.endsWith("-")) return present ? (value ?? "") : (word ?? "");
      if (operator?.endsWith("+")) return present ? (word ?? "") : "";
      return value ?? "";
    },
  );
}

/** Words of ENV, LABEL and their like: quotes group, a backslash takes the next character. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if (quote !== "") {
      if (character === quote) quote = "";
      else if (character === "\\" && quote === '"' && index + 1 < text.length)
        word = (word ?? "") + (text[(index += 1)] ?? "");
      else word = (word ?? "") + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (character === "\\" && index + 1 < text.length) word = (word ?? "") + (text[(index += 1)] ?? "");
    else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `KEY=value ...`, or the older `KEY value`. */
export function keyValues(text: string): [string, string][] {
  const words = splitWords(text);
  const [first = ""] = words;
  if (!first.includes("=")) return [[first, splitWords(text.slice(first.length)).join(" ")]];
  return words.map((word) => {
    const equals = word.indexOf("=");
    return equals < 0 ? [word, ""] : [word.slice(0, equals), word.slice(equals + 1)];
  });
}
