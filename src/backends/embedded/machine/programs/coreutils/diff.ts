import { FileError } from "../../files/errors.ts";
import { basename } from "../../files/paths.ts";
import type { ProgramTable } from "../../process.ts";
import { changesBetween } from "./support/line-diff.ts";
import type { Change } from "./support/line-diff.ts";
import type { Options } from "./support/options.ts";
import { decodeText } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { tool } from "./support/tool.ts";
import type { Tool } from "./support/tool.ts";

const diffTable =
  "q,brief s,report-identical-files c C,context= u U,unified= e,ed n,rcs y,side-by-side W,width= left-column suppress-common-lines p t,expand-tabs T r,recursive no-dereference N,new-file unidirectional-new-file ignore-file-name-case x,exclude= X,exclude-from= S,starting-file= from-file= to-file= i,ignore-case E,ignore-tab-expansion Z,ignore-trailing-space b,ignore-space-change w,ignore-all-space B,ignore-blank-lines I,ignore-matching-lines= a,text strip-trailing-cr D,ifdef= d,minimal speed-large-files color=? L,label= normal h";

const diff = tool(
  {
    usage: "[OPTION]... FILES",
    about: "Compares files line by line.",
    options: diffTable,
    usageStatus: 2,
    suite: "GNU diffutils",
    hint: (name) => `${name}: Try '${name} --help' for more information.`,
    rewrite: (args) => args.map((arg) => (/^-\d+$/.test(arg) ? `-U${arg.slice(1)}` : arg)),
  },
  async (run, options) => {
    const [left, right, extra] = options.operands;
    if (left === undefined || right === undefined)
      return run.misuse(`missing operand after '${options.operands.at(-1) ?? run.name}'`, 2);
    if (extra !== undefined) return run.misuse(`extra operand '${extra}'`, 2);
    await comparePaths(run, left, right, options, true);
  },
);

const differs = (run: Tool): void => {
  run.status = Math.max(run.status, 1);
};

/** `headed`: found below a folder, so that its name is shown. */
async function comparePaths(
  run: Tool,
  left: string,
  right: string,
  options: Options,
  top: boolean,
  headed = !top,
): Promise<void> {
  await run.breathe();
  const isFolder = (name: string): boolean => name !== "-" && run.tryStat(name)?.type === "directory";
  const [leftFolder, rightFolder] = [isFolder(left), isFolder(right)];
  const absent = (name: string): boolean => options.has("new-file") && run.tryStat(name) === undefined;
  const bothFolders = (leftFolder || absent(left)) && (rightFolder || absent(right)) && (leftFolder || rightFolder);
  if (bothFolders && !top) return compareFolders(run, left, right, options, top);
  if (leftFolder && rightFolder) return compareFolders(run, left, right, options, top);
  if (top && leftFolder && right !== "-")
    return comparePaths(run, `${left.replace(/\/$/, "")}/${basename(right)}`, right, options, false, false);
  if (top && rightFolder && left !== "-")
    return comparePaths(run, left, `${right.replace(/\/$/, "")}/${basename(left)}`, options, false, false);
  if (leftFolder !== rightFolder) {
    const word = (folder: boolean): string => (folder ? "directory" : "regular file");
    run.print(`File ${left} is a ${word(leftFolder)} while file ${right} is a ${word(rightFolder)}\n`);
    return differs(run);
  }
  const texts: string[] = [];
  for (const name of [left, right]) {
    try {
      texts.push(decodeText(await run.slurp(name)));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (options.has("new-file") && error.code === "ENOENT") texts.push("");
      else await run.fail(`${name}: ${error.message}`, 2);
    }
  }
  const [a, b] = texts;
  if (a === undefined || b === undefined) return;
  compareTexts(run, left, right, a, b, options, headed);
}

async function compareFolders(run: Tool, left: string, right: string, options: Options, top: boolean): Promise<void> {
  if (!top && !options.has("recursive")) {
    run.print(`Common subdirectories: ${left} and ${right}\n`);
    return;
  }
  const { files } = run.process;
  const join = (folder: string, name: string): string => (folder.endsWith("/") ? folder + name : `${folder}/${name}`);
  const listed = (folder: string): string[] => (run.tryStat(folder) ? files.list(run.path(folder)) : []);
  const names = new Set([...listed(left), ...listed(right)]);
  const excluded = options.values("exclude").map(
    (glob) =>
      new RegExp(
        `^${glob
          .replace(/[.+^${}()|\\]/g, "\\$&")
          .replaceAll("*", ".*")
          .replaceAll("?", ".")}$`,
      ),
  );
  for (const name of [...names].sort()) {
    if (excluded.some((glob) => glob.test(name))) continue;
    const [a, b] = [join(left, name), join(right, name)];
    const [inLeft, inRight] = [run.tryStat(a) !== undefined, run.tryStat(b) !== undefined];
    if ((inLeft && inRight) || options.has("new-file")) await comparePaths(run, a, b, options, false);
    else {
      run.print(`Only in ${(inLeft ? left : right).replace(/(?<=.)\/$/, "")}: ${name}\n`);
      differs(run);
    }
  }
}

