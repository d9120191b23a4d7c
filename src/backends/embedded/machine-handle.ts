import { LabError } from "../../domain/errors.ts";
import type {
  ExecOptions,
  ExecResult,
  Machine,
  MachineShell,
  MachineState,
  ShellOptions,
  WriteFileOptions,
} from "../../domain/machine.ts";
import type { EmbeddedLab } from "./lab.ts";
import { FileError } from "./machine/files/errors.ts";
import { dirname } from "./machine/files/paths.ts";
import { execOnMachine, openMachineShell } from "./machine/session.ts";
import type { ComputerHandle } from "./machine/system/modelled-machine.ts";

/** The open shells of all machines. */
export interface ShellSlots {
  shells: Set<LastingShell>;
}

/** A modelled machine as the rest of the program sees it: what ended is on disk. */
export class EmbeddedMachine implements Machine {
  readonly name: string;
  #lab: () => EmbeddedLab;
  #slots: ShellSlots;

  /** `lab` is asked anew each time, because a restored snapshot replaces it. */
  constructor(name: string, lab: () => EmbeddedLab, slots: ShellSlots) {
    this.name = name;
    this.#lab = lab;
    this.#slots = slots;
  }

  async exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const result = await execOnMachine(this.#machine(), argv, options);
    await this.#lab().persistOrTell();
    return result;
  }

  readFile(path: string): Promise<Uint8Array> {
    try {
      return Promise.resolve(this.#machine().rootFiles.readBytes(path).slice());
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return Promise.reject(
        new LabError("file-not-found", `${this.name}:${path}: ${error.message}`, { remedy: "Check the path." }),
      );
    }
  }

  async writeFile(path: string, data: string | Uint8Array, options: WriteFileOptions = {}): Promise<void> {
    const { rootFiles, users } = this.#machine();
    const [user = "root", group = user] = (options.owner ?? "root:root").split(":");
    const uid = users.byName(user)?.uid ?? 0;
    const gid = users.groupId(group) ?? 0;
    const missing: string[] = [];
    for (let folder = dirname(path); !rootFiles.exists(folder); folder = dirname(folder)) missing.push(folder);
    rootFiles.makeDirectories(dirname(path));
    for (const folder of missing) rootFiles.chown(folder, uid, gid);
    rootFiles.writeWithMode(path, data, options.mode ?? 0o644);
    rootFiles.chown(path, uid, gid);
    await this.#lab().persistOrTell();
  }

  address(): Promise<string> {
    return Promise.resolve(this.#machine().address);
  }

  state(): Promise<MachineState> {
    return Promise.resolve(this.#lab().machine(this.name) ? "running" : "absent");
  }

  openShell(options: ShellOptions): Promise<MachineShell> {
    this.#machine();
    return Promise.resolve(new LastingShell(this.name, this.#lab, this.#slots, options));
  }

  #machine(): ComputerHandle {
    return machineOf(this.#lab(), this.name);
  }
}

function machineOf(lab: EmbeddedLab, name: string): ComputerHandle {
  const machine = lab.machine(name);
  if (machine) return machine;
  throw new LabError("machine-unknown", `${name}: this machine was removed`, { remedy: "Run `wasm-k8s-lab up`." });
}

/** A shell whose directory, variables and functions are saved, and which outlives an `undo`. */
class LastingShell implements MachineShell {
  #name: string;
  #lab: () => EmbeddedLab;
  #slots: ShellSlots;
  #options: ShellOptions;
  #slot: string;
  #shell: ReturnType<typeof openMachineShell>;

  constructor(name: string, lab: () => EmbeddedLab, slots: ShellSlots, options: ShellOptions) {
    this.#name = name;
    this.#lab = lab;
    this.#slots = slots;
    this.#options = options;
    let number = 1;
    while ([...slots.shells].some((shell) => shell.#slot === `${name}/${number}`)) number += 1;
    this.#slot = `${name}/${number}`;
    this.#shell = this.#open();
    slots.shells.add(this);
  }

  prompt(): string {
    return this.#shell.prompt();
  }

  busy(): boolean {
    return this.#shell.busy();
  }

  async run(line: string): Promise<{ exitCode: number; incomplete: boolean; exited: boolean }> {
    if (this.#isAbsent()) {
      this.#options.onOutput(`${this.#name}: there is no such machine in this lab\n`);
      return { exitCode: 255, incomplete: false, exited: false };
    }
    const result = await this.#shell.run(line);
    if (result.exited) {
      delete this.#lab().shells[this.#slot];
      this.#slots.shells.delete(this);
    }
    if (!result.incomplete) await this.#lab().persistOrTell();
    return result;
  }

  input(text: string | null): void {
    this.#shell.input(text);
  }

  signal(name: "SIGINT" | "SIGTSTP" | "SIGQUIT"): void {
    this.#shell.signal(name);
  }

  waitsForInput(callback: () => void): void {
    this.#shell.waitsForInput?.(callback);
  }

  complete(line: string, cursor: number): ReturnType<MachineShell["complete"]> {
    return this.#shell.complete(line, cursor);
  }

  history(): readonly string[] {
    return this.#shell.history();
  }

  echo(): boolean {
    return this.#shell.echo();
  }

  resize(columns: number, rows: number): void {
    this.#options = { ...this.#options, columns, rows };
    this.#shell.resize(columns, rows);
  }

  async close(): Promise<void> {
    // One that ended by `exit` is forgotten: the next one begins afresh.
    if (this.#slots.shells.delete(this)) this.remember();
    await this.#shell.close();
  }

  /** Keeps the shell's state with the lab. */
  remember(): void {
    if (this.#isAbsent()) return;
    this.#lab().shells[this.#slot] = this.#shell.snapshot();
  }

  /** Goes on as the shell of the machines that are there now. */
  reopen(): void {
    if (!this.#isAbsent()) this.#shell = this.#open();
  }

  /** True in an environment that has no such machine; the shell waits for another one. */
  #isAbsent(): boolean {
    return this.#lab().machine(this.#name) === undefined;
  }

  #open(): ReturnType<typeof openMachineShell> {
    const saved = this.#lab().shells[this.#slot];
    return openMachineShell(machineOf(this.#lab(), this.#name), this.#options, saved === undefined ? {} : { saved });
  }
}

export type { LastingShell };
