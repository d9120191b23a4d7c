import { FileError } from "../../files/errors.ts";
import type { Process, ProgramTable } from "../../process.ts";
import { memoryOf } from "../../system/proc-files.ts";
import { fstabSwaps, swapKilobytes, sysctlFiles, sysctlLines } from "../../system/startup.ts";
import { parseArguments } from "./arguments.ts";

const isRoot = (process: Process): boolean => process.credentials.uid === 0;

async function modprobe(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), [
    "-r",
    "--remove",
    "-a",
    "--all",
    "-q",
    "--quiet",
    "-v",
    "--verbose",
    "-n",
    "--dry-run",
    "-f",
  ]);
  const { kernel } = process.machine;
  const names = args.has("-a", "--all") || args.has("-r", "--remove") ? args.operands : args.operands.slice(0, 1);
  if (names.length === 0) {
    await process.err("modprobe: ERROR: missing parameters. See -h.\n");
    return 1;
  }
  let code = 0;
  for (const name of names) {
    const known = name.replaceAll("-", "_");
    const loaded = kernel.modules().includes(known);
    if (args.has("-r", "--remove")) {
      if (!loaded) continue;
      if (!isRoot(process)) {
        await process.err(
          `modprobe: ERROR: ../libkmod/libkmod-module.c:799 kmod_module_remove_module() could not remove '${known}': Operation not permitted\n`,
        );
        code = 1;
      } else if (!kernel.unloadModule(known)) {
        await process.err(`modprobe: FATAL: Module ${known} is in use.\n`);
        code = 1;
      }
      continue;
    }
    if (loaded || args.has("-n", "--dry-run")) continue;
    if (!isRoot(process)) {
      await process.err(`modprobe: ERROR: could not insert '${known}': Operation not permitted\n`);
      code = 1;
    } else if (!kernel.loadModule(known)) {
      if (!args.has("-q", "--quiet"))
        await process.err(`modprobe: FATAL: Module ${name} not found in directory /lib/modules/${kernel.release}\n`);
      code = 1;
    }
  }
  return code;
}

async function rmmod(process: Process): Promise<number> {
  for (const name of process.argv.slice(1).filter((arg) => !arg.startsWith("-"))) {
    const { kernel } = process.machine;
    if (!kernel.modules().includes(name)) {
      await process.err(`rmmod: ERROR: Module ${name} is not currently loaded\n`);
      return 1;
    }
    if (!isRoot(process)) {
      await process.err(
        `rmmod: ERROR: could not remove '${name}': Operation not permitted\nrmmod: ERROR: could not remove module ${name}: Operation not permitted\n`,
      );
      return 1;
    }
    if (!kernel.unloadModule(name)) {
      await process.err(`rmmod: ERROR: Module ${name} is in use\n`);
      return 1;
    }
  }
  return 0;
}

async function lsmod(process: Process): Promise<number> {
  const users: Readonly<Record<string, string>> = {
    bridge: "1 br_netfilter",
    stp: "1 bridge",
    llc: "2 bridge,stp",
    nf_conntrack: "1 nf_nat",
  };
  const modules = process.machine.kernel.modules();
  const rows = modules.map((name) => {
    const [count = "0", by = ""] = (users[name] ?? "0").split(" ");
    const present = by.split(",").filter((item) => modules.includes(item));
    return `${name.padEnd(23)} ${String(16_384 + name.length * 4096).padStart(6)}  ${by === "" ? count : present.length}${present.length > 0 ? ` ${present.join(",")}` : ""}\n`;
  });
  await process.out(`Module                  Size  Used by\n${rows.join("")}`);
  return 0;
}

async function modinfo(process: Process): Promise<number> {
  const { kernel } = process.machine;
  const name = process.argv.at(-1) ?? "";
  const loaded = kernel.modules().includes(name);
  if (!loaded) {
    await process.err(`modinfo: ERROR: Module ${name} not found.\n`);
    return 1;
  }
  await process.out(
    `filename:       /lib/modules/${kernel.release}/kernel/${name}.ko\nname:           ${name}\nvermagic:       ${kernel.release} SMP mod_unload modversions\n`,
  );
  return 0;
}

