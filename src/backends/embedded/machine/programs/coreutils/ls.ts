import { FileError } from "../../files/errors.ts";
import type { Stat } from "../../files/file-system.ts";
import type { ProgramTable } from "../../process.ts";
import { modeText } from "./support/modes.ts";
import type { Options } from "./support/options.ts";
import { humanSize } from "./support/sizes.ts";
import { quote, quoteName, textWidth } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

interface Entry {
  name: string;
  path: string;
  stat: Stat;
}

interface Listing {
  long: boolean;
  layout: "long" | "columns" | "across" | "single" | "commas";
  all: boolean;
  almostAll: boolean;
  human: boolean;
  indicator: "none" | "slash" | "classify" | "file-type";
  color: boolean;
  quoting: boolean;
  doubleQuotes: boolean;
  numeric: boolean;
  inode: boolean;
  blocks: boolean;
  owner: boolean;
  group: boolean;
  timeStyle: string;
  width: number;
  ignore: RegExp[];
}

const table =
  "format= a,all A,almost-all author b,escape block-size= B,ignore-backups c C color=? d,directory f F,classify=? file-type full-time g group-directories-first G,no-group h,human-readable si H dereference-command-line hide= hyperlink=? i,inode I,ignore= k,kibibytes l L,dereference m n,numeric-uid-gid N,literal o p q Q,quote-name r,reverse R,recursive s,size S sort= time= time-style= t u U v w,width= x X Z,context 1 zero indicator-style=";

/** -F takes no attached value as a short option. */
const shortClassify = (args: readonly string[]): string[] =>
  args.flatMap((arg) => (/^-[A-Za-z1]*F[A-Za-z1]+$/.test(arg) ? ["--classify", arg.replace("F", "")] : [arg]));

const ls = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Lists files and folders.",
    options: table,
    usageStatus: 2,
    rewrite: shortClassify,
  },
  async (run, options) => {
    const listing = await listingOf(run, options);
    const operands = options.operands.length > 0 ? options.operands : ["."];
    const files: Entry[] = [];
    const folders: Entry[] = [];
    for (const name of operands) {
      const entry = await look(run, name, options, listing);
      if (!entry) continue;
      const isFolder = entry.stat.type === "directory" || linkToFolder(run, entry, listing, options);
      (isFolder && !options.has("directory") ? folders : files).push(entry);
    }
    sortEntries(run, files, options);
    sortEntries(run, folders, options);
    printEntries(run, files, listing);
    const headed = operands.length > 1 || options.has("recursive");
    let first = files.length === 0;
    const queue = folders.map((folder) => folder.name);
    while (queue.length > 0) {
      const name = queue.shift() ?? "";
      run.process.signal.throwIfAborted();
      const below = await listFolder(run, name, listing, options, headed, first);
      if (below) {
        first = false;
        queue.unshift(...below);
      }
      await run.drain();
    }
  },
);

const layouts: Record<string, Listing["layout"]> = { l: "long", C: "columns", x: "across", m: "commas", "1": "single" };

async function listingOf(run: Tool, options: Options): Promise<Listing> {
  const { terminal, stdout, env } = run.process;
  const onTerminal = stdout.isTerminal === true;
  const colorWhen = options.given.findLast((option) => option.name === "color");
  const when = colorWhen ? (colorWhen.value ?? "always") : "never";
  if (!["always", "yes", "force", "never", "no", "none", "auto", "tty", "if-tty"].includes(when)) {
    const valid = ["‘always’, ‘yes’, ‘force’", "‘never’, ‘no’, ‘none’", "‘auto’, ‘tty’, ‘if-tty’"];
    const list = valid.map((line) => `  - ${line}\n`).join("");
    await run.warn(
      `invalid argument ${quote(when)} for ${quote("--color")}\nValid arguments are:\n${list}Try '${run.name} --help' for more information.`,
    );
    await run.exit(1);
  }
  const long = options.has("l", "g", "o", "numeric-uid-gid", "full-time");
  const chosen = options.last("l", "C", "x", "m", "1", "g", "o", "numeric-uid-gid", "full-time");
  const layout =
    long && chosen !== "C" && chosen !== "x" && chosen !== "m"
      ? "long"
      : (layouts[chosen ?? ""] ?? (onTerminal ? "columns" : "single"));
  const all = options.last("all", "almost-all", "f");
  return {
    long: layout === "long",
    layout,
    all: all === "all" || all === "f",
    almostAll: all === "almost-all",
    human: options.has("human-readable", "si"),
    indicator:
      options.has("classify") || options.value("indicator-style") === "classify"
        ? "classify"
        : options.has("file-type")
          ? "file-type"
          : options.has("p")
            ? "slash"
            : "none",
    color: ["always", "yes", "force"].includes(when) || (["auto", "tty", "if-tty"].includes(when) && onTerminal),
    quoting: onTerminal && !options.has("literal"),
    doubleQuotes: options.has("quote-name"),
    numeric: options.has("numeric-uid-gid"),
    inode: options.has("inode"),
    blocks: options.has("size"),
    owner: !options.has("g"),
    group: !options.has("o", "no-group"),
    timeStyle: options.has("full-time") ? "full-iso" : (options.value("time-style") ?? "locale"),
    width:
      Number(options.value("width") ?? (onTerminal ? terminal?.columns : undefined) ?? env["COLUMNS"] ?? 80) ||
      1_000_000,
    ignore: [
      ...options.values("ignore"),
      ...options.values("hide"),
      ...(options.has("ignore-backups") ? ["*~"] : []),
    ].map(globRegExp),
  };
}

