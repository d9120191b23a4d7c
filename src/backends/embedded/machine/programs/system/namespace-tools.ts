import type { NamespaceType } from "../../isolation.ts";
import { namespacesOf, namespaceTypes } from "../../isolation.ts";
import type { ProcessEntry } from "../../machine.ts";
import type { Process, Program, ProgramTable } from "../../process.ts";

interface Namespace {
  inode: number;
  type: NamespaceType;
  members: ProcessEntry[];
}

/** Namespaces that this user's processes are in; root sees all. */
function namespacesSeen(process: Process): Namespace[] {
  const found = new Map<number, Namespace>();
  for (const entry of process.machine.processes.list()) {
    if (process.credentials.uid !== 0 && entry.uid !== process.credentials.uid) continue;
    const namespaces = namespacesOf(entry);
    for (const type of namespaceTypes) {
      const inode = namespaces[type];
      const known = found.get(inode) ?? { inode, type, members: [] };
      known.members.push(entry);
      found.set(inode, known);
    }
  }
  return [...found.values()].sort((one, other) => one.inode - other.inode);
}

/** Lists namespaces with the first process in each. Simplified: the NETNSID and NSFS columns are left out. */
const lsns: Program = async (process) => {
  const args = process.argv.slice(1);
  let type: string | undefined;
  let pid: number | undefined;
  let headings = true;
  let output = "NS,TYPE,NPROCS,PID,USER,COMMAND";
  const operands: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const [flag = "", joined] = arg.startsWith("--") ? arg.split(/=(.*)/s) : [arg];
    const value = (): string => joined ?? args[(at += 1)] ?? "";
    if (flag === "-t" || flag === "--type") type = value();
    else if (flag === "-p" || flag === "--task") pid = Number(value());
    else if (flag === "-o" || flag === "--output") output = value().toUpperCase();
    else if (flag === "-n" || flag === "--noheadings") headings = false;
    else if (!arg.startsWith("-")) operands.push(arg);
    else if (!["-l", "--list", "-u", "--notruncate", "-W", "-r", "--raw"].includes(flag)) {
      await process.err(
        `lsns: invalid option -- '${arg.replace(/^-+/, "")}'\nTry 'lsns --help' for more information.\n`,
      );
      return 1;
    }
  }
  if (type !== undefined && !namespaceTypes.some((known) => known === type)) {
    await process.err(`lsns: unknown namespace type: ${type}\n`);
    return 1;
  }
  const wanted = namespacesSeen(process).filter(
    (namespace) =>
      (type === undefined || namespace.type === type) &&
      (pid === undefined || namespace.members.some((entry) => entry.pid === pid)) &&
      (operands.length === 0 || operands.includes(String(namespace.inode))),
  );
  const cells: Readonly<Record<string, (namespace: Namespace) => string>> = {
    NS: (namespace) => String(namespace.inode),
    TYPE: (namespace) => namespace.type,
    NPROCS: (namespace) => String(namespace.members.length),
    PID: (namespace) => String(first(namespace).pid),
    PPID: (namespace) => String(first(namespace).parent),
    UID: (namespace) => String(first(namespace).uid),
    USER: (namespace) => process.machine.users.byId(first(namespace).uid)?.name ?? String(first(namespace).uid),
    COMMAND: (namespace) => first(namespace).argv.join(" "),
    PATH: (namespace) => `/proc/${first(namespace).pid}/ns/${namespace.type}`,
  };
  const columns = output.split(",");
  const unknown = columns.find((column) => !cells[column]);
  if (unknown !== undefined) {
    await process.err(`lsns: unknown column: ${unknown}\n`);
    return 1;
  }
  const rows = wanted.map((namespace) => columns.map((column) => cells[column]?.(namespace) ?? ""));
  const right = new Set(["NS", "NPROCS", "PID", "PPID", "UID"]);
  const table = headings ? [columns, ...rows] : rows;
  const widths = columns.map((_, index) => Math.max(...table.map((row) => (row[index] ?? "").length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => {
        if (right.has(columns[index] ?? "")) return cell.padStart(widths[index] ?? 0);
        return index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0);
      })
      .join(" ");
  await process.out(table.map((row) => `${line(row)}\n`).join(""));
  return 0;
};

