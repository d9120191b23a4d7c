import { gunzipSync, gzipSync } from "node:zlib";
import { isXz, packXz, unpackXz } from "../../../runtime/images/xz.ts";
import { FileError } from "../../files/errors.ts";
import type { Stat } from "../../files/file-system.ts";
import { dirname } from "../../files/paths.ts";
import type { Program, ProgramTable } from "../../process.ts";
import { modeText } from "./support/modes.ts";
import type { Options } from "./support/options.ts";
import { packTar, readTar } from "./support/tar-format.ts";
import type { TarEntry } from "./support/tar-format.ts";
import { decodeText } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

const tarTable =
  "A,concatenate c,create d,diff delete r,append t,list u,update x,extract get catenate " +
  "absolute-names P b,blocking-factor= C,directory= exclude= X,exclude-from= f,file= T,files-from= g,listed-incremental= h,dereference H,format= " +
  "I,use-compress-program= j,bzip2 J,xz k,keep-old-files K,starting-file= l,check-links L,tape-length= m,touch M,multi-volume mode= mtime= N,newer= " +
  "no-overwrite-dir no-recursion no-same-owner no-same-permissions null numeric-owner o O,to-stdout one-file-system overwrite owner= group= " +
  "p,preserve-permissions same-permissions recursion recursive-unlink remove-files same-owner S,sparse skip-old-files sort= s strip-components= totals=? " +
  "transform= xform= U,unlink-first v,verbose w,interactive W,verify wildcards no-wildcards warning= z,gzip gunzip Z,compress zstd a,auto-compress warn";

/** `tar Cxvf dir archive`: letters without a dash, their values following in order. */
function oldStyle(args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === undefined || first.startsWith("-")) return [...args];
  const result: string[] = [];
  for (const letter of first) {
    result.push(`-${letter}`);
    if ("bCfFgHIKLNTVX".includes(letter) && rest.length > 0) result.push(rest.shift() ?? "");
  }
  return [...result, ...rest];
}

const tryHint = (name: string): string => `Try '${name} --help' or '${name} --usage' for more information.`;

/** Simplified: one -C for the whole command takes effect in order, as GNU's does, for names that follow it. */
interface NamedMember {
  folder: string;
  name: string;
}

function membersOf(run: Tool, args: readonly string[], options: Options): NamedMember[] {
  let folder = run.process.cwd;
  const members: NamedMember[] = [];
  const operands = [...options.operands];
  // Options and operands keep their order only in the arguments, so -C is read again from there.
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    const bundled = /^-([A-Za-z]*)C(.*)$/s.exec(arg);
    const long = /^--directory=(.*)$/s.exec(arg);
    if (long) folder = joinFolder(folder, long[1] ?? "");
    else if (arg === "--directory") folder = joinFolder(folder, args[++index] ?? "");
    else if (bundled && !/[fTXbHIN]/.test(bundled[1] ?? ""))
      folder = joinFolder(folder, bundled[2] || (args[++index] ?? ""));
    else if (operands[0] === arg && !isValue(args, index)) members.push({ folder, name: operands.shift() ?? "" });
  }
  for (const name of operands) members.push({ folder, name });
  return members;
}

const isValue = (args: readonly string[], index: number): boolean =>
  /^-[A-Za-z]*[fTXbHINCgKL]$/.test(args[index - 1] ?? "");

const joinFolder = (folder: string, name: string): string => (name.startsWith("/") ? name : `${folder}/${name}`);

const lastFolder = (run: Tool, options: Options): string =>
  options.values("directory").reduce(joinFolder, run.process.cwd);

const globMatches = (glob: string, name: string): boolean => {
  const source = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  return new RegExp(`(?:^|/)${source}(?:$|/)`).test(name);
};

const tar = tool(
  {
    usage: "[OPTION...] [FILE]...",
    about: "Makes and reads archives.",
    options: tarTable,
    usageStatus: 64,
    suite: "GNU tar",
    rewrite: oldStyle,
    hint: tryHint,
  },
  async (run, options) => {
    const modes = [
      "create",
      "extract",
      "get",
      "list",
      "append",
      "update",
      "diff",
      "concatenate",
      "catenate",
      "delete",
    ].filter((mode) => options.has(mode));
    const [mode] = modes;
    if (!mode) return run.misuse("You must specify one of the '-Acdtrux', '--delete' or '--test-label' options", 2);
    if (modes.length > 1)
      return run.misuse("You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option", 2);
    if (mode === "create") return create(run, options);
    if (mode === "append" || mode === "update") return append(run, options);
    if (mode === "extract" || mode === "get" || mode === "list" || mode === "diff")
      return extract(run, options, mode === "list");
    return run.die(`--${mode} is not supported here`, 2);
  },
);