interface Lines {
  shown: string[];
  keys: string[];
  endless: boolean;
}

function linesOf(text: string, options: Options): Lines {
  const shown = text.split("\n");
  const endless = shown.at(-1) !== "";
  if (!endless) shown.pop();
  let keys = shown.map((line) => {
    let key = line;
    if (options.has("strip-trailing-cr")) key = key.replace(/\r$/, "");
    if (options.has("ignore-all-space")) key = key.replace(/\s+/g, "");
    else if (options.has("ignore-space-change")) key = key.replace(/\s+$/, "").replace(/\s+/g, " ");
    else if (options.has("ignore-trailing-space")) key = key.replace(/\s+$/, "");
    return options.has("ignore-case") ? key.toLowerCase() : key;
  });
  // A last line without newline differs from the same line with one.
  if (endless && !options.has("ignore-all-space", "ignore-space-change", "ignore-trailing-space"))
    keys = keys.map((key, index) => (index === keys.length - 1 ? `${key}\0` : key));
  return { shown, keys, endless };
}

function compareTexts(
  run: Tool,
  left: string,
  right: string,
  a: string,
  b: string,
  options: Options,
  headed: boolean,
): void {
  const binary = !options.has("text") && (a.includes("\0") || b.includes("\0"));
  const [x, y] = [linesOf(a, options), linesOf(b, options)];
  let changes = binary ? [] : changesBetween(x.keys, y.keys);
  if (options.has("ignore-blank-lines")) {
    changes = changes.filter((change) =>
      [...x.shown.slice(change.leftStart, change.leftEnd), ...y.shown.slice(change.rightStart, change.rightEnd)].some(
        (line) => line !== "",
      ),
    );
  }
  if (binary ? a === b : changes.length === 0) {
    if (options.has("report-identical-files")) run.print(`Files ${left} and ${right} are identical\n`);
    return;
  }
  differs(run);
  if (options.has("brief")) return run.print(`Files ${left} and ${right} differ\n`);
  if (binary) return run.print(`Binary files ${left} and ${right} differ\n`);
  const unified = options.has("u", "unified");
  const contextual = options.has("c", "context");
  if (headed) {
    const words = run.process.argv.slice(1).filter((arg) => !options.operands.includes(arg));
    const [from, to] = [options.values("label")[0] ?? left, options.values("label")[1] ?? right];
    run.print(`${[run.name, ...words, from, to].join(" ")}
`);
  }
  if (unified) printUnified(run, left, right, x, y, changes, options);
  else if (contextual) printContext(run, left, right, x, y, changes, options);
  else if (options.has("side-by-side")) printSideBySide(run, x, y, changes, Number(options.value("width") ?? 130));
  else printNormal(run, x, y, changes);
}

const noNewline = "\\ No newline at end of file\n";

function printNormal(run: Tool, x: Lines, y: Lines, changes: readonly Change[]): void {
  const range = (start: number, end: number): string =>
    end - start <= 1 ? String(end > start ? start + 1 : start) : `${start + 1},${end}`;
  for (const { leftStart, leftEnd, rightStart, rightEnd } of changes) {
    const letter = leftStart === leftEnd ? "a" : rightStart === rightEnd ? "d" : "c";
    run.print(`${range(leftStart, leftEnd)}${letter}${range(rightStart, rightEnd)}\n`);
    printSide(run, x, leftStart, leftEnd, "< ");
    if (letter === "c") run.print("---\n");
    printSide(run, y, rightStart, rightEnd, "> ");
  }
}

function printSide(run: Tool, lines: Lines, start: number, end: number, mark: string): void {
  for (let index = start; index < end; index += 1) {
    run.print(`${mark}${lines.shown[index] ?? ""}\n`);
    if (lines.endless && index === lines.shown.length - 1) run.print(noNewline);
  }
}

