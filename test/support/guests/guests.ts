import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type GuestBase, makeDisk } from "./rootfs.ts";

const execute = promisify(execFile);
const starter = join(import.meta.dirname, "start.sh");

export type GuestSupport = { possible: true } | { possible: false; reason: string };

/** Linux machines made of this computer's namespaces; every process that opens the same folder sees the same ones. */
export interface Guests {
  /** Makes a guest, stopped. Idempotent. */
  create(name: string, options?: { base?: GuestBase }): Promise<void>;
  /** Idempotent; resolves when commands can be run inside. */
  start(name: string): Promise<void>;
  /** Ends every process of it; its files stay. Idempotent. */
  stop(name: string): Promise<void>;
  /** Stops it and deletes its files. Idempotent. */
  remove(name: string): Promise<void>;
  /** Removes every guest of the folder and their network. */
  removeAll(): Promise<void>;
  names(): string[];
  running(name: string): boolean;
  /** IPv4 address of this computer in the guests' network, which is made when there is none. */
  gateway(): Promise<string>;
  /** IPv4 address that this computer and the other guests reach it by. */
  address(name: string): string;
  /** Gives a stopped guest another address. */
  moveAddress(name: string): void;
  /** The folder of its files: `root` as it sees it, except what is mounted there. */
  disk(name: string): string;
  /** Words to put before a command that is to run inside as root, with nothing of this process's environment. */
  enter(name: string): string[];
}

interface GuestRecord {
  base: GuestBase;
  /** Last number of its address. */
  host: number;
}

interface Network {
  /** `10.x.y`. */
  subnet: string;
}

