import { FileError } from "../../files/errors.ts";
import { Pipe } from "../../io.ts";
import { unescapeAwk } from "./awk-parse.ts";
import type { AwkProgram, Expression, Statement } from "./awk-parse.ts";
import { InputText, isTrue, toNumber, unset } from "./awk-values.ts";
import type { Value } from "./awk-values.ts";
import { formatFloat, formatInteger, formatString, splitFormat, withStars } from "./support/format.ts";
import { posixRegex } from "./support/regex.ts";
import type { Regex } from "./support/regex.ts";
import { binaryToText, decodeBinary, decodeText, encodeBinary, encodeText, textToBinary } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { LineReader } from "./support/tool.ts";
import type { Tool, Writer } from "./support/tool.ts";

interface Cell {
  value: Value;
  array: Map<string, Value> | undefined;
}

class Next extends Error {
  override readonly name = "Next";
}
class NextFile extends Error {
  override readonly name = "NextFile";
}
class Exit extends Error {
  override readonly name = "Exit";
}
class Return extends Error {
  override readonly name = "Return";
  readonly value: Value;
  constructor(value: Value) {
    super();
    this.value = value;
  }
}

type Flow = "go" | "break" | "continue";

/** Gives one record after the other. */
interface Records {
  next(): Promise<string | undefined>;
  close(): Promise<void>;
}

const stepsPerPause = 2000;

/** Runs a parsed awk program. `bytes`: strings hold one character per byte, as mawk works. */
export class AwkRun {
  readonly #run: Tool;
  readonly #program: AwkProgram;
  readonly #bytes: boolean;
  #globals = new Map<string, Cell>();
  #frames: Map<string, Cell>[] = [];
  #fields: Value[] = [];
  #record = "";
  #fieldsValid = true;
  #recordValid = true;
  #fieldCount = 0;
  #regexes = new Map<string, Regex>();
  #main: Records | undefined;
  #nextArgument = 1;
  #usedFile = false;
  #writers = new Map<string, { writer: Writer; close: () => Promise<number> }>();
  #readers = new Map<string, { records: Records; close: () => Promise<number> }>();
  #ranges: boolean[] = [];
  #steps = 0;
  #seed = 0;
  #randomState = 0x2545_f491;
  #depth = 0;

  constructor(run: Tool, program: AwkProgram, bytes: boolean) {
    this.#run = run;
    this.#program = program;
    this.#bytes = bytes;
    for (const [name, value] of Object.entries({
      FS: " ",
      OFS: " ",
      ORS: "\n",
      RS: "\n",
      SUBSEP: "\u001c",
      CONVFMT: "%.6g",
      OFMT: "%.6g",
    }))
      this.#set(name, value);
    for (const name of ["NR", "NF", "FNR", "RSTART"]) this.#set(name, 0);
    this.#set("RLENGTH", -1);
    const environment = this.#array("ENVIRON");
    for (const [name, value] of Object.entries(run.process.env))
      environment.set(this.#in(name), new InputText(this.#in(value)));
  }

  #in(text: string): string {
    return this.#bytes ? textToBinary(text) : text;
  }