function headerName(run: Tool, name: string, options: Options, which: number): string {
  const label = options.values("label")[which];
  if (label !== undefined) return label;
  const stat = name === "-" ? undefined : run.tryStat(name);
  const moment = stat ? stat.mtime : name === "-" ? run.process.machine.environment.clock.now() : 0;
  return `${name}\t${formatTime("%Y-%m-%d %H:%M:%S.%N %z", moment, zoneOf(run.process))}`;
}

/** Changes whose context touches stand in one hunk. */
function hunksOf(changes: readonly Change[], context: number): Change[][] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last && change.leftStart - last.leftEnd <= 2 * context) hunks.at(-1)?.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function printUnified(
  run: Tool,
  left: string,
  right: string,
  x: Lines,
  y: Lines,
  changes: readonly Change[],
  options: Options,
): void {
  const context = Number(options.value("unified") ?? 3);
  run.print(`--- ${headerName(run, left, options, 0)}\n+++ ${headerName(run, right, options, 1)}\n`);
  const range = (start: number, end: number): string =>
    end - start === 1 ? String(start + 1) : `${end === start ? start : start + 1},${end - start}`;
  for (const hunk of hunksOf(changes, context)) {
    const [first] = hunk;
    const last = hunk.at(-1);
    if (!first || !last) continue;
    const leftStart = Math.max(0, first.leftStart - context);
    const leftEnd = Math.min(x.shown.length, last.leftEnd + context);
    const rightStart = Math.max(0, first.rightStart - context);
    const rightEnd = Math.min(y.shown.length, last.rightEnd + context);
    run.print(`@@ -${range(leftStart, leftEnd)} +${range(rightStart, rightEnd)} @@\n`);
    let at = leftStart;
    for (const change of hunk) {
      printSide(run, x, at, change.leftStart, " ");
      printSide(run, x, change.leftStart, change.leftEnd, "-");
      printSide(run, y, change.rightStart, change.rightEnd, "+");
      at = change.leftEnd;
    }
    printSide(run, x, at, leftEnd, " ");
  }
}

function printContext(
  run: Tool,
  left: string,
  right: string,
  x: Lines,
  y: Lines,
  changes: readonly Change[],
  options: Options,
): void {
  const context = Number(options.value("context") ?? 3);
  run.print(`*** ${headerName(run, left, options, 0)}\n--- ${headerName(run, right, options, 1)}\n`);
  const range = (start: number, end: number): string => (end - start <= 1 ? String(end) : `${start + 1},${end}`);
  for (const hunk of hunksOf(changes, context)) {
    const [first] = hunk;
    const last = hunk.at(-1);
    if (!first || !last) continue;
    run.print("***************\n");
    const side = (
      lines: Lines,
      from: "leftStart" | "rightStart",
      to: "leftEnd" | "rightEnd",
      other: (change: Change) => boolean,
      mark: string,
      frame: string,
    ): void => {
      const start = Math.max(0, first[from] - context);
      const end = Math.min(lines.shown.length, last[to] + context);
      run.print(`${frame} ${range(start, end)} ${frame}\n`.replace(/\*\*\*\n$/, "****\n").replace(/---\n$/, "----\n"));
      if (hunk.every((change) => change[from] === change[to])) return;
      let at = start;
      for (const change of hunk) {
        printSide(run, lines, at, change[from], "  ");
        printSide(run, lines, change[from], change[to], other(change) ? "! " : mark);
        at = change[to];
      }
      printSide(run, lines, at, end, "  ");
    };
    side(x, "leftStart", "leftEnd", (change) => change.rightStart !== change.rightEnd, "- ", "***");
    side(y, "rightStart", "rightEnd", (change) => change.leftStart !== change.leftEnd, "+ ", "---");
  }
}

function printSideBySide(run: Tool, x: Lines, y: Lines, changes: readonly Change[], width: number): void {
  const half = Math.floor((width - 3) / 2);
  const row = (left: string, mark: string, right: string): void =>
    run.print(`${left.slice(0, half).padEnd(half)} ${mark} ${right.slice(0, half)}`.trimEnd() + "\n");
  let at = 0;
  let other = 0;
  for (const change of [
    ...changes,
    { leftStart: x.shown.length, leftEnd: x.shown.length, rightStart: y.shown.length, rightEnd: y.shown.length },
  ]) {
    while (at < change.leftStart) row(x.shown[at++] ?? "", " ", y.shown[other++] ?? "");
    while (at < change.leftEnd || other < change.rightEnd) {
      const [hasLeft, hasRight] = [at < change.leftEnd, other < change.rightEnd];
      row(
        hasLeft ? (x.shown[at++] ?? "") : "",
        hasLeft && hasRight ? "|" : hasLeft ? "<" : ">",
        hasRight ? (y.shown[other++] ?? "") : "",
      );
    }
  }
}

