import { mkdirSync, rmSync, statSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "../../domain/clock.ts";
import type { TerminalCommand } from "../../domain/machine.ts";
import { type Child, runChild, startChild } from "../../process/child.ts";
import { quoteArgv } from "../../remote/quote.ts";
import type { RemoteProcess, Transport } from "../../remote/transport.ts";
import { EndMark } from "./end-mark.ts";
import { failureOf, type Place, sshMissing } from "./failures.ts";
import type { InventoryMachine } from "./inventory.ts";

export interface ConnectionOptions {
  name: string;
  machine: InventoryMachine;
  sshConfig?: string;
  /** Folder for the sockets that connections are shared by. */
  folder: string;
  random: Random;
}

/** Longest path of a socket: 103 bytes on macOS, of which ssh itself adds 17 while it makes one. */
const longestFolder = 70;

/** Seconds. */
const connectTimeout = 10;
const keptOpen = 120;

/**
 * One machine as this computer's own `ssh` reaches it. The user's configuration, agent and known hosts count; nothing
 * is asked, and no host key is accepted here. Connections are shared, so that a command costs no handshake.
 */
export class SshConnection {
  readonly name: string;
  #machine: InventoryMachine;
  #config: string[];
  #socket: string | undefined;
  #random: Random;
  #connecting: Promise<void> | undefined;
  #place: Promise<Place> | undefined;

  constructor({ name, machine, sshConfig, folder, random }: ConnectionOptions) {
    this.name = name;
    this.#machine = machine;
    this.#random = random;
    this.#config = sshConfig === undefined ? [] : ["-F", sshConfig];
    // ssh for Windows cannot share connections.
    if (process.platform !== "win32") {
      const digest = createHash("sha256")
        .update(JSON.stringify([sshConfig, machine]))
        .digest("hex");
      this.#socket = join(socketFolder(folder), digest.slice(0, 8));
    }
  }

  /** Runs programs as `ubuntu`, or as whoever logs in. Starts the connection when there is none. */
  transport(as: "ubuntu" | "login"): Transport {
    return { machine: this.name, start: (argv, { onOutput }) => this.#start(as, argv, onOutput) };
  }

  /** The command that hands a terminal over; ssh asks there what it has to ask. */
  terminal(): TerminalCommand {
    const become = 'if [ "$(id -un)" = ubuntu ]; then exec bash -l; else exec sudo -iu ubuntu; fi';
    return {
      file: "ssh",
      argv: [
        ...this.#words(),
        ...this.#shared("no"),
        "-o",
        "RemoteCommand=none",
        "-t",
        "--",
        this.#machine.host,
      ].concat(`exec bash -c '${become}'`),
    };
  }

  /** Ends the shared connection. */
  async close(): Promise<void> {
    await this.#connecting?.catch(() => undefined);
    if (this.#socket === undefined || !isThere(this.#socket)) return;
    await runChild("ssh", [...this.#words(), ...this.#shared("no"), "-O", "exit", "--", this.#machine.host]);
    rmSync(this.#socket, { force: true });
  }

  #words(): string[] {
    const { port, user, identityFile, proxyJump } = this.#machine;
    return [
      ...this.#config,
      ...(port === undefined ? [] : ["-p", String(port)]),
      ...(user === undefined ? [] : ["-l", user]),
      ...(identityFile === undefined ? [] : ["-i", identityFile]),
      ...(proxyJump === undefined ? [] : ["-J", proxyJump]),
    ];
  }

  #shared(master: "auto" | "no"): string[] {
    if (this.#socket === undefined) return [];
    return ["-o", `ControlMaster=${master}`, "-o", `ControlPath=${this.#socket}`, "-o", `ControlPersist=${keptOpen}`];
  }

  #argv(master: "auto" | "no", command: string): string[] {
    const options = [
      "BatchMode=yes",
      `ConnectTimeout=${connectTimeout}`,
      "ServerAliveInterval=10",
      "ServerAliveCountMax=3",
      "LogLevel=ERROR",
      "RemoteCommand=none",
      "PermitLocalCommand=no",
      "ClearAllForwardings=yes",
      "EscapeChar=none",
    ];
    const words = [...this.#words(), ...options.flatMap((option) => ["-o", option]), ...this.#shared(master)];
    return [...words, "-T", "--", this.#machine.host, command];
  }

  /** Makes the connection that all others share, once. Rejects with what is wrong with it. */
  async #connect(): Promise<void> {
    if (this.#socket !== undefined && isThere(this.#socket)) return;
    this.#connecting ??= this.#makeConnection().finally(() => (this.#connecting = undefined));
    await this.#connecting;
  }

  async #makeConnection(): Promise<void> {
    const { exitCode, notStarted, stderr } = await runChild("ssh", this.#argv("auto", "exit 0"));
    if (notStarted !== undefined) throw sshMissing();
    if (exitCode === 255) throw failureOf(new TextDecoder().decode(stderr), await this.#where());
  }

  #start(as: "ubuntu" | "login", argv: readonly string[], onOutput: Output): RemoteProcess {
    const mark = `[wasm-k8s-lab ${Buffer.from(this.#random.bytes(16)).toString("hex")}]`;
    const end = new EndMark(mark);
    let stderr = "";
    let child: Child | undefined;
    let killed = false;
    const waiting: ((child: Child) => void)[] = [];
    const withChild = (action: (child: Child) => void): void => {
      if (child) action(child);
      else waiting.push(action);
    };
    const tellErrors = (bytes: Uint8Array): void => {
      if (bytes.length > 0) onOutput({ stream: "stderr", bytes });
    };
    const run = async (): Promise<{ exitCode: number }> => {
      await this.#connect();
      if (killed) return { exitCode: 137 };
      const started = startChild("ssh", this.#argv("no", commandLine(as, argv, mark)), {
        onOutput: ({ stream, bytes }) => {
          if (stream === "stdout") return onOutput({ stream, bytes });
          const own = end.feed(bytes);
          stderr = (stderr + new TextDecoder().decode(own)).slice(-4_000);
          return tellErrors(own);
        },
      });
      child = started;
      for (const action of waiting) action(started);
      const { exitCode, notStarted } = await started.ended;
      tellErrors(end.rest());
      if (notStarted === "E2BIG") {
        // As a shell says it: the words do not fit into one command.
        tellErrors(new TextEncoder().encode(`bash: ${argv[0] ?? ""}: Argument list too long\n`));
        return { exitCode: 126 };
      }
      if (notStarted !== undefined) throw sshMissing();
      if (killed) return { exitCode: 137 };
      if (exitCode === undefined || (exitCode === 255 && !end.seen)) throw failureOf(stderr, await this.#where());
      return { exitCode };
    };
    return {
      write: (bytes) => withChild((process) => process.write(bytes)),
      end: () => withChild((process) => process.end()),
      kill: () => {
        killed = true;
        child?.kill("SIGKILL");
      },
      ended: run(),
    };
  }

  /** Where ssh goes, as it resolves the name itself; for messages. */
  #where(): Promise<Place> {
    this.#place ??= this.#resolve();
    return this.#place;
  }

  async #resolve(): Promise<Place> {
    const { host } = this.#machine;
    const { stdout } = await runChild("ssh", [...this.#words(), "-G", "--", host]);
    const fields = new Map(
      new TextDecoder()
        .decode(stdout)
        .split("\n")
        .map((line): [string, string] => {
          const at = line.indexOf(" ");
          return [line.slice(0, at), line.slice(at + 1)];
        }),
    );
    return {
      machine: this.name,
      host: fields.get("hostname") ?? host,
      port: fields.get("port") ?? "22",
      user: fields.get("user") ?? this.#machine.user ?? "ubuntu",
      command: quoteArgv(["ssh", ...this.#words(), host]),
      jumps: ![undefined, "none"].includes(fields.get("proxyjump")) || fields.has("proxycommand"),
    };
  }
}

type Output = Parameters<Transport["start"]>[1]["onOutput"];

/** One text that any login shell passes on unharmed: bash decodes and runs it. */
function commandLine(as: "ubuntu" | "login", argv: readonly string[], mark: string): string {
  const run = as === "login" ? '"$@"' : 'if [ "$(id -un)" = ubuntu ]; then "$@"; else sudo -n -u ubuntu -- "$@"; fi';
  const script = `set -- ${quoteArgv(argv)}
${run}
code=$?
if [ "$code" -eq 255 ]; then printf %s ${quoteArgv([mark])} >&2; fi
exit "$code"`;
  return `exec bash -c 'eval "$(echo ${Buffer.from(script).toString("base64")} | base64 -d)"'`;
}

/** A folder of our own that is short enough for sockets: the given one, else one below the temporary folder. */
function socketFolder(folder: string): string {
  const short =
    Buffer.byteLength(folder) <= longestFolder
      ? folder
      : join(tmpdir(), `wasm-k8s-lab-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  return short;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
