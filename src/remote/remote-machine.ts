import type { Clock, Random } from "../domain/clock.ts";
import { LabError } from "../domain/errors.ts";
import type {
  ExecOptions,
  ExecResult,
  Machine,
  MachineShell,
  MachineState,
  ShellOptions,
  WriteFileOptions,
} from "../domain/machine.ts";
import { RemoteShell } from "./remote-shell.ts";
import { runRemote, within } from "./run-remote.ts";
import { absentCode, cancelScript, execScript, readScript, writeScript } from "./scripts.ts";
import type { RemoteProcess, Transport } from "./transport.ts";

export interface RemoteMachineOptions {
  name: string;
  transport: Transport;
  address: () => Promise<string>;
  state: () => Promise<MachineState>;
  clock: Clock;
  random: Random;
  /** Folder on the machine, below the home folder of a shell's user, where shells keep their state. */
  shellFolder?: string;
}

/** Milliseconds that ending a command over there may take before it is given up. */
const longestCancelMs = 15_000;

/**
 * A Linux machine that is reached by a transport: everything is done over there by bash, coreutils, procps, util-linux
 * and sudo. Keep one object per machine while a backend is open: it numbers the shells.
 */
export class RemoteMachine implements Machine {
  readonly name: string;
  readonly #options: RemoteMachineOptions;
  #shells = new Map<number, RemoteShell>();

  constructor(options: RemoteMachineOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const { transport, clock } = this.#options;
    options.signal?.throwIfAborted();
    const started = clock.monotonic();
    const group = `/tmp/.wasm-k8s-lab-${this.#token()}`;
    const variables = Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`);
    const text = { stdout: new TextRecorder(), stderr: new TextRecorder() };
    let timedOut = false;
    let ended = false;
    let cancelled: Promise<void> | undefined;
    let process: RemoteProcess | undefined;
    const cancel = (): void => {
      cancelled ??= this.#cancel(group, process).catch(() => undefined);
    };
    const onAbort = (): void => {
      if (!ended) cancel();
    };
    const running = runRemote(
      transport,
      ["bash", "-c", execScript, "wasm-k8s-lab", group, String(variables.length), ...variables, ...argv],
      {
        ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
        onStart: (started_) => (process = started_),
        onOutput: (chunk) => {
          text[chunk.stream].add(chunk.bytes);
          options.onOutput?.(chunk);
        },
      },
    );
    options.signal?.addEventListener("abort", onAbort, { once: true });
    const stopTimer =
      options.timeoutMs === undefined
        ? undefined
        : clock.after(options.timeoutMs, () => {
            timedOut = true;
            cancel();
          });
    try {
      const exitCode = await running.then(
        (result) => result.exitCode,
        (error: unknown) => {
          // Whoever no longer waits for a machine that is gone is told no more than that.
          if (cancelled) return 137;
          throw error;
        },
      );
      ended = true;
      return {
        exitCode: timedOut ? 124 : cancelled && exitCode === 0 ? 143 : exitCode,
        stdout: text.stdout.end(),
        stderr: text.stderr.end(),
        durationMs: clock.monotonic() - started,
      };
    } finally {
      ended = true;
      stopTimer?.();
      options.signal?.removeEventListener("abort", onAbort);
      await cancelled;
    }
  }

  async readFile(path: string): Promise<Uint8Array> {
    const { exitCode, stdout, stderr } = await this.#asRoot(readScript, [path]);
    if (exitCode === 0) return new Uint8Array(stdout);
    const said = exitCode === absentCode ? "No such file or directory" : lastLine(stderr);
    this.#expectRoot(said);
    throw new LabError("file-not-found", `${this.name}:${path}: ${said}`, { remedy: "Check the path." });
  }

  async writeFile(path: string, data: string | Uint8Array, options: WriteFileOptions = {}): Promise<void> {
    const owner = options.owner ?? "root:root";
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    const { exitCode, stderr } = await this.#asRoot(
      writeScript,
      [
        path,
        // `user:` is the user with the group of their own.
        owner.includes(":") ? owner : `${owner}:`,
        (options.mode ?? 0o644).toString(8),
        String(bytes.length),
      ],
      bytes,
    );
    if (exitCode === 0) return;
    const said = lastLine(stderr) || `exit code ${exitCode}`;
    this.#expectRoot(said);
    throw new LabError("file-not-written", `${this.name}:${path}: the file could not be written, got ${said}`, {
      remedy: "Look at the machine's disk and at the path.",
    });
  }

  address(): Promise<string> {
    return this.#options.address();
  }

  state(): Promise<MachineState> {
    return this.#options.state();
  }

  async openShell(options: ShellOptions): Promise<MachineShell> {
    let number = 1;
    while (this.#shells.has(number)) number += 1;
    const shell = new RemoteShell({
      ...this.#options,
      shell: options,
      number,
      onClosed: () => {
        if (this.#shells.get(number) === shell) this.#shells.delete(number);
      },
    });
    this.#shells.set(number, shell);
    try {
      await shell.open();
    } catch (error) {
      this.#shells.delete(number);
      throw error;
    }
    return shell;
  }

  /** Closes the shells that are open, their state kept on the machine. */
  async closeShells(): Promise<void> {
    await Promise.all([...this.#shells.values()].map((shell) => shell.close()));
  }

  #token(): string {
    return Buffer.from(this.#options.random.bytes(16)).toString("hex");
  }

  #asRoot(script: string, argv: readonly string[], stdin: Uint8Array = new Uint8Array()): ReturnType<typeof runRemote> {
    const { transport } = this.#options;
    return runRemote(transport, ["sudo", "-n", "--", "bash", "-c", script, "wasm-k8s-lab", ...argv], { stdin });
  }

  #expectRoot(said: string): void {
    if (!said.startsWith("sudo: ")) return;
    throw new LabError("machine-sudo", `${this.name}: ubuntu may not use sudo without a password, got ${said}`, {
      remedy: `Allow it on ${this.name}: echo 'ubuntu ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-wasm-k8s-lab`,
    });
  }

  /** Ends a command over there; when the way there is lost, only this side of it. */
  async #cancel(group: string, process: RemoteProcess | undefined): Promise<void> {
    const { transport, clock } = this.#options;
    let cancelling: RemoteProcess | undefined;
    const sent = runRemote(transport, ["bash", "-c", cancelScript, "wasm-k8s-lab", group], {
      onStart: (started) => (cancelling = started),
    }).catch(() => undefined);
    const over = process ? Promise.race([sent, process.ended.then(() => sent)]) : sent;
    if (
      (await within(
        clock,
        longestCancelMs,
        over.then(() => true),
      )) === undefined
    ) {
      cancelling?.kill();
      process?.kill();
    }
  }
}

/** Bytes that arrive in pieces, as text. */
class TextRecorder {
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #text = "";
  add(bytes: Uint8Array): void {
    this.#text += this.#decoder.decode(bytes, { stream: true });
  }
  end(): string {
    return this.#text + this.#decoder.decode();
  }
}

function lastLine(bytes: Uint8Array): string {
  const line = new TextDecoder().decode(bytes).trim().split("\n").at(-1) ?? "";
  return line.replace(/^(?:cat|mkdir|mktemp|chown|mv|bash): /, "");
}
