import { execFileSync } from "node:child_process";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { LabError } from "../domain/errors.ts";

export interface LockHolder {
  pid: number;
  /** When that process started, so that a reused pid is not mistaken for it. */
  startedAt: string;
  /** `start`, `run` or `up`. */
  command: string;
  /** ISO 8601. */
  since: string;
}

/** The process that holds the lock and lives; undefined when nobody does. */
export function lockHolder(path: string): LockHolder | undefined {
  const holder = readHolder(path);
  return holder && processStart(holder.pid) === holder.startedAt ? holder : undefined;
}

/**
 * Takes the lock; a lock of a dead process is taken over. Returns how to let go.
 * Throws LabError `lab-held` naming who holds it.
 */
export function takeLock(path: string, command: string, now: number): () => void {
  const mine: LockHolder = {
    pid: process.pid,
    startedAt: processStart(process.pid) ?? "",
    command,
    since: new Date(now).toISOString(),
  };
  const candidate = `${path}.${process.pid}`;
  writeFileSync(candidate, JSON.stringify(mine), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      try {
        // A hard link appears whole or not at all, so nobody ever reads half a lock.
        linkSync(candidate, path);
        return () => {
          if (readHolder(path)?.pid === process.pid) rmSync(path, { force: true });
        };
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
      const holder = lockHolder(path);
      if (holder) throw heldBy(holder);
      setAside(path, candidate);
    }
    throw new LabError("lab-held", `${path}: the lock could not be taken`, { remedy: "Try again in a moment." });
  } finally {
    rmSync(candidate, { force: true });
  }
}

/** Removes a dead process's lock; when two processes race, only the dead one's file goes. */
function setAside(path: string, candidate: string): void {
  const stale = `${candidate}.stale`;
  try {
    renameSync(path, stale);
  } catch {
    return;
  }
  const holder = readHolder(stale);
  if (holder && processStart(holder.pid) === holder.startedAt) {
    try {
      linkSync(stale, path);
    } catch {
      // Another process took the lock meanwhile; it is told apart by its own link.
    }
  }
  rmSync(stale, { force: true });
}

export function heldBy(holder: LockHolder): LabError {
  const text = `the lab is in use by \`${holder.command}\` (process ${holder.pid}, since ${holder.since})`;
  return new LabError("lab-held", text, {
    remedy:
      holder.command === "run"
        ? "Wait until it ends, or set WASM_K8S_LAB_HOME to another folder."
        : "Use `wasm-k8s-lab start` for a second terminal, or `wasm-k8s-lab down` to end it.",
  });
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, startedAt, command, since } = value as Partial<LockHolder>;
    if (typeof pid !== "number" || typeof startedAt !== "string") return undefined;
    return { pid, startedAt, command: command ?? "?", since: since ?? "?" };
  } catch {
    return undefined;
  }
}

/** A text that differs between two processes of the same pid; undefined when there is no such process. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command in parentheses may hold spaces; the start time is the 20th field after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}
