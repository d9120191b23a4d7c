import { FileError } from "../../files/errors.ts";
import { Collector } from "../../io.ts";
import type { ProgramTable } from "../../process.ts";
import { SedError, SedParser } from "./sed-parse.ts";
import type { ReplacementPart, SedAddress, SedCommand } from "./sed-parse.ts";
import type { Regex, RegexMatch } from "./support/regex.ts";
import { decodeText, encodeText } from "./support/text.ts";
import { tool } from "./support/tool.ts";
import type { LineReader, Tool, Writer } from "./support/tool.ts";

const table =
  "n,quiet silent debug e,expression= f,file= follow-symlinks i,in-place=? l,line-length= posix E,regexp-extended r s,separate u,unbuffered z,null-data b,binary sandbox";

const usageLine = (name: string): string =>
  `Usage: ${name} [OPTION]... {script-only-if-no-other-script} [input-file]...\n`;

const sed = tool(
  {
    usage: "[OPTION]... {script-only-if-no-other-script} [input-file]...",
    about: "Edits a stream of lines.",
    options: table,
    suite: "GNU sed",
    hint: (name) =>
      `${usageLine(name)}\n  -n, --quiet, --silent\n                 suppress automatic printing of pattern space`,
  },
  async (run, options) => {
    const parser = new SedParser(options.has("regexp-extended", "r"));
    const operands = [...options.operands];
    try {
      let number = 0;
      let carried = "";
      for (const { name, value = "" } of options.given) {
        if (name === "expression") {
          number += 1;
          // A piece that ends in a backslash goes on in the next one.
          if (value.endsWith("\\") && !value.endsWith("\\\\")) {
            carried += `${value}\n`;
            continue;
          }
          parser.add(carried + value, { extended: false, where: `-e expression #${number}, ` });
          carried = "";
        } else if (name === "file") {
          number += 1;
          const text = await scriptText(run, value);
          parser.add(text.replace(/^#n\n/, ""), { extended: false, where: `file ${value} line 1, ` });
        }
      }
      if (carried !== "") parser.add(carried, { extended: false, where: `-e expression #${number}, ` });
      if (number === 0) {
        const script = operands.shift();
        if (script === undefined) {
          await run.process.err(
            `${usageLine(run.name)}\n  -n, --quiet, --silent\n                 suppress automatic printing of pattern space\n`,
          );
          return run.exit(1);
        }
        parser.add(script, { extended: false, where: "-e expression #1, " });
      }
      parser.finish();
    } catch (error) {
      if (error instanceof SedError) return run.die(error.message);
      throw error;
    }
    const inPlace = options.has("in-place");
    const editor = new Editor(run, parser.commands, {
      quiet: options.has("quiet", "silent"),
      delimiter: options.has("null-data") ? "\0" : "\n",
      inPlace: inPlace ? (options.value("in-place") ?? "") : undefined,
    });
    const files = operands.length > 0 ? operands : ["-"];
    const separate = inPlace || options.has("separate");
    await editor.run(files, separate);
  },
);

async function scriptText(run: Tool, name: string): Promise<string> {
  try {
    return decodeText(await run.slurp(name));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.die(`couldn't open file ${name}: ${error.message}`);
  }
}

interface EditorOptions {
  quiet: boolean;
  delimiter: string;
  /** Suffix of the backup; undefined when not editing in place. */
  inPlace: string | undefined;
}

/** Runs a script over lines. */
class Editor {
  readonly #run: Tool;
  readonly #commands: readonly SedCommand[];
  readonly #options: EditorOptions;
  #files: string[] = [];
  #reader: LineReader | undefined;
  #current = "";
  #ahead: { line: string; terminated: boolean; file: string } | undefined;
  #line = 0;
  #pattern = "";
  #hold = "";
  #terminated = true;
  #appended: ({ text: string } | { file: string } | { lineOf: string })[] = [];
  #replaced = false;
  #lastRegex: Regex | undefined;
  #writers = new Map<string, Writer>();
  #readers = new Map<string, LineReader | undefined>();
  #edited: Uint8Array[] = [];
  #steps = 0;
  #quitting = false;

  constructor(run: Tool, commands: readonly SedCommand[], options: EditorOptions) {
    this.#run = run;
    this.#commands = commands;
    this.#options = options;
  }

  async run(files: readonly string[], separate: boolean): Promise<void> {
    for (const command of this.#commands) {
      if (command.file !== "" && "wWs".includes(command.name)) this.#writer(command.file);
    }
    if (!separate) {
      this.#files = [...files];
      await this.#pass();
    } else {
      for (const file of files) {
        this.#files = [file];
        if (this.#options.inPlace !== undefined && !(await this.#editable(file))) continue;
        for (const command of this.#commands) command.active = false;
        this.#line = 0;
        this.#edited = [];
        this.#owed = false;
        this.#ahead = undefined;
        this.#reader = undefined;
        await this.#pass();
        if (this.#options.inPlace !== undefined) this.#replace(file);
        if (this.#quitting) break;
      }
    }
  }

  async #editable(file: string): Promise<boolean> {
    const stat = this.#run.tryStat(file);
    if (stat === undefined) {
      await this.#run.fail(`can't read ${file}: No such file or directory`, 2);
      return false;
    }
    if (stat.type !== "file") {
      await this.#run.fail(`couldn't edit ${file}: not a regular file`, 4);
      return false;
    }
    try {
      this.#run.process.files.readBytes(this.#run.path(file));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await this.#run.fail(`can't read ${file}: ${error.message}`, 2);
      return false;
    }
    const path = this.#run.path(file);
    const folder = path.slice(0, path.lastIndexOf("/")) || "/";
    if (!this.#run.process.files.access(folder, 3)) {
      const prefix = file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : "./";
      await this.#run.die(
        `couldn't open temporary file ${prefix}sedRaNdOm: Permission denied`.replace("RaNdOm", this.#suffix()),
        4,
      );
    }
    return true;
  }

  #suffix(): string {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const { random } = this.#run.process.machine.environment;
    return Array.from({ length: 6 }, () => letters.charAt(Math.floor(random.next() * letters.length))).join("");
  }

  /** Puts the edited text in the file's place, as a new file with the old one's mode and owner. */
  #replace(file: string): void {
    const { files, credentials } = this.#run.process;
    const path = this.#run.path(file);
    const stat = files.stat(path);
    const bytes = Buffer.concat(this.#edited);
    const suffix = this.#options.inPlace ?? "";
    if (suffix === "") files.unlink(path);
    else {
      const base = path.slice(path.lastIndexOf("/") + 1);
      const folder = path.slice(0, path.lastIndexOf("/") + 1);
      const name = suffix.includes("*") ? suffix.replaceAll("*", base) : base + suffix;
      files.rename(path, name.includes("/") ? this.#run.path(name) : folder + name);
    }
    files.write(path, new Uint8Array(bytes), { mode: 0o600 });
    if (credentials.uid === 0) files.chown(path, stat.uid, stat.gid);
    files.chmod(path, stat.mode);
  }

  /** The next line of all inputs, without taking it. */
  async #peek(): Promise<{ line: string; terminated: boolean; file: string } | undefined> {
    while (!this.#ahead) {
      if (!this.#reader) {
        const file = this.#files.shift();
        if (file === undefined) return undefined;
        this.#current = file;
        try {
          if (file !== "-" && this.#run.stat(file).type === "directory") {
            await this.#run.die(`read error on ${file}: Is a directory`, 4);
          }
          this.#reader = this.#run.lines(file, this.#options.delimiter);
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          await this.#run.fail(`can't read ${file}: ${error.message}`, 2);
          continue;
        }
      }
      const line = await this.#reader.next();
      if (line === undefined) this.#reader = undefined;
      else this.#ahead = { line, terminated: this.#reader.terminated, file: this.#current };
    }
    return this.#ahead;
  }

  async #take(): Promise<string | undefined> {
    const next = await this.#peek();
    if (!next) return undefined;
    this.#ahead = undefined;
    this.#line += 1;
    this.#terminated = next.terminated;
    return next.line;
  }

  async #isLast(): Promise<boolean> {
    return (await this.#peek()) === undefined;
  }

  #emit(text: string, newline = true): void {
    // Output after a line without newline begins with one.
    const lead = this.#owed ? this.#options.delimiter : "";
    this.#owed = false;
    const whole = lead + (newline ? text + this.#options.delimiter : text);
    if (this.#options.inPlace === undefined) this.#run.print(whole);
    else this.#edited.push(encodeText(whole));
  }

  /** The pattern space as it came: a last line without newline stays so. */
  async #emitPattern(text = this.#pattern): Promise<void> {
    const newline = this.#terminated || !(await this.#isLast());
    this.#emit(text, newline);
    if (!newline) this.#owed = true;
  }
  #owed = false;

  async #flushAppended(): Promise<void> {
    for (const item of this.#appended.splice(0)) {
      if ("text" in item) {
        this.#emit(item.text, false);
      } else if ("file" in item) {
        try {
          const text = decodeText(await this.#run.slurp(item.file));
          if (text !== "") {
            this.#emit(text, false);
          }
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
        }
      } else {
        const line = await this.#lineOf(item.lineOf);
        if (line !== undefined) {
          this.#emit(line);
        }
      }
    }
  }

  async #lineOf(file: string): Promise<string | undefined> {
    if (!this.#readers.has(file)) {
      try {
        this.#readers.set(file, this.#run.lines(file));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        this.#readers.set(file, undefined);
      }
    }
    return this.#readers.get(file)?.next();
  }

  #writer(file: string): Writer {
    let writer = this.#writers.get(file);
    if (!writer) {
      if (file === "/dev/stdout") writer = { write: (bytes) => Promise.resolve(this.#emit(decodeText(bytes), false)) };
      else writer = this.#run.create(file);
      this.#writers.set(file, writer);
    }
    return writer;
  }

  async #pass(): Promise<void> {
    let restart = false;
    for (;;) {
      if (!restart) {
        const line = await this.#take();
        if (line === undefined) return;
        this.#pattern = line;
        this.#replaced = false;
      }
      restart = false;
      const end = await this.#cycle();
      if (end === "restart") {
        restart = true;
        await this.#flushAppended();
        continue;
      }
      if ((end === "end" || end === "quit") && !this.#options.quiet) await this.#emitPattern();
      await this.#flushAppended();
      await this.#run.drain();
      if (end === "quit" || end === "abandon") {
        if (this.#options.inPlace !== undefined || end === "quit") this.#quitting = true;
        this.#quitting = true;
        if (this.#options.inPlace !== undefined) {
          for (let rest = await this.#take(); rest !== undefined; rest = await this.#take())
            this.#emit(rest, this.#terminated);
        }
        return;
      }
    }
  }

  async #matches(address: SedAddress): Promise<boolean> {
    switch (address.kind) {
      case "line":
        return this.#line === address.line;
      case "step":
        return address.step <= 0
          ? this.#line === address.first
          : this.#line >= address.first && (this.#line - address.first) % address.step === 0;
      case "last":
        return this.#isLast();
      case "regex":
        return (await this.#regex(address.regex)).test(this.#pattern);
      default:
        return false;
    }
  }

  async #regex(regex: Regex | undefined): Promise<Regex> {
    if (regex) this.#lastRegex = regex;
    return this.#lastRegex ?? this.#run.die("-e expression #1, char 0: no previous regular expression");
  }

  async #selected(command: SedCommand): Promise<boolean> {
    const { from, to } = command;
    if (!from) return true;
    if (!to) return this.#matches(from);
    if (command.active) {
      if (to.kind === "regex") {
        if (await this.#matches(to)) command.active = false;
        return true;
      }
      if (to.kind === "last") {
        if (await this.#isLast()) command.active = false;
        return true;
      }
      if (this.#line >= command.endLine) command.active = false;
      return this.#line <= command.endLine || (to.kind !== "line" && this.#line === command.endLine);
    }
    const zero = from.kind === "line" && from.line === 0;
    if (zero && this.#line === 1 && to.kind === "regex") {
      command.active = !(await this.#matches(to));
      return true;
    }
    if (!(await this.#matches(from))) return false;
    switch (to.kind) {
      case "line":
        command.endLine = to.line;
        command.active = to.line > this.#line;
        break;
      case "plus":
        command.endLine = this.#line + to.count;
        command.active = to.count > 0;
        break;
      case "multiple":
        command.endLine = to.of <= 0 ? this.#line : Math.ceil(this.#line / to.of) * to.of;
        command.active = command.endLine > this.#line;
        break;
      default:
        command.active = true;
    }
    return true;
  }

  async #cycle(): Promise<"end" | "deleted" | "restart" | "quit" | "abandon"> {
    for (let at = 0; at < this.#commands.length;) {
      const command = this.#commands[at];
      if (!command) break;
      this.#steps += 1;
      if (this.#steps % 5000 === 0) await this.#run.pause();
      at += 1;
      if ((await this.#selected(command)) === command.negated) {
        if (command.name === "{") at = command.jump;
        continue;
      }
      switch (command.name) {
        case "{":
          break;
        case "b":
          at = command.jump;
          break;
        case "t":
        case "T":
          if (this.#replaced === (command.name === "t")) at = command.jump;
          this.#replaced = false;
          break;
        case "a":
          this.#appended.push({ text: command.text });
          break;
        case "i":
          this.#emit(command.text, false);
          break;
        case "c":
          if (command.negated || !command.to || !command.active) this.#emit(command.text, false);
          return "deleted";
        case "d":
          return "deleted";
        case "D": {
          const newline = this.#pattern.indexOf("\n");
          if (newline < 0) return "deleted";
          this.#pattern = this.#pattern.slice(newline + 1);
          return "restart";
        }
        case "n": {
          if (await this.#isLast()) return this.#options.quiet ? "abandon" : "quit";
          if (!this.#options.quiet) await this.#emitPattern();
          await this.#flushAppended();
          this.#pattern = (await this.#take()) ?? "";
          break;
        }
        case "N": {
          if (await this.#isLast()) return "quit";
          await this.#flushAppended();
          const line = await this.#take();
          this.#pattern += `\n${line ?? ""}`;
          break;
        }
        case "p":
          await this.#emitPattern();
          break;
        case "P":
          this.#emit(this.#pattern.split("\n", 1)[0] ?? "");
          break;
        case "g":
          this.#pattern = this.#hold;
          break;
        case "G":
          this.#pattern += `\n${this.#hold}`;
          break;
        case "h":
          this.#hold = this.#pattern;
          break;
        case "H":
          this.#hold += `\n${this.#pattern}`;
          break;
        case "x":
          [this.#pattern, this.#hold] = [this.#hold, this.#pattern];
          break;
        case "y":
          this.#pattern = [...this.#pattern].map((character) => command.map.get(character) ?? character).join("");
          break;
        case "z":
          this.#pattern = "";
          break;
        case "=":
          this.#emit(`${this.#line}\n`, false);
          break;
        case "F":
          this.#emit(this.#current);
          break;
        case "l":
          this.#emit(`${unambiguous(this.#pattern, command.number)}\n`, false);
          break;
        case "q":
          this.#run.status = command.number;
          return "quit";
        case "Q":
          this.#run.status = command.number;
          return "abandon";
        case "r":
          this.#appended.push({ file: command.file });
          break;
        case "R":
          this.#appended.push({ lineOf: command.file });
          break;
        case "w":
          await this.#writer(command.file).write(encodeText(`${this.#pattern}\n`));
          break;
        case "W":
          await this.#writer(command.file).write(encodeText(`${this.#pattern.split("\n", 1)[0] ?? ""}\n`));
          break;
        case "e":
          await this.#evaluate(command);
          break;
        case "s":
          await this.#substitute(command);
          break;
        default:
      }
    }
    return "end";
  }

  async #shell(text: string): Promise<string> {
    await this.#run.flush();
    const output = new Collector();
    await this.#run.process.run(["sh", "-c", text], { stdout: output });
    return decodeText(output.bytes());
  }

  async #evaluate(command: SedCommand): Promise<void> {
    if (command.text === "") this.#pattern = (await this.#shell(this.#pattern)).replace(/\n$/, "");
    else this.#emit(await this.#shell(command.text), false);
  }

  async #substitute(command: SedCommand): Promise<void> {
    const regex = await this.#regex(command.regex);
    const text = this.#pattern;
    let result = "";
    let from = 0;
    let count = 0;
    let done = false;
    for (let at = 0, lastEnd = -1; at <= text.length;) {
      const match = regex.exec(text, at);
      if (!match) break;
      const empty = match.start === match.end;
      // An empty match right after a match does not count.
      if (empty && match.start === lastEnd) {
        at = match.start + step(text, match.start);
        continue;
      }
      count += 1;
      const wanted =
        command.occurrence === 0 || (command.global ? count >= command.occurrence : count === command.occurrence);
      result +=
        text.slice(from, match.start) +
        (wanted ? expand(command.replacement, match) : text.slice(match.start, match.end));
      from = match.end;
      lastEnd = match.end;
      done ||= wanted;
      if (wanted && !command.global) break;
      at = empty ? match.end + step(text, match.end) : match.end;
    }
    if (!done) return;
    this.#pattern = result + text.slice(from);
    this.#replaced = true;
    if (command.evaluate) this.#pattern = (await this.#shell(this.#pattern)).replace(/\n$/, "");
    for (let times = 0; times < command.print; times += 1) {
      await this.#emitPattern();
    }
    if (command.file !== "") await this.#writer(command.file).write(encodeText(`${this.#pattern}\n`));
  }
}

const step = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** The replacement with groups and case conversions filled in. */
function expand(parts: readonly ReplacementPart[], match: RegexMatch): string {
  let result = "";
  let lasting: "U" | "L" | undefined;
  let once: "u" | "l" | undefined;
  const add = (text: string): void => {
    if (text === "") return;
    let folded = lasting === "U" ? text.toUpperCase() : lasting === "L" ? text.toLowerCase() : text;
    if (once) {
      const [first = "", ...rest] = folded;
      folded = (once === "u" ? first.toUpperCase() : first.toLowerCase()) + rest.join("");
      once = undefined;
    }
    result += folded;
  };
  for (const part of parts) {
    if ("text" in part) add(part.text);
    else if ("group" in part) add(match.groups[part.group] ?? "");
    else if (part.fold === "E") lasting = undefined;
    else if (part.fold === "U" || part.fold === "L") lasting = part.fold;
    else once = part.fold;
  }
  return result;
}

/** The pattern space as `l` shows it. */
function unambiguous(text: string, width: number): string {
  const known: Record<string, string> = {
    "\\": "\\\\",
    "\u0007": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
  };
  const pieces: string[] = [];
  for (const character of text) {
    const code = character.charCodeAt(0);
    if (known[character] !== undefined) pieces.push(known[character]);
    else if (code >= 32 && code < 127) pieces.push(character);
    else for (const byte of encodeText(character)) pieces.push(`\\${byte.toString(8).padStart(3, "0")}`);
  }
  let result = "";
  let column = 0;
  for (const piece of pieces) {
    if (width > 1 && column + piece.length > width - 1) {
      result += "\\\n";
      column = 0;
    }
    result += piece;
    column += piece.length;
  }
  return `${result}$`;
}

export const sedPrograms: ProgramTable = { sed };