const cmp = tool(
  {
    usage: "[OPTION]... FILE1 [FILE2]",
    about: "Compares files byte by byte.",
    options: "b,print-bytes i,ignore-initial= l,verbose n,bytes= s,quiet silent",
    usageStatus: 2,
    suite: "GNU diffutils",
    hint: (name) => `${name}: Try '${name} --help' for more information.`,
  },
  async (run, options) => {
    const [left, right = "-"] = options.operands;
    if (left === undefined) return run.misuse(`missing operand after '${run.name}'`, 2);
    const parts: Uint8Array[] = [];
    for (const name of [left, right]) {
      try {
        parts.push((await run.slurp(name)).subarray(Number(options.value("ignore-initial") ?? 0)));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.die(`${name}: ${error.message}`, 2);
      }
    }
    const limit = Number(options.value("bytes") ?? Number.POSITIVE_INFINITY);
    const [a = new Uint8Array(), b = new Uint8Array()] = parts.map((part) => part.subarray(0, limit));
    const quiet = options.has("quiet", "silent");
    let line = 1;
    for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
      if (a[at] !== b[at]) {
        run.status = 1;
        if (quiet) return;
        if (!options.has("verbose")) return run.print(`${left} ${right} differ: byte ${at + 1}, line ${line}\n`);
        const octal = (byte: number | undefined): string => (byte ?? 0).toString(8).padStart(3);
        run.print(
          `${String(at + 1).padStart(String(Math.max(a.length, b.length)).length)} ${octal(a[at])} ${octal(b[at])}\n`,
        );
      }
      if (a[at] === 10) line += 1;
    }
    if (a.length === b.length) return;
    run.status = 1;
    const shorter = a.length < b.length ? a : b;
    const name = a.length < b.length ? left : right;
    if (quiet) return;
    if (shorter.length === 0) return run.warn(`EOF on ${name} which is empty`);
    const where = options.has("verbose")
      ? ""
      : `, ${shorter.at(-1) === 10 ? "" : "in "}line ${shorter.at(-1) === 10 ? line - 1 : line}`;
    await run.warn(`EOF on ${name} after byte ${shorter.length}${where}`);
  },
);

interface Hunk {
  start: number;
  before: string[];
  after: string[];
  endlessBefore: boolean;
  endlessAfter: boolean;
}

