import type { Parameter, Word, WordPart } from "./ast.ts";
import { expandBraces } from "./braces.ts";
import { quoteSingle } from "./encoding.ts";
import { ShellFailure } from "./failures.ts";
import { escapePattern, globPaths, hasPattern, matches, patternRegex, unescapePattern } from "./patterns.ts";
import type { Shell } from "./shell.ts";

/** A word on its way to become an argument: its text, and the same as a pattern with quoted characters escaped. */
interface Field {
  value: string;
  pattern: string;
}

interface Sink {
  /** Text as it stands in the script. */
  literal(text: string): void;
  quoted(text: string): void;
  /** The result of an unquoted expansion. */
  expanded(text: string): void;
  /** Ends the current word: the next piece belongs to another one. */
  separate(): void;
  /** Whether the words are kept apart. */
  readonly splits: boolean;
}

class FieldSink implements Sink {
  readonly fields: Field[] = [];
  readonly splits = true;
  #current: Field | undefined;
  readonly #separators: string;

  constructor(separators: string) {
    this.#separators = separators;
  }

  literal(text: string): void {
    this.#add(text, text);
  }

  quoted(text: string): void {
    this.#add(text, escapePattern(text));
  }

  expanded(text: string): void {
    if (this.#separators === "") {
      if (text !== "") this.#add(text, text);
      return;
    }
    const isSpace = (char: string) => this.#separators.includes(char) && " \t\n".includes(char);
    for (let at = 0; at < text.length;) {
      const char = text[at] ?? "";
      if (!this.#separators.includes(char)) {
        let end = at + 1;
        while (end < text.length && !this.#separators.includes(text[end] ?? "")) end += 1;
        const piece = text.slice(at, end);
        this.#add(piece, piece.replaceAll("\\", "\\\\"));
        at = end;
        continue;
      }
      let hard = false;
      while (at < text.length && isSpace(text[at] ?? "")) at += 1;
      if (at < text.length && this.#separators.includes(text[at] ?? "")) {
        hard = true;
        at += 1;
        while (at < text.length && isSpace(text[at] ?? "")) at += 1;
      }
      if (!this.#current && hard) this.fields.push({ value: "", pattern: "" });
      this.separate();
    }
  }

  separate(): void {
    if (this.#current) this.fields.push(this.#current);
    this.#current = undefined;
  }

  #add(value: string, pattern: string): void {
    this.#current ??= { value: "", pattern: "" };
    this.#current.value += value;
    this.#current.pattern += pattern;
  }
}

class TextSink implements Sink {
  value = "";
  readonly splits = false;
  readonly #escape: (text: string) => string;
  constructor(escape: (text: string) => string) {
    this.#escape = escape;
  }
  literal(text: string): void {
    this.value += text;
  }
  quoted(text: string): void {
    this.value += this.#escape(text);
  }
  expanded(text: string): void {
    this.value += text;
  }
  separate(): void {
    this.value += " ";
  }
}

/** What a parameter stands for before its operator is applied. */
interface Values {
  set: boolean;
  values: string[];
  /** `$@` or `$*` or all elements of an array. */
  all: "" | "@" | "*";
}

const asIs = (text: string): string => text;

/** Turns words into arguments, as bash does: braces, tilde, parameters, commands, arithmetic, splitting, names, quotes. */
export class Expander {
  readonly #shell: Shell;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  async words(words: readonly Word[]): Promise<string[]> {
    const result: string[] = [];
    for (const word of words) {
      const [only] = word.parts;
      if (word.parts.length === 1 && only?.type === "quoted") result.push(only.value);
      else for (const braced of expandBraces(word)) result.push(...(await this.#fields(braced)));
    }
    return result;
  }

  /** One string: no splitting and no names, as in assignments. */
  async text(word: Word, assignment = false): Promise<string> {
    const sink = new TextSink(asIs);
    await this.#parts(word.parts, sink, false, assignment ? "assignment" : "word");
    return sink.value;
  }

  async pattern(word: Word): Promise<string> {
    const sink = new TextSink(escapePattern);
    await this.#parts(word.parts, sink, false, "word");
    return sink.value;
  }

  /** The right side of `=~`: quoted parts stand for themselves. */
  async regex(word: Word): Promise<string> {
    const sink = new TextSink((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    await this.#parts(word.parts, sink, false, "word");
    return sink.value;
  }

  async arithmetic(word: Word): Promise<bigint> {
    return this.#shell.evaluate(await this.text(word));
  }

  async #arithmeticText(expression: Word): Promise<string> {
    try {
      return String(await this.arithmetic(expression));
    } catch (error) {
      if (error instanceof ShellFailure && error.ends === "command")
        throw new ShellFailure(error.message, { ends: "line" });
      throw error;
    }
  }

  async #fields(word: Word): Promise<string[]> {
    const shell = this.#shell;
    const sink = new FieldSink(shell.variables.get("IFS") ?? " \t\n");
    await this.#parts(word.parts, sink, false, /^[A-Za-z_]\w*=/.test(word.source) ? "assignment" : "word");
    sink.separate();
    if (shell.options.noglob) return sink.fields.map((field) => field.value);
    return sink.fields.flatMap((field) => {
      if (!hasPattern(field.pattern)) return [field.value];
      if (!shell.shopts["extglob"] && !/(?:^|[^\\])(?:\\\\)*[*?[]/.test(field.pattern)) return [field.value];
      const found = globPaths(field.pattern, shell.cwd, shell.files, {
        dot: shell.shopts["dotglob"] ?? false,
        fold: shell.shopts["nocaseglob"] ?? false,
        star: shell.shopts["globstar"] ?? false,
      });
      if (found.length > 0) return found;
      if (shell.shopts["failglob"]) throw new ShellFailure(`no match: ${field.value}`, { ends: "line" });
      return shell.shopts["nullglob"] ? [] : [field.value];
    });
  }

  async #parts(parts: readonly WordPart[], sink: Sink, quoted: boolean, place: "word" | "assignment"): Promise<void> {
    for (const [index, part] of parts.entries()) {
      switch (part.type) {
        case "text": {
          if (quoted) {
            sink.quoted(part.value);
            break;
          }
          const tilde =
            place === "assignment" || index === 0
              ? this.#tilde(part.value, parts.length === index + 1, place, index === 0)
              : undefined;
          for (const piece of tilde ?? [{ text: part.value, home: false }]) {
            if (piece.home) sink.quoted(piece.text);
            else sink.literal(piece.text);
          }
          break;
        }
        case "quoted":
          sink.quoted(part.value);
          break;
        case "double": {
          const onlyList =
            part.parts.length > 0 && part.parts.every((inner) => inner.type === "parameter" && isList(inner.parameter));
          if (!onlyList) sink.quoted("");
          await this.#parts(part.parts, sink, true, "word");
          break;
        }
        case "parameter":
          await this.#parameter(part.parameter, sink, quoted);
          break;
        case "command": {
          const output = await this.#shell.substitute(part.list);
          if (quoted) sink.quoted(output);
          else sink.expanded(output);
          break;
        }
        case "arithmetic": {
          const value = await this.#arithmeticText(part.expression);
          if (quoted) sink.quoted(value);
          else sink.expanded(value);
          break;
        }
        case "process":
          sink.quoted(await this.#shell.processSubstitution(part.direction, part.list));
      }
    }
  }

  #tilde(
    text: string,
    ends: boolean,
    place: "word" | "assignment",
    first: boolean,
  ): { text: string; home: boolean }[] | undefined {
    if (!text.includes("~")) return undefined;
    const pieces = place === "assignment" ? text.split(/(?<=:|^[A-Za-z_]\w*=)/) : [text];
    return pieces.flatMap((piece, index) => {
      const match = (index > 0 || first) && /^~([A-Za-z0-9_.+-]*)(?=\/|:|$)/.exec(piece);
      const last = index === pieces.length - 1;
      if (!match || (match[0].length === piece.length && last && !ends)) return [{ text: piece, home: false }];
      const home = this.#home(match[1] ?? "");
      if (home === undefined) return [{ text: piece, home: false }];
      return [
        { text: home, home: true },
        { text: piece.slice(match[0].length), home: false },
      ];
    });
  }

  #home(user: string): string | undefined {
    const shell = this.#shell;
    if (user === "") return shell.variables.get("HOME") ?? shell.machine.users.byId(shell.credentials.uid)?.home;
    if (user === "+") return shell.cwd;
    if (user === "-") return shell.variables.get("OLDPWD");
    return shell.machine.users.byName(user)?.home;
  }

  async #index(parameter: Parameter): Promise<string | undefined> {
    const index = parameter.index;
    if (!index) return undefined;
    if (index.source === "@" || index.source === "*") return index.source;
    return this.elementKey(parameter.name, index);
  }

  /** The key that an index means: text for an associative array, a number for others. */
  async elementKey(name: string, index: Word): Promise<string> {
    const kind = this.#shell.variables.find(name)?.kind;
    if (kind === "associative") return this.text(index);
    return String(await this.arithmetic(index));
  }

  /** The value of a parameter by itself. */
  #values(name: string, index: string | undefined): Values {
    const shell = this.#shell;
    if (name === "@" || name === "*") return { set: shell.positional.length > 0, values: shell.positional, all: name };
    if (index === "@" || index === "*") {
      const items = [...shell.variables.items(name).values()];
      return { set: items.length > 0, values: items, all: index };
    }
    let value: string | undefined;
    if (/^\d+$/.test(name)) value = name === "0" ? shell.name : shell.positional[Number(name) - 1];
    else if (index !== undefined) value = this.#element(name, index);
    else value = shell.specialParameter(name) ?? shell.variables.get(name);
    return { set: value !== undefined, values: value === undefined ? [] : [value], all: "" };
  }

