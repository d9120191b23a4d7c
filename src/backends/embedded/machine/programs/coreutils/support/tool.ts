import { FileError } from "../../../files/errors.ts";
import { resolvePath } from "../../../files/paths.ts";
import type { FileHandle, Stat } from "../../../files/file-system.ts";
import { BrokenPipe, concat } from "../../../io.ts";
import type { Process, Program } from "../../../process.ts";
import { OptionError, Options, parseOptions } from "./options.ts";
import { decodeBinary, decodeText, encodeBinary, encodeText } from "./text.ts";

/** Ends a tool at once with this exit code. */
class ToolExit extends Error {
  override readonly name = "ToolExit";
  readonly status: number;
  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

export interface ToolSpec {
  /** What follows the name in the usage line. */
  usage: string;
  /** One line of what it does, for `--help`. */
  about: string;
  /** See `parseOptions`. Absent: arguments are taken as they are. */
  options?: string;
  /** Exit code for wrong options; default 1. */
  usageStatus?: number;
  /** False: the first operand ends the options. */
  permute?: boolean;
  /** Works on bytes: `print` and line readers take one character per byte. */
  bytes?: boolean;
  /** The package named by `--version`; default GNU coreutils. */
  suite?: string;
  /** Turns old-style arguments into options. */
  rewrite?: (args: readonly string[]) => string[];
  /** What is printed after a message about wrong options; default the "Try ..." line. */
  hint?: (name: string) => string;
}

const chunkSize = 65_536;
const flushSize = 32_768;
const ioPerBreath = 8;

/** One run of a program: its buffered output, its messages, its exit code. */
export class Tool {
  readonly process: Process;
  readonly name: string;
  readonly #bytes: boolean;
  /** Exit code so far. */
  status = 0;
  #pending: Uint8Array[] = [];
  #text = "";
  #size = 0;
  #operations = 0;
  #hint: string;

  constructor(process: Process, name: string, bytes: boolean, hint: string) {
    this.process = process;
    this.name = name;
    this.#bytes = bytes;
    this.#hint = hint;
  }

  /** Adds to the output; written when enough has gathered, before waiting for input and at the end. */
  print(text: string): void {
    this.#text += text;
    this.#size += text.length;
  }

  printBytes(bytes: Uint8Array): void {
    this.#seal();
    this.#pending.push(bytes);
    this.#size += bytes.length;
  }

  /** UTF-8 text also where the tool works on bytes. */
  printText(text: string): void {
    this.printBytes(encodeText(text));
  }

  #seal(): void {
    if (this.#text === "") return;
    this.#pending.push(this.#bytes ? encodeBinary(this.#text) : encodeText(this.#text));
    this.#text = "";
  }

  /** Writes what has gathered. */
  async flush(): Promise<void> {
    this.#seal();
    if (this.#pending.length === 0) return;
    const bytes = this.#pending.length === 1 && this.#pending[0] ? this.#pending[0] : concat(this.#pending);
    this.#pending = [];
    this.#size = 0;
    await this.process.stdout.write(bytes);
    await this.breathe();
  }

  /** Writes when much has gathered; call it in loops. */
  async drain(): Promise<void> {
    if (this.#size >= flushSize) await this.flush();
  }

  /** Lets other processes run from time to time and notices a signal. */
  async breathe(): Promise<void> {
    this.#operations += 1;
    if (this.#operations % ioPerBreath === 0) await this.pause();
  }

  /** Lets other processes run now. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.process.signal.throwIfAborted();
  }

  /** `name: message` on standard error. */
  async warn(message: string): Promise<void> {
    await this.flush();
    await this.process.stderr.write(encodeText(`${this.name}: ${message}\n`));
  }

  /** Warns and remembers a failure. */
  async fail(message: string, status = 1): Promise<void> {
    this.status = Math.max(this.status, status);
    await this.warn(message);
  }

  /** Warns and ends the tool. */
  async die(message: string, status = 1): Promise<never> {
    await this.warn(message);
    throw new ToolExit(status);
  }

  /** Ends the tool after a message about how it was called. */
  async misuse(message: string, status = 1): Promise<never> {
    await this.flush();
    await this.process.stderr.write(encodeText(`${this.name}: ${message}\n${this.#hint}\n`));
    throw new ToolExit(status);
  }

  /** Writes what has gathered and ends. */
  async exit(status: number): Promise<never> {
    await this.flush();
    throw new ToolExit(status);
  }

  /** Absolute path of an operand; keeps a trailing slash. */
  path(name: string): string {
    if (name === "") throw new FileError("ENOENT", name);
    const absolute = resolvePath(this.process.cwd, name);
    return absolute !== "/" && /\/\.?$/.test(name) ? `${absolute}/` : absolute;
  }

  stat(name: string, follow = true): Stat {
    const path = this.path(name);
    return follow || path.endsWith("/") ? this.process.files.stat(path) : this.process.files.lstat(path);
  }

  /** Undefined when it cannot be looked at. */
  tryStat(name: string, follow = true): Stat | undefined {
    try {
      return this.stat(name, follow);
    } catch (error) {
      if (error instanceof FileError) return undefined;
      throw error;
    }
  }

  /** The mode of a new file or folder under the umask. */
  masked(mode: number): number {
    return mode & ~this.process.umask;
  }

  /** Chunks of a file, or of standard input for `-`. Throws FileError at once when it cannot be opened. */
  open(name: string): AsyncGenerator<Uint8Array> {
    if (isStandardInput(name)) return this.#readInput();
    const path = this.path(name);
    const { files } = this.process;
    const stat = files.stat(path);
    const first = files.readBytes(path);
    return stat.type === "device" ? this.#readDevice(path, first) : this.#readWhole(first);
  }

  /** Everything in a file, or on standard input for `-`. */
  async slurp(name: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.open(name)) chunks.push(chunk);
    return chunks.length === 1 && chunks[0] ? chunks[0] : concat(chunks);
  }

  async *#readInput(): AsyncGenerator<Uint8Array> {
    for (;;) {
      await this.flush();
      const chunk = await abortable(this.process.signal, this.process.stdin.read());
      if (!chunk) return;
      await this.breathe();
      yield chunk;
    }
  }

  async *#readWhole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkSize) {
      yield bytes.subarray(at, at + chunkSize);
      await this.drain();
      await this.breathe();
    }
  }

