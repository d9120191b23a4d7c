import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { LabError } from "../domain/errors.ts";

/** Each waits 5 ms for another process that is removing a dead one's lock. */
const takeoverAttempts = 100;

export interface LockHolder {
  pid: number;
  /** When that process started, so that a reused pid is not mistaken for it. */
  startedAt: string;
  /** `start`, `run` or `up`, else another command that opened the saved lab for a moment. */
  command: string;
  /** ISO 8601. */
  since: string;
}

/** The process that holds the lock and lives; undefined when nobody does. */
export function lockHolder(path: string): LockHolder | undefined {
  return livingHolder(readText(path));
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
    for (let attempt = 0; attempt < takeoverAttempts; attempt += 1) {
      if (take(candidate, path)) return () => letGo(path);
      const holder = lockHolder(path);
      if (holder) throw heldBy(holder);
      pauseBriefly();
    }
    throw new LabError("lab-held", `${path}: the lock could not be taken`, { remedy: "Try again in a moment." });
  } finally {
    rmSync(candidate, { force: true });
  }
}

/**
 * Takes a lock file, or removes a dead process's so that the next attempt can. Only who holds the lock named after the
 * dead one may remove it, so that a slow process never removes the lock of one that was quicker; that lock is taken
 * by the same rule.
 */
function take(candidate: string, path: string): boolean {
  try {
    // A hard link appears whole or not at all, so nobody ever reads half a lock.
    linkSync(candidate, path);
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  // Judged and named by one reading: by the next one the lock may be a living process's.
  const dead = readText(path);
  if (dead === undefined || livingHolder(dead)) return false;
  const right = `${path}.${createHash("sha256").update(dead).digest("hex").slice(0, 12)}`;
  if (!take(candidate, right)) return false;
  if (readText(path) === dead) rmSync(path, { force: true });
  letGo(right);
  return false;
}

function letGo(path: string): void {
  if (holderIn(readText(path))?.pid === process.pid) rmSync(path, { force: true });
}

/** Lets another process, which is taking a dead one's lock away, finish. */
function pauseBriefly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** True for a holder that serves other commands, or will in a moment. */
export const isHost = (holder: LockHolder): boolean => holder.command === "start" || holder.command === "up";

export function heldBy(holder: LockHolder): LabError {
  const text = `the lab is in use by \`${holder.command}\` (process ${holder.pid}, since ${holder.since})`;
  return new LabError("lab-held", text, {
    remedy: isHost(holder)
      ? "Use `wasm-k8s-lab start` for a second terminal, or `wasm-k8s-lab down` to end it."
      : "Wait until it ends, or set WASM_K8S_LAB_HOME to another folder.",
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function livingHolder(text: string | undefined): LockHolder | undefined {
  const holder = holderIn(text);
  return holder && processStart(holder.pid) === holder.startedAt ? holder : undefined;
}

function holderIn(text: string | undefined): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
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
