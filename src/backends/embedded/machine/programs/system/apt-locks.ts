import { basename } from "../../files/paths.ts";
import type { Process } from "../../process.ts";
import { internalsOf } from "../../system/internals.ts";

const frontend = "/var/lib/dpkg/lock-frontend";
const lists = "/var/lib/apt/lists/lock";

/** apt's words when it may not or cannot take a lock. */
export const lockWords = {
  frontendDenied: `E: Could not open lock file ${frontend} - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (${frontend}), are you root?\n`,
  listsDenied: `E: Could not open lock file ${lists} - open (13: Permission denied)\nE: Unable to lock directory /var/lib/apt/lists/\nW: Problem unlinking the file /var/cache/apt/pkgcache.bin - RemoveCaches (13: Permission denied)\nW: Problem unlinking the file /var/cache/apt/srcpkgcache.bin - RemoveCaches (13: Permission denied)\n`,
  listsHeld: `E: Unable to lock directory /var/lib/apt/lists/\n`,
  frontendHeld: `E: Unable to acquire the dpkg frontend lock (${frontend}), is another process using it?\n`,
};

export const frontendLock = frontend;

/** Runs `work` while holding the lock file; says who holds it when another process does. */
export async function withLock(
  process: Process,
  path: string,
  heldWords: string,
  work: () => Promise<number>,
): Promise<number> {
  const { locks } = internalsOf(process.machine);
  const holder = locks.get(path);
  const running = process.machine.processes.list().find((entry) => entry.pid === holder);
  if (running) {
    await process.err(
      `E: Could not get lock ${path}. It is held by process ${running.pid} (${basename(running.argv[0] ?? "")})\nN: Be aware that removing the lock file is not a solution and may break your system.\n${heldWords}`,
    );
    return 100;
  }
  const files = process.machine.rootFiles;
  files.makeDirectories(path.slice(0, path.lastIndexOf("/")));
  if (!files.exists(path)) files.writeWithMode(path, "", 0o640);
  locks.set(path, process.pid);
  try {
    return await work();
  } finally {
    if (locks.get(path) === process.pid) locks.delete(path);
  }
}