const globRegExp = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
    "su",
  );

async function look(run: Tool, name: string, options: Options, listing: Listing): Promise<Entry | undefined> {
  try {
    const follow = options.has("dereference", "H", "dereference-command-line");
    let stat: Stat;
    try {
      stat = run.stat(name, follow);
    } catch (error) {
      if (options.has("dereference") || !(error instanceof FileError) || error.code !== "ENOENT") throw error;
      stat = run.stat(name, false);
    }
    if (stat.type === "symlink" && !listing.long && !options.has("classify", "directory")) {
      rejectLoop(run, name);
    }
    return { name, path: run.path(name), stat };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.fail(`cannot access ${quoteName(name)}: ${error.message}`, 2);
    return undefined;
  }
}

/** A link that leads nowhere is shown, one that cannot be followed is an error. */
function rejectLoop(run: Tool, name: string): void {
  try {
    run.stat(name);
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "ENOENT") throw error;
  }
}

/** Without -l and -F a link on the command line stands for the folder it leads to. */
function linkToFolder(run: Tool, entry: Entry, listing: Listing, options: Options): boolean {
  if (entry.stat.type !== "symlink" || listing.long || options.has("classify", "directory")) return false;
  return run.tryStat(entry.name)?.type === "directory";
}

async function listFolder(
  run: Tool,
  name: string,
  listing: Listing,
  options: Options,
  headed: boolean,
  first: boolean,
): Promise<string[] | undefined> {
  let names: string[];
  const path = run.path(name);
  const { files } = run.process;
  try {
    names = files.list(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await run.fail(`cannot open directory ${quoteName(name)}: ${error.message}`, 2);
    return undefined;
  }
  if (headed) run.print(`${first ? "" : "\n"}${name}:\n`);
  const join = (child: string): string => (path.endsWith("/") ? path + child : `${path}/${child}`);
  const shown = listing.all
    ? [".", "..", ...names]
    : names.filter(
        (child) => (listing.almostAll || !child.startsWith(".")) && !listing.ignore.some((glob) => glob.test(child)),
      );
  const entries: Entry[] = [];
  for (const child of shown) {
    const childPath = child === "." ? path : child === ".." ? run.process.files.realPath(`${path}/..`) : join(child);
    const follow = options.has("dereference");
    try {
      entries.push({
        name: child,
        path: childPath,
        stat: follow && files.exists(childPath) ? files.stat(childPath) : files.lstat(childPath),
      });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.fail(`cannot access ${quoteName(`${name}/${child}`)}: ${error.message}`, 1);
    }
  }
  sortEntries(run, entries, options);
  if (listing.long || listing.blocks) {
    const total = entries.reduce((sum, entry) => sum + kilobytes(entry.stat), 0);
    run.print(`total ${listing.human ? humanSize(total * 1024) : total}\n`);
  }
  printEntries(run, entries, listing);
  if (!options.has("recursive")) return [];
  const prefix = name.endsWith("/") ? name : `${name}/`;
  return entries
    .filter((entry) => entry.stat.type === "directory" && entry.name !== "." && entry.name !== "..")
    .map((entry) => prefix + entry.name);
}

/** Kilobytes on a disk with blocks of 4 KiB. */
const kilobytes = (stat: Stat): number =>
  stat.type === "directory" ? 4 : stat.type === "file" ? Math.ceil(stat.size / 4096) * 4 : 0;

/** Byte order, as the C locale has it. */
const byName = (a: Entry, b: Entry): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const extension = (name: string): string => /\.[^.]*$/.exec(name)?.[0] ?? "";

/** Numbers inside names count as numbers. */
export function compareVersions(a: string, b: string): number {
  const partsA = a.match(/\d+|\D+/g) ?? [];
  const partsB = b.match(/\d+|\D+/g) ?? [];
  for (let index = 0; index < Math.max(partsA.length, partsB.length); index += 1) {
    const x = partsA[index];
    const y = partsB[index];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const difference = Number(x) - Number(y);
      if (difference !== 0) return difference;
      continue;
    }
    return versionText(x) < versionText(y) ? -1 : 1;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Letters sort before other characters, a tilde before everything. */
const versionText = (text: string): string =>
  [...text]
    .map((character) => (character === "~" ? "\u0000" : /[a-zA-Z]/.test(character) ? character : `\uffff${character}`))
    .join("");

const leadsToFolder = (run: Tool, { stat, path }: Entry): boolean =>
  stat.type === "directory" || (stat.type === "symlink" && run.process.files.isDirectory(path));

function sortEntries(run: Tool, entries: Entry[], options: Options): void {
  const words: Record<string, string> = { none: "U", size: "S", time: "t", version: "v", extension: "X" };
  const chosen = options.given.findLast((option) => ["U", "S", "t", "v", "X", "f", "sort"].includes(option.name));
  const key = chosen?.name === "sort" ? (words[chosen.value ?? ""] ?? "") : (chosen?.name ?? "");
  if (key !== "U" && key !== "f") {
    entries.sort((a, b) => {
      if (key === "S" && a.stat.size !== b.stat.size) return b.stat.size - a.stat.size;
      if (key === "t" && a.stat.mtime !== b.stat.mtime) return b.stat.mtime - a.stat.mtime;
      if (key === "v") return compareVersions(a.name, b.name);
      if (key === "X" && extension(a.name) !== extension(b.name)) return extension(a.name) < extension(b.name) ? -1 : 1;
      return byName(a, b);
    });
    if (options.has("reverse")) entries.reverse();
  }
  if (options.has("group-directories-first")) {
    entries.sort((a, b) => Number(leadsToFolder(run, b)) - Number(leadsToFolder(run, a)));
  }
}

function printEntries(run: Tool, entries: readonly Entry[], listing: Listing): void {
  if (entries.length === 0) return;
  const inodeWidth = Math.max(...entries.map((entry) => String(entry.stat.inode).length));
  const blockText = (entry: Entry): string =>
    listing.human ? humanSize(kilobytes(entry.stat) * 1024) : String(kilobytes(entry.stat));
  const blockWidth = Math.max(...entries.map((entry) => blockText(entry).length));
  const prefix = (entry: Entry): string =>
    (listing.inode ? `${String(entry.stat.inode).padStart(inodeWidth)} ` : "") +
    (listing.blocks ? `${blockText(entry).padStart(blockWidth)} ` : "");
  if (listing.long) return printLong(run, entries, listing, prefix);
  const cells = entries.map((entry) => {
    const name = listing.doubleQuotes
      ? JSON.stringify(entry.name)
      : listing.quoting
        ? quoteIfNeeded(entry.name)
        : entry.name;
    const before = prefix(entry);
    const mark = indicatorOf(entry, listing);
    return { text: before + colored(run, name, entry, listing) + mark, width: textWidth(before + name + mark) };
  });
  if (listing.layout === "single") {
    for (const cell of cells) run.print(`${cell.text}\n`);
  } else if (listing.layout === "commas") run.print(`${cells.map((cell) => cell.text).join(", ")}\n`);
  else printColumns(run, cells, listing);
}

/** Blanks from one column to another, with tabs where they reach. */
function indent(from: number, to: number): string {
  let result = "";
  for (let at = from; at < to;) {
    const tab = Math.floor(to / 8) > Math.floor((at + 1) / 8);
    result += tab ? "\t" : " ";
    at += tab ? 8 - (at % 8) : 1;
  }
  return result;
}

interface Cell {
  text: string;
  width: number;
}

function printColumns(run: Tool, cells: readonly Cell[], listing: Listing): void {
  const across = listing.layout === "across";
  let rows = 1;
  let widths: number[] = [];
  for (let columns = Math.min(cells.length, Math.max(1, Math.floor(listing.width / 3))); columns >= 1; columns -= 1) {
    rows = Math.ceil(cells.length / columns);
    widths = Array.from({ length: columns }, () => 0);
    for (const [index, cell] of cells.entries()) {
      const column = across ? index % columns : Math.floor(index / rows);
      const last = column === columns - 1;
      widths[column] = Math.max(widths[column] ?? 0, cell.width + (last ? 0 : 2));
    }
    const used = widths.filter((width) => width > 0);
    if (columns === 1 || (used.length === columns && used.reduce((sum, width) => sum + width, 0) < listing.width))
      break;
  }
  const columns = widths.length;
  for (let row = 0; row < rows; row += 1) {
    let line = "";
    let at = 0;
    for (let column = 0; column < columns; column += 1) {
      const index = across ? row * columns + column : column * rows + row;
      const cell = cells[index];
      if (!cell) continue;
      const hasNext = cells[across ? index + 1 : index + rows] !== undefined && column < columns - 1;
      line += cell.text + (hasNext ? indent(at + cell.width, at + (widths[column] ?? 0)) : "");
      at += widths[column] ?? 0;
    }
    run.print(`${line}\n`);
  }
}

const quoteIfNeeded = (name: string): string =>
  /^[\w@%+=:,./^~[\]{}-]+$/u.test(name) && !/^[~#]/.test(name)
    ? name
    : /[^\p{ASCII}]/u.test(name) && !/[\s'"*?&;|<>()$`\\]/.test(name)
      ? name
      : quoteName(name);

function indicatorOf(entry: Entry, listing: Listing): string {
  if (listing.indicator === "none") return "";
  if (entry.stat.type === "directory") return "/";
  if (listing.indicator === "slash") return "";
  if (entry.stat.type === "symlink") return listing.long ? "" : "@";
  if (entry.stat.type === "socket") return "=";
  return listing.indicator === "classify" && entry.stat.type === "file" && entry.stat.mode & 0o111 ? "*" : "";
}

function colored(run: Tool, name: string, entry: Entry, listing: Listing): string {
  if (!listing.color) return name;
  const code = colorOf(run, entry);
  return code === "" ? name : `\u001b[${code}m${name}\u001b[0m`;
}

function colorOf(run: Tool, { stat, path, name }: Entry): string {
  switch (stat.type) {
    case "directory":
      if (stat.mode & 0o1000) return stat.mode & 0o002 ? "30;42" : "37;44";
      return stat.mode & 0o002 ? "34;42" : "01;34";
    case "symlink":
      return run.process.files.exists(path) ? "01;36" : "40;31;01";
    case "socket":
      return "01;35";
    case "device":
      return "40;33;01";
    default:
      if (stat.mode & 0o4000) return "37;41";
      if (stat.mode & 0o111) return "01;32";
      return /\.(tar|tgz|gz|zip|deb|rpm|xz|bz2|zst|7z)$/.test(name) ? "01;31" : "";
  }
}

const halfYear = 31_556_952_000 / 2;

function timeText(run: Tool, mtime: number, style: string): string {
  const zone = zoneOf(run.process);
  const now = run.process.machine.environment.clock.now();
  if (style === "full-iso") return formatTime("%Y-%m-%d %H:%M:%S.%N %z", mtime, zone);
  if (style === "long-iso") return formatTime("%Y-%m-%d %H:%M", mtime, zone);
  const recent = mtime > now - halfYear && mtime <= now;
  if (style === "iso") return formatTime(recent ? "%m-%d %H:%M" : "%Y-%m-%d ", mtime, zone);
  if (style.startsWith("+")) return formatTime(style.slice(1), mtime, zone);
  return formatTime(recent ? "%b %e %H:%M" : "%b %e  %Y", mtime, zone);
}

function printLong(run: Tool, entries: readonly Entry[], listing: Listing, prefix: (entry: Entry) => string): void {
  const { users } = run.process.machine;
  const rows = entries.map((entry) => ({
    entry,
    links: String(entry.stat.links),
    owner: listing.numeric ? String(entry.stat.uid) : (users.byId(entry.stat.uid)?.name ?? String(entry.stat.uid)),
    group: listing.numeric ? String(entry.stat.gid) : (users.groupName(entry.stat.gid) ?? String(entry.stat.gid)),
    size: listing.human ? humanSize(entry.stat.size) : String(entry.stat.size),
    time: timeText(run, entry.stat.mtime, listing.timeStyle),
  }));
  const widest = (pick: (row: (typeof rows)[number]) => string): number =>
    Math.max(...rows.map((row) => pick(row).length));
  const [links, owner, group, size, time] = [
    widest((row) => row.links),
    widest((row) => row.owner),
    widest((row) => row.group),
    widest((row) => row.size),
    widest((row) => row.time),
  ];
  // On a terminal a name that needs quotes sets the others in by one column.
  const someQuoted = listing.quoting && entries.some((entry) => quoteIfNeeded(entry.name) !== entry.name);
  const shown = (name: string): string => {
    if (!listing.quoting) return name;
    const quoted = quoteIfNeeded(name);
    return someQuoted && quoted === name ? ` ${name}` : quoted;
  };
  for (const row of rows) {
    const { entry } = row;
    let line = `${prefix(entry)}${modeText(entry.stat)} ${row.links.padStart(links)} `;
    if (listing.owner) line += `${row.owner.padEnd(owner)} `;
    if (listing.group) line += `${row.group.padEnd(group)} `;
    line += `${row.size.padStart(size)} ${row.time.padStart(time)} ${colored(run, shown(entry.name), entry, listing)}`;
    if (entry.stat.type === "symlink") line += ` -> ${run.process.files.readLink(entry.path)}`;
    run.print(`${line}${indicatorOf(entry, listing)}\n`);
  }
}

export const listPrograms: ProgramTable = { ls, dir: ls, vdir: ls };
