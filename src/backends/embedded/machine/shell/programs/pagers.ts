import { FileError } from "../../files/errors.ts";
import { Collector, decode, readText } from "../../io.ts";
import type { Process, Program } from "../../process.ts";
import { strftime } from "../strftime.ts";

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
  await page(process, text.replace(/\n$/, "").split("\n"), name === "less" ? ":" : "--More--");
  return status;
};

async function page(process: Process, all: readonly string[], prompt: string): Promise<void> {
  const height = () => Math.max(2, (process.terminal?.rows ?? 24) - 1);
  let shown = 0;
  const show = async (count: number) => {
    const next = all.slice(shown, shown + count);
    shown += next.length;
    await process.out(next.map((line) => `${line}\n`).join(""));
  };
  await show(height());
  while (shown < all.length) {
    await process.out(prompt);
    const chunk = await process.stdin.read();
    await process.out("\r\u001b[K");
    const keys = chunk ? decode(chunk) : "q";
    for (const key of keys.length > 1 ? keys.replace(/\r?\n$/, "") || "\n" : keys) {
      if (key === "q" || key === "Q") return;
      if (key === "G" || key === ">") await show(all.length);
      else if (key === "g" || key === "<" || key === "b") {
        shown = key === "b" ? Math.max(0, shown - 2 * height()) : 0;
        await show(height());
      } else if (key === "\n" || key === "\r" || key === "j") await show(1);
      else if (key === " " || key === "f") await show(height());
    }
  }
}

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
  for (;;) {
    const output = new Collector();
    await process.run(direct ? command : ["sh", "-c", command.join(" ")], { stdout: output, stderr: output });
    const columns = process.terminal?.columns ?? 80;
    const rows = process.terminal?.rows ?? 24;
    const left = `Every ${seconds.toFixed(1)}s: ${command.join(" ")}`;
    const right = `${process.machine.name}: ${strftime("%c", clock.now())}`;
    const header = title
      ? [left.slice(0, Math.max(0, columns - right.length - 1)).padEnd(Math.max(0, columns - right.length)) + right, ""]
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
