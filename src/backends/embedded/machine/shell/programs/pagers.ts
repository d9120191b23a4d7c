import { FileError } from "../../files/errors.ts";
import { Collector, decode, readText } from "../../io.ts";
import type { Process, Program, Terminal } from "../../process.ts";
import { formatTime } from "../../strftime.ts";

/** `less` and `more`: page by page at a terminal, like `cat` elsewhere. */
export const less: Program = async (process) => {
  const files = process.argv.slice(1).filter((arg) => !/^[-+]./.test(arg));
  const name = (process.argv[0] ?? "less").split("/").at(-1) ?? "less";
  let text = "";
  let status = 0;
  if (files.length === 0) {
    if (process.stdin.isTerminal) {
      await process.err(
        name === "less"
          ? 'Missing filename ("less --help" for help)\n'
          : "more: bad usage\nTry 'more --help' for more information.\n",
      );
      return 1;
    }
    text = await readText(process.stdin);
  }
  for (const file of files) {
    try {
      text += file === "-" ? await readText(process.stdin) : process.files.readText(process.resolve(file));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await process.err(
        error.code === "EISDIR"
          ? `${file} is a directory\n`
          : `${name === "more" ? "more: cannot open " : ""}${file}: ${error.message}\n`,
      );
      status = 1;
    }
  }
  // Simplified: keys come from standard input, so what a pipe brings is shown at once.
  if (!process.stdout.isTerminal || !process.stdin.isTerminal || !process.terminal) {
    await process.out(text);
    return status;
  }
  const lines = text.replace(/\n$/, "").split("\n");
  const { terminal } = process;
  terminal.echo = false;
  try {
    if (name === "more") await pageDown(process, terminal, lines);
    else await pageOnOwnScreen(process, terminal, lines, files.at(-1) ?? "");
  } finally {
    terminal.echo = true;
  }
  return status;
};

/** Waits for keys. Ends with `q` when nothing more can be typed. */
async function keysOf(process: Process): Promise<string> {
  const chunk = await process.stdin.read();
  return chunk ? decode(chunk) : "q";
}

/** `more`: what was shown stays above. */
async function pageDown(process: Process, terminal: Terminal, lines: readonly string[]): Promise<void> {
  let shown = 0;
  const show = async (count: number): Promise<void> => {
    await process.out(
      lines
        .slice(shown, shown + count)
        .map((line) => `${line}\n`)
        .join(""),
    );
    shown += count;
  };
  await show(Math.max(1, terminal.rows - 1));
  while (shown < lines.length) {
    await process.out("--More--");
    const keys = await keysOf(process);
    await process.out("\r\u001b[K");
    for (const key of keys) {
      if (key === "q" || key === "Q") return;
      if (key === "\n" || key === "j") await show(1);
      else if (key === " " || key === "f") await show(Math.max(1, terminal.rows - 1));
    }
  }
}