  #element(name: string, index: string): string | undefined {
    const items = this.#shell.variables.items(name);
    if (/^-\d+$/.test(index) && this.#shell.variables.find(name)?.kind !== "associative") {
      const last = Math.max(-1, ...[...items.keys()].map(Number));
      return items.get(String(last + 1 + Number(index)));
    }
    return items.get(index);
  }

  async #parameter(parameter: Parameter, sink: Sink, quoted: boolean): Promise<void> {
    if (parameter.operator === "bad") throw new ShellFailure(`${parameter.source}: bad substitution`, { ends: "line" });
    const shell = this.#shell;
    let name = parameter.name;
    let index = await this.#index(parameter);
    if (parameter.prefix === "!") {
      if (parameter.names) {
        const names = shell.variables.names().filter((candidate) => candidate.startsWith(name));
        return this.#emit({ set: true, values: names, all: parameter.names }, sink, quoted);
      }
      if (index === "@" || index === "*") {
        const keys = [...shell.variables.items(name).keys()];
        return this.#emit({ set: keys.length > 0, values: keys, all: index }, sink, quoted);
      }
      const reference = shell.variables.raw(name);
      if (reference?.reference && index === undefined) {
        return this.#emit({ set: true, values: [reference.value ?? ""], all: "" }, sink, quoted);
      }
      const target = this.#values(name, index).values[0];
      if (target === undefined || target === "")
        throw new ShellFailure(`${name}: invalid indirect expansion`, { ends: "line" });
      const element = /^([A-Za-z_]\w*)\[(.+)\]$/.exec(target);
      name = element?.[1] ?? target;
      index = element?.[2];
      if (!/^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])$/.test(name))
        throw new ShellFailure(`${target}: invalid variable name`, { ends: "line" });
    }
    const found = this.#values(name, index);
    const label = index === undefined ? name : `${name}[${parameter.index?.source ?? index}]`;
    if (parameter.prefix === "#") {
      if (!found.set) this.#requireSet(label, found);
      const length = found.all !== "" ? found.values.length : [...(found.values[0] ?? "")].length;
      return this.#emit({ set: true, values: [String(length)], all: "" }, sink, quoted);
    }
    const operator = parameter.operator ?? "";
    if (/^:?[-=?+]$/.test(operator)) return this.#default(parameter, found, label, name, index, sink, quoted);
    this.#requireSet(label, found);
    this.#emit(await this.#transform(parameter, found, name), sink, quoted);
  }

  #requireSet(name: string, found: Values): void {
    if (found.set || !this.#shell.options.nounset || found.all !== "") return;
    throw new ShellFailure(`${name}: unbound variable`, { ends: "shell", exitCode: this.#shell.unsetStatus });
  }

  async #default(
    parameter: Parameter,
    found: Values,
    label: string,
    name: string,
    index: string | undefined,
    sink: Sink,
    quoted: boolean,
  ): Promise<void> {
    const operator = parameter.operator ?? "";
    const operand = parameter.operand ?? { parts: [], source: "" };
    const joined = found.values.join(" ");
    const usable = found.set && !(operator.startsWith(":") && joined === "");
    const kind = operator.at(-1);
    if (kind === "+") {
      if (usable) await this.#parts(operand.parts, sink, quoted, "word");
      return;
    }
    if (usable) return this.#emit(found, sink, quoted);
    if (kind === "-") return this.#parts(operand.parts, sink, quoted, "word");
    const value = await this.text(operand);
    if (kind === "=") {
      if (/^[\d@*#?$!-]/.test(name)) throw new ShellFailure(`$${name}: cannot assign in this way`, { ends: "line" });
      if (index === undefined) this.#shell.variables.set(name, value);
      else this.#shell.variables.setElement(name, index, value);
      return this.#emit({ set: true, values: [this.#shell.variables.get(name) ?? value], all: "" }, sink, quoted);
    }
    const fallback = operator === ":?" ? "parameter null or not set" : "parameter not set";
    throw new ShellFailure(`${label}: ${value === "" ? fallback : value}`, {
      ends: "shell",
      exitCode: this.#shell.unsetStatus,
    });
  }

  #emit(found: Values, sink: Sink, quoted: boolean): void {
    const separator = (this.#shell.variables.get("IFS") ?? " ").slice(0, 1);
    if (found.all === "*" && (quoted || !sink.splits)) return sink.quoted(found.values.join(separator));
    found.values.forEach((value, index) => {
      if (index > 0) sink.separate();
      if (quoted) sink.quoted(value);
      else sink.expanded(value);
    });
  }

  async #transform(parameter: Parameter, found: Values, name: string): Promise<Values> {
    const operator = parameter.operator ?? "";
    if (operator === "") return found;
    const each = (change: (value: string) => string): Values => ({ ...found, values: found.values.map(change) });
    if (operator === ":") return this.#slice(parameter, found, name);
    const pattern = parameter.operand ? await this.pattern(parameter.operand) : "";
    switch (operator) {
      case "#":
      case "##": {
        const regex = patternRegex(pattern, "start", operator === "##");
        return each((value) => removeStart(value, regex, pattern, operator === "##"));
      }
      case "%":
      case "%%":
        return each((value) => removeEnd(value, pattern, operator === "%%"));
      case "^":
      case "^^":
      case ",":
      case ",,": {
        const change = (char: string) => (operator.startsWith("^") ? char.toUpperCase() : char.toLowerCase());
        const only = (char: string) => (pattern === "" || matches(char, pattern) ? change(char) : char);
        return each((value) => {
          const chars = [...value];
          return operator.length === 2 ? chars.map(only).join("") : only(chars[0] ?? "") + chars.slice(1).join("");
        });
      }
      case "/":
      case "//":
      case "/#":
      case "/%": {
        if (pattern === "") return found;
        const replacement = parameter.second ? await this.text(parameter.second) : "";
        const anchors = operator === "/#" ? "start" : operator === "/%" ? "end" : "none";
        const regex = patternRegex(pattern, anchors);
        const flags = operator === "//" ? `${regex.flags}g` : regex.flags;
        return each((value) =>
          value.replace(new RegExp(regex.source, flags), (match) =>
            match === "" && operator === "//" ? "" : replacement,
          ),
        );
      }
    }
    return this.#operatorAt(operator.slice(1), found, name);
  }

  #operatorAt(letter: string, found: Values, name: string): Values {
    const variable = this.#shell.variables.find(name);
    const each = (change: (value: string) => string): Values => ({ ...found, values: found.values.map(change) });
    switch (letter) {
      case "Q":
        return each(quoteSingle);
      case "U":
        return each((value) => value.toUpperCase());
      case "L":
        return each((value) => value.toLowerCase());
      case "u":
        return each((value) => value.slice(0, 1).toUpperCase() + value.slice(1));
      case "a":
        return { ...found, values: [variable ? attributes(variable) : ""] };
      case "E":
        return each((value) => value);
      case "A":
        return { ...found, values: [found.values[0] === undefined ? "" : `${name}=${quoteSingle(found.values[0])}`] };
      case "K":
      case "k":
        return found;
      default:
        throw new ShellFailure(`\${${name}@${letter}}: bad substitution`, { ends: "line" });
    }
  }

  async #slice(parameter: Parameter, found: Values, name: string): Promise<Values> {
    const number = async (word: Word | undefined) => (word ? Number(await this.arithmetic(word)) : undefined);
    let offset = (await number(parameter.operand)) ?? 0;
    const length = await number(parameter.second);
    if (found.all !== "") {
      const positional = name === "@" || name === "*";
      const all = positional ? [this.#shell.name, ...found.values] : found.values;
      if (offset < 0) offset += all.length;
      if (offset < 0) return { ...found, values: [] };
      if (length !== undefined && length < 0)
        throw new ShellFailure(`${parameter.second?.source}: substring expression < 0`);
      return { ...found, values: all.slice(offset, length === undefined ? undefined : offset + length) };
    }
    const chars = [...(found.values[0] ?? "")];
    if (offset < 0) offset += chars.length;
    if (offset < 0) return { ...found, values: [""] };
    const end = length === undefined ? chars.length : length < 0 ? chars.length + length : offset + length;
    if (length !== undefined && length < 0 && end < offset && offset <= chars.length)
      throw new ShellFailure(`${parameter.second?.source}: substring expression < 0`);
    return { ...found, values: [chars.slice(offset, end).join("")] };
  }
}

