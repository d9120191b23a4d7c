/** The flags of a component, `--name=value` or `--name value`; a flag alone is `true`. */
export function parseFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(word);
    if (!match) continue;
    const [, name = "", value] = match;
    const next = argv[index + 1];
    if (value !== undefined) flags.set(name, value);
    else if (next !== undefined && !next.startsWith("-")) {
      flags.set(name, next);
      index += 1;
    } else flags.set(name, "true");
  }
  return flags;
}

/** Resolves when the process is told to end. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** A line as Kubernetes components log it. */
export function klog(level: "I" | "W" | "E" | "F", now: number, pid: number, source: string, message: string): string {
  const time = new Date(now).toISOString();
  return `${level}${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000 ${String(pid).padStart(7)} ${source}] ${message}\n`;
}
