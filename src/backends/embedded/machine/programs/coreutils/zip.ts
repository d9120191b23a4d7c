import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { FileError } from "../../files/errors.ts";
import { concat } from "../../io.ts";
import { dirname } from "../../files/paths.ts";
import type { ProgramTable } from "../../process.ts";
import { decodeText, encodeText } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

interface ZipEntry {
  name: string;
  /** Permission bits; 0 when the archive does not say. */
  mode: number;
  /** Milliseconds since the epoch. */
  mtime: number;
  size: number;
  isLink: boolean;
  packed: Uint8Array;
  method: number;
  sum: number;
}

/** Numbers in little-endian order, each with its size in bytes. */
function fields(...values: readonly (readonly [number, 2 | 4])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [, size]) => sum + size, 0)));
  let at = 0;
  for (const [value, size] of values) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value >>> 0, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

function dosTime(mtime: number): [number, number] {
  const date = new Date(mtime);
  const day = ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate();
  return [(date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1), day];
}

function pack(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = encodeText(entry.name);
    const [time, day] = dosTime(entry.mtime);
    const common = fields(
      [20, 2],
      [0x0800, 2],
      [entry.method, 2],
      [time, 2],
      [day, 2],
      [entry.sum, 4],
      [entry.packed.length, 4],
      [entry.size, 4],
      [name.length, 2],
      [0, 2],
    );
    const type = entry.isLink ? 0o120000 : entry.name.endsWith("/") ? 0o040000 : 0o100000;
    directory.push(
      fields([0x0201_4b50, 4], [0x031e, 2]),
      common,
      fields([0, 2], [0, 2], [0, 2], [(type | entry.mode) * 65_536, 4], [offset, 4]),
      name,
    );
    const local = [fields([0x0403_4b50, 4]), common, name, entry.packed];
    parts.push(...local);
    offset += local.reduce((sum, part) => sum + part.length, 0);
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  return concat([
    ...parts,
    ...directory,
    fields([0x0605_4b50, 4], [0, 2], [0, 2], [entries.length, 2], [entries.length, 2], [size, 4], [offset, 4], [0, 2]),
  ]);
}