const isList = (parameter: Parameter): boolean =>
  parameter.prefix !== "#" && (parameter.name === "@" || parameter.index?.source === "@" || parameter.names === "@");

/** The letters that `declare -p` shows. */
export function attributes(variable: {
  kind: string;
  readonly: boolean;
  exported: boolean;
  integer: boolean;
  lower: boolean;
  upper: boolean;
  reference: boolean;
}): string {
  const kind = variable.kind === "indexed" ? "a" : variable.kind === "associative" ? "A" : "";
  const flags: readonly (readonly [boolean, string])[] = [
    [variable.integer, "i"],
    [variable.lower, "l"],
    [variable.reference, "n"],
    [variable.readonly, "r"],
    [variable.upper, "u"],
    [variable.exported, "x"],
  ];
  return kind + flags.map(([on, letter]) => (on ? letter : "")).join("");
}

function removeStart(value: string, regex: RegExp, pattern: string, longest: boolean): string {
  if (!hasPattern(pattern)) {
    const plain = unescapePattern(pattern);
    return value.startsWith(plain) ? value.slice(plain.length) : value;
  }
  if (longest) {
    for (let end = value.length; end >= 0; end -= 1) if (matches(value.slice(0, end), pattern)) return value.slice(end);
    return value;
  }
  const match = regex.exec(value);
  return match ? value.slice(match[0].length) : value;
}

function removeEnd(value: string, pattern: string, longest: boolean): string {
  if (!hasPattern(pattern)) {
    const plain = unescapePattern(pattern);
    return plain !== "" && value.endsWith(plain) ? value.slice(0, -plain.length) : value;
  }
  const regex = patternRegex(pattern, "both");
  for (let step = 0; step <= value.length; step += 1) {
    const from = longest ? step : value.length - step;
    if (regex.test(value.slice(from))) return value.slice(0, from);
  }
  return value;
}
