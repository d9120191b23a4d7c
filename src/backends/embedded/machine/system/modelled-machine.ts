import type { MachineRole } from "../../../../domain/backend.ts";
import { FileSystem, root } from "../files/file-system.ts";
import type { FilesSnapshot } from "../files/file-system.ts";
import type { Environment, Hardware, ModelledMachine, Processes } from "../machine.ts";
import type { ProgramTable } from "../process.ts";
import { runRebootLines } from "./cron.ts";
import { furnishUbuntu } from "./image/ubuntu.ts";
import { setInternals } from "./internals.ts";
import { createJournal } from "./journal.ts";
import type { SavedJournal } from "./journal.ts";
import { FileError } from "../files/errors.ts";
import { commandsThatGoOn, memoryKey } from "../isolation.ts";
import { createKernel } from "./kernel.ts";
import type { SavedKernel } from "./kernel.ts";
import { defineKernelFiles } from "./proc-files.ts";
import { defineProcessFiles } from "./process-files.ts";
import { DpkgDatabase } from "./packages/dpkg-database.ts";
import { createSockets } from "./sockets.ts";
import { applySysctlFiles, loadConfiguredModules, swapOnFromFstab } from "./startup.ts";
import { Systemd } from "./units/unit-manager.ts";
import type { SavedUnit } from "./units/unit-manager.ts";
import { createUsers } from "./users.ts";

/** A machine as it lies on disk while the lab is off; plain JSON. */
export interface SavedMachine {
  formatVersion: 1;
  bootedAt: number;
  files: FilesSnapshot;
  kernel: SavedKernel;
  units: Record<string, SavedUnit>;
  journal: SavedJournal;
  durable: Record<string, object>;
}

/** A machine with its power switch. */
export interface ComputerHandle extends ModelledMachine {
  /** Everything that has to survive; large contents go to the environment's blobs. */
  snapshot(): SavedMachine;
  /** First power-on of a fresh machine: enabled units are started. */
  boot(): Promise<void>;
  /** The lab woke up: the daemons that ran run again, and nothing else changes. */
  resume(): Promise<void>;
  /** The lab goes to sleep: every process ends, what is saved stays as it is. */
  shutdown(): Promise<void>;
  /** Power off and on: /run, /tmp and the kernel's settings start anew, then what the files configure. */
  reboot(): Promise<void>;
}

export interface MachineOptions {
  name: string;
  role: MachineRole;
  address: string;
  environment: Environment;
  programs: ProgramTable;
  createProcesses: (machine: ModelledMachine, programs: ProgramTable) => Processes;
  saved?: SavedMachine;
}

/** Makes a modelled Ubuntu machine, from its image or from what was saved. */
export function createMachine(options: MachineOptions): ComputerHandle {
  return new Computer(options);
}

class Computer implements ComputerHandle {
  readonly name: string;
  readonly role: MachineRole;
  readonly address: string;
  readonly environment: Environment;
  readonly files: FileSystem;
  readonly rootFiles;
  readonly users;
  readonly processes: Processes;
  readonly packages: DpkgDatabase;
  readonly units: Systemd;
  readonly kernel;
  readonly journal;
  readonly sockets;
  readonly hardware: Hardware;
  bootedAt: number;
  readonly #durable = new Map<string, object>();