async function sysctl(process: Process): Promise<number> {
  const flags = [
    "-w",
    "--write",
    "-a",
    "--all",
    "-A",
    "-n",
    "--values",
    "-N",
    "--names",
    "-e",
    "--ignore",
    "-q",
    "--quiet",
    "--system",
    "-b",
    "-p",
    "--load",
  ];
  const args = parseArguments(process.argv.slice(1), flags, ["--pattern", "-r"]);
  const { kernel } = process.machine;
  const quiet = args.has("-q", "--quiet");
  const missing = (key: string): string =>
    `sysctl: cannot stat /proc/sys/${key.replaceAll(".", "/")}: No such file or directory\n`;
  let code = 0;

  const assign = async (key: string, value: string, ignore: boolean): Promise<void> => {
    const current = kernel.parameter(key);
    if (current === undefined) {
      if (ignore || args.has("-e", "--ignore")) return;
      await process.err(missing(key));
      code = 255;
      return;
    }
    if (!isRoot(process)) {
      await process.err(`sysctl: permission denied on key '${key}'${ignore ? ", ignoring" : ""}\n`);
      if (!ignore) code = 255;
      return;
    }
    if (!kernel.setParameter(key, value)) {
      await process.err(`sysctl: permission denied on key '${key}'\n`);
      code = 255;
      return;
    }
    if (!quiet) await process.out(args.has("-n", "--values") ? `${value}\n` : `${key} = ${value}\n`);
  };
  const load = async (path: string): Promise<void> => {
    for (const item of sysctlLines(process.machine, path)) {
      if ("invalid" in item) await process.err(`sysctl: ${path}(${item.line}): invalid syntax, continuing...\n`);
      else await assign(item.key, item.value, item.quiet);
    }
  };

  if (args.has("--system")) {
    for (const path of sysctlFiles(process.machine)) {
      if (!quiet) await process.out(`* Applying ${path} ...\n`);
      await load(path);
    }
    // procps 3.3.16 reports what it could not set and still ends with success.
    return process.machine.environment.profile === "thesis" ? 0 : code;
  }
  if (args.has("-p", "--load")) {
    for (const path of args.operands.length > 0 ? args.operands : ["/etc/sysctl.conf"]) {
      const absolute = process.resolve(path);
      if (!process.files.exists(absolute)) {
        await process.err(`sysctl: cannot open "${path}": No such file or directory\n`);
        return 255;
      }
      await load(absolute);
    }
    return code;
  }
  if (args.has("-a", "--all", "-A")) {
    const pattern = args.value("--pattern", "-r");
    const keys = kernel.parameters().filter((key) => pattern === undefined || new RegExp(pattern).test(key));
    await process.out(
      keys
        .map((key) => (args.has("-N", "--names") ? `${key}\n` : `${key} = ${kernel.parameter(key) ?? ""}\n`))
        .join(""),
    );
    return 0;
  }
  if (args.operands.length === 0) {
    await process.out("\nUsage:\n sysctl [options] [variable[=value] ...]\n");
    return 1;
  }
  for (const operand of args.operands) {
    const at = operand.indexOf("=");
    if (at > 0) {
      await assign(operand.slice(0, at).trim().replaceAll("/", "."), operand.slice(at + 1).trim(), false);
      continue;
    }
    if (args.has("-w", "--write")) {
      await process.err(`sysctl: "${operand}" must be of the form name=value\n`);
      code = 255;
      continue;
    }
    const key = operand.replaceAll("/", ".");
    const exact = kernel.parameter(key);
    const keys = exact === undefined ? kernel.parameters().filter((name) => name.startsWith(`${key}.`)) : [key];
    if (keys.length === 0) {
      if (!args.has("-e", "--ignore")) await process.err(missing(key));
      code = 255;
    }
    for (const name of keys) {
      await process.out(
        args.has("-n", "--values")
          ? `${kernel.parameter(name) ?? ""}\n`
          : `${name} = ${kernel.parameter(name) ?? ""}\n`,
      );
    }
  }
  return code;
}