/** The one that was there first: what started the namespace, unless it has gone. */
function first(namespace: Namespace): ProcessEntry {
  const [entry] = namespace.members;
  if (!entry) throw new RangeError(`namespace ${namespace.inode} has no process`);
  return entry;
}

const letters: Readonly<Record<string, NamespaceType>> = {
  C: "cgroup",
  i: "ipc",
  m: "mnt",
  n: "net",
  p: "pid",
  U: "user",
  u: "uts",
};

const longNames: Readonly<Record<string, NamespaceType>> = {
  "--cgroup": "cgroup",
  "--ipc": "ipc",
  "--mount": "mnt",
  "--net": "net",
  "--pid": "pid",
  "--user": "user",
  "--uts": "uts",
};

/**
 * Runs a command in another process's namespaces. Simplified: mount, PID and UTS namespaces are entered together when
 * the mount namespace is; without it only the network and the host name change.
 */
const nsenter: Program = async (process) => {
  const args = process.argv.slice(1);
  const types = new Set<NamespaceType>();
  let target: number | undefined;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      at += 1;
      break;
    }
    if (!arg.startsWith("-")) break;
    const [flag = "", joined] = arg.startsWith("--") ? arg.split(/=(.*)/s) : [arg];
    if (flag === "--target" || flag === "-t") target = Number(joined ?? args[(at += 1)]);
    else if (flag === "--all" || flag === "-a") for (const type of namespaceTypes) types.add(type);
    else if (longNames[flag]) types.add(longNames[flag]);
    else if (/^-[Cimnpuar]+(t\d*)?$/.test(arg)) {
      for (const letter of arg.slice(1)) {
        if (letter === "a") for (const type of namespaceTypes) types.add(type);
        else if (letters[letter]) types.add(letters[letter]);
        else if (letter === "t") {
          const digits = /t(\d+)$/.exec(arg)?.[1];
          target = Number(digits ?? args[(at += 1)]);
        }
      }
    } else {
      await process.err(
        `nsenter: invalid option -- '${arg.replace(/^-+/, "")}'\nTry 'nsenter --help' for more information.\n`,
      );
      return 1;
    }
  }
  const command = args.slice(at);
  if (target === undefined || Number.isNaN(target)) {
    await process.err("nsenter: no target PID specified for --all\n");
    return 1;
  }
  const entry = process.machine.processes.list().find((other) => other.pid === target);
  if (!entry) {
    await process.err(`nsenter: cannot open /proc/${target}/ns/${[...types][0] ?? "mnt"}: No such file or directory\n`);
    return 1;
  }
  if (process.credentials.uid !== 0) {
    await process.err(
      `nsenter: reassociate to namespace 'ns/${[...types][0] ?? "mnt"}' failed: Operation not permitted\n`,
    );
    return 1;
  }
  const place = types.has("net") ? entry.place : process.place;
  const argv = command.length > 0 ? command : ["/bin/sh"];
  if (!types.has("mnt") || entry.machine === process.machine) {
    if (types.has("uts") && argv[0] === "hostname" && argv.length === 1) {
      await process.out(`${entry.machine.name}\n`);
      return 0;
    }
    return process.run(argv, { place });
  }
  const request = {
    argv,
    env: process.env,
    cwd: "/",
    credentials: process.credentials,
    umask: process.umask,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    terminal: process.terminal,
    signal: process.signal,
    place,
  };
  try {
    return await entry.machine.processes.spawn(request).exit;
  } catch {
    await process.err(`nsenter: failed to execute ${argv[0] ?? ""}: No such file or directory\n`);
    return 127;
  }
};

/** Programs that look at namespaces and enter them. */
export const namespaceTools: ProgramTable = { lsns, nsenter };
