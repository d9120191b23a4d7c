import { basename } from "../../files/paths.ts";
import type { ProcessEntry } from "../../machine.ts";
import { type Process, type Program, type SignalName, signalNumbers } from "../../process.ts";
import { signalOf } from "../signals.ts";
import { formatTime } from "../../strftime.ts";

const userOf = (process: Process, uid: number): string => process.machine.users.byId(uid)?.name ?? String(uid);
const terminalOf = (entry: ProcessEntry): string => entry.terminal ?? "?";
const commandOf = (entry: ProcessEntry): string => entry.argv.join(" ");
const nameOf = (entry: ProcessEntry): string => basename(entry.argv[0] ?? "").slice(0, 15);

/** One column of `ps -o`. Simplified: processor time and memory are not modelled. */
const columns: Readonly<
  Record<string, { title: string; width: number; value: (entry: ProcessEntry, process: Process) => string }>
> = {
  pid: { title: "PID", width: -7, value: (entry) => String(entry.pid) },
  ppid: { title: "PPID", width: -7, value: (entry) => String(entry.parent) },
  user: { title: "USER", width: 8, value: (entry, process) => userOf(process, entry.uid) },
  uid: { title: "UID", width: -5, value: (entry) => String(entry.uid) },
  uname: { title: "UID", width: 8, value: (entry, process) => userOf(process, entry.uid) },
  tty: { title: "TTY", width: 8, value: terminalOf },
  stat: { title: "STAT", width: 4, value: (entry) => (entry.pid === 1 ? "Ss" : "S") },
  time: { title: "TIME", width: -8, value: () => "00:00:00" },
  cputime: { title: "TIME", width: -6, value: () => "0:00" },
  start: { title: "START", width: 5, value: (entry) => formatTime("%H:%M", entry.startedAt, "UTC") },
  stime: { title: "STIME", width: 5, value: (entry) => formatTime("%H:%M", entry.startedAt, "UTC") },
  etime: {
    title: "ELAPSED",
    width: -11,
    value: (entry, process) => elapsed(process.machine.environment.clock.now() - entry.startedAt),
  },
  c: { title: "C", width: -2, value: () => "0" },
  pcpu: { title: "%CPU", width: -4, value: () => "0.0" },
  pmem: { title: "%MEM", width: -4, value: () => "0.1" },
  vsz: { title: "VSZ", width: -6, value: () => "8276" },
  rss: { title: "RSS", width: -5, value: () => "4840" },
  ni: { title: "NI", width: -3, value: () => "0" },
  comm: { title: "CMD", width: 0, value: nameOf },
  command: { title: "COMMAND", width: 0, value: commandOf },
  cmd: { title: "CMD", width: 0, value: commandOf },
};

const aliases: Readonly<Record<string, string>> = {
  args: "command",
  tt: "tty",
  tname: "tty",
  s: "stat",
  state: "stat",
  "%cpu": "pcpu",
  "%mem": "pmem",
  ucmd: "comm",
  euser: "user",
  lstart: "start",
};

