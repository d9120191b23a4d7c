import { FileError } from "../../files/errors.ts";
import type { FileErrorCode } from "../../files/errors.ts";
import type { Process, Program } from "../../process.ts";

const usage =
  "usage: explorer [hello | env | read FILE | write FILE TEXT | list FOLDER | peek ADDRESS | crash | loop]\n";

const numbers: Readonly<Partial<Record<FileErrorCode, number>>> = {
  ENOENT: 2,
  EACCES: 13,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
};

/**
 * The course's small program as the machine's own rustc builds it: a process with all rights of its user.
 * Simplified: the real one is machine code of labs/workloads/explorer; where the kernel ends it, the shell's words are
 * printed here.
 */
export const explorer: Program = async (process) => {
  const [, ...words] = process.argv;
  const [command = "hello", first, second] = words;
  if (command === "hello" && words.length <= 1) {
    const name = process.env["NAME"] ?? "explorer";
    await process.out(`Hello ${name}, I am one program for every computer.\n`);
    return 0;
  }
  if (command === "env" && words.length === 1) {
    for (const [name, value] of Object.entries(process.env)) await process.out(`${name}=${value}\n`);
    return 0;
  }
  if (command === "crash" && words.length === 1) {
    await process.err("Aborted (core dumped)\n");
    return 134;
  }
  if (command === "loop" && words.length === 1) {
    await process.out("counting without end\n");
    await new Promise<void>((resolve) => process.signal.addEventListener("abort", () => resolve(), { once: true }));
    return 0;
  }
  if (command === "peek" && first !== undefined && words.length === 2) return peek(process, first);
  if (first === undefined) return misuse(process);
  try {
    if (command === "read" && words.length === 2) {
      await process.out(process.files.readText(process.resolve(first)));
    } else if (command === "write" && second !== undefined && words.length === 3) {
      const text = `${second}\n`;
      process.files.write(process.resolve(first), text);
      await process.out(`wrote ${new TextEncoder().encode(text).length} bytes to ${first}\n`);
    } else if (command === "list" && words.length === 2) {
      for (const name of process.files.list(process.resolve(first)).sort()) await process.out(`${name}\n`);
    } else return await misuse(process);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.err(`explorer: ${first}: ${error.message} (os error ${numbers[error.code] ?? 5})\n`);
    return 1;
  }
};

async function misuse(process: Process): Promise<number> {
  await process.err(usage);
  return 2;
}

async function peek(process: Process, address: string): Promise<number> {
  if (!/^\+?\d+$/.test(address)) {
    await process.err(`explorer: ${address}: not an address\n`);
    return 2;
  }
  await process.out(`looking at address ${address}\n`);
  await process.err("Segmentation fault (core dumped)\n");
  return 139;
}