/** Whether this process may make guests; tried for real. */
export function guestSupport(): GuestSupport {
  if (process.platform !== "linux")
    return { possible: false, reason: `guests need Linux, this is ${process.platform}` };
  if (process.getuid?.() !== 0) return { possible: false, reason: "guests need root" };
  const folder = mkdtempSync(join(tmpdir(), "wkl-guest-support-"));
  const trial =
    'mount -t tmpfs none "$0" && mount --bind -o ro /usr "$0" && ip link add trial0 type veth peer name trial1 && ' +
    "command -v nsenter setpriv sudo pivot_root >/dev/null && test -L /bin";
  try {
    execFileSync("unshare", ["--pid", "--mount", "--uts", "--ipc", "--net", "--fork", "sh", "-ec", trial, folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return { possible: true };
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return { possible: false, reason: `guests cannot be made here: ${said || String(error)}` };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Opens the guests kept in `folder`, which is made when it is missing. */
export function openGuests({ folder: given }: { folder: string }): Guests {
  const folder = resolve(given);
  mkdirSync(folder, { recursive: true });
  const digest = createHash("sha256").update(folder).digest("hex");
  const lab = `wkl-${digest.slice(0, 8)}`;
  const uplink = `wkl${digest.slice(0, 8)}`;
  const below = (name: string, file = ""): string => join(folder, name, file);
  const record = (name: string): GuestRecord => {
    if (!existsSync(below(name, "guest.json"))) throw new Error(`guests: there is no guest ${name} in ${folder}`);
    return JSON.parse(readFileSync(below(name, "guest.json"), "utf8")) as GuestRecord;
  };
  const write = (name: string, content: GuestRecord): void => {
    writeFileSync(below(name, "guest.new"), JSON.stringify(content));
    renameSync(below(name, "guest.new"), below(name, "guest.json"));
  };
  const names = (): string[] => readdirSync(folder).filter((name) => existsSync(below(name, "guest.json")));
  const network = (): Network => JSON.parse(readFileSync(join(folder, "network.json"), "utf8")) as Network;
  const holder = (name: string): number | undefined => {
    try {
      const [pid = "", started] = readFileSync(below(name, "holder"), "utf8").trim().split(" ");
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The time of its start tells a process from a later one with the same number.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[19] === started && fields[0] !== "Z" ? Number(pid) : undefined;
    } catch {
      return undefined;
    }
  };
  const freeHost = (): number => {
    const taken = new Set(names().map((name) => record(name).host));
    for (let host = 2; host < 255; host += 1) if (!taken.has(host)) return host;
    throw new Error(`guests: no address is left in ${folder}`);
  };
  const port = (name: string): string => `guest${record(name).host}`;
  const boots = (name: string): boolean => {
    const { base } = record(name);
    return base !== "host" && base.boots === true;
  };
  const address = (name: string): string => `${network().subnet}.${record(name).host}`;

  const stop = async (name: string): Promise<void> => {
    const pid = holder(name);
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    while (holder(name) !== undefined) await new Promise((done) => setTimeout(done, 2));
    rmSync(below(name, "holder"), { force: true });
    if (existsSync(below(name, "guest.json")) && boots(name)) await removeGroup(name);
  };
  /** The cgroups that a guest's systemd made; the processes in them end a moment after its first one. */
  const removeGroup = async (name: string): Promise<void> => {
    const script = `
      group=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)/$0
      for _ in $(seq 100); do
        [ -d "$group" ] || exit 0
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
      done
      exit 1`;
    await execute("sh", ["-c", script, `${lab}-${port(name)}`]);
  };
  /** Resolves when systemd has started everything, whether all of it well or not. Milliseconds. */
  const booted = async (name: string, patienceMs = 120_000): Promise<void> => {
    const [file = "", ...argv] = [...enter(name), "systemctl", "is-system-running", "--wait"];
    for (const until = Date.now() + patienceMs; ; await new Promise((done) => setTimeout(done, 100))) {
      const said = await execute(file, argv).then(
        ({ stdout }) => stdout,
        (error: unknown) => (error instanceof Error && "stdout" in error ? String(error.stdout) : ""),
      );
      if (/^(?:running|degraded)$/m.test(said)) return;
      if (Date.now() > until) {
        throw new Error(`guests: ${name} did not boot in ${patienceMs / 1000} s; see ${below(name, "console.log")}`);
      }
    }
  };
  const enter = (name: string): string[] => {
    const pid = holder(name);
    if (pid === undefined) throw new Error(`guests: ${name} does not run`);
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
    const environment = ["HOME=/root", "LOGNAME=root", "USER=root", "SHELL=/bin/bash", "LANG=C.UTF-8"];
    const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";
    const clean = ["env", "-i", ...environment, path];
    if (!boots(name)) return ["nsenter", "--target", String(pid), ...namespaces, "--", ...clean];
    // What is started from here must not stay in this computer's cgroup, where the guest has no say.
    const join = 'echo 0 >/sys/fs/cgroup/entered/cgroup.procs && exec "$@"';
    return ["nsenter", "--target", String(pid), ...namespaces, "--cgroup", "--", "sh", "-c", join, "sh", ...clean];
  };
  const removeNetwork = async (): Promise<void> => {
    // The cable first: what is in a deleted namespace goes only a little later.
    await execute("ip", ["link", "del", uplink]).catch(() => undefined);
    await execute("ip", ["netns", "del", lab]).catch(() => undefined);
    rmSync(join(folder, "network.json"), { force: true });
  };
  const remove = async (name: string): Promise<void> => {
    await stop(name);
    await rm(below(name));
    if (names().length === 0) await removeNetwork();
  };

  return {
    names,
    address,
    enter,
    stop,
    remove,
    running: (name) => holder(name) !== undefined,
    disk: (name) => below(name, "disk"),
    async create(name, { base = "host" } = {}) {
      if (existsSync(below(name, "guest.json"))) return;
      await makeNetwork(folder, digest, lab, uplink);
      await rm(below(name));
      mkdirSync(below(name, "work"), { recursive: true });
      makeDisk(below(name, "disk"), name, base);
      write(name, { base, host: freeHost() });
    },
    async start(name) {
      const { base } = record(name);
      await makeNetwork(folder, digest, lab, uplink);
      const kind = base === "host" ? ["host", ""] : [base.boots ? "system" : "tree", base.tree];
      const argv = [below(name), lab, port(name), address(name), `${network().subnet}.1`, ...kind];
      // `-o`: the guest must not inherit the lock.
      await execute("flock", ["-o", below(name, "lock"), "bash", starter, ...argv]);
      if (boots(name)) await booted(name);
    },
    async gateway() {
      await makeNetwork(folder, digest, lab, uplink);
      return `${network().subnet}.1`;
    },
    async removeAll() {
      for (const name of names()) await remove(name);
      await removeNetwork();
    },
    moveAddress(name) {
      write(name, { ...record(name), host: freeHost() });
    },
  };
}

/** Files that belong to another user or cannot be written are no hindrance to `rm`, and it follows no links. */
async function rm(path: string): Promise<void> {
  await execute("rm", ["-rf", "--one-file-system", path]);
}

/**
 * A network namespace with a bridge for the guests of a folder, and a cable to this computer: what this computer's own
 * firewall does to bridges does not reach it.
 */
async function makeNetwork(folder: string, digest: string, lab: string, uplink: string): Promise<void> {
  await sweep();
  const file = join(folder, "network.json");
  const script = `
    set -e
    [ -e "$1" ] && ip -netns "$2" link show bridge >/dev/null 2>&1 && ip link show "$3" >/dev/null 2>&1 && exit
    ip netns del "$2" 2>/dev/null || true
    ip link del "$3" 2>/dev/null || true
    ip netns add "$2"
    ip link add "$3" type veth peer name uplink netns "$2"
    ip address add "$4.1/24" dev "$3"
    ip link set "$3" alias "$0" up
    ip -netns "$2" -batch - <<END
link set lo up
link add bridge type bridge
link set uplink master bridge up
link set bridge up
END
    echo "{\\"subnet\\":\\"$4\\"}" >"$1"`;
  await execute("flock", ["-o", folder, "sh", "-c", script, folder, file, lab, uplink, freeSubnet(digest)]);
}

/** Ends the guests and networks of folders that are gone, which a killed test leaves behind. */
async function sweep(): Promise<void> {
  for (const uplink of readdirSync("/sys/class/net").filter((name) => /^wkl[0-9a-f]{8}$/.test(name))) {
    const folder = textOf(`/sys/class/net/${uplink}/ifalias`).trim();
    // A network that is only just being made has no folder's name yet.
    if (folder === "" || existsSync(folder)) continue;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      if (!textOf(`/proc/${pid}/cmdline`).includes(`${starter}\0inside\0${folder}/`)) continue;
      await execute("kill", ["-KILL", pid]).catch(() => undefined);
    }
    await execute("ip", ["link", "del", uplink]).catch(() => undefined);
    await execute("ip", ["netns", "del", uplink.replace("wkl", "wkl-")]).catch(() => undefined);
  }
}

/** Empty for what has gone meanwhile: others may be sweeping, too. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A /24 of 10.0.0.0/8 that the digest chooses, unless this computer already has an address there. */
function freeSubnet(digest: string): string {
  const taken = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  for (let at = 0; at + 4 <= digest.length; at += 4) {
    // Kubernetes' own ranges (10.96, 10.244) and the lowest ones, which networks at home use, are left out.
    const [second, third] = [
      100 + (Number.parseInt(digest.slice(at, at + 2), 16) % 140),
      Number.parseInt(digest.slice(at + 2, at + 4), 16),
    ];
    const subnet = `10.${second}.${third}`;
    if (!taken.some((address) => address.startsWith(`${subnet}.`))) return subnet;
  }
  throw new Error("guests: every subnet tried is taken on this computer");
}