/** The entries of an archive; undefined when the bytes are none. */
function unpack(bytes: Uint8Array): ZipEntry[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x0605_4b50) end -= 1;
  if (end < 0) return undefined;
  const entries: ZipEntry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0 && at + 46 <= bytes.length; left -= 1) {
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    if (local + 30 > bytes.length) return undefined;
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const [time, day] = [view.getUint16(at + 12, true), view.getUint16(at + 14, true)];
    const attributes = view.getUint32(at + 38, true) >>> 16;
    entries.push({
      name: decodeText(bytes.subarray(at + 46, at + 46 + nameLength)),
      mode: attributes & 0o7777,
      isLink: (attributes & 0o170000) === 0o120000,
      mtime: Date.UTC(
        1980 + (day >> 9),
        ((day >> 5) & 15) - 1,
        day & 31,
        time >> 11,
        (time >> 5) & 63,
        (time & 31) * 2,
      ),
      size: view.getUint32(at + 24, true),
      packed: bytes.subarray(start, start + view.getUint32(at + 20, true)),
      method: view.getUint16(at + 10, true),
      sum: view.getUint32(at + 16, true),
    });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

const content = (entry: ZipEntry): Uint8Array =>
  entry.method === 0 ? entry.packed : new Uint8Array(inflateRawSync(entry.packed));

const zip = tool(
  {
    usage: "[OPTION]... ARCHIVE FILE...",
    about: "Makes zip archives.",
    options: "r,recurse-paths q,quiet j,junk-paths y,symlinks 0 1 6 9 x= u,update",
    suite: "Info-ZIP",
  },
  async (run, options) => {
    const [archive, ...names] = options.operands;
    if (archive === undefined || names.length === 0) {
      run.print("\nzip error: Nothing to do!\n");
      return run.exit(12);
    }
    const target = /\.[^/]+$/.test(archive) ? archive : `${archive}.zip`;
    const { files } = run.process;
    const entries: ZipEntry[] = [];
    const add = async (name: string): Promise<void> => {
      const stat = run.tryStat(name, !options.has("symlinks"));
      if (!stat) return run.print(`\tzip warning: name not matched: ${name}\n`);
      await run.breathe();
      const folder = stat.type === "directory";
      const data = folder
        ? new Uint8Array()
        : stat.type === "symlink"
          ? encodeText(files.readLink(run.path(name)))
          : files.readBytes(run.path(name));
      const small = new Uint8Array(deflateRawSync(data));
      const deflated = small.length < data.length && !options.has("0");
      const shown =
        (options.has("junk-paths") ? name.replace(/^.*\//, "") : name.replace(/^\/+|^\.\//, "")).replace(/\/$/, "") +
        (folder ? "/" : "");
      if (!(folder && options.has("junk-paths"))) {
        entries.push({
          name: shown,
          mode: stat.mode,
          isLink: stat.type === "symlink",
          mtime: stat.mtime,
          size: data.length,
          packed: deflated ? small : data,
          method: deflated ? 8 : 0,
          sum: crc32(data),
        });
        const ratio =
          data.length === 0 ? 0 : Math.round(100 * (1 - (deflated ? small.length : data.length) / data.length));
        if (!options.has("quiet")) run.print(`  adding: ${shown} (${deflated ? `deflated ${ratio}%` : "stored 0%"})\n`);
      }
      if (folder && options.has("recurse-paths"))
        for (const child of files.list(run.path(name))) await add(`${name.replace(/\/$/, "")}/${child}`);
    };
    for (const name of names) await add(name);
    if (entries.length === 0) {
      run.print(`\nzip error: Nothing to do! (${target})\n`);
      return run.exit(12);
    }
    await run.create(target).write(pack(entries));
  },
);

const unzip = tool(
  {
    usage: "[OPTION]... ARCHIVE [MEMBER]... [-d FOLDER]",
    about: "Unpacks zip archives.",
    options: "l o n q d= j p t v x=",
    suite: "Info-ZIP",
  },
  async (run, options) => {
    const [archive, ...members] = options.operands;
    if (archive === undefined) return run.exit(10);
    const name = run.tryStat(archive) ? archive : `${archive}.zip`;
    let entries: ZipEntry[] | undefined;
    try {
      entries = unpack(run.process.files.readBytes(run.path(name)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.process.err(`${run.name}:  cannot find or open ${archive}, ${archive}.zip or ${archive}.ZIP.\n`);
      return run.exit(9);
    }
    if (!entries) {
      await run.process.err(
        `  End-of-central-directory signature not found.  Either this file is not\n  a zipfile, or it constitutes one disk of a multi-part archive.\n${run.name}:  cannot find zipfile directory in ${name}\n`,
      );
      return run.exit(9);
    }
    const wanted = members.length === 0 ? entries : entries.filter((entry) => members.includes(entry.name));
    if (!options.has("q") && !options.has("p")) run.print(`Archive:  ${name}\n`);
    if (options.has("l")) return list(run, wanted);
    for (const entry of wanted)
      await extract(run, entry, options.value("d"), {
        overwrite: options.has("o"),
        never: options.has("n"),
        quiet: options.has("q"),
        toOutput: options.has("p"),
        flat: options.has("j"),
      });
  },
);

function list(run: Tool, entries: readonly ZipEntry[]): void {
  run.print("  Length      Date    Time    Name\n---------  ---------- -----   ----\n");
  for (const entry of entries)
    run.print(
      `${String(entry.size).padStart(9)}  ${formatTime("%Y-%m-%d %H:%M", entry.mtime, zoneOf(run.process))}   ${entry.name}\n`,
    );
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  run.print(
    `---------                     -------\n${String(total).padStart(9)}                     ${entries.length} file${entries.length === 1 ? "" : "s"}\n`,
  );
}

interface ExtractRules {
  overwrite: boolean;
  never: boolean;
  quiet: boolean;
  toOutput: boolean;
  flat: boolean;
}

async function extract(run: Tool, entry: ZipEntry, folder: string | undefined, rules: ExtractRules): Promise<void> {
  const { files } = run.process;
  if (rules.toOutput) {
    run.printBytes(content(entry));
    return;
  }
  const safe = entry.name
    .split("/")
    .filter((part) => part !== "..")
    .join("/");
  const name = rules.flat ? safe.replace(/^.*\//, "") : safe;
  if (name === "") return;
  const shown = folder === undefined ? name : `${folder.replace(/\/$/, "")}/${name}`;
  const path = run.path(shown).replace(/\/$/, "");
  try {
    if (name.endsWith("/")) {
      files.makeDirectories(path, run.masked(0o777));
      if (!rules.quiet) run.print(`   creating: ${shown}\n`);
      return;
    }
    if (run.tryStat(shown, false)) {
      if (rules.never) return;
      if (
        !rules.overwrite &&
        !/^[yYA]/.test((await run.ask(`replace ${shown}? [y]es, [n]o, [A]ll, [N]one, [r]ename: `)) ?? "")
      )
        return;
      files.unlink(path);
    }
    files.makeDirectories(dirname(path), run.masked(0o777));
    const data = content(entry);
    if (entry.isLink) files.symlink(decodeText(data), path);
    else {
      files.writeWithMode(path, data, entry.mode === 0 ? run.masked(0o666) : run.masked(entry.mode));
      files.setTime(path, entry.mtime);
    }
    if (!rules.quiet) run.print(`${entry.method === 0 ? " extracting" : "  inflating"}: ${shown}\n`);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.process.err(`error:  cannot create ${shown}\n        ${error.message}\n`);
    run.status = 50;
  }
}

export const zipPrograms: ProgramTable = { zip, unzip };