const pagerKeys = /\u001b\[(?:[ABHF]|[56]~)|[^]/g;

/** `less`: forwards and backwards on a screen of its own, which is gone afterwards. */
async function pageOnOwnScreen(
  process: Process,
  terminal: Terminal,
  lines: readonly string[],
  file: string,
): Promise<void> {
  const height = (): number => Math.max(1, terminal.rows - 1);
  let top = 0;
  const move = (to: number): void => {
    top = Math.max(0, Math.min(lines.length - height(), to));
  };
  let found = "";
  let search: string | undefined;
  const find = (): void => {
    const at = lines.findIndex((line, index) => index > top && line.includes(found));
    if (at >= 0) top = at;
  };
  await process.out("\u001b[?1049h");
  try {
    for (;;) {
      const page = lines.slice(top, top + height()).map((line) => line.slice(0, terminal.columns));
      while (page.length < height()) page.push("~");
      const atEnd = top + height() >= lines.length;
      const prompt =
        search !== undefined
          ? `/${search}`
          : atEnd
            ? "\u001b[7m(END)\u001b[0m"
            : top === 0 && file
              ? `\u001b[7m${file}\u001b[0m`
              : ":";
      await process.out(`\u001b[H\u001b[2J${page.join("\n")}\n${prompt}`);
      for (const key of (await keysOf(process)).match(pagerKeys) ?? []) {
        if (search !== undefined) {
          if (key === "\n") {
            found = search;
            search = undefined;
            find();
          } else search = key === "\u007f" ? search.slice(0, -1) : search + key;
        } else if (key === "q" || key === "Q") return;
        else if (key === "/") search = "";
        else if (key === "n") find();
        else if (key === "g" || key === "<" || key === "\u001b[H") move(0);
        else if (key === "G" || key === ">" || key === "\u001b[F") move(lines.length);
        else if (key === "\n" || key === "j" || key === "\u001b[B") move(top + 1);
        else if (key === "k" || key === "y" || key === "\u001b[A") move(top - 1);
        else if (key === " " || key === "f" || key === "\u001b[6~") move(top + height());
        else if (key === "b" || key === "\u001b[5~") move(top - height());
        else if (key === "d") move(top + Math.ceil(height() / 2));
        else if (key === "u") move(top - Math.ceil(height() / 2));
      }
    }
  } finally {
    await process.out("\u001b[?1049l");
  }
}

/** `clear`: an empty screen, also of what was scrolled off it. */
export const clear: Program = async (process) => {
  await process.out("\u001b[H\u001b[2J\u001b[3J");
  return 0;
};

/** `watch`: runs a command again and again on a cleared screen, until Ctrl-C. */
export const watch: Program = async (process) => {
  const args = process.argv.slice(1);
  let seconds = 2;
  let title = true;
  let direct = false;
  let at = 0;
  for (; at < args.length && /^-./.test(args[at] ?? ""); at += 1) {
    const arg = args[at] ?? "";
    const interval = /^(?:-n|--interval=?)(.*)$/.exec(arg);
    if (interval) seconds = Math.max(0.1, Number(interval[1] === "" ? args[(at += 1)] : interval[1]) || 2);
    else if (arg === "--no-title") title = false;
    else if (arg === "--exec") direct = true;
    else {
      if (/^-[a-z]*t/.test(arg)) title = false;
      if (/^-[a-z]*x/.test(arg)) direct = true;
    }
  }
  const command = args.slice(at);
  if (command.length === 0) {
    await process.err("Usage:\n watch [options] command\n");
    return 1;
  }
  const { clock } = process.machine.environment;
  const own = process.stdout.isTerminal && process.terminal !== undefined;
  if (own) await process.out("\u001b[?1049h");
  try {
    for (;;) {
      const output = new Collector();
      await process.run(direct ? command : ["sh", "-c", command.join(" ")], { stdout: output, stderr: output });
      const columns = process.terminal?.columns ?? 80;
      const rows = process.terminal?.rows ?? 24;
      const left = `Every ${seconds.toFixed(1)}s: ${command.join(" ")}`;
      const right = `${process.machine.name}: ${formatTime("%c", clock.now(), "UTC")}`;
      const header = title
        ? [
            left.slice(0, Math.max(0, columns - right.length - 1)).padEnd(Math.max(0, columns - right.length)) + right,
            "",
          ]
        : [];
      const body = output
        .text()
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => line.slice(0, columns));
      const screen = [...header, ...body].slice(0, rows - 1);
      await process.out(`\u001b[H\u001b[2J${screen.join("\n")}\n`);
      await clock.sleep(seconds * 1000, process.signal);
    }
  } finally {
    if (own) await process.out("\u001b[?1049l");
  }
};

/** `nano`, `vi` and their kin: the terminal's editor pane, with the permissions of the user. */
export const editor: Program = async (process) => {
  const name = (process.argv[0] ?? "nano").split("/").at(-1) ?? "nano";
  const [file] = process.argv.slice(1).filter((arg) => !/^[-+]./.test(arg));
  if (file === undefined) {
    await process.err(`${name}: name the file to edit, for example: ${name} notes.txt\n`);
    return 1;
  }
  const edit = process.terminal?.edit;
  if (!edit) {
    await process.err(
      `${name}: there is no editor here because there is no terminal; change ${file} with tee or sed\n`,
    );
    return 1;
  }
  const path = process.resolve(file);
  let text = "";
  let exists = true;
  try {
    if (process.files.isDirectory(path)) {
      await process.err(`${file} is a directory\n`);
      return 1;
    }
    text = process.files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code !== "ENOENT") {
      await process.err(`Error reading ${file}: ${error.message}\n`);
      return 1;
    }
    exists = false;
  }
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  const readOnly = exists ? !process.files.access(path, 2) : !process.files.access(folder, 3);
  await new Promise<void>((resolve) => {
    process.signal.addEventListener("abort", () => resolve(), { once: true });
    edit({
      path,
      text,
      readOnly,
      save: (changed) => {
        try {
          process.files.write(path, changed, { mode: 0o666 & ~process.umask });
          process.machine.environment.touch();
          return Promise.resolve();
        } catch (error) {
          if (!(error instanceof FileError))
            return Promise.reject(error instanceof Error ? error : new Error(String(error)));
          return Promise.reject(new FileErrorText(`Error writing ${file}: ${error.message}`));
        }
      },
      close: resolve,
    });
  });
  return 0;
};

/** The words an editor shows when it cannot save. */
class FileErrorText extends Error {
  override readonly name = "FileErrorText";
}
