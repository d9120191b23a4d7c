import type { JournalEntry } from "../../machine.ts";
import type { Process } from "../../process.ts";
import { unitName } from "../../system/units/unit-loader.ts";
import { parseArguments } from "./arguments.ts";
import { shortLine } from "./journal-format.ts";
import { longTime, shortTime } from "./times.ts";

const flags = [
  "-f",
  "--follow",
  "-e",
  "--pager-end",
  "-x",
  "--catalog",
  "-r",
  "--reverse",
  "--no-pager",
  "-k",
  "--dmesg",
  "-q",
  "--quiet",
  "-a",
  "--all",
  "-l",
  "--full",
  "--no-full",
  "--no-hostname",
  "--utc",
  "--no-tail",
  "--disk-usage",
  "-b",
  "--boot",
  "--list-boots",
  "--system",
  "-m",
];
const valued = [
  "-u",
  "--unit",
  "-n",
  "--lines",
  "--since",
  "-S",
  "--until",
  "-U",
  "-o",
  "--output",
  "-p",
  "--priority",
  "-t",
  "--identifier",
  "-g",
  "--grep",
];

/** journalctl(1): Simplified: entries have no priority, so `-p` selects nothing away. */
export async function journalctl(process: Process): Promise<number> {
  const { machine } = process;
  const raw = process.argv.slice(1).map((arg) => (arg === "-n" ? "-n" : arg));
  const args = parseArguments(raw, flags, valued);
  if (args.unknown !== undefined) {
    await process.err(
      args.unknown.startsWith("--")
        ? `journalctl: unrecognized option '${args.unknown}'\n`
        : `journalctl: invalid option -- '${args.unknown.slice(1)}'\n`,
    );
    return 1;
  }
  const allowed = process.credentials.uid === 0 || [4, 27, 101].some((gid) => process.credentials.groups.includes(gid));
  if (!allowed) {
    await process.err("No journal files were opened due to insufficient permissions.\n");
    return 1;
  }
  if (args.has("--disk-usage")) {
    await process.out("Archived and active journals take up 16.0M in the file system.\n");
    return 0;
  }
  const now = machine.environment.clock.now();
  const units = [...(args.options.get("-u") ?? []), ...(args.options.get("--unit") ?? [])].map(unitName);
  const identifier = args.value("-t", "--identifier");
  const since = moment(args.value("--since", "-S"), now, machine.bootedAt);
  const until = moment(args.value("--until", "-U"), now, machine.bootedAt);
  for (const [text, value] of [
    [args.value("--since", "-S"), since],
    [args.value("--until", "-U"), until],
  ] as const) {
    if (text === undefined || value !== undefined) continue;
    await process.err(`Failed to parse timestamp: ${text}\n`);
    return 1;
  }
  const grep = args.value("-g", "--grep");
  const wanted = (entry: JournalEntry): boolean =>
    (units.length === 0 || units.includes(entry.unit)) &&
    (identifier === undefined || entry.identifier === identifier) &&
    (!args.has("-k", "--dmesg") || entry.identifier === "kernel") &&
    (!args.has("-b", "--boot") || entry.time >= machine.bootedAt) &&
    (since === undefined || entry.time >= since) &&
    (until === undefined || entry.time <= until) &&
    (grep === undefined || entry.message.toLowerCase().includes(grep.toLowerCase()));
  const format = args.value("-o", "--output") ?? "short";
  const render = formats[format];
  if (!render) {
    await process.err(`Unknown output format '${format}'.\n`);
    return 1;
  }
  const write = (entry: JournalEntry): string =>
    `${format === "short" ? shortLine(machine, entry) : render(entry, machine.name)}\n`;

  const follow = args.has("-f", "--follow");
  const all = machine.journal.entries();
  let entries = all.filter(wanted);
  const given = args.value("-n", "--lines");
  const count =
    given === undefined
      ? follow
        ? 10
        : args.has("-e", "--pager-end")
          ? 1000
          : undefined
      : given === "all"
        ? undefined
        : Number(given);
  if (count !== undefined && !Number.isInteger(count)) {
    await process.err(`Failed to parse lines '${given ?? ""}'\n`);
    return 1;
  }
  if (count !== undefined) entries = count === 0 ? [] : entries.slice(-count);
  if (args.has("-r", "--reverse")) entries.reverse();
  const quiet = args.has("-q", "--quiet") || (format !== "short" && !format.startsWith("short"));
  const first = all[0]?.time ?? now;
  const head = quiet
    ? ""
    : follow
      ? `-- Logs begin at ${longTime(first)}. --\n`
      : `-- Logs begin at ${longTime(first)}, end at ${longTime(all.at(-1)?.time ?? now)}. --\n`;
  const body = entries.length === 0 && !follow && !quiet ? "-- No entries --\n" : entries.map(write).join("");
  await process.out(head + body);
  if (!follow) return 0;

  const queue: JournalEntry[] = [];
  let wake: () => void = () => undefined;
  const stop = machine.journal.onAppend((entry) => {
    if (!wanted(entry)) return;
    queue.push(entry);
    wake();
  });
  process.signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!process.signal.aborted) {
      const entry = queue.shift();
      if (entry) await process.out(write(entry));
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
  }
  process.signal.throwIfAborted();
  return 0;
}

const formats: Readonly<Record<string, (entry: JournalEntry, host: string) => string>> = {
  short: (entry) => entry.message,
  cat: (entry) => entry.message,
  "short-iso": (entry, host) =>
    `${new Date(entry.time).toISOString().slice(0, 19)}+0000 ${host} ${entry.identifier}${entry.pid === undefined ? "" : `[${entry.pid}]`}: ${entry.message}`,
  "short-full": (entry, host) =>
    `${longTime(entry.time)} ${host} ${entry.identifier}${entry.pid === undefined ? "" : `[${entry.pid}]`}: ${entry.message}`,
  "short-precise": (entry, host) =>
    `${shortTime(entry.time)}.${String(entry.time % 1000).padStart(3, "0")}000 ${host} ${entry.identifier}${entry.pid === undefined ? "" : `[${entry.pid}]`}: ${entry.message}`,
  json: (entry) =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: `${entry.time}000`,
      _SYSTEMD_UNIT: entry.unit,
      SYSLOG_IDENTIFIER: entry.identifier,
      _PID: entry.pid === undefined ? undefined : String(entry.pid),
      MESSAGE: entry.message,
    }),
};

/** `now`, `today`, `yesterday`, `-5min`, `5 min ago`, `2024-02-28 10:00:00`, `10:00`, as milliseconds; undefined when it is none. */
function moment(text: string | undefined, now: number, bootedAt: number): number | undefined {
  if (text === undefined) return undefined;
  const day = Math.floor(now / 86_400_000) * 86_400_000;
  if (text === "now") return now;
  if (text === "today") return day;
  if (text === "yesterday") return day - 86_400_000;
  if (text === "boot") return bootedAt;
  const relative = /^-?\s*(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)(\s+ago)?$/.exec(text.trim());
  if (relative) {
    const letter = relative[2]?.[0] ?? "s";
    const factor = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[letter] ?? 1000;
    return now - Number(relative[1]) * factor;
  }
  const time = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (time) return day + Number(time[1]) * 3_600_000 + Number(time[2]) * 60_000 + Number(time[3] ?? 0) * 1000;
  const full = Date.parse(`${text.replace(/ UTC$/, "").replace(" ", "T")}${text.includes(":") ? "" : "T00:00:00"}Z`);
  return Number.isNaN(full) ? undefined : full;
}