const patch = tool(
  {
    usage: "[OPTION]... [ORIGFILE [PATCHFILE]]",
    about: "Applies a unified diff.",
    options:
      "b,backup d,directory= dry-run E f,force F,fuzz= i,input= l N,forward o,output= p,strip= r,reject-file= R,reverse s,quiet silent t,batch u verbose",
    usageStatus: 2,
    suite: "GNU patch",
  },
  async (run, options) => {
    const [original, patchFile] = options.operands;
    let text: string;
    const source = options.value("input") ?? patchFile ?? "-";
    try {
      text = decodeText(await run.slurp(source));
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      await run.process.err(`${run.name}: **** Can't open patch file ${source} : ${error.message}\n`);
      return run.exit(2);
    }
    const lines = text.split("\n");
    const folder = options.value("directory");
    const strip = options.value("strip");
    let any = false;
    for (let at = 0; at < lines.length; at += 1) {
      const oldHeader = /^--- ([^\t\n]*)/.exec(lines[at] ?? "");
      const newHeader = /^\+\+\+ ([^\t\n]*)/.exec(lines[at + 1] ?? "");
      if (!oldHeader || !newHeader) continue;
      any = true;
      at += 2;
      const hunks: Hunk[] = [];
      for (;;) {
        const header = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(lines[at] ?? "");
        if (!header) break;
        at += 1;
        const hunk: Hunk = {
          start: Number(header[1]),
          before: [],
          after: [],
          endlessBefore: false,
          endlessAfter: false,
        };
        let left = Number(header[2] ?? 1);
        let right = Number(header[4] ?? 1);
        let last = " ";
        while (left > 0 || right > 0 || lines[at]?.startsWith("\\")) {
          const line = lines[at] ?? "";
          const mark = line.charAt(0) || " ";
          at += 1;
          if (mark === "\\") {
            if (last !== "+") hunk.endlessBefore = true;
            if (last !== "-") hunk.endlessAfter = true;
            continue;
          }
          if (mark !== "+") {
            hunk.before.push(line.slice(1));
            left -= 1;
          }
          if (mark !== "-") {
            hunk.after.push(line.slice(1));
            right -= 1;
          }
          last = mark;
          if (at > lines.length) break;
        }
        hunks.push(hunk);
      }
      at -= 1;
      const stripped = (name: string): string =>
        strip === undefined ? name.replace(/^.*\//, "") : name.split("/").slice(Number(strip)).join("/");
      const [oldName = "", newName = ""] = [oldHeader[1], newHeader[1]];
      const candidate =
        original ??
        (newName === "/dev/null" || (run.tryStat(within(folder, stripped(oldName))) && oldName !== "/dev/null")
          ? stripped(oldName)
          : stripped(newName));
      await applyPatch(
        run,
        options,
        candidate,
        within(folder, candidate),
        options.has("reverse") ? hunks.map(reversed) : hunks,
        (options.has("reverse") ? oldName : newName) === "/dev/null",
      );
    }
    if (!any) {
      await run.process.err(`${run.name}: **** Only garbage was found in the patch input.\n`);
      return run.exit(2);
    }
  },
);

const within = (folder: string | undefined, name: string): string =>
  folder === undefined || name.startsWith("/") ? name : `${folder}/${name}`;

const reversed = (hunk: Hunk): Hunk => ({
  start: hunk.start,
  before: hunk.after,
  after: hunk.before,
  endlessBefore: hunk.endlessAfter,
  endlessAfter: hunk.endlessBefore,
});

async function applyPatch(
  run: Tool,
  options: Options,
  name: string,
  path: string,
  hunks: readonly Hunk[],
  removes: boolean,
): Promise<void> {
  const { files } = run.process;
  const exists = run.tryStat(path) !== undefined;
  const old = exists ? decodeText(files.readBytes(run.path(path))) : "";
  if (!exists && hunks.some((hunk) => hunk.before.length > 0)) {
    run.print(`can't find file to patch at input line 3\n`);
    run.status = 1;
    return;
  }
  if (!options.has("quiet", "silent")) run.print(`${options.has("dry-run") ? "checking" : "patching"} file ${name}\n`);
  const content = old.split("\n");
  let endless = content.at(-1) !== "";
  if (!endless) content.pop();
  let offset = 0;
  let failed = 0;
  // A patch that does not fit exactly leaves the old file beside the new one.
  let inexact = false;
  for (const [index, hunk] of hunks.entries()) {
    const expected = hunk.start - (hunk.before.length > 0 ? 1 : 0) + offset;
    const place = locate(content, hunk.before, expected);
    if (place === undefined) {
      failed += 1;
      run.print(`Hunk #${index + 1} FAILED at ${hunk.start}.\n`);
      continue;
    }
    if (place !== expected) {
      inexact = true;
      const moved = place - expected;
      run.print(
        `Hunk #${index + 1} succeeded at ${place + 1} (offset ${moved} line${Math.abs(moved) === 1 ? "" : "s"}).\n`,
      );
    }
    if (place + hunk.before.length === content.length) endless = hunk.before.length === 0 ? endless : hunk.endlessAfter;
    content.splice(place, hunk.before.length, ...hunk.after);
    offset += hunk.after.length - hunk.before.length + (place - expected);
  }
  if (failed > 0) {
    run.print(
      `${failed} out of ${hunks.length} hunk${hunks.length === 1 ? "" : "s"} FAILED${options.has("dry-run") ? "" : ` -- saving rejects to file ${name}.rej`}\n`,
    );
    run.status = 1;
    return;
  }
  if (options.has("dry-run")) return;
  const result = content.length === 0 ? "" : content.join("\n") + (endless ? "" : "\n");
  if ((options.has("backup") || inexact) && exists) files.write(run.path(`${path}.orig`), old);
  const target = options.value("output") ?? path;
  if (removes && result === "") files.unlink(run.path(path));
  else files.write(run.path(target), result, { mode: run.masked(0o666) });
}

/** Where the lines stand, nearest to the expected place. */
function locate(content: readonly string[], wanted: readonly string[], expected: number): number | undefined {
  const fits = (at: number): boolean =>
    at >= 0 && at + wanted.length <= content.length && wanted.every((line, index) => content[at + index] === line);
  for (let distance = 0; distance <= content.length; distance += 1) {
    if (fits(expected + distance)) return expected + distance;
    if (fits(expected - distance)) return expected - distance;
  }
  return undefined;
}

export const diffPrograms: ProgramTable = { diff, cmp, patch };
