import { FileError } from "../../files/errors.ts";
import type { Stat } from "../../files/file-system.ts";
import type { ProgramTable } from "../../process.ts";
import { modeText } from "./support/modes.ts";
import { humanSize } from "./support/sizes.ts";
import { expandEscapes } from "./support/format.ts";
import { quote, quoteName } from "./support/text.ts";
import { formatTime, zoneOf } from "../../strftime.ts";
import { parseSize, tool } from "./support/tool.ts";
import type { Tool, Writer } from "./support/tool.ts";

const typeName = (stat: Stat): string =>
  stat.type === "file"
    ? stat.size === 0
      ? "regular empty file"
      : "regular file"
    : { directory: "directory", symlink: "symbolic link", socket: "socket", device: "character special file" }[
        stat.type
      ];

const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000, socket: 0o140000, device: 0o020000 };

const blocks = (stat: Stat): number =>
  stat.type === "directory" ? 8 : stat.type === "file" ? Math.ceil(stat.size / 4096) * 8 : 0;

const stat = tool(
  {
    usage: "[OPTION]... FILE...",
    about: "Shows what is known of a file.",
    options: "L,dereference f,file-system c,format= printf= t,terse cached=",
  },
  async (run, options) => {
    if (options.operands.length === 0) return run.misuse("missing operand");
    const printf = options.value("printf");
    const format = printf ?? options.value("format");
    for (const name of options.operands) {
      let found: Stat;
      try {
        found = run.stat(name, options.has("dereference"));
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`cannot statx ${quoteName(name)}: ${error.message}`);
        continue;
      }
      if (options.has("file-system")) run.print(fileSystemText(run, name, format));
      else if (options.has("terse"))
        run.print(`${fill(run, "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o", name, found)}\n`);
      else if (format === undefined) run.print(describe(run, name, found));
      else if (printf !== undefined) run.print(expandEscapes(fill(run, format, name, found), false).text);
      else run.print(`${fill(run, format, name, found)}\n`);
    }
  },
);

/** Simplified: a real machine has several file systems; here everything is on one disk. */
function fileSystemText(run: Tool, name: string, format: string | undefined): string {
  if (format !== undefined)
    return `${format.replaceAll("%T", run.path(name).startsWith("/sys/fs/cgroup") ? cgroupType(run) : "ext2/ext3")}\n`;
  return `  File: "${name}"\n    ID: 0        Namelen: 255     Type: ext2/ext3\nBlock size: 4096       Fundamental block size: 4096\n`;
}

const cgroupType = (run: Tool): string => (run.process.machine.kernel.cgroupVersion === 2 ? "cgroup2fs" : "tmpfs");

const device = 0x801;