async function swapon(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), [
    "-a",
    "--all",
    "-s",
    "--summary",
    "--show",
    "-v",
    "--noheadings",
    "--bytes",
    "--raw",
  ]);
  const { kernel, rootFiles } = process.machine;
  if (args.has("-s", "--summary")) {
    if (kernel.swaps().length > 0) await process.out(rootFiles.readText("/proc/swaps"));
    return 0;
  }
  if (args.has("--show") || (args.operands.length === 0 && !args.has("-a", "--all"))) {
    if (kernel.swaps().length === 0) return 0;
    const head = args.has("--noheadings") ? "" : "NAME      TYPE SIZE USED PRIO\n";
    await process.out(
      head +
        kernel
          .swaps()
          .map((swap) => `${swap.path.padEnd(9)} file   ${Math.round(swap.kilobytes / 1_048_576)}G   0B   -2\n`)
          .join(""),
    );
    return 0;
  }
  const paths = args.has("-a", "--all")
    ? fstabSwaps(process.machine).filter((path) => !kernel.swaps().some((swap) => swap.path === path))
    : args.operands;
  let code = 0;
  for (const path of paths) {
    if (!rootFiles.exists(path)) {
      await process.err(`swapon: cannot open ${path}: No such file or directory\n`);
      code = 255;
    } else if (!isRoot(process)) {
      await process.err(`swapon: cannot open ${path}: Permission denied\n`);
      code = 255;
    } else if (kernel.swaps().some((swap) => swap.path === path)) {
      await process.err(`swapon: ${path}: swapon failed: Device or resource busy\n`);
      code = 255;
    } else kernel.setSwap(path, swapKilobytes);
  }
  return code;
}

async function swapoff(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-a", "--all", "-v", "--verbose"]);
  const { kernel } = process.machine;
  const all = args.has("-a", "--all");
  if (!all && args.operands.length === 0) {
    await process.err("swapoff: bad usage\nTry 'swapoff --help' for more information.\n");
    return 1;
  }
  const paths = all ? kernel.swaps().map((swap) => swap.path) : args.operands;
  if (!isRoot(process)) {
    if (paths.length > 0)
      await process.err(
        all ? "swapoff: Not superuser.\n" : `swapoff: ${paths[0] ?? ""}: swapoff failed: Operation not permitted\n`,
      );
    return paths.length > 0 ? 16 : 0;
  }
  let code = 0;
  for (const path of paths) {
    if (!kernel.swaps().some((swap) => swap.path === path)) {
      await process.err(`swapoff: ${path}: swapoff failed: Invalid argument\n`);
      code = 4;
    } else {
      if (args.has("-v", "--verbose")) await process.out(`swapoff ${path}\n`);
      kernel.setSwap(path, undefined);
    }
  }
  return code;
}

/** Simplified: real mkswap writes a signature whose label and UUID are random. */
async function mkswap(process: Process): Promise<number> {
  const path = process.argv.at(-1) ?? "";
  if (!process.files.exists(process.resolve(path))) {
    await process.err(`mkswap: cannot open ${path}: No such file or directory\n`);
    return 1;
  }
  await process.out("Setting up swapspace version 1, size = 2 GiB (2147479552 bytes)\nno label\n");
  return 0;
}

