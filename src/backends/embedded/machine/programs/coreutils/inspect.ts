import { FileError } from "../../files/errors.ts";
import { parseExecutable } from "../../executable.ts";
import type { Stat } from "../../files/file-system.ts";
import type { ProgramTable } from "../../process.ts";
import { decodeText, textWidth } from "./support/text.ts";
import { modeText } from "./support/modes.ts";
import { humanSize } from "./support/sizes.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

const startsWith = (bytes: Uint8Array, ...magic: number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

function describeBytes(run: Tool, bytes: Uint8Array): string {
  if (bytes.length === 0) return "empty";
  if (parseExecutable(bytes)) {
    const arm = run.process.machine.hardware.architecture === "arm64";
    const machine = arm ? "ARM aarch64" : "x86-64";
    const loader = arm ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
    return `ELF 64-bit LSB pie executable, ${machine}, version 1 (SYSV), dynamically linked, interpreter ${loader}, for GNU/Linux 3.2.0, stripped`;
  }
  if (startsWith(bytes, 0x7f, 0x45, 0x4c, 0x46)) return "ELF 64-bit LSB executable";
  if (startsWith(bytes, 0, 0x61, 0x73, 0x6d)) {
    const version = (bytes[4] ?? 0) + 256 * (bytes[5] ?? 0);
    return `WebAssembly (wasm) binary module version 0x${version.toString(16)}${version === 1 ? " (MVP)" : ""}`;
  }
  if (startsWith(bytes, 0x1f, 0x8b)) {
    const size =
      bytes.length >= 4 ? new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true) : 0;
    return `gzip compressed data, from Unix, original size modulo 2^32 ${size}`;
  }
  if (startsWith(bytes, 0x50, 0x4b, 3, 4))
    return "Zip archive data, at least v2.0 to extract, compression method=deflate";
  if (startsWith(bytes, 0xfd, 0x37, 0x7a, 0x58, 0x5a)) return "XZ compressed data, checksum CRC64";
  if (decodeText(bytes.subarray(257, 262)) === "ustar")
    return decodeText(bytes.subarray(257, 265)).startsWith("ustar  ") ? "POSIX tar archive (GNU)" : "POSIX tar archive";
  if (startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)) return "PNG image data";
  if (startsWith(bytes, 0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e)) return "current ar archive";
  return describeText(bytes);
}