const archiveName = (run: Tool, options: Options): string => {
  const name = options.value("file") ?? run.process.env["TAPE"] ?? "-";
  return name.startsWith("/") || name === "-" ? name : run.path(name);
};

async function compressed(run: Tool, options: Options, name: string): Promise<boolean> {
  if (options.has("gzip", "gunzip")) return true;
  if (options.has("xz")) return false;
  for (const kind of ["bzip2", "zstd", "compress"]) {
    if (!options.has(kind)) continue;
    await run.process.err(
      `tar (child): ${kind}: Cannot exec: No such file or directory\ntar (child): Error is not recoverable: exiting now\n`,
    );
    await run.warn("Child returned status 2");
    await run.die("Error is not recoverable: exiting now", 2);
  }
  return options.has("auto-compress") && /\.(tgz|tar\.gz|taz|gz)$/.test(name);
}

async function gather(run: Tool, options: Options, entries: TarEntry[]): Promise<void> {
  const args = oldStyle(run.process.argv.slice(1));
  const members = membersOf(run, args, options);
  for (const list of options.values("files-from")) {
    const separator = options.has("null") ? "\0" : "\n";
    for (const name of decodeText(await run.slurp(list)).split(separator))
      if (name !== "") members.push({ folder: lastFolder(run, options), name });
  }
  const excludes = [...options.values("exclude")];
  for (const name of options.values("exclude-from"))
    excludes.push(
      ...decodeText(await run.slurp(name))
        .split("\n")
        .filter(Boolean),
    );
  const linked = new Map<number, string>();
  let warnedRoot = false;
  const { files, machine } = run.process;
  const archive = options.value("file");
  const archiveInode = archive === undefined || archive === "-" ? undefined : run.tryStat(archive)?.inode;
  const add = async (member: NamedMember): Promise<void> => {
    const path = joinFolder(member.folder, member.name);
    if (excludes.some((glob) => globMatches(glob.replace(/\/$/, ""), member.name))) return;
    let stat: Stat;
    try {
      stat = options.has("dereference") ? files.stat(path) : files.lstat(path.replace(/(?<=.)\/$/, ""));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.fail(`${member.name}: Cannot ${error.code === "EACCES" ? "open" : "stat"}: ${error.message}`, 2);
      return;
    }
    await run.breathe();
    if (stat.inode === archiveInode) return run.warn(`${member.name}: file is the archive; not dumped`);
    let name = member.name;
    if (name.startsWith("/") && !options.has("absolute-names", "P")) {
      if (!warnedRoot) await run.warn("Removing leading `/' from member names");
      warnedRoot = true;
      name = name.replace(/^\/+/, "") || "./";
    }
    if (stat.type === "socket") return run.warn(`${member.name}: socket ignored`);
    const owner = options.value("owner");
    const group = options.value("group");
    const entry: TarEntry = {
      name: stat.type === "directory" && !name.endsWith("/") ? `${name}/` : name,
      type: stat.type === "directory" ? "directory" : stat.type === "symlink" ? "symlink" : "file",
      mode: stat.mode,
      uid:
        owner === undefined ? stat.uid : (machine.users.byName(owner)?.uid ?? (Number(owner.replace(/^.*:/, "")) || 0)),
      gid: group === undefined ? stat.gid : (machine.users.groupId(group) ?? (Number(group.replace(/^.*:/, "")) || 0)),
      mtime: Math.floor(stat.mtime / 1000),
      user: options.has("numeric-owner")
        ? ""
        : (owner?.replace(/:.*$/, "") ?? machine.users.byId(stat.uid)?.name ?? ""),
      group: options.has("numeric-owner")
        ? ""
        : (group?.replace(/:.*$/, "") ?? machine.users.groupName(stat.gid) ?? ""),
      link: stat.type === "symlink" ? files.readLink(path) : "",
      data: new Uint8Array(),
    };
    const known = stat.links > 1 && stat.type === "file" ? linked.get(stat.inode) : undefined;
    if (known !== undefined) Object.assign(entry, { type: "link", link: known });
    else if (stat.type === "file" || stat.type === "device") {
      try {
        entry.data = files.readBytes(path);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`${member.name}: Cannot open: ${error.message}`, 2);
        return;
      }
      if (stat.links > 1) linked.set(stat.inode, name);
    }
    entries.push(entry);
    if (options.has("verbose")) await listed(run, options, entry.name, entry);
    if (stat.type !== "directory" || options.has("no-recursion")) return;
    try {
      for (const child of files.list(path))
        await add({
          folder: member.folder,
          name: member.name.endsWith("/") ? member.name + child : `${member.name}/${child}`,
        });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.fail(`${member.name}: Cannot open: ${error.message}`, 2);
    }
  };
  for (const member of members) await add(member);
}

