import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

interface ProcessStat {
  session: number;
  /** When it started: tells it from a later process with the same number. */
  started: string;
}

function stat(pid: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { session: Number(fields[3]), started: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/** Words to put before a command that leads a session, so that `endSessions` finds it. */
export function recorded(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const script = 'cut -d" " -f22 "/proc/$$/stat" >"$0/$$" 2>/dev/null; exec "$@"';
  return ["sh", "-c", script, folder];
}

/** Ends every process of the sessions that were recorded in the folder, and whatever has `mark` in its environment. */
export function endSessions(folder: string, mark: string): void {
  if (process.platform !== "linux") return;
  mkdirSync(folder, { recursive: true });
  const leaders = new Set(
    readdirSync(folder).filter((pid) => {
      const started = readFileSync(join(folder, pid), "utf8").trim();
      return started !== "" && stat(pid)?.started === started;
    }),
  );
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!leaders.has(String(stat(pid)?.session)) && !environment(pid).includes(mark)) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
  rmSync(folder, { recursive: true });
}

function environment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}
