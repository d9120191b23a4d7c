import { NetworkError } from "../../../network/network.ts";
import { unpackTar } from "../../../runtime/images/tar.ts";
import type { Process, Program } from "../../process.ts";
import { concat } from "../../io.ts";

/** The version control system. Simplified: it clones the repositories that the course builds and shows its version. */
export const git: Program = async (process) => {
  const [, command = "", ...args] = process.argv;
  if (command === "--version" || command === "version") {
    await process.out(`git version ${process.executable.version.replace(/^\d+:|-.*/g, "")}\n`);
    return 0;
  }
  if (command === "clone") return clone(process, args);
  if (command === "" || command === "help" || command === "--help") {
    await process.out(
      "usage: git [--version] [--help] <command> [<args>]\n\nstart a working area\n   clone     Clone a repository into a new directory\n",
    );
    return 1;
  }
  const isRepository = [process.cwd, `${process.cwd}/..`].some((folder) => process.files.isDirectory(`${folder}/.git`));
  if (!isRepository && command !== "config" && command !== "init") {
    await process.err("fatal: not a git repository (or any of the parent directories): .git\n");
    return 128;
  }
  await process.err(`git: '${command}' is not a git command. See 'git --help'.\n`);
  return 1;
};

async function clone(process: Process, args: readonly string[]): Promise<number> {
  let branch: string | undefined;
  const operands: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    if (argument === "-b" || argument === "--branch") branch = args[(index += 1)];
    else if (argument === "--depth" || argument === "-c") index += 1;
    else if (!argument.startsWith("-")) operands.push(argument);
  }
  const [url, given] = operands;
  if (url === undefined) {
    await process.err(
      "fatal: You must specify a repository to clone.\n\nusage: git clone [<options>] [--] <repo> [<dir>]\n",
    );
    return 129;
  }
  const name =
    url
      .replace(/\/+$/, "")
      .replace(/\.git$/, "")
      .split("/")
      .at(-1) ?? "repository";
  const folder = process.resolve(given ?? name);
  if (process.files.exists(folder) && (!process.files.isDirectory(folder) || process.files.list(folder).length > 0)) {
    await process.err(`fatal: destination path '${given ?? name}' already exists and is not an empty directory.\n`);
    return 128;
  }
  await process.err(`Cloning into '${given ?? name}'...\n`);
  const base = url.replace(/\/+$/, "").replace(/\.git$/, "");
  const { network, pacing } = process.machine.environment;
  try {
    const response = await network.fetch(process.place, `${base}/lab-tree/${branch ?? "HEAD"}`, {
      signal: process.signal,
    });
    if (response.status !== 200) {
      await process.err(
        branch === undefined
          ? `fatal: repository '${url}/' not found\n`
          : `fatal: Remote branch ${branch} not found in upstream origin\n`,
      );
      return 128;
    }
    await pacing.wait("download", process.signal);
    const body = response.body instanceof Uint8Array ? response.body : await collected(response.body);
    for (const entry of unpackTar(body)) {
      const path = `${folder}/${entry.path.split("/").slice(1).join("/")}`;
      if (entry.type === "directory") process.files.makeDirectories(path.replace(/\/$/, ""));
      else if (entry.type === "file") {
        process.files.makeDirectories(path.slice(0, path.lastIndexOf("/")));
        process.files.writeWithMode(path, entry.bytes, entry.mode);
      }
    }
    process.files.makeDirectories(`${folder}/.git`);
    process.files.write(`${folder}/.git/HEAD`, `ref: refs/heads/${branch ?? "main"}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const host = new URL(url).host;
    const words = error.code === "ENOTFOUND" ? `Could not resolve host: ${host}` : `Failed to connect to ${host}`;
    await process.err(`fatal: unable to access '${url}/': ${words}\n`);
    return 128;
  }
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return concat(chunks);
}
