import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Guests, guestSupport, openGuests } from "../guests/guests.ts";

export type SshGuestSupport = { possible: true } | { possible: false; reason: string };

/** Whether machines with a real SSH server can be had here. */
export function sshGuestSupport(): SshGuestSupport {
  const support = guestSupport();
  if (!support.possible) return support;
  try {
    execFileSync("sh", ["-c", "command -v ssh && command -v ssh-keygen && test -x /usr/sbin/sshd"], {
      stdio: "ignore",
    });
    return { possible: true };
  } catch {
    return { possible: false, reason: "there is no sshd on this computer" };
  }
}

export interface DaemonOptions {
  port?: number;
  /** Lines of sshd_config before the others; the first one counts. */
  config?: readonly string[];
}

/** Machines with sshd, a key that they let in, and a configuration for ssh that knows nothing of the user's own. */
export interface SshGuests {
  guests: Guests;
  /** Folder for whatever a test needs; removed with the guests. */
  folder: string;
  /** Path of the configuration: `ssh -F`. */
  config: string;
  knownHosts: string;
  /** Path of a private key that user `ubuntu` may log in with. */
  identity: string;
  /** Makes and starts a machine. */
  add(name: string): Promise<void>;
  /** Starts sshd on a machine, with a host key of its own that nobody knows yet; resolves when it listens. */
  listen(name: string, options?: DaemonOptions): Promise<{ child: ChildProcess; hostKey: string }>;
  /** Accepts the host key of a daemon. */
  trust(name: string, hostKey: string, port?: number): void;
  dispose(): Promise<void>;
}

/** Opens an empty place for machines with sshd. Linux and root only: see `sshGuestSupport`. */
export function openSshGuests(): SshGuests {
  const folder = mkdtempSync(join(tmpdir(), "wkl-ssh-"));
  const guests = openGuests({ folder: join(folder, "guests") });
  const config = join(folder, "ssh_config");
  const knownHosts = join(folder, "known_hosts");
  const identity = join(folder, "id");
  const daemons: ChildProcess[] = [];
  const newKey = (path: string): string => {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
    return readFileSync(`${path}.pub`, "utf8").trim();
  };
  const publicKey = newKey(identity);
  writeFileSync(knownHosts, "");
  writeFileSync(
    config,
    [
      "Host *",
      "  User ubuntu",
      `  IdentityFile ${identity}`,
      "  IdentitiesOnly yes",
      "  IdentityAgent none",
      `  UserKnownHostsFile ${knownHosts}`,
      "  GlobalKnownHostsFile none",
      "",
    ].join("\n"),
  );
  return {
    guests,
    folder,
    config,
    knownHosts,
    identity,
    async add(name) {
      await guests.create(name);
      const home = join(guests.disk(name), "root/home/ubuntu/.ssh");
      mkdirSync(home, { recursive: true });
      writeFileSync(join(home, "authorized_keys"), `${publicKey}\n`);
      chownSync(home, 1000, 1000);
      chmodSync(home, 0o700);
      await guests.start(name);
    },
    async listen(name, { port = 22, config: lines = [] } = {}) {
      const below = `etc/ssh-test-${port}`;
      const place = join(guests.disk(name), "root", below);
      mkdirSync(place, { recursive: true });
      const hostKey = newKey(join(place, `key-${daemons.length}`));
      const sshd = [
        ...lines,
        `Port ${port}`,
        `HostKey /${below}/key-${daemons.length}`,
        `PidFile none`,
        "UsePAM yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PrintMotd no",
      ];
      writeFileSync(join(place, "sshd_config"), `${sshd.join("\n")}\n`);
      const [file = "", ...argv] = [...guests.enter(name), "/usr/sbin/sshd", "-D", "-e", "-f", `/${below}/sshd_config`];
      const child = spawn(file, argv, { stdio: ["ignore", "ignore", "pipe"] });
      daemons.push(child);
      let said = "";
      child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
      while (!(await answers(guests.address(name), port))) {
        if (child.exitCode !== null) throw new Error(`sshd on ${name} ended: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return { child, hostKey };
    },
    trust(name, hostKey, port = 22) {
      const address = guests.address(name);
      const place = port === 22 ? address : `[${address}]:${port}`;
      writeFileSync(knownHosts, `${readFileSync(knownHosts, "utf8")}${place} ${hostKey}\n`);
    },
    async dispose() {
      for (const child of daemons) child.kill("SIGKILL");
      await guests.removeAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