  async *#readDevice(path: string, first: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let chunk = first; chunk.length > 0; chunk = this.process.files.readBytes(path)) {
      yield chunk;
      await this.drain();
      await this.breathe();
    }
  }

  /** The lines of a file or of standard input, decoded as the tool works. */
  lines(name: string, delimiter = "\n"): LineReader {
    return new LineReader(this.open(name), this.#bytes, delimiter);
  }

  /** One answer line from standard input; undefined at its end. */
  async ask(question: string): Promise<string | undefined> {
    await this.flush();
    await this.process.stderr.write(encodeText(question));
    const bytes: Uint8Array[] = [];
    for (;;) {
      const chunk = this.#unread ?? (await abortable(this.process.signal, this.process.stdin.read()));
      this.#unread = undefined;
      if (!chunk) break;
      const end = chunk.indexOf(10);
      if (end >= 0) {
        bytes.push(chunk.subarray(0, end));
        if (end + 1 < chunk.length) this.#unread = chunk.subarray(end + 1);
        return decodeText(concat(bytes));
      }
      bytes.push(chunk);
    }
    return bytes.length > 0 ? decodeText(concat(bytes)) : undefined;
  }
  #unread: Uint8Array | undefined;

  /** Asks and tells whether the answer begins with y. */
  async confirm(question: string): Promise<boolean> {
    return /^[yY]/.test((await this.ask(`${this.name}: ${question} `)) ?? "");
  }

  /** Opens for writing; knows the names of the standard streams. */
  create(name: string, append = false): Writer {
    const { stdout, stderr } = this.process;
    if (name === "/dev/stdout") return { write: (bytes) => Promise.resolve(this.printBytes(bytes)) };
    if (name === "/dev/stderr") return { write: (bytes) => stderr.write(bytes) };
    if (name === "/dev/tty" && stdout.isTerminal) return { write: (bytes) => stdout.write(bytes) };
    const handle: FileHandle = this.process.files.open(this.path(name), { append, mode: this.masked(0o666) });
    return { write: (bytes) => Promise.resolve(handle.write(bytes)) };
  }
}

export interface Writer {
  write(bytes: Uint8Array): Promise<void>;
}

const standardInputs = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

const isStandardInput = (name: string): boolean => standardInputs.has(name);

/** Lines one after the other; `terminated` tells whether the last one read ended with the delimiter. */
export class LineReader {
  #chunks: AsyncGenerator<Uint8Array>;
  #bytes: boolean;
  #delimiter: string;
  #code: number;
  #queue: string[] = [];
  #at = 0;
  #carry: Uint8Array[] = [];
  #ended = false;
  terminated = true;

  constructor(chunks: AsyncGenerator<Uint8Array>, bytes: boolean, delimiter: string) {
    this.#chunks = chunks;
    this.#bytes = bytes;
    this.#delimiter = delimiter;
    this.#code = delimiter.charCodeAt(0);
  }