function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours > 0 ? `${two(hours)}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export const ps: Program = async (process) => {
  const args = process.argv.slice(1);
  let all = false;
  let headers = true;
  let format = "pid,tty,time,comm";
  let wanted: ((entry: ProcessEntry) => boolean) | undefined;
  const titles = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const value = () => args[(at += 1)] ?? "";
    if (!arg.startsWith("-")) {
      if (/^\d+$/.test(arg)) wanted = (entry) => entry.pid === Number(arg);
      else {
        if (/[ax]/.test(arg)) all = true;
        format = arg.includes("u")
          ? "user,pid,pcpu,pmem,vsz,rss,tty,stat,start,cputime,command"
          : "pid,tty,stat,cputime,command";
      }
    } else if (arg === "-o" || arg === "-eo" || arg === "-Ao" || arg === "--format") {
      if (arg === "-eo" || arg === "-Ao") all = true;
      const text = value();
      format = text
        .split(",")
        .map((item) => {
          const [name = "", title] = item.trim().split("=");
          if (title !== undefined) titles.set(name, title);
          return name;
        })
        .join(",");
      if (/^\w+=$/.test(text) || [...titles.values()].every((title) => title === "") === titles.size > 0)
        headers = false;
    } else if (arg === "-p" || arg === "--pid" || arg === "-q") {
      const pids = new Set(value().split(",").map(Number));
      wanted = (entry) => pids.has(entry.pid);
    } else if (arg === "-C") {
      const name = value();
      wanted = (entry) => nameOf(entry) === name.slice(0, 15);
    } else if (arg === "-u" || arg === "-U" || arg === "--user") {
      const name = value();
      wanted = (entry) => userOf(process, entry.uid) === name || String(entry.uid) === name;
    } else if (arg === "--no-headers" || arg === "--no-heading") headers = false;
    else if (!arg.startsWith("--")) {
      if (/[eA]/.test(arg)) all = true;
      if (arg.includes("f")) format = "uname,pid,ppid,c,stime,tty,time,cmd";
      if (arg.includes("aux") || arg.includes("u"))
        format = "user,pid,pcpu,pmem,vsz,rss,tty,stat,start,cputime,command";
    }
  }
  const terminal = process.terminal?.name;
  const entries = process.machine.processes
    .list()
    .filter(
      (entry) => wanted?.(entry) ?? (all || (entry.terminal === terminal && entry.uid === process.credentials.uid)),
    );
  const chosen: (typeof columns)[string][] = [];
  for (const name of format.split(",")) {
    const column = columns[aliases[name] ?? name];
    if (!column) {
      await process.err(`error: unknown user-defined format specifier "${name}"\n\nUsage:\n ps [options]\n`);
      return 1;
    }
    chosen.push({
      ...column,
      title: titles.get(name) ?? (name === "comm" && format !== "pid,tty,time,comm" ? "COMMAND" : column.title),
    });
  }
  const cell = (text: string, width: number, last: boolean) =>
    width < 0 ? text.padStart(-width) : last ? text : text.padEnd(width);
  const row = (values: readonly string[]) =>
    `${values.map((text, index) => cell(text, chosen[index]?.width ?? 0, index === values.length - 1)).join(" ")}\n`;
  if (headers) await process.out(row(chosen.map((column) => column.title)));
  await process.out(entries.map((entry) => row(chosen.map((column) => column.value(entry, process)))).join(""));
  return entries.length > 0 ? 0 : 1;
};

/** Sends a signal as this user; the reason when it was refused. */
function send(process: Process, pid: number, name: SignalName | undefined): string | undefined {
  const entry = process.machine.processes.list().find((candidate) => candidate.pid === pid);
  if (!entry) return "No such process";
  if (process.credentials.uid !== 0 && entry.uid !== process.credentials.uid) return "Operation not permitted";
  if (name) process.machine.processes.kill(pid, name);
  return undefined;
}

export const kill: Program = async (process) => {
  const args = process.argv.slice(1);
  let name: SignalName | undefined = "SIGTERM";
  let probe = false;
  const pids: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "-l" || arg === "-L") {
      await process.out(
        `${Object.keys(signalNumbers)
          .map((key) => key.slice(3))
          .join(" ")}\n`,
      );
      return 0;
    }
    if (arg === "--") continue;
    if (arg.startsWith("-") && pids.length === 0) {
      const text = arg === "-s" || arg === "--signal" ? (args[(at += 1)] ?? "") : arg.slice(1);
      name = signalOf(text);
      probe = text === "0";
      if (!name && !probe) {
        await process.err(`kill: unknown signal ${text}\n`);
        return 1;
      }
    } else pids.push(arg);
  }
  let status = pids.length > 0 ? 0 : 1;
  for (const text of pids) {
    if (!/^-?\d+$/.test(text)) {
      await process.err(`kill: failed to parse argument: '${text}'\n`);
      status = 1;
      continue;
    }
    const refused = send(process, Math.abs(Number(text)), probe ? undefined : name);
    if (refused === undefined) continue;
    await process.err(`kill: (${text}): ${refused}\n`);
    status = 1;
  }
  return status;
};

interface Selection {
  entries: ProcessEntry[];
  signal: SignalName;
  list: boolean;
  all: boolean;
  count: boolean;
}

async function select(process: Process): Promise<Selection | number> {
  const args = process.argv.slice(1);
  let signal: SignalName = "SIGTERM";
  let [full, exact, list, all, count, ignoreCase, newest] = [false, false, false, false, false, false, false];
  let user: string | undefined;
  let parents: readonly number[] | undefined;
  let pattern: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    const named = arg.startsWith("-") ? signalOf(arg.slice(1)) : undefined;
    if (named) signal = named;
    else if (arg === "--signal" || arg === "-s") signal = signalOf(args[(at += 1)] ?? "") ?? signal;
    else if (arg === "-u" || arg === "-U" || arg === "--euid") user = args[(at += 1)];
    else if (arg === "-P" || arg === "--parent") parents = (args[(at += 1)] ?? "").split(",").map(Number);
    else if (/^-[a-zA-Z]+$/.test(arg)) {
      for (const letter of arg.slice(1)) {
        if (letter === "f") full = true;
        else if (letter === "x") exact = true;
        else if (letter === "l") list = true;
        else if (letter === "a") all = true;
        else if (letter === "c") count = true;
        else if (letter === "i") ignoreCase = true;
        else if (letter === "n" || letter === "o") newest = true;
      }
    } else if (!arg.startsWith("--")) pattern = arg;
  }
  const caller = basename(process.argv[0] ?? "pgrep");
  if (pattern === undefined && user === undefined && parents === undefined) {
    await process.err(`${caller}: no matching criteria specified\nTry \`${caller} --help' for more information.\n`);
    return 2;
  }
  let regex: RegExp;
  try {
    regex = new RegExp(exact ? `^(?:${pattern ?? ""})$` : (pattern ?? ""), ignoreCase ? "i" : "");
  } catch {
    await process.err(`${caller}: ${pattern}: Invalid regular expression\n`);
    return 2;
  }
  const entries = process.machine.processes
    .list()
    .filter((entry) => entry.pid !== process.pid && regex.test(full ? commandOf(entry) : nameOf(entry)))
    .filter((entry) => parents === undefined || parents.includes(entry.parent))
    .filter((entry) => user === undefined || userOf(process, entry.uid) === user || String(entry.uid) === user);
  return { entries: newest ? entries.slice(-1) : entries, signal, list, all, count };
}

