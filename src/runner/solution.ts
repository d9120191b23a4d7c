import { fillPlaceholders, type PlaceholderValues } from "../content/placeholders.ts";
import type { Backend, MachineRole } from "../domain/backend.ts";
import type { Action } from "../domain/course.ts";
import { LabError } from "../domain/errors.ts";
import type { ExecResult, MachineShell } from "../domain/machine.ts";

export type RunOnHost = (
  line: string,
  options: { env: Record<string, string>; signal: AbortSignal; timeoutMs: number },
) => Promise<ExecResult>;

export interface ActorOptions {
  backend: Backend;
  runOnHost: RunOnHost;
  /** Leaves no trace in the history of a shell, as somebody else's hands do; each action has a shell of its own. */
  unseen?: boolean;
  /** What is typed and printed, for progress messages. */
  onText?: (on: string, text: string) => void;
}

/** Milliseconds one command on this computer may take. */
const hostTimeoutMs = 60_000;

/** A command of a played solution that ended with an exit code other than 0. */
export interface FailedCommand {
  on: string;
  command: string;
  exitCode: number;
  /** The end of what it printed. */
  output: string;
}

/** Types a step's actions at the machines' prompts, each machine keeping one lasting shell, as a person would. */
export class ActionPlayer {
  #options: ActorOptions;
  #shells = new Map<MachineRole, { shell: MachineShell; output: () => string }>();

  constructor(options: ActorOptions) {
    this.#options = options;
  }

  /** Plays all actions in order; commands that failed are returned, since a solution may go on after one. */
  async play(actions: readonly Action[], signal: AbortSignal): Promise<FailedCommand[]> {
    const failures: FailedCommand[] = [];
    for (const action of actions) {
      signal.throwIfAborted();
      const failure =
        "host" in action
          ? await this.#onHost(await this.#fill(action.host), signal)
          : await this.#onMachine(action.machine, await this.#fill(action.run), signal);
      if (failure) failures.push(failure);
    }
    return failures;
  }

  async close(): Promise<void> {
    for (const { shell } of this.#shells.values()) await shell.close();
    this.#shells.clear();
  }

  /**
   * Fills `{{hostAddress …}}` and `{{address …}}`, and `{{from MACHINE: COMMAND}}` with the last line that the command
   * prints there, which is how a solution reads what a learner reads from the screen.
   */
  async #fill(text: string): Promise<string> {
    const { backend } = this.#options;
    let filled = fillPlaceholders(text, await placeholderValues(backend));
    for (const [whole, machine = "", command = ""] of filled.matchAll(/\{\{from (\w+): (.+?)\}\}/g)) {
      const result = await (await backend.machine(machine)).exec(["bash", "-lc", command]);
      filled = filled.replace(whole, () => result.stdout.trim().split("\n").at(-1) ?? "");
    }
    return filled;
  }

  async #onMachine(name: MachineRole, text: string, signal: AbortSignal): Promise<FailedCommand | undefined> {
    this.#options.onText?.(name, text);
    if (this.#options.unseen) return this.#unseen(name, text, signal);
    const { shell, output } = await this.#shell(name);
    const stop = (): void => shell.signal("SIGINT");
    signal.addEventListener("abort", stop, { once: true });
    try {
      let exitCode = 0;
      const before = output().length;
      for (const line of text.split("\n")) {
        signal.throwIfAborted();
        const result = await shell.run(line);
        if (!result.incomplete && result.exitCode !== 0) exitCode = result.exitCode;
      }
      if (exitCode === 0) return undefined;
      return { on: name, command: text, exitCode, output: output().slice(before).slice(-2_000) };
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #unseen(name: MachineRole, text: string, signal: AbortSignal): Promise<FailedCommand | undefined> {
    const machine = await this.#options.backend.machine(name);
    const { exitCode, stdout, stderr } = await machine.exec(["bash", "-lc", text], { signal });
    return exitCode === 0
      ? undefined
      : { on: name, command: text, exitCode, output: `${stdout}${stderr}`.slice(-2_000) };
  }

  async #shell(name: MachineRole): Promise<{ shell: MachineShell; output: () => string }> {
    const open = this.#shells.get(name);
    if (open) return open;
    const machine = await this.#options.backend.machine(name);
    if (!machine.openShell) {
      throw new LabError("no-shell", `${name}: this backend has no shell to play a solution in`, {
        remedy: "Choose another backend with --backend.",
      });
    }
    let text = "";
    const shell = await machine.openShell({
      columns: 120,
      rows: 40,
      onOutput: (chunk) => {
        text += chunk;
        this.#options.onText?.(name, chunk);
      },
    });
    const made = { shell, output: () => text };
    this.#shells.set(name, made);
    return made;
  }

  async #onHost(line: string, signal: AbortSignal): Promise<FailedCommand | undefined> {
    const { kubeconfig } = await this.#options.backend.hostAccess();
    this.#options.onText?.("host", line);
    const env: Record<string, string> = kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig };
    const result = await this.#options.runOnHost(line, { env, signal, timeoutMs: hostTimeoutMs });
    const output = `${result.stdout}${result.stderr}`;
    this.#options.onText?.("host", output);
    return result.exitCode === 0
      ? undefined
      : { on: "host", command: line, exitCode: result.exitCode, output: output.slice(-2_000) };
  }
}

/** What `{{hostAddress …}}` and `{{address …}}` stand for on this backend now. */
export async function placeholderValues(backend: Backend): Promise<PlaceholderValues> {
  const { nodePorts } = await backend.hostAccess();
  const addresses = new Map((await backend.list()).map((machine) => [machine.name, machine.address]));
  return {
    hostAddress: (nodePort) => {
      const target = nodePorts[nodePort];
      return target ? `${target.address}:${target.port}` : `127.0.0.1:${nodePort}`;
    },
    address: (machine) => addresses.get(machine) ?? machine,
  };
}