  #decode(bytes: Uint8Array): string {
    return this.#bytes ? decodeBinary(bytes) : decodeText(bytes);
  }

  /** The next line without its delimiter, undefined at the end. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const line = this.#queue[this.#at];
      if (line !== undefined) {
        this.#at += 1;
        return line;
      }
      if (this.#ended) return undefined;
      const { value: chunk, done } = await this.#chunks.next();
      this.#at = 0;
      if (done) {
        this.#ended = true;
        const rest = this.#decode(concat(this.#carry));
        this.#queue = rest === "" ? [] : [rest];
        this.terminated = rest === "";
        continue;
      }
      const last = chunk.lastIndexOf(this.#code);
      if (last < 0) {
        this.#carry.push(chunk);
        this.#queue = [];
        continue;
      }
      const head = chunk.subarray(0, last);
      const block = this.#carry.length > 0 ? concat([...this.#carry, head]) : head;
      this.#carry = last + 1 < chunk.length ? [chunk.subarray(last + 1)] : [];
      this.#queue = this.#decode(block).split(this.#delimiter);
    }
  }

  /** What has been read and not been given out, then the rest of the input. */
  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      const line = await this.next();
      if (line === undefined) return;
      yield line;
    }
  }
}

/** Rejects with the signal's reason when aborted first. */
function abortable<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const settled = promise.finally(() => signal.removeEventListener("abort", onAbort));
    settled.then(resolve, reject);
  });
}

const calledAs = (process: Process): string => (process.argv[0] ?? "").replace(/^.*\//, "");

/** Makes a program: parses its options, answers `--help` and `--version`, flushes its output at the end. */
export function tool(spec: ToolSpec, main: (tool: Tool, options: Options) => Promise<void>): Program {
  return async (process) => {
    const name = calledAs(process);
    const hint = spec.hint?.(name) ?? `Try '${name} --help' for more information.`;
    const run = new Tool(process, name, spec.bytes ?? false, hint);
    try {
      const args = spec.rewrite?.(process.argv.slice(1)) ?? process.argv.slice(1);
      let options: Options;
      try {
        options =
          spec.options === undefined ? new Options([], args) : parseOptions(args, spec.options, spec.permute ?? true);
      } catch (error) {
        if (!(error instanceof OptionError)) throw error;
        return await run.misuse(error.message, spec.usageStatus ?? 1);
      }
      if (options.has("help")) {
        run.printText(`Usage: ${name} ${spec.usage}\n${spec.about}\n`);
        if (spec.options) run.printText(`\nOptions: ${describe(spec.options)}\n`);
      } else if (options.has("version")) {
        run.printText(`${name} (${spec.suite ?? "GNU coreutils"}) ${process.executable.version}\n`);
      } else await main(run, options);
      await run.flush();
      return run.status;
    } catch (error) {
      if (error instanceof ToolExit) return error.status;
      if (error instanceof FileError) {
        await run.warn(error.path === "" ? error.message : `${error.path}: ${error.message}`);
        return spec.usageStatus ?? 1;
      }
      if (error instanceof BrokenPipe) return 141;
      throw error;
    }
  };
}

const describe = (table: string): string =>
  table
    .split(/\s+/)
    .filter(Boolean)
    .map((entry) => {
      const names = entry.replace(/=\??$/, "").split(",");
      const value = entry.endsWith("=?") ? "[=VALUE]" : entry.endsWith("=") ? "=VALUE" : "";
      return names
        .filter(Boolean)
        .map((word) => (word.length > 1 ? `--${word}${value}` : `-${word}`))
        .join("|");
    })
    .join(" ");

/** A number such as `10K`; undefined when it is none. Suffixes as GNU has them: K=1024, kB=1000, b=512. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+)(?:(b)|(kB|KB|MB|GB|TB)|([kKMGTP])(?:iB)?)?$/.exec(text);
  if (!match) return undefined;
  const count = Number(match[1]);
  if (match[2]) return count * 512;
  if (match[3]) return count * 1000 ** ("KMGT".indexOf(match[3].charAt(0).toUpperCase()) + 1);
  if (match[4]) return count * 1024 ** ("KMGTP".indexOf(match[4].toUpperCase()) + 1);
  return count;
}

/** Runs `work` on each operand and reports a FileError as `name: words`. */
export async function eachFile(
  run: Tool,
  names: readonly string[],
  work: (name: string) => Promise<void>,
): Promise<void> {
  for (const name of names.length > 0 ? names : ["-"]) {
    try {
      await work(name);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.fail(`${name}: ${error.message}`);
    }
  }
}
