import type { FileView } from "../../machine/files/file-system.ts";
import { encode } from "../../machine/io.ts";

export interface LogOptions {
  follow: boolean;
  tailLines: number | undefined;
  timestamps: boolean;
  /** Milliseconds since the epoch; earlier lines are left out. */
  since: number | undefined;
  limitBytes: number | undefined;
}

interface Entry {
  time: string;
  text: string;
}

function parse(source: string): Entry[] {
  return source
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [time = "", , tag = "F"] = line.split(" ", 3);
      const stream = line.slice(time.length + 1).split(" ", 1)[0] ?? "";
      const start = time.length + 1 + stream.length + 1 + tag.length + 1;
      return { time, text: line.slice(start) + (tag === "P" ? "" : "\n") };
    });
}

/** A container's log as kubectl shows it; with `follow` until `isRunning` says no more or the signal aborts. */
export async function* readLog(
  files: FileView,
  path: string,
  options: LogOptions,
  signal: AbortSignal,
  isRunning: () => boolean,
): AsyncGenerator<Uint8Array> {
  const budget = { left: options.limitBytes ?? Number.POSITIVE_INFINITY };
  const render = (entries: readonly Entry[]): Uint8Array => {
    const text = entries.map((entry) => (options.timestamps ? `${entry.time} ${entry.text}` : entry.text)).join("");
    const bytes = encode(text).slice(0, budget.left);
    budget.left -= bytes.length;
    return bytes;
  };
  const isWanted = (entry: Entry): boolean => options.since === undefined || Date.parse(entry.time) >= options.since;
  let source = files.exists(path) ? files.readText(path) : "";
  let entries = parse(source).filter(isWanted);
  if (options.tailLines !== undefined) entries = options.tailLines === 0 ? [] : entries.slice(-options.tailLines);
  if (entries.length > 0) yield render(entries);
  let seen = source.length;
  while (options.follow && !signal.aborted && budget.left > 0) {
    const running = isRunning();
    source = files.exists(path) ? files.readText(path) : "";
    if (source.length < seen) seen = 0;
    if (source.length > seen) {
      yield render(parse(source.slice(seen)));
      seen = source.length;
    } else if (!running) return;
    else await nextChange(files, signal);
  }
}

function nextChange(files: FileView, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stop = files.files.onChange(done);
    signal.addEventListener("abort", done, { once: true });
  });
}