export const pgrep: Program = async (process) => {
  const found = await select(process);
  if (typeof found === "number") return found;
  if (found.count) await process.out(`${found.entries.length}\n`);
  else {
    const suffix = (entry: ProcessEntry) =>
      found.all ? ` ${commandOf(entry)}` : found.list ? ` ${nameOf(entry)}` : "";
    await process.out(found.entries.map((entry) => `${entry.pid}${suffix(entry)}\n`).join(""));
  }
  return found.entries.length > 0 ? 0 : 1;
};

export const pkill: Program = async (process) => {
  const found = await select(process);
  if (typeof found === "number") return found;
  let status = 1;
  for (const entry of found.entries) {
    const refused = send(process, entry.pid, found.signal);
    if (refused === undefined) status = 0;
    else await process.err(`pkill: killing pid ${entry.pid} failed: ${refused}\n`);
  }
  return status;
};

export const killall: Program = async (process) => {
  let signal: SignalName = "SIGTERM";
  let quiet = false;
  const names: string[] = [];
  const args = process.argv.slice(1);
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "-q" || arg === "--quiet") quiet = true;
    else if (arg === "-s" || arg === "--signal") signal = signalOf(args[(at += 1)] ?? "") ?? signal;
    else if (arg.startsWith("-")) signal = signalOf(arg.slice(1)) ?? signal;
    else names.push(arg);
  }
  if (names.length === 0) {
    await process.err("Usage: killall [OPTION]... [--] NAME...\n");
    return 1;
  }
  let status = 0;
  for (const name of names) {
    const entries = process.machine.processes
      .list()
      .filter((entry) => nameOf(entry) === name.slice(0, 15) && entry.pid !== process.pid);
    if (entries.length === 0 && !quiet) await process.err(`${name}: no process found\n`);
    if (entries.length === 0) status = 1;
    for (const entry of entries) {
      const refused = send(process, entry.pid, signal);
      if (refused === undefined) continue;
      await process.err(`${name}(${entry.pid}): ${refused}\n`);
      status = 1;
    }
  }
  return status;
};

/** `top`: one picture with `-b` or without a terminal, else every three seconds until `q` or Ctrl-C. */
export const top: Program = async (process) => {
  const args = process.argv.slice(1).join(" ");
  const count = Number(
    /-?n\s*(\d+)/.exec(args)?.[1] ?? (process.stdout.isTerminal && !args.includes("b") ? Number.POSITIVE_INFINITY : 1),
  );
  const { clock } = process.machine.environment;
  const keys = { quit: false };
  if (process.stdin.isTerminal && process.stdout.isTerminal) {
    void process.stdin.read().then((chunk) => {
      if (chunk && new TextDecoder().decode(chunk).startsWith("q")) keys.quit = true;
    });
  }
  for (let shown = 0; shown < count && !keys.quit; shown += 1) {
    if (shown > 0) {
      await clock.sleep(3000, process.signal);
      await process.out("\u001b[H\u001b[2J");
    }
    const entries = process.machine.processes.list();
    const total = process.machine.hardware.memoryMegabytes;
    const up = Math.floor((clock.now() - process.machine.bootedAt) / 60_000);
    const head =
      `top - ${formatTime("%T", clock.now(), "UTC")} up ${up} min,  1 user,  load average: 0.00, 0.00, 0.00\n` +
      `Tasks: ${String(entries.length).padStart(3)} total,   1 running, ${String(entries.length - 1).padStart(3)} sleeping,   0 stopped,   0 zombie\n` +
      `%Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st\n` +
      `MiB Mem : ${total.toFixed(1).padStart(8)} total, ${(total * 0.8).toFixed(1).padStart(8)} free, ${(total * 0.1).toFixed(1).padStart(8)} used, ${(total * 0.1).toFixed(1).padStart(8)} buff/cache\n\n` +
      "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n";
    const row = (entry: ProcessEntry) =>
      `${String(entry.pid).padStart(7)} ${userOf(process, entry.uid).padEnd(8)}  20   0    8276   4840   3320 S   0.0   0.1   0:00.00 ${nameOf(entry)}\n`;
    await process.out(head + entries.map(row).join(""));
  }
  return 0;
};
