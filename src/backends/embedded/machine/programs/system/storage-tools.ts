import type { Process, ProgramTable } from "../../process.ts";
import { mountTable } from "../../system/proc-files.ts";
import { parseArguments } from "./arguments.ts";

async function df(process: Process): Promise<number> {
  const args = parseArguments(
    process.argv.slice(1),
    ["-h", "--human-readable", "-k", "-m", "-T", "-a", "-i", "-H", "-P"],
    ["-t", "-x", "--output"],
  );
  const disk = process.machine.hardware.diskGigabytes * 1_048_576;
  const rows = [
    ["udev", 1_970_820, 0, "/dev"],
    ["tmpfs", 401_020, 1_100, "/run"],
    ["/dev/vda1", Math.round(disk * 0.967), Math.round(disk * 0.21), "/"],
    ["tmpfs", 2_005_088, 0, "/dev/shm"],
  ] as const;
  const wanted = args.operands.map((operand) => process.resolve(operand));
  for (const [index, path] of wanted.entries()) {
    if (process.files.exists(path)) continue;
    await process.err(`df: ${args.operands[index] ?? ""}: No such file or directory\n`);
    return 1;
  }
  const holds = (path: string): string =>
    path.startsWith("/run")
      ? "/run"
      : path.startsWith("/dev/shm")
        ? "/dev/shm"
        : path.startsWith("/dev")
          ? "/dev"
          : "/";
  const human = args.has("-h", "--human-readable", "-H");
  const show = (kilobytes: number): string => {
    if (!human) return String(args.has("-m") ? Math.ceil(kilobytes / 1024) : kilobytes);
    if (kilobytes === 0) return "0";
    const [value, letter] =
      kilobytes >= 1_048_576
        ? [kilobytes / 1_048_576, "G"]
        : kilobytes >= 1024
          ? [kilobytes / 1024, "M"]
          : [kilobytes, "K"];
    return value < 10 ? `${(Math.ceil(value * 10) / 10).toFixed(1)}${letter}` : `${Math.ceil(value)}${letter}`;
  };
  const width = human ? 5 : 9;
  const chosen = rows.filter(([, , , path]) => wanted.length === 0 || wanted.some((item) => holds(item) === path));
  const title = human
    ? `Filesystem      Size  Used Avail Use% Mounted on\n`
    : `Filesystem     ${args.has("-m") ? "1M-blocks" : "1K-blocks"}    Used Available Use% Mounted on\n`;
  const lines = chosen.map(([source, size, used, path]) => {
    const percent = `${Math.ceil((used / size) * 100)}%`.padStart(4);
    return human
      ? `${source.padEnd(14)} ${show(size).padStart(width)} ${show(used).padStart(width)} ${show(size - used).padStart(width)} ${percent} ${path}\n`
      : `${source.padEnd(14)} ${show(size).padStart(width)} ${show(used).padStart(7)} ${show(size - used).padStart(9)} ${percent} ${path}\n`;
  });
  await process.out(title + lines.join(""));
  return 0;
}

async function mount(process: Process): Promise<number> {
  const operands = process.argv.slice(1).filter((arg) => !arg.startsWith("-"));
  if (operands.length === 0 && !process.argv.includes("-a")) {
    await process.out(
      mountTable(process.machine.kernel)
        .map((item) => `${item.source} on ${item.path} type ${item.type} (${item.options})\n`)
        .join(""),
    );
    return 0;
  }
  if (process.credentials.uid !== 0) {
    await process.err("mount: only root can do that\n");
    return 1;
  }
  if (process.argv.includes("-a")) return 0;
  // Simplified: the file system of a machine is one piece, nothing else can be mounted.
  await process.err(`mount: ${operands.at(-1) ?? ""}: mount failed: Operation not supported.\n`);
  return 32;
}

async function umount(process: Process): Promise<number> {
  await process.err(`umount: ${process.argv.at(-1) ?? ""}: not mounted.\n`);
  return 32;
}

async function findmnt(process: Process): Promise<number> {
  const rows = mountTable(process.machine.kernel);
  const wanted = process.argv.slice(1).filter((arg) => arg.startsWith("/"));
  const chosen = rows.filter((item) => wanted.length === 0 || wanted.includes(item.path));
  if (chosen.length === 0) return 1;
  await process.out(
    `TARGET SOURCE FSTYPE OPTIONS\n${chosen.map((item) => `${item.path} ${item.source} ${item.type} ${item.options}\n`).join("")}`,
  );
  return 0;
}

async function mountpoint(process: Process): Promise<number> {
  const path = process.resolve(process.argv.at(-1) ?? "");
  const is = mountTable(process.machine.kernel).some((item) => item.path === path);
  if (!process.argv.includes("-q")) await process.out(`${path} is ${is ? "" : "not "}a mountpoint\n`);
  return is ? 0 : 1;
}

async function lsblk(process: Process): Promise<number> {
  const size = process.machine.hardware.diskGigabytes;
  await process.out(
    `NAME    MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\nvda     252:0    0   ${size}G  0 disk \n├─vda1  252:1    0 ${(size - 0.1).toFixed(1)}G  0 part /\n├─vda14 252:14   0    4M  0 part \n└─vda15 252:15   0  106M  0 part /boot/efi\n`,
  );
  return 0;
}

export const storagePrograms: ProgramTable = { df, mount, umount, findmnt, mountpoint, lsblk };
