import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { installPrograms } from "../cloud-init/programs.ts";
import type { Settings } from "../settings.ts";
import type { Machines } from "./machines.ts";
import { endSessions, recorded } from "./sessions.ts";

/** Folders of which a machine has its own; every other path is this computer's. */
const own = ["etc", "home", "opt", "root", "run", "srv", "tmp", "var"];

/** User and group that commands run as when the double itself is root. */
const nobody = 65_534;

/**
 * Machines without isolation: commands are processes of this computer without any privilege, which see `own` below a
 * folder of the machine because the command line is rewritten. `sudo` changes nothing, so what needs root fails.
 */
export function openBare({ folder }: Settings): Machines {
  const all = join(folder, "bare");
  const below = (name: string, path = ""): string => join(all, name, path);
  const root = process.getuid?.() === 0;
  const digest = createHash("sha256").update(folder).digest();
  const give = (path: string): void => {
    if (root) execFileSync("chown", ["-R", `${nobody}:${nobody}`, path]);
  };
  const host = (name: string): number => Number(readFileSync(below(name, "address"), "utf8"));
  const address = (name: string): string => `10.${digest.readUInt8(0)}.${digest.readUInt8(1)}.${host(name)}`;
  const stop = async (name: string): Promise<void> => {
    rmSync(below(name, "running"), { force: true });
    if (existsSync(below(name))) endSessions(below(name, "sessions"), `WKL_BARE_MACHINE=${below(name)}`);
  };
  const remove = async (name: string): Promise<void> => {
    await stop(name);
    // A launch that goes on may still write there.
    rmSync(below(name), { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  };
  const choose = (name: string): void => {
    const last = existsSync(join(all, "last")) ? Number(readFileSync(join(all, "last"), "utf8")) : 1;
    writeFileSync(join(all, "last"), String(last + 1));
    writeFileSync(below(name, "address"), String(last + 1));
  };
  return {
    stop,
    remove,
    address,
    moveAddress: choose,
    addresses: (name) => [address(name)],
    running: (name) => existsSync(below(name, "running")),
    async create(name) {
      for (const path of own) mkdirSync(below(name, `root/${path}`), { recursive: true });
      mkdirSync(below(name, "root/home/ubuntu"), { recursive: true });
      writeFileSync(below(name, "root/etc/hostname"), `${name}\n`);
      installPrograms(below(name, "bin"), below(name, "root"));
      choose(name);
      give(below(name, "root"));
    },
    async start(name) {
      writeFileSync(below(name, "running"), "");
    },
    async removeAll() {
      for (const name of existsSync(all) ? readdirSync(all) : [])
        if (existsSync(below(name, "root"))) await remove(name);
      rmSync(all, { recursive: true, force: true });
    },
    inside(name, command, user) {
      const files = below(name, "root");
      const home = user === "root" ? join(files, "root") : join(files, "home/ubuntu");
      const drop = process.platform === "linux" ? ["setpriv", "--no-new-privs"] : ["env"];
      if (root) drop.push("--reuid", String(nobody), "--regid", String(nobody), "--clear-groups");
      const start = recorded(below(name, "sessions"));
      const [file = "", ...argv] = [...start, ...drop, "bash", "-c", rewritten(command, files)];
      return {
        file,
        argv,
        cwd: home,
        env: {
          HOME: home,
          USER: user,
          LOGNAME: user,
          SHELL: "/bin/bash",
          LANG: "C.UTF-8",
          PATH: `${below(name, "bin")}:/usr/bin:/bin`,
          WKL_BARE_MACHINE: below(name),
        },
      };
    },
    async save(name, to) {
      rmSync(to, { recursive: true, force: true });
      cpSync(below(name, "root"), to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    },
    async restore(name, from) {
      rmSync(below(name, "root"), { recursive: true, force: true });
      cpSync(from, below(name, "root"), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      give(below(name, "root"));
    },
  };
}

/** The text with absolute paths of `own` moved below `files`. */
function rewritten(text: string, files: string): string {
  return text.replace(new RegExp(`(?<![\\w./-])/(${own.join("|")})(?=$|[^\\w-])`, "g"), `${files}/$1`);
}