async function free(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), [
    "-h",
    "--human",
    "-m",
    "--mebi",
    "-g",
    "--gibi",
    "-b",
    "--bytes",
    "-k",
    "--kibi",
    "-t",
    "-w",
  ]);
  const memory = memoryOf(process.machine.hardware);
  const swap = process.machine.kernel.swaps().reduce((sum, item) => sum + item.kilobytes, 0);
  const show = (kilobytes: number): string => {
    if (args.has("-h", "--human")) return human(kilobytes);
    if (args.has("-m", "--mebi")) return String(Math.floor(kilobytes / 1024));
    if (args.has("-g", "--gibi")) return String(Math.floor(kilobytes / 1_048_576));
    return String(args.has("-b", "--bytes") ? kilobytes * 1024 : kilobytes);
  };
  const cell = (value: number): string => show(value).padStart(12);
  const cache = memory.buffers + memory.cached;
  const used = memory.total - memory.free - cache;
  await process.out(
    `${" ".repeat(14)}total        used        free      shared  buff/cache   available\n` +
      `Mem:   ${cell(memory.total)}${cell(used)}${cell(memory.free)}${cell(1024)}${cell(cache)}${cell(memory.available)}\n` +
      `Swap:  ${cell(swap)}${cell(0)}${cell(swap)}\n`,
  );
  return 0;
}

function human(kilobytes: number): string {
  if (kilobytes === 0) return "0B";
  if (kilobytes >= 1_048_576) return `${(kilobytes / 1_048_576).toFixed(1)}Gi`;
  return kilobytes >= 1024 ? `${Math.round(kilobytes / 1024)}Mi` : `${kilobytes}Ki`;
}

async function uname(process: Process): Promise<number> {
  const letters = ["s", "n", "r", "v", "m", "p", "i", "o"];
  const long: Readonly<Record<string, string>> = {
    "--all": "a",
    "--kernel-name": "s",
    "--nodename": "n",
    "--kernel-release": "r",
    "--kernel-version": "v",
    "--machine": "m",
    "--processor": "p",
    "--hardware-platform": "i",
    "--operating-system": "o",
  };
  const chosen = new Set<string>();
  for (const arg of process.argv.slice(1)) {
    const given = arg.startsWith("--") ? [long[arg] ?? "?"] : [...arg.replace(/^-/, "")];
    for (const letter of given) {
      if (letter === "a") for (const each of letters) chosen.add(each);
      else if (arg.startsWith("-") && letters.includes(letter)) chosen.add(letter);
      else {
        await process.err(
          arg.startsWith("-")
            ? `uname: invalid option -- '${letter}'\nTry 'uname --help' for more information.\n`
            : `uname: extra operand '${arg}'\nTry 'uname --help' for more information.\n`,
        );
        return 1;
      }
    }
  }
  if (chosen.size === 0) chosen.add("s");
  const version = /(#\d.*)$/.exec(process.machine.rootFiles.readText("/proc/version").trim())?.[1] ?? "#1 SMP";
  const arch = process.machine.hardware.architecture === "amd64" ? "x86_64" : "aarch64";
  const values: Readonly<Record<string, string>> = {
    s: "Linux",
    n: process.machine.name,
    r: process.machine.kernel.release,
    v: version,
    m: arch,
    p: arch,
    i: arch,
    o: "GNU/Linux",
  };
  await process.out(
    `${letters
      .filter((letter) => chosen.has(letter))
      .map((letter) => values[letter] ?? "")
      .join(" ")}\n`,
  );
  return 0;
}

async function dmesg(process: Process): Promise<number> {
  const entries = process.machine.journal.entries().filter((entry) => entry.identifier === "kernel");
  const at = (time: number): string => ((time - process.machine.bootedAt) / 1000).toFixed(6).padStart(12);
  await process.out(entries.map((entry) => `[${at(entry.time)}] ${entry.message}\n`).join(""));
  return 0;
}

async function insmod(process: Process): Promise<number> {
  await process.err(
    `insmod: ERROR: could not load module ${process.argv[1] ?? ""}: ${new FileError("ENOENT", "").message}\n`,
  );
  return 1;
}

export const kernelPrograms: ProgramTable = {
  modprobe,
  rmmod,
  lsmod,
  modinfo,
  insmod,
  depmod: () => Promise.resolve(0),
  kmod: lsmod,
  sysctl,
  swapon,
  swapoff,
  mkswap,
  free,
  uname,
  dmesg,
};