function describeText(bytes: Uint8Array): string {
  const text = decodeText(bytes);
  if (/[\0-\u0006\u000e-\u001a\u001c-\u001f\udc80-\udcff]/.test(text)) return "data";
  const encoding = /[^\0-\u007f]/.test(text)
    ? text.startsWith("\ufeff")
      ? "Unicode text, UTF-8 (with BOM) text"
      : "Unicode text, UTF-8 text"
    : "ASCII text";
  const parts: string[] = [];
  const lines = text.split("\n");
  const longest = Math.max(...lines.map((line) => line.length));
  if (longest > 300) parts.push(`with very long lines (${longest})`);
  if (!text.includes("\n")) parts.push("with no line terminators");
  else if (/\r\n/.test(text)) parts.push("with CRLF line terminators");
  const tail = parts.length > 0 ? `, ${parts.join(", ")}` : "";
  const script = /^#!\s*(\S+)(?:\s+(\S+))?/.exec(text);
  if (script) {
    const [, interpreter = "", argument = ""] = script;
    const name = (interpreter.endsWith("/env") ? argument : interpreter).replace(/^.*\//, "");
    const kinds: Record<string, string> = {
      sh: "POSIX shell script",
      bash: "Bourne-Again shell script",
      python3: "Python script",
      python: "Python script",
      perl: "Perl script text executable",
    };
    const kind = kinds[name] ?? `a ${interpreter}${argument === "" ? "" : ` ${argument}`} script`;
    return `${kind}, ${encoding} executable${tail}`;
  }
  if (text.startsWith("-----BEGIN CERTIFICATE-----")) return "PEM certificate";
  if (/^-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/.test(text)) return "PEM RSA private key";
  try {
    if (/^\s*[[{]/.test(text)) {
      JSON.parse(text);
      return "JSON text data";
    }
  } catch {
    return encoding + tail;
  }
  return encoding + tail;
}

const mimeOf = (description: string): string => {
  if (description === "empty") return "inode/x-empty";
  if (description === "directory") return "inode/directory";
  if (description.startsWith("symbolic link")) return "inode/symlink";
  if (description.startsWith("ELF")) return "application/x-pie-executable";
  if (description.startsWith("WebAssembly")) return "application/wasm";
  if (description.startsWith("gzip")) return "application/gzip";
  if (description.includes("tar archive")) return "application/x-tar";
  if (description.startsWith("JSON")) return "application/json";
  if (description.includes("shell script")) return "text/x-shellscript";
  return description.includes("text") ? "text/plain" : "application/octet-stream";
};

const file = tool(
  {
    usage: "[OPTION...] FILE...",
    about: "Tells what files contain.",
    options: "b,brief i,mime mime-type mime-encoding L,dereference h,no-dereference f,files-from= s z k N",
    suite: "file",
  },
  async (run, options) => {
    const names = options.operands;
    if (names.length === 0) {
      await run.process.err(`Usage: ${run.name} [OPTION...] FILE...\n`);
      return run.exit(1);
    }
    const width = Math.max(...names.map((name) => textWidth(name))) + 1;
    for (const name of names) {
      let description: string;
      try {
        const stat = name === "-" ? undefined : run.stat(name, options.has("dereference"));
        if (stat?.type === "symlink") {
          const target = run.process.files.readLink(run.path(name));
          description = run.tryStat(name) ? `symbolic link to ${target}` : `broken symbolic link to ${target}`;
        } else if (stat?.type === "directory") description = stat.mode & 0o1000 ? "sticky, directory" : "directory";
        else if (stat?.type === "socket") description = "socket";
        else if (stat?.type === "device") description = "character special";
        else description = describeBytes(run, await run.slurp(name));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        description =
          error.code === "ENOENT" ? `cannot open \`${name}' (${error.message})` : `regular file, no read permission`;
      }
      const shown = options.has("mime-type", "mime")
        ? mimeOf(description) +
          (options.has("mime")
            ? `; charset=${description.includes("ASCII") ? "us-ascii" : description.includes("UTF-8") ? "utf-8" : "binary"}`
            : "")
        : description;
      run.print(
        options.has("brief") ? `${shown}\n` : `${`${name === "-" ? "/dev/stdin" : name}:`.padEnd(width)} ${shown}\n`,
      );
    }
  },
);

const tree = tool(
  {
    usage: "[OPTION]... [FOLDER]...",
    about: "Shows folders as a tree.",
    options: "a d f h s p u g i D F L= n C P= I= noreport dirsfirst charset= o= J",
    suite: "tree",
  },
  async (run, options) => {
    let folders = 0;
    let files = 0;
    const limit = Number(options.value("L") ?? Number.POSITIVE_INFINITY);
    const glob = (text: string): RegExp =>
      new RegExp(
        `^(?:${text
          .replace(/[.+^${}()\\]/g, "\\$&")
          .replaceAll("*", ".*")
          .replaceAll("?", ".")})$`,
      );
    const pattern = options.has("P") ? glob(options.value("P") ?? "") : undefined;
    const ignored = options.has("I") ? glob(options.value("I") ?? "") : undefined;
    const decorate = (stat: Stat): string => {
      const parts: string[] = [];
      if (options.has("p")) parts.push(modeText(stat));
      if (options.has("h")) parts.push(humanSize(stat.size).padStart(4));
      else if (options.has("s")) parts.push(String(stat.size).padStart(11));
      return parts.length > 0 ? `[${parts.join(" ")}]  ` : "";
    };
    const visit = async (path: string, lead: string, depth: number): Promise<void> => {
      if (depth > limit) return;
      let names: string[];
      try {
        names = run.process.files.list(run.path(path));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        return run.print(`${lead}└── [error opening dir]\n`);
      }
      const entries = names
        .filter((name) => options.has("a") || !name.startsWith("."))
        .map((name) => ({ name, stat: run.stat(path.endsWith("/") ? path + name : `${path}/${name}`, false) }))
        .filter(
          ({ name, stat }) =>
            !ignored?.test(name) && (stat.type === "directory" || (!options.has("d") && (pattern?.test(name) ?? true))),
        );
      if (options.has("dirsfirst"))
        entries.sort((a, b) => Number(b.stat.type === "directory") - Number(a.stat.type === "directory"));
      for (const [index, { name, stat }] of entries.entries()) {
        const last = index === entries.length - 1;
        const below = path.endsWith("/") ? path + name : `${path}/${name}`;
        const link = stat.type === "symlink" ? ` -> ${run.process.files.readLink(run.path(below))}` : "";
        const mark = options.has("F") && stat.type === "directory" ? "/" : "";
        run.print(
          `${options.has("i") ? "" : `${lead}${last ? "└── " : "├── "}`}${decorate(stat)}${options.has("f") ? below : name}${link}${mark}\n`,
        );
        if (stat.type === "directory") {
          folders += 1;
          await visit(below, `${lead}${last ? "    " : "│   "}`, depth + 1);
        } else files += 1;
        await run.drain();
        await run.breathe();
      }
    };
    for (const name of options.operands.length > 0 ? options.operands : ["."]) {
      if (run.tryStat(name)?.type !== "directory") {
        run.print(`${name}  [error opening dir]\n`);
        run.status = 2;
        continue;
      }
      run.print(`${name}\n`);
      await visit(name, "", 1);
    }
    if (options.has("noreport")) return;
    const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
    run.print(
      `\n${plural(folders, "directory", "directories")}${options.has("d") ? "" : `, ${plural(files, "file", "files")}`}\n`,
    );
  },
);

export const inspectPrograms: ProgramTable = { file, tree };