/** Names go to standard error while the archive itself goes to standard output. */
async function listed(run: Tool, options: Options, name: string, entry: TarEntry): Promise<void> {
  const twice = options.given.filter((option) => option.name === "verbose").length > 1;
  const text = twice ? longListing(run, entry, options) : `${quoteMember(name)}\n`;
  if (options.has("create") && (options.value("file") ?? "-") === "-") await run.process.err(text);
  else run.print(text);
}

const quoteMember = (name: string): string =>
  name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");

async function create(run: Tool, options: Options): Promise<void> {
  if (options.operands.length === 0 && !options.has("files-from")) {
    return run.misuse("Cowardly refusing to create an empty archive", 2);
  }
  const name = archiveName(run, options);
  const gzip = await compressed(run, options, name);
  const entries: TarEntry[] = [];
  const writer = await openArchive(run, options, name);
  await gather(run, options, entries);
  await failedEarlier(run);
  const bytes = packTar(entries);
  const packed = options.has("xz") ? packXz(bytes) : gzip ? gzipSync(bytes) : bytes;
  if (writer) await writer(packed);
  else run.printBytes(packed);
  if (options.has("remove-files"))
    for (const operand of options.operands) run.process.files.removeTree(run.path(operand));
}

async function openArchive(
  run: Tool,
  options: Options,
  name: string,
): Promise<((bytes: Uint8Array) => Promise<void>) | undefined> {
  if (name === "-") {
    if (run.process.stdout.isTerminal)
      await run.die(
        "Refusing to write archive contents to terminal (missing -f option?)\ntar: Error is not recoverable: exiting now",
        2,
      );
    return undefined;
  }
  try {
    const writer = run.create(name);
    return (bytes) => writer.write(bytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.warn(`${options.value("file") ?? name}: Cannot open: ${error.message}`);
    return run.die("Error is not recoverable: exiting now", 2);
  }
}

async function failedEarlier(run: Tool): Promise<void> {
  if (run.status === 2) await run.warn("Exiting with failure status due to previous errors");
}

async function append(run: Tool, options: Options): Promise<void> {
  const name = archiveName(run, options);
  const old = run.tryStat(name) ? readTar(run.process.files.readBytes(name)).entries : [];
  const entries: TarEntry[] = [];
  await gather(run, options, entries);
  await failedEarlier(run);
  run.process.files.write(name, packTar([...old, ...entries]), { mode: run.masked(0o666) });
}

async function archiveBytes(run: Tool, options: Options): Promise<Uint8Array> {
  const name = archiveName(run, options);
  const shown = options.value("file") ?? name;
  const wantsGzip = await compressed(run, options, "");
  let bytes: Uint8Array;
  try {
    bytes = await run.slurp(name);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    if (error.code === "EISDIR") {
      await run.warn(`${shown}: Cannot read: Is a directory`);
      await run.warn("At beginning of tape, quitting now");
      return run.die("Error is not recoverable: exiting now", 2);
    }
    if (wantsGzip) {
      await run.process.err(
        `tar (child): ${shown}: Cannot open: ${error.message}\ntar (child): Error is not recoverable: exiting now\n`,
      );
      await run.warn("Child returned status 2");
    } else await run.warn(`${shown}: Cannot open: ${error.message}`);
    return run.die("Error is not recoverable: exiting now", 2);
  }
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (isGzip) {
    try {
      return new Uint8Array(gunzipSync(bytes));
    } catch {
      await run.process.err("\ngzip: stdin: unexpected end of file\n");
      await run.warn("Child returned status 1");
      return run.die("Error is not recoverable: exiting now", 2);
    }
  }
  if (isXz(bytes)) {
    try {
      return unpackXz(bytes);
    } catch {
      await run.process.err("xz: (stdin): Unexpected end of input\n");
      await run.warn("Child returned status 1");
      return run.die("Error is not recoverable: exiting now", 2);
    }
  }
  if (options.has("xz")) {
    await run.process.err("xz: (stdin): File format not recognized\n");
    await run.warn("Child returned status 1");
    return run.die("Error is not recoverable: exiting now", 2);
  }
  if (wantsGzip) {
    await run.process.err(
      bytes.length === 0 ? "\ngzip: stdin: unexpected end of file\n" : "\ngzip: stdin: not in gzip format\n",
    );
    await run.warn("Child returned status 1");
    return run.die("Error is not recoverable: exiting now", 2);
  }
  return bytes;
}

function longListing(run: Tool, entry: TarEntry, options: Options): string {
  const numeric = options.has("numeric-owner");
  const owner = `${numeric || entry.user === "" ? entry.uid : entry.user}/${numeric || entry.group === "" ? entry.gid : entry.group}`;
  const type = entry.type === "link" ? "file" : entry.type;
  const mode = modeText({ type, mode: entry.mode });
  const size = String(entry.type === "file" ? entry.data.length : 0);
  const link = entry.type === "symlink" ? ` -> ${entry.link}` : entry.type === "link" ? ` link to ${entry.link}` : "";
  const gap = " ".repeat(Math.max(1, 19 - owner.length - size.length));
  const time = formatTime("%Y-%m-%d %H:%M", entry.mtime * 1000, zoneOf(run.process));
  return `${entry.type === "link" ? `h${mode.slice(1)}` : mode} ${owner}${gap}${size} ${time} ${quoteMember(entry.name)}${link}\n`;
}

async function extract(run: Tool, options: Options, list: boolean): Promise<void> {
  const bytes = await archiveBytes(run, options);
  const { entries, damaged } = readTar(bytes);
  if (damaged === "not-tar") {
    await run.warn("This does not look like a tar archive");
    if (options.has("gzip")) await run.warn("Skipping to next header");
    return run.die("Exiting with failure status due to previous errors", 2);
  }
  const wanted = [...options.operands].map((name) => name.replace(/\/+$/, ""));
  for (const from of options.values("files-from"))
    wanted.push(
      ...decodeText(await run.slurp(from))
        .split("\n")
        .filter(Boolean),
    );
  const seen = new Set<string>();
  const excludes = options.values("exclude");
  const folder = lastFolder(run, options);
  if (!run.process.files.isDirectory(run.path(folder))) {
    const shown = options.values("directory").at(-1) ?? folder;
    await run.warn(`${shown}: Cannot open: ${run.tryStat(folder) ? "Not a directory" : "No such file or directory"}`);
    return run.die("Error is not recoverable: exiting now", 2);
  }
  const later: (() => void)[] = [];
  let warned = false;
  for (const entry of entries) {
    const plain = entry.name.replace(/\/$/, "");
    const match = wanted.find(
      (one) => one === plain || plain.startsWith(`${one}/`) || (options.has("wildcards") && globMatches(one, plain)),
    );
    if (wanted.length > 0 && match === undefined) continue;
    if (match !== undefined) seen.add(match);
    if (excludes.some((glob) => globMatches(glob.replace(/\/$/, ""), plain))) continue;
    if (list) {
      run.print(options.has("verbose") ? longListing(run, entry, options) : `${quoteMember(entry.name)}\n`);
      await run.drain();
      continue;
    }
    let { name } = entry;
    const strip = Number(options.value("strip-components") ?? 0);
    if (strip > 0)
      name = name
        .split("/")
        .filter((part) => part !== "")
        .slice(strip)
        .join("/");
    if (name === "") continue;
    if (name.startsWith("/") && !options.has("absolute-names", "P")) {
      if (!warned) await run.warn("Removing leading `/' from member names");
      warned = true;
      name = name.replace(/^\/+/, "");
    }
    if (name.split("/").includes("..") && !options.has("absolute-names", "P")) {
      await run.fail(`${entry.name}: Member name contains '..'`, 2);
      continue;
    }
    if (options.has("verbose")) run.print(`${quoteMember(entry.name)}\n`);
    if (options.has("to-stdout")) {
      run.printBytes(entry.data);
      await run.drain();
      continue;
    }
    await run.breathe();
    try {
      unpack(run, options, entry, joinFolder(folder, name.replace(/\/$/, "")), folder, later);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const what =
        entry.type === "directory"
          ? "mkdir"
          : entry.type === "symlink"
            ? `create symlink to '${entry.link}'`
            : entry.type === "link"
              ? `hard link to '${entry.link}'`
              : "open";
      await run.fail(`${name.replace(/\/$/, "")}: Cannot ${what}: ${error.message}`, 2);
    }
  }
  for (const finish of later.reverse()) finish();
  for (const name of wanted) if (!seen.has(name)) await run.fail(`${name}: Not found in archive`, 2);
  if (damaged === "truncated") {
    await run.fail("Unexpected EOF in archive", 2);
    return run.die("Error is not recoverable: exiting now", 2);
  }
  await failedEarlier(run);
}

function unpack(
  run: Tool,
  options: Options,
  entry: TarEntry,
  target: string,
  folder: string,
  later: (() => void)[],
): void {
  const { files, credentials, machine } = run.process;
  const path = run.path(target);
  const isRoot = credentials.uid === 0;
  const keepsMode =
    options.has("preserve-permissions", "same-permissions") || (isRoot && !options.has("no-same-permissions"));
  const mode = keepsMode ? entry.mode : run.masked(entry.mode & 0o777);
  const parent = dirname(path);
  if (!files.exists(parent)) files.makeDirectories(parent, run.masked(0o777));
  const existing = run.tryStat(path, false);
  const finish = (): void => {
    const sameOwner = (isRoot && !options.has("no-same-owner", "o")) || options.has("same-owner");
    if (sameOwner) {
      const named = options.has("numeric-owner") ? undefined : machine.users.byName(entry.user)?.uid;
      const group = options.has("numeric-owner") ? undefined : machine.users.groupId(entry.group);
      files.chown(path, named ?? entry.uid, group ?? entry.gid, false);
    }
    if (entry.type !== "symlink") {
      files.chmod(path, mode);
      if (!options.has("touch")) files.setTime(path, entry.mtime * 1000);
    }
  };
  if (entry.type === "directory") {
    const isFolder = existing?.type === "directory" || (existing !== undefined && files.isDirectory(path));
    if (existing && !isFolder) throw new FileError("EEXIST", path);
    if (!existing) files.makeDirectory(path, mode | 0o700);
    if (existing && options.has("no-overwrite-dir")) return;
    later.push(finish);
    return;
  }
  if (existing) {
    if (options.has("skip-old-files")) return;
    if (options.has("keep-old-files")) throw new FileError("EEXIST", path);
    if (existing.type === "directory") {
      if (files.list(path).length > 0) throw new FileError("EISDIR", path);
      files.removeDirectory(path);
    } else files.unlink(path);
  }
  if (entry.type === "symlink") files.symlink(entry.link, path);
  else if (entry.type === "link") {
    files.link(run.path(joinFolder(folder, entry.link)), path);
    return;
  } else files.write(path, entry.data, { mode });
  finish();
}

const gzipTable =
  "a,ascii c,stdout to-stdout d,decompress uncompress f,force k,keep l,list L,license n,no-name N,name q,quiet r,recursive rsyncable S,suffix= synchronous t,test v,verbose V 1,fast 2 3 4 5 6 7 8 9,best";

const makeGzip = (fixed: "" | "decompress" | "cat"): Program =>
  tool(
    {
      usage: "[OPTION]... [FILE]...",
      about: "Packs and unpacks files.",
      options: gzipTable,
      suite: "gzip",
      bytes: true,
    },
    async (run, options) => {
      const decompress = fixed !== "" || options.has("decompress", "uncompress", "test");
      const toOutput = fixed === "cat" || options.has("stdout", "to-stdout");
      const level = Number(
        options
          .last("1", "2", "3", "4", "5", "6", "7", "8", "fast", "best")
          ?.replace("fast", "1")
          .replace("best", "9") ?? 6,
      );
      const suffix = options.value("suffix") ?? ".gz";
      const { files } = run.process;
      const convert = async (name: string, bytes: Uint8Array): Promise<Uint8Array | undefined> => {
        if (!decompress) return new Uint8Array(gzipSync(bytes, { level }));
        if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
          if (fixed === "cat" && options.has("force")) return bytes;
          await run.flush();
          await run.process.err(
            `\ngzip: ${name}: ${bytes.length === 0 ? "unexpected end of file" : "not in gzip format"}\n`,
          );
          run.status = 1;
          return undefined;
        }
        try {
          return new Uint8Array(gunzipSync(bytes));
        } catch {
          await run.process.err(`\ngzip: ${name}: unexpected end of file\n`);
          run.status = 1;
          return undefined;
        }
      };
      for (const name of options.operands.length > 0 ? options.operands : ["-"]) {
        if (name === "-") {
          if (!decompress && run.process.stdout.isTerminal && !options.has("force")) {
            await run.process.err(
              `${run.name}: compressed data not written to a terminal. Use -f to force compression.\nFor help, type: ${run.name} -h\n`,
            );
            return run.exit(1);
          }
          const result = await convert("stdin", await run.slurp("-"));
          if (result && !options.has("test")) run.printBytes(result);
          continue;
        }
        let source = name;
        if (decompress && !run.tryStat(source) && run.tryStat(name + suffix)) source = name + suffix;
        try {
          const stat = run.stat(source);
          if (stat.type === "directory") {
            await run.process.err(`gzip: ${name} is a directory -- ignored\n`);
            run.status = 2;
            continue;
          }
          const target = decompress ? source.replace(/\.tgz$/, ".tar").replace(suffix, "") : source + suffix;
          if (!toOutput && decompress && target === source) {
            await run.process.err(`gzip: ${name}: unknown suffix -- ignored\n`);
            run.status = 2;
            continue;
          }
          if (!toOutput && !decompress && source.endsWith(suffix)) {
            await run.process.err(`gzip: ${name} already has ${suffix} suffix -- unchanged\n`);
            run.status = 2;
            continue;
          }
          const bytes = files.readBytes(run.path(source));
          if (options.has("list")) {
            const size = gunzipSync(bytes).length;
            const ratio = size === 0 ? "0.0" : (100 * (1 - bytes.length / size)).toFixed(1);
            run.print("         compressed        uncompressed  ratio uncompressed_name\n");
            run.print(
              `${String(bytes.length).padStart(19)} ${String(size).padStart(19)} ${ratio.padStart(5)}% ${source.replace(suffix, "")}\n`,
            );
            continue;
          }
          const result = await convert(source, bytes);
          if (!result || options.has("test")) continue;
          if (toOutput) {
            run.printBytes(result);
            await run.drain();
            continue;
          }
          if (run.tryStat(target, false) && !options.has("force")) {
            const answer = run.process.stdin.isTerminal
              ? await run.ask(`gzip: ${target} already exists; do you wish to overwrite (y or n)? `)
              : undefined;
            if (!/^[yY]/.test(answer ?? "")) {
              if (!run.process.stdin.isTerminal) await run.process.err(`gzip: ${target} already exists;`);
              await run.process.err("\tnot overwritten\n");
              run.status = 2;
              continue;
            }
          }
          files.writeWithMode(run.path(target), result, stat.mode);
          files.setTime(run.path(target), stat.mtime);
          if (run.process.credentials.uid === 0) files.chown(run.path(target), stat.uid, stat.gid);
          if (!options.has("keep")) files.unlink(run.path(source));
          if (options.has("verbose")) {
            const [small, large] = decompress ? [bytes.length, result.length] : [result.length, bytes.length];
            await run.process.err(
              `${name}:\t${(100 * (1 - small / Math.max(1, large))).toFixed(1).padStart(5)}% -- ${options.has("keep") ? "created" : "replaced with"} ${target}\n`,
            );
          }
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          await run.process.err(
            `gzip: ${decompress && !run.tryStat(name) && !name.endsWith(suffix) ? name + suffix : name}: ${error.message}\n`,
          );
          run.status = 1;
        }
      }
    },
  );

const zcat = makeGzip("cat");

export const archivePrograms: ProgramTable = { tar, gzip: makeGzip(""), gunzip: makeGzip("decompress"), zcat };