function fill(run: Tool, format: string, name: string, found: Stat): string {
  const { users } = run.process.machine;
  const zone = zoneOf(run.process);
  const time = formatTime("%Y-%m-%d %H:%M:%S.%N %z", found.mtime, zone);
  return format.replace(
    /%([-#0 +']*)(\d*)(?:\.(\d+))?([HL]?[a-zA-Z%])/g,
    (whole, flags: string, width: string, precision: string | undefined, letter: string) => {
      const value = ((): string | undefined => {
        switch (letter) {
          case "%":
            return "%";
          case "a":
            return `${flags.includes("#") ? "0" : ""}${found.mode.toString(8)}`;
          case "A":
            return modeText(found);
          case "b":
            return String(blocks(found));
          case "B":
            return "512";
          case "d":
            return String(device);
          case "D":
            return device.toString(16);
          case "f":
            return (typeBits[found.type] | found.mode).toString(16);
          case "F":
            return typeName(found);
          case "g":
            return String(found.gid);
          case "G":
            return users.groupName(found.gid) ?? "UNKNOWN";
          case "h":
            return String(found.links);
          case "i":
            return String(found.inode);
          case "m":
            return "/";
          case "n":
            return name;
          case "N":
            return (
              quoteName(name) +
              (found.type === "symlink" ? ` -> ${quoteName(run.process.files.readLink(run.path(name)))}` : "")
            );
          case "o":
            return "4096";
          case "s":
            return String(found.size);
          case "t":
          case "T":
            return "0";
          case "u":
            return String(found.uid);
          case "U":
            return users.byId(found.uid)?.name ?? "UNKNOWN";
          case "x":
          case "y":
          case "z":
            return time;
          case "w":
            return "-";
          case "W":
            return "0";
          case "X":
          case "Y":
          case "Z": {
            const seconds = String(Math.floor(found.mtime / 1000));
            if (precision === undefined) return seconds;
            return `${seconds}.${String(Math.floor(found.mtime % 1000))
              .padStart(3, "0")
              .padEnd(Number(precision), "0")
              .slice(0, Number(precision))}`;
          }
          default:
            return undefined;
        }
      })();
      if (value === undefined) return whole;
      return flags.includes("-")
        ? value.padEnd(Number(width || 0))
        : value.padStart(Number(width || 0), flags.includes("0") ? "0" : " ");
    },
  );
}

function describe(run: Tool, name: string, found: Stat): string {
  const format =
    "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: %Dh/%dd\tInode: %-10i  Links: %h\n" +
    "Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";
  const shown = found.type === "symlink" ? `${name} -> ${run.process.files.readLink(run.path(name))}` : name;
  return fill(run, format.replace("%N", "\u0000"), name, found).replace("\u0000", shown);
}

const du = tool(
  {
    usage: "[OPTION]... [FILE]...",
    about: "Shows the space that files take.",
    options:
      "0,null a,all apparent-size B,block-size= b,bytes c,total d,max-depth= D exclude= h,human-readable si k l,count-links L,dereference m P,no-dereference S,separate-dirs s,summarize t,threshold= time x,one-file-system",
  },
  async (run, options) => {
    const { files } = run.process;
    const apparent = options.has("apparent-size", "bytes");
    const seen = new Set<number>();
    const unit = options.has("bytes")
      ? 1
      : options.has("m")
        ? 1_048_576
        : (parseSize(options.value("block-size") ?? "1K") ?? 1024);
    const show = (bytes: number, name: string): void => {
      const size = options.has("human-readable")
        ? humanSize(bytes)
        : options.has("si")
          ? humanSize(bytes, 1000)
          : String(Math.ceil(bytes / unit));
      run.print(`${size}\t${name}${options.has("null") ? "\0" : "\n"}`);
    };
    const limit = options.has("summarize") ? 0 : Number(options.value("max-depth") ?? Number.POSITIVE_INFINITY);
    const visit = async (name: string, depth: number): Promise<number> => {
      const found = run.stat(name, options.has("dereference"));
      await run.breathe();
      if (found.type !== "directory" && found.links > 1 && !options.has("count-links")) {
        if (seen.has(found.inode)) return 0;
        seen.add(found.inode);
      }
      let bytes = apparent ? found.size : blocks(found) * 512;
      if (found.type === "directory") {
        try {
          for (const child of files.list(run.path(name))) {
            const below = await visit(name.endsWith("/") ? name + child : `${name}/${child}`, depth + 1);
            bytes += below;
          }
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          await run.fail(`cannot read directory ${quoteName(name)}: ${error.message}`);
        }
      }
      if (depth <= limit && (found.type === "directory" || options.has("all") || depth === 0)) show(bytes, name);
      return bytes;
    };
    let total = 0;
    for (const name of options.operands.length > 0 ? options.operands : ["."]) {
      try {
        total += await visit(name, 0);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        await run.fail(`cannot access ${quoteName(name)}: ${error.message}`);
      }
    }
    if (options.has("total")) show(total, "total");
  },
);

const dd = tool({ usage: "[OPERAND]...", about: "Copies blocks.", options: "" }, async (run, options) => {
  const given = new Map<string, string>();
  for (const operand of options.operands) {
    const at = operand.indexOf("=");
    const key = operand.slice(0, Math.max(0, at));
    if (
      !["if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "status", "conv", "iflag", "oflag", "cbs"].includes(
        key,
      )
    ) {
      return run.misuse(`unrecognized operand ${quote(operand)}`);
    }
    given.set(key, operand.slice(at + 1));
  }
  const numeric = async (key: string, otherwise: number): Promise<number> => {
    const text = given.get(key);
    if (text === undefined) return otherwise;
    const value = parseSize(text.replace(/[cw]$/, ""));
    if (value === undefined || (value === 0 && key.endsWith("bs"))) return run.die(`invalid number: ‘${text}’`);
    return value;
  };
  const size = await numeric("bs", await numeric("ibs", 512));
  const count = await numeric("count", Number.POSITIVE_INFINITY);
  const skip = (await numeric("skip", 0)) * size;
  const input = given.get("if");
  const output = given.get("of");
  const clock = run.process.machine.environment.clock;
  const start = clock.monotonic();
  const wanted = count * size;
  let chunks: AsyncGenerator<Uint8Array>;
  try {
    chunks = run.open(input ?? "-");
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return run.die(`failed to open ${quoteName(input ?? "")}: ${error.message}`);
  }
  let writer: Writer | undefined;
  if (output !== undefined) {
    try {
      const keep =
        (given.get("conv") ?? "").split(",").includes("notrunc") || (given.get("oflag") ?? "").includes("append");
      writer = run.create(output, keep);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return run.die(`failed to open ${quoteName(output)}: ${error.message}`);
    }
  }
  let passed = 0;
  let copied = 0;
  if (wanted > 0) {
    for await (const chunk of chunks) {
      const from = Math.min(chunk.length, Math.max(0, skip - passed));
      passed += from;
      const part = chunk.subarray(from, from + Math.min(chunk.length - from, wanted - copied));
      copied += part.length;
      passed += part.length;
      if (writer) await writer.write(part);
      else run.printBytes(part.slice());
      await run.drain();
      if (copied >= wanted) break;
    }
  }
  await run.flush();
  if (given.get("status") === "none") return;
  const full = Math.floor(copied / size);
  const partial = copied % size > 0 ? 1 : 0;
  let text = `${full}+${partial} records in\n${full}+${partial} records out\n`;
  if (given.get("status") !== "noxfer") {
    const seconds = Math.max(clock.monotonic() - start, 0.05) / 1000;
    const rate = copied / seconds;
    const human =
      copied >= 1000
        ? ` (${sizeText(copied, 1000, "B")}${copied >= 1024 ? `, ${sizeText(copied, 1024, "iB")}` : ""})`
        : "";
    text += `${copied} byte${copied === 1 ? "" : "s"}${human} copied, ${Number(seconds.toPrecision(6))} s, ${sizeText(rate, 1000, "B")}/s\n`;
  }
  await run.process.err(text);
});

function sizeText(bytes: number, base: number, suffix: string): string {
  const units = ["", base === 1000 ? "k" : "K", "M", "G", "T"];
  let unit = 0;
  let value = bytes;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  const text = value < 10 && unit > 0 ? value.toFixed(1) : value.toFixed(0);
  return `${text} ${units[unit] ?? ""}${unit === 0 ? "B" : suffix}`;
}

export const statPrograms: ProgramTable = { stat, du, dd };