  #outName(text: string): string {
    return this.#bytes ? binaryToText(text) : text;
  }

  #encode(text: string): Uint8Array {
    return this.#bytes ? encodeBinary(text) : encodeText(text);
  }

  /** `name=value` of -v or among the operands. */
  assign(name: string, value: string): void {
    this.#set(name, new InputText(unescapeAwk(this.#in(value))));
  }

  /** Runs with ARGV[0] and the operands. */
  async execute(args: readonly string[]): Promise<void> {
    const argv = this.#array("ARGV");
    for (const [index, arg] of args.entries()) argv.set(String(index), new InputText(this.#in(arg)));
    this.#set("ARGC", args.length);
    const { begin, rules, end } = this.#program;
    try {
      try {
        for (const statement of begin) await this.#statement(statement);
        if (rules.length > 0 || end.length > 0) await this.#loop();
      } catch (error) {
        // END still runs after an exit elsewhere.
        if (!(error instanceof Exit)) throw error;
      }
      for (const statement of end) await this.#statement(statement);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
    } finally {
      await this.#run.flush();
      for (const key of this.#writers.keys()) await this.#close(key);
      for (const key of this.#readers.keys()) await this.#close(key);
    }
  }

  async #loop(): Promise<void> {
    for (;;) {
      const record = await this.#nextRecord();
      if (record === undefined) return;
      this.#setRecord(record);
      try {
        await this.#applyRules();
      } catch (error) {
        if (error instanceof NextFile) {
          await this.#main?.close();
          this.#main = undefined;
        } else if (!(error instanceof Next)) throw error;
      }
      await this.#run.drain();
    }
  }

  async #applyRules(): Promise<void> {
    for (const [index, rule] of this.#program.rules.entries()) {
      if (rule.end && rule.pattern) {
        if (!this.#ranges[index]) {
          if (!isTrue(await this.#evaluate(rule.pattern))) continue;
          this.#ranges[index] = true;
        }
        if (isTrue(await this.#evaluate(rule.end))) this.#ranges[index] = false;
      } else if (rule.pattern && !isTrue(await this.#evaluate(rule.pattern))) continue;
      if (rule.body) await this.#statement(rule.body);
      else this.#run.print(this.#recordText() + this.#text(this.#get("ORS")));
    }
  }

  async #nextRecord(): Promise<string | undefined> {
    for (;;) {
      if (!this.#main) {
        const name = this.#nextFile();
        if (name === undefined) return undefined;
        try {
          this.#main = this.#openRecords(name);
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          const shown = this.#outName(name);
          if (this.#bytes)
            await this.#run.die(
              error.code === "EISDIR" ? `read error (${error.message})` : `cannot open ${shown} (${error.message})`,
              2,
            );
          await this.#run.fail(
            `warning: command line argument \`${shown}' ${error.code === "EISDIR" ? "is a directory: skipped" : `cannot be opened (${error.message})`}`,
            2,
          );
          continue;
        }
        this.#set("FILENAME", name === "-" ? "" : name);
        this.#set("FNR", 0);
      }
      const record = await this.#main.next();
      if (record !== undefined) {
        this.#count();
        return record;
      }
      this.#main = undefined;
    }
  }

  #count(): void {
    this.#set("NR", toNumber(this.#get("NR")) + 1);
    this.#set("FNR", toNumber(this.#get("FNR")) + 1);
  }

  /** The next operand that is a file; assignments on the way are done. */
  #nextFile(): string | undefined {
    const argv = this.#array("ARGV");
    while (this.#nextArgument < toNumber(this.#get("ARGC"))) {
      const value = argv.get(String(this.#nextArgument));
      this.#nextArgument += 1;
      const text = value === undefined ? "" : this.#text(value);
      if (text === "") continue;
      const assignment = /^([A-Za-z_]\w*)=([^]*)$/.exec(text);
      if (assignment) {
        this.#set(assignment[1] ?? "", new InputText(unescapeAwk(assignment[2] ?? "")));
        continue;
      }
      this.#usedFile = true;
      return text;
    }
    if (this.#usedFile) return undefined;
    this.#usedFile = true;
    return "-";
  }

  #openRecords(name: string): Records {
    return this.#recordsOf(this.#run.open(this.#outName(name)));
  }

  #recordsOf(chunks: AsyncGenerator<Uint8Array>): Records {
    const separator = this.#text(this.#get("RS"));
    if (separator.length === 1 && separator.charCodeAt(0) < 0x80) return new LineReader(chunks, this.#bytes, separator);
    // Simplified: a real awk splits at a regular expression as the text arrives.
    let records: string[] | undefined;
    return {
      next: async () => {
        if (!records) {
          const parts: Uint8Array[] = [];
          for await (const chunk of chunks) parts.push(chunk);
          const all = new Uint8Array(Buffer.concat(parts));
          const text = this.#bytes ? decodeBinary(all) : decodeText(all);
          records = separator === "" ? paragraphs(text) : this.#split(text.replace(/\n$/, ""), separator, true);
        }
        return records.shift();
      },
      close: async () => {
        await chunks.return(undefined);
      },
    };
  }

  // Variables

  #cell(name: string): Cell {
    const local = this.#frames.at(-1)?.get(name);
    if (local) return local;
    let cell = this.#globals.get(name);
    if (!cell) {
      cell = { value: unset, array: undefined };
      this.#globals.set(name, cell);
    }
    return cell;
  }

  #array(name: string): Map<string, Value> {
    const cell = this.#cell(name);
    cell.array ??= new Map();
    return cell.array;
  }

  #get(name: string): Value {
    if (name === "NF") this.#splitRecord();
    return this.#cell(name).value;
  }

  #set(name: string, value: Value): void {
    if (name === "NF") {
      this.#splitRecord();
      this.#resize(Math.max(0, Math.floor(toNumber(value))));
      this.#recordValid = false;
    }
    this.#cell(name).value = value;
  }

  #setRecord(text: string): void {
    this.#record = text;
    this.#recordValid = true;
    this.#fieldsValid = false;
  }

  #splitRecord(): void {
    if (this.#fieldsValid) return;
    this.#fieldsValid = true;
    const parts = this.#split(this.#record, this.#text(this.#cell("FS").value), false);
    if (this.#text(this.#cell("RS").value) === "" && this.#text(this.#cell("FS").value) !== " ") {
      const lines = this.#record
        .split("\n")
        .flatMap((line) => this.#split(line, this.#text(this.#cell("FS").value), false));
      parts.splice(0, parts.length, ...lines);
    }
    this.#fields = parts.map((part) => new InputText(part));
    this.#fieldCount = parts.length;
    this.#cell("NF").value = parts.length;
  }

  #resize(count: number): void {
    while (this.#fields.length < count) this.#fields.push(unset);
    this.#fields.length = count;
    this.#fieldCount = count;
    this.#cell("NF").value = count;
  }

  #recordText(): string {
    if (!this.#recordValid) {
      this.#record = this.#fields.map((field) => this.#text(field)).join(this.#text(this.#get("OFS")));
      this.#recordValid = true;
    }
    return this.#record;
  }

  #field(index: number): Value {
    if (index === 0) return new InputText(this.#recordText());
    this.#splitRecord();
    return this.#fields[index - 1] ?? unset;
  }

  #setField(index: number, value: Value): void {
    if (index === 0) return this.#setRecord(this.#text(value));
    this.#splitRecord();
    if (index > this.#fieldCount) this.#resize(index);
    this.#fields[index - 1] = value;
    this.#recordValid = false;
  }

  #text(value: Value, format = "CONVFMT"): string {
    if (typeof value === "string") return value;
    if (value instanceof InputText) return value.text;
    if (Number.isInteger(value) && Math.abs(value) < 1e16) return String(value === 0 ? 0 : value);
    if (Number.isNaN(value)) return "nan";
    if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
    return this.#format(this.#text(this.#cell(format).value), [value]);
  }

  #regex(source: string): Regex {
    let regex = this.#regexes.get(source);
    if (!regex) {
      regex = posixRegex(source, { extended: true, ascii: this.#bytes, escapes: "awk" });
      this.#regexes.set(source, regex);
    }
    return regex;
  }

  #split(text: string, separator: string, record: boolean): string[] {
    if (separator === " " && !record) {
      const trimmed = text.replace(/^[ \t\n]+|[ \t\n]+$/g, "");
      return trimmed === "" ? [] : trimmed.split(/[ \t\n]+/);
    }
    if (text === "") return [];
    if (separator === "") return [...text];
    if (separator.length === 1 && separator !== " ") return text.split(separator === "\\" ? "\\" : separator);
    const regex = this.#regex(separator === " " ? "[ ]" : separator);
    const parts: string[] = [];
    let from = 0;
    for (let at = 0; at <= text.length;) {
      const match = regex.exec(text, at);
      if (!match) break;
      if (match.end === match.start) {
        at = match.end + 1;
        continue;
      }
      parts.push(text.slice(from, match.start));
      from = match.end;
      at = match.end;
    }
    parts.push(text.slice(from));
    return parts;
  }

  // Statements

  async #tick(): Promise<void> {
    this.#steps += 1;
    if (this.#steps % stepsPerPause === 0) {
      await this.#run.drain();
      await this.#run.pause();
    }
  }

  async #statement(statement: Statement): Promise<Flow> {
    this.#steps += 1;
    if (this.#steps % stepsPerPause === 0) await this.#run.pause();
    switch (statement.kind) {
      case "expression":
        await this.#evaluate(statement.value);
        return "go";
      case "print":
        await this.#print(statement);
        return "go";
      case "block":
        for (const inner of statement.body) {
          const flow = await this.#statement(inner);
          if (flow !== "go") return flow;
        }
        return "go";
      case "if":
        if (isTrue(await this.#evaluate(statement.test))) return this.#statement(statement.yes);
        return statement.no ? this.#statement(statement.no) : "go";
      case "while":
        while (isTrue(await this.#evaluate(statement.test))) {
          await this.#tick();
          if ((await this.#statement(statement.body)) === "break") break;
        }
        return "go";
      case "do":
        do {
          await this.#tick();
          if ((await this.#statement(statement.body)) === "break") break;
        } while (isTrue(await this.#evaluate(statement.test)));
        return "go";
      case "for":
        if (statement.first) await this.#statement(statement.first);
        while (!statement.test || isTrue(await this.#evaluate(statement.test))) {
          await this.#tick();
          if ((await this.#statement(statement.body)) === "break") break;
          if (statement.step) await this.#statement(statement.step);
        }
        return "go";
      case "forin":
        for (const key of this.#array(statement.array).keys().toArray()) {
          await this.#tick();
          this.#set(statement.variable, new InputText(key));
          if ((await this.#statement(statement.body)) === "break") break;
        }
        return "go";
      case "simple":
        if (statement.word === "next") throw new Next();
        if (statement.word === "nextfile") throw new NextFile();
        return statement.word;
      case "exit": {
        if (statement.value) this.#run.status = toNumber(await this.#evaluate(statement.value)) & 255;
        throw new Exit();
      }
      case "return":
        throw new Return(statement.value ? await this.#evaluate(statement.value) : unset);
      case "delete":
        if (!statement.keys) this.#array(statement.name).clear();
        else this.#array(statement.name).delete(await this.#key(statement.keys));
        return "go";
    }
  }

  async #print(statement: Extract<Statement, { kind: "print" }>): Promise<void> {
    const values: Value[] = [];
    for (const arg of statement.args) values.push(await this.#evaluate(arg));
    let text: string;
    if (statement.format) {
      const [format = "", ...rest] = values;
      text = this.#format(this.#text(format), rest);
    } else {
      const shown =
        values.length > 0
          ? values.map((value) => this.#text(value, "OFMT")).join(this.#text(this.#get("OFS")))
          : this.#recordText();
      text = shown + this.#text(this.#get("ORS"));
    }
    if (!statement.to) {
      this.#run.print(text);
      return this.#run.drain();
    }
    const target = this.#text(await this.#evaluate(statement.to));
    const writer = await this.#writer(statement.redirect, target);
    await writer.write(this.#encode(text));
  }

  async #writer(redirect: string, target: string): Promise<Writer> {
    const open = this.#writers.get(target);
    if (open) return open.writer;
    await this.#run.flush();
    if (redirect !== "|") {
      const name = this.#outName(target);
      try {
        const writer = this.#run.create(name === "-" ? "/dev/stdout" : name, redirect === ">>");
        this.#writers.set(target, { writer, close: () => Promise.resolve(0) });
        return writer;
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return this.#run.die(`cannot open "${name}" for output`, 2);
      }
    }
    const pipe = new Pipe();
    const ended = this.#run.process
      .run(["sh", "-c", this.#outName(target)], { stdin: pipe })
      .finally(() => pipe.closeReader());
    ended.catch(() => {});
    const close = async (): Promise<number> => {
      pipe.closeWriter();
      return ended;
    };
    this.#writers.set(target, { writer: pipe, close });
    return pipe;
  }

  async #close(name: string): Promise<number> {
    await this.#run.flush();
    const writer = this.#writers.get(name);
    const reader = this.#readers.get(name);
    this.#writers.delete(name);
    this.#readers.delete(name);
    if (writer) return writer.close();
    return reader ? reader.close() : -1;
  }

  // Expressions

  async #key(keys: readonly Expression[]): Promise<string> {
    const parts: string[] = [];
    for (const key of keys) parts.push(this.#text(await this.#evaluate(key)));
    return parts.join(parts.length > 1 ? this.#text(this.#get("SUBSEP")) : "");
  }

  async #evaluate(expression: Expression): Promise<Value> {
    switch (expression.kind) {
      case "number":
      case "string":
        return expression.value;
      case "regex":
        return this.#regex(expression.source).test(this.#recordText()) ? 1 : 0;
      case "variable":
        return this.#get(expression.name);
      case "group":
        return this.#evaluate(expression.inner);
      case "field": {
        const index = toNumber(await this.#evaluate(expression.index));
        if (index < 0) await this.#run.die(`attempt to access field ${index}`, 2);
        return this.#field(Math.floor(index));
      }
      case "element": {
        const array = this.#array(expression.name);
        const key = await this.#key(expression.keys);
        const value = array.get(key);
        if (value !== undefined) return value;
        array.set(key, unset);
        return unset;
      }
      case "assign": {
        const right = await this.#evaluate(expression.value);
        const operator = expression.operator.slice(0, -1);
        const value =
          operator === ""
            ? right
            : await this.#arithmetic(operator, toNumber(await this.#evaluate(expression.target)), toNumber(right));
        await this.#store(expression.target, value);
        return value;
      }
      case "conditional":
        return this.#evaluate(isTrue(await this.#evaluate(expression.test)) ? expression.yes : expression.no);
      case "binary":
        return this.#binary(expression);
      case "unary": {
        const value = await this.#evaluate(expression.operand);
        if (expression.operator === "!") return isTrue(value) ? 0 : 1;
        return expression.operator === "-" ? -toNumber(value) : toNumber(value);
      }
      case "increment": {
        const before = toNumber(await this.#evaluate(expression.target));
        await this.#store(expression.target, before + expression.by);
        return expression.prefix ? before + expression.by : before;
      }
      case "in":
        return this.#array(expression.name).has(await this.#key(expression.keys)) ? 1 : 0;
      case "getline":
        return this.#getline(expression);
      case "call":
        return expression.builtin
          ? this.#builtin(expression.name, expression.args)
          : this.#call(expression.name, expression.args);
    }
  }

  async #store(target: Expression, value: Value): Promise<void> {
    if (target.kind === "variable") this.#set(target.name, value);
    else if (target.kind === "field") this.#setField(Math.floor(toNumber(await this.#evaluate(target.index))), value);
    else if (target.kind === "element") this.#array(target.name).set(await this.#key(target.keys), value);
    else if (target.kind === "group") await this.#store(target.inner, value);
  }

  async #arithmetic(operator: string, left: number, right: number): Promise<number> {
    switch (operator) {
      case "+":
        return left + right;
      case "-":
        return left - right;
      case "*":
        return left * right;
      case "/":
        if (right === 0) return this.#run.die("division by zero", 2);
        return left / right;
      case "%":
        if (right === 0) return this.#run.die("division by zero in %", 2);
        return left % right;
      default:
        return left ** right;
    }
  }

  async #binary(expression: Extract<Expression, { kind: "binary" }>): Promise<Value> {
    const { operator } = expression;
    const left = await this.#evaluate(expression.left);
    if (operator === "&&") return isTrue(left) && isTrue(await this.#evaluate(expression.right)) ? 1 : 0;
    if (operator === "||") return isTrue(left) || isTrue(await this.#evaluate(expression.right)) ? 1 : 0;
    if (operator === "~" || operator === "!~") {
      const regex = await this.#regexOf(expression.right);
      return regex.test(this.#text(left)) === (operator === "~") ? 1 : 0;
    }
    const right = await this.#evaluate(expression.right);
    if (operator === " ") return this.#text(left) + this.#text(right);
    if (["<", "<=", "==", "!=", ">", ">="].includes(operator)) return this.#compare(operator, left, right) ? 1 : 0;
    return this.#arithmetic(operator, toNumber(left), toNumber(right));
  }

  #compare(operator: string, left: Value, right: Value): boolean {
    const numeric = (value: Value): number | undefined =>
      typeof value === "number" ? value : value instanceof InputText ? (value === unset ? 0 : value.number) : undefined;
    const x = numeric(left);
    const y = numeric(right);
    let order: number;
    if (x !== undefined && y !== undefined) order = x < y ? -1 : x > y ? 1 : x === y ? 0 : Number.NaN;
    else {
      const a = this.#text(left);
      const b = this.#text(right);
      order = a < b ? -1 : a > b ? 1 : 0;
    }
    switch (operator) {
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case "==":
        return order === 0;
      case "!=":
        return order !== 0;
      case ">":
        return order > 0;
      default:
        return order >= 0;
    }
  }

  /** A regex literal, or the text of any other expression as a regex. */
  async #regexOf(expression: Expression): Promise<Regex> {
    if (expression.kind === "regex") return this.#regex(expression.source);
    return this.#regex(this.#text(await this.#evaluate(expression)));
  }

  async #getline(expression: Extract<Expression, { kind: "getline" }>): Promise<Value> {
    let record: string | undefined;
    if (expression.source === "main") record = await this.#nextRecord();
    else {
      const name = expression.from ? this.#text(await this.#evaluate(expression.from)) : "";
      let reader = this.#readers.get(name);
      if (!reader) {
        await this.#run.flush();
        try {
          reader = expression.source === "file" ? this.#fileReader(name) : this.#commandReader(name);
        } catch (error) {
          if (error instanceof FileError) return -1;
          throw error;
        }
        this.#readers.set(name, reader);
      }
      record = await reader.records.next();
      if (record !== undefined && expression.source === "command") this.#set("NR", toNumber(this.#get("NR")) + 1);
    }
    if (record === undefined) return 0;
    if (expression.target) await this.#store(expression.target, new InputText(record));
    else this.#setRecord(record);
    return 1;
  }

  #fileReader(name: string): { records: Records; close: () => Promise<number> } {
    return { records: this.#openRecords(name), close: () => Promise.resolve(0) };
  }

  #commandReader(name: string): { records: Records; close: () => Promise<number> } {
    const pipe = new Pipe();
    const ended = this.#run.process
      .run(["sh", "-c", this.#outName(name)], { stdout: pipe })
      .finally(() => pipe.closeWriter());
    ended.catch(() => {});
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      for (let chunk = await pipe.read(); chunk; chunk = await pipe.read()) yield chunk;
    };
    return {
      records: this.#recordsOf(chunks()),
      close: async () => {
        pipe.closeReader();
        return ended;
      },
    };
  }

  async #call(name: string, args: readonly Expression[]): Promise<Value> {
    const definition = this.#program.functions.get(name);
    if (!definition) return this.#run.die(`function ${name} never defined`, 2);
    const frame = new Map<string, Cell>();
    for (const [index, parameter] of definition.parameters.entries()) {
      const arg = args[index];
      const cell: Cell = { value: unset, array: undefined };
      if (arg?.kind === "variable") {
        const given = this.#cell(arg.name);
        cell.value = this.#get(arg.name);
        if (given.array || given.value === unset) {
          given.array ??= new Map();
          cell.array = given.array;
        }
      } else if (arg) cell.value = await this.#evaluate(arg);
      frame.set(parameter, cell);
    }
    this.#depth += 1;
    if (this.#depth > 2000) await this.#run.die("function call nesting too deep", 2);
    this.#frames.push(frame);
    try {
      await this.#statement(definition.body);
      return unset;
    } catch (error) {
      if (error instanceof Return) return error.value;
      throw error;
    } finally {
      this.#frames.pop();
      this.#depth -= 1;
    }
  }

  async #builtin(name: string, args: readonly Expression[]): Promise<Value> {
    const [first, second, third] = args;
    const value = async (arg: Expression | undefined): Promise<Value> => (arg ? this.#evaluate(arg) : unset);
    const text = async (arg: Expression | undefined): Promise<string> => this.#text(await value(arg));
    const number = async (arg: Expression | undefined): Promise<number> => toNumber(await value(arg));
    switch (name) {
      case "length":
        if (!first) return this.#recordText().length;
        if (first.kind === "variable") {
          const cell = this.#cell(first.name);
          if (cell.array && cell.value === unset) return cell.array.size;
        }
        return this.#bytes ? (await text(first)).length : [...(await text(first))].length;
      case "substr": {
        const whole = await text(first);
        const begin = await number(second);
        const amount = third ? await number(third) : Number.POSITIVE_INFINITY;
        // mawk 1.3.4 counts from the first character when the start lies before it; POSIX drops what lies before.
        const from = this.#bytes ? Math.trunc(begin) : Math.round(begin);
        const count =
          (amount === Number.POSITIVE_INFINITY ? amount : Math.round(amount - 1e-9)) -
          (this.#bytes && from < 1 ? from : 0);
        const start = Math.max(1, from);
        const end = Math.min(whole.length + 1, (this.#bytes ? start : from) + count);
        return end > start ? whole.slice(start - 1, end - 1) : "";
      }
      case "index":
        return (await text(first)).indexOf(await text(second)) + 1;
      case "split":
        return this.#splitInto(await text(first), second, third);
      case "sub":
      case "gsub":
        return this.#substitute(name === "gsub", args);
      case "gensub":
        return this.#gensub(args);
      case "match": {
        const match = second ? (await this.#regexOf(second)).exec(await text(first)) : undefined;
        this.#set("RSTART", match ? match.start + 1 : 0);
        this.#set("RLENGTH", match ? match.end - match.start : -1);
        if (third?.kind === "variable" && match) {
          const array = this.#array(third.name);
          array.clear();
          for (const [index, group] of match.groups.entries())
            if (group !== undefined) array.set(String(index), new InputText(group));
        }
        return match ? match.start + 1 : 0;
      }
      case "sprintf": {
        const values: Value[] = [];
        for (const arg of args.slice(1)) values.push(await this.#evaluate(arg));
        return this.#format(await text(first), values);
      }
      case "tolower":
        return this.#bytes
          ? (await text(first)).replace(/[A-Z]+/g, (part) => part.toLowerCase())
          : (await text(first)).toLowerCase();
      case "toupper":
        return this.#bytes
          ? (await text(first)).replace(/[a-z]+/g, (part) => part.toUpperCase())
          : (await text(first)).toUpperCase();
      case "sin":
        return Math.sin(await number(first));
      case "cos":
        return Math.cos(await number(first));
      case "atan2":
        return Math.atan2(await number(first), await number(second));
      case "exp":
        return Math.exp(await number(first));
      case "log":
        return Math.log(await number(first));
      case "sqrt":
        return Math.sqrt(await number(first));
      case "int":
        return Math.trunc(await number(first));
      case "rand":
        return this.#random();
      case "srand": {
        const before = this.#seed;
        this.#seed = first ? await number(first) : Math.floor(this.#run.process.machine.environment.clock.now() / 1000);
        this.#randomState = (Math.trunc(this.#seed) ^ 0x2545_f491) >>> 0 || 1;
        return before;
      }
      case "system": {
        await this.#run.flush();
        return this.#run.process.run(["sh", "-c", this.#outName(await text(first))]);
      }
      case "close":
        return this.#close(await text(first));
      case "fflush":
        await this.#run.flush();
        return 0;
      case "systime":
        return Math.floor(this.#run.process.machine.environment.clock.now() / 1000);
      case "strftime": {
        const { clock } = this.#run.process.machine.environment;
        const format = first ? await text(first) : "%a %b %e %H:%M:%S %Z %Y";
        return formatTime(format, second ? (await number(second)) * 1000 : clock.now(), zoneOf(this.#run.process));
      }
      case "strtonum": {
        const source = (await text(first)).trim();
        return /^0x/i.test(source)
          ? Number.parseInt(source, 16)
          : /^0[0-7]+$/.test(source)
            ? Number.parseInt(source, 8)
            : toNumber(source);
      }
      case "and":
        return Number(BigInt(Math.trunc(await number(first))) & BigInt(Math.trunc(await number(second))));
      case "or":
        return Number(BigInt(Math.trunc(await number(first))) | BigInt(Math.trunc(await number(second))));
      case "xor":
        return Number(BigInt(Math.trunc(await number(first))) ^ BigInt(Math.trunc(await number(second))));
      case "lshift":
        return (await number(first)) * 2 ** (await number(second));
      case "rshift":
        return Math.floor((await number(first)) / 2 ** (await number(second)));
      case "asort":
      case "asorti": {
        if (first?.kind !== "variable") return 0;
        const source = this.#array(first.name);
        const list: Value[] = name === "asort" ? [...source.values()] : [...source.keys()];
        list.sort((a, b) => (this.#compare("<", a, b) ? -1 : this.#compare(">", a, b) ? 1 : 0));
        const target = second?.kind === "variable" ? this.#array(second.name) : source;
        target.clear();
        for (const [index, item] of list.entries()) target.set(String(index + 1), item);
        return list.length;
      }
      default:
        return this.#run.die(`function ${name} never defined`, 2);
    }
  }

  /** xorshift: the same numbers in every run until srand is called, as POSIX wants. */
  #random(): number {
    let state = this.#randomState;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#randomState = state >>> 0;
    return this.#randomState / 2 ** 32;
  }

  async #splitInto(text: string, target: Expression | undefined, separator: Expression | undefined): Promise<number> {
    if (target?.kind !== "variable") return 0;
    let parts: string[];
    if (separator?.kind === "regex")
      parts =
        text === ""
          ? []
          : this.#split(text, separator.source.length === 1 ? `(${separator.source})` : separator.source, false);
    else
      parts = this.#split(
        text,
        separator ? this.#text(await this.#evaluate(separator)) : this.#text(this.#get("FS")),
        false,
      );
    const array = this.#array(target.name);
    array.clear();
    for (const [index, part] of parts.entries()) array.set(String(index + 1), new InputText(part));
    return parts.length;
  }

  #replaceAll(
    regex: Regex,
    text: string,
    replace: (groups: readonly (string | undefined)[]) => string,
    which: number,
  ): { result: string; count: number } {
    let result = "";
    let from = 0;
    let count = 0;
    let seen = 0;
    for (let at = 0, lastEnd = -1; at <= text.length;) {
      const match = regex.exec(text, at);
      if (!match) break;
      const empty = match.end === match.start;
      if (empty && match.start === lastEnd) {
        at = match.start + 1;
        continue;
      }
      seen += 1;
      if (which === 0 || seen === which) {
        result += text.slice(from, match.start) + replace(match.groups);
        from = match.end;
        count += 1;
        if (which !== 0) break;
      }
      lastEnd = match.end;
      at = empty ? match.end + 1 : match.end;
    }
    return { result: result + text.slice(from), count };
  }

  async #substitute(global: boolean, args: readonly Expression[]): Promise<number> {
    const [pattern, replacement, given] = args;
    const target: Expression = given ?? { kind: "field", index: { kind: "number", value: 0 } };
    const regex = pattern ? await this.#regexOf(pattern) : this.#regex("");
    const template = replacement ? this.#text(await this.#evaluate(replacement)) : "";
    const text = this.#text(await this.#evaluate(target));
    const fill = (groups: readonly (string | undefined)[]): string =>
      template.replace(/\\\\&|\\&|&|\\\\/g, (token) =>
        token === "&" ? (groups[0] ?? "") : token === "\\&" ? "&" : token === "\\\\&" ? `\\${groups[0] ?? ""}` : token,
      );
    const { result, count } = this.#replaceAll(regex, text, fill, global ? 0 : 1);
    if (count > 0) await this.#store(target, result);
    return count;
  }

  async #gensub(args: readonly Expression[]): Promise<string> {
    const [pattern, replacement, how, given] = args;
    const regex = pattern ? await this.#regexOf(pattern) : this.#regex("");
    const template = replacement ? this.#text(await this.#evaluate(replacement)) : "";
    const mode = how ? this.#text(await this.#evaluate(how)) : "1";
    const text = given ? this.#text(await this.#evaluate(given)) : this.#recordText();
    const fill = (groups: readonly (string | undefined)[]): string =>
      template.replace(/\\(\d|&|\\)|&/g, (token, digit: string | undefined) =>
        digit === undefined ? (groups[0] ?? "") : /\d/.test(digit) ? (groups[Number(digit)] ?? "") : digit || token,
      );
    return this.#replaceAll(regex, text, fill, /^[gG]/.test(mode) ? 0 : Math.max(1, Number(mode))).result;
  }

  #format(format: string, values: readonly Value[]): string {
    let result = "";
    let at = 0;
    const next = (): Value => values[at++] ?? unset;
    for (const part of splitFormat(format)) {
      if (typeof part === "string") {
        result += part;
        continue;
      }
      const conversion = withStars(part.conversion, part.stars, () => toNumber(next()));
      const { letter } = conversion;
      const value = next();
      if ("diouxX".includes(letter)) {
        const number = toNumber(value);
        if (Number.isFinite(number)) result += formatInteger(BigInt(Math.trunc(number)), conversion);
        else result += formatFloat(number, { ...conversion, letter: "f" });
      } else if ("eEfFgG".includes(letter)) result += formatFloat(toNumber(value), conversion);
      else if (letter === "c") {
        const code = typeof value === "number" ? value : value instanceof InputText ? value.number : undefined;
        const character =
          code === undefined
            ? this.#text(value).slice(0, 1)
            : String.fromCodePoint(Math.trunc(code) & (this.#bytes ? 255 : 0x1f_ffff));
        result += formatString(character, conversion);
      } else if (letter === "s") result += formatString(this.#text(value), conversion);
      else result += part.spec;
    }
    return result;
  }
}

/** Records separated by empty lines. */
const paragraphs = (text: string): string[] => {
  const trimmed = text.replace(/^\n+|\n+$/g, "");
  return trimmed === "" ? [] : trimmed.split(/\n{2,}/);
};