  constructor(options: MachineOptions) {
    const { environment, saved } = options;
    const touch = (): void => environment.touch();
    this.name = options.name;
    this.role = options.role;
    this.address = options.address;
    this.environment = environment;
    this.hardware = { cpus: 2, memoryMegabytes: 4096, diskGigabytes: 20, architecture: "amd64" };
    this.bootedAt = saved?.bootedAt ?? environment.clock.now();
    this.files = new FileSystem(environment.clock);
    this.rootFiles = this.files.as(root);
    this.kernel = createKernel({
      profile: environment.profile,
      hostname: options.name,
      hardware: this.hardware,
      saved: saved && structuredClone(saved.kernel),
      changed: touch,
    });
    this.users = createUsers(this.rootFiles);
    this.packages = new DpkgDatabase(this.rootFiles);
    if (saved) this.files.restore(saved.files, environment.blobs);
    else furnishUbuntu(this, this.packages);
    for (const [key, value] of Object.entries(saved?.durable ?? {})) this.#durable.set(key, structuredClone(value));
    this.journal = createJournal(environment.clock, saved?.journal, touch);
    this.sockets = createSockets(this.rootFiles);
    this.processes = options.createProcesses(this, options.programs);
    this.units = new Systemd(this, saved && structuredClone(saved.units));
    defineKernelFiles({
      files: this.files,
      kernel: this.kernel,
      hardware: this.hardware,
      clock: environment.clock,
      random: environment.random,
      profile: environment.profile,
      bootedAt: () => this.bootedAt,
      processCount: () => this.processes.list().length,
    });
    defineProcessFiles(this);
    this.files.onChange(touch);
    setInternals(this, {
      systemd: this.units,
      dpkg: this.packages,
      kernel: this.kernel,
      locks: new Map(),
      reboot: () => this.reboot(),
    });
  }

  durable<T extends object>(key: string, initial: () => T): T {
    const known = this.#durable.get(key);
    // The caller owns the key and its shape.
    if (known) return known as T;
    const made = initial();
    this.#durable.set(key, made);
    this.environment.touch();
    return made;
  }

  forget(key: string): void {
    if (this.#durable.delete(key)) this.environment.touch();
  }

  snapshot(): SavedMachine {
    return {
      formatVersion: 1,
      bootedAt: this.bootedAt,
      files: this.files.snapshot(this.environment.blobs),
      kernel: this.kernel.save(),
      units: this.units.save(),
      journal: this.journal.save(),
      durable: structuredClone(Object.fromEntries(this.#durable)),
    };
  }

  async boot(): Promise<void> {
    this.journal.append({
      unit: "",
      identifier: "kernel",
      pid: undefined,
      message: this.rootFiles.readText("/proc/version").trim(),
    });
    this.journal.append({
      unit: "",
      identifier: "kernel",
      pid: undefined,
      message: `Command line: ${this.rootFiles.readText("/proc/cmdline").trim()}`,
    });
    loadConfiguredModules(this);
    applySysctlFiles(this);
    swapOnFromFstab(this);
    await this.units.startDefaultTarget();
  }

  async resume(): Promise<void> {
    await this.units.resume();
    for (const argv of commandsThatGoOn(this)) {
      const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
      try {
        await this.processes.spawn({ argv, env, cwd: "/", credentials: root, resumed: true }).exit;
      } catch (error) {
        // Its binary is gone from the disk.
        if (!(error instanceof FileError)) throw error;
      }
    }
  }

  async shutdown(): Promise<void> {
    await this.units.haltAll(true);
    await this.#endProcesses();
  }

  async reboot(): Promise<void> {
    await this.units.haltAll(false);
    await this.#endProcesses();
    this.forget(memoryKey);
    this.sockets.clear();
    this.kernel.reset();
    for (const folder of ["/run", "/tmp"]) {
      for (const name of this.rootFiles.list(folder)) this.rootFiles.removeTree(`${folder}/${name}`);
    }
    this.rootFiles.makeDirectories("/run/lock");
    this.rootFiles.chmod("/run/lock", 0o1777);
    this.rootFiles.makeDirectories("/run/user");
    this.bootedAt = this.environment.clock.now();
    await this.boot();
    runRebootLines(this);
  }

  /** SIGTERM, then SIGKILL for what is left. */
  async #endProcesses(): Promise<void> {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      for (const { pid } of this.processes.list()) if (pid !== 1) this.processes.kill(pid, signal);
      for (let turn = 0; turn < 12; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}
