import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../domain/clock.ts";
import { LabError } from "../../domain/errors.ts";
import type { MachineRole } from "../../domain/backend.ts";
import { writePrivateFile } from "../../remote/private-file.ts";
import type { Take } from "./snapshot-comment.ts";

const formatVersion = 1;

/** How far a machine has ever come: asked of the daemon, prepared, kept as `fresh`. */
export type Stage = "launching" | "prepared" | "ready";

export interface MachineRecord {
  role: MachineRole;
  stage: Stage;
  /** Its management address when it was last seen. */
  address?: string;
  /** The hosts block that its /etc/hosts holds. */
  hosts?: string;
}

/** Something that changes all machines; an interrupted one is done before anything else. */
export type Intent =
  | { kind: "save" }
  | { kind: "restore"; take: Take }
  | { kind: "renew" }
  | { kind: "remove"; machine: string }
  | { kind: "removeAll" };

export interface MultipassState {
  formatVersion: number;
  /** Four hexadecimal digits that tell this folder's machines from those of another. */
  id: string;
  machines: Record<string, MachineRecord>;
  intent?: Intent;
  /** Numbers of the takings of snapshots that are to be deleted, and may be so only while the machines stand still. */
  dropped?: number[];
  /** The availability zone that all machines are in, where there are zones. */
  zone?: string;
  /** Milliseconds that each phase took on this computer, the last time. */
  durations: Record<string, number>;
}

/** `multipass.json`: what is ours. Written before acting, so that a killed process leaves nothing unknown. */
export class StateFile {
  readonly path: string;
  #data: MultipassState;

  /** Reads the file; chooses and writes a new id where there is none. Throws LabError `state-damaged`, `state-not-saved`. */
  constructor(folder: string, random: Random) {
    this.path = join(folder, "multipass.json");
    const read = this.#read();
    this.#data = read ?? { formatVersion, id: newId(random), machines: {}, durations: {} };
    if (!read) this.#write();
  }

  get data(): Readonly<MultipassState> {
    return this.#data;
  }

  /** Chooses other names, where those are taken; only while nothing has been made. Throws LabError `state-not-saved`. */
  chooseOtherNames(random: Random): void {
    this.change((data) => void (data.id = newId(random)));
  }

  /** Name of a machine as Multipass knows it. */
  instance(machine: string): string {
    return `${this.prefix}${machine}`;
  }

  get prefix(): string {
    return `wasm-k8s-lab-${this.#data.id}-`;
  }

  /** The machine's own name; undefined for an instance that is not ours. */
  machine(instance: string): string | undefined {
    return instance.startsWith(this.prefix) ? instance.slice(this.prefix.length) : undefined;
  }

  /** Changes the file; it is on disk when this returns. Throws LabError `state-not-saved`. */
  change(edit: (data: MultipassState) => void): void {
    const before = JSON.stringify(this.#data);
    edit(this.#data);
    if (JSON.stringify(this.#data) !== before) this.#write();
  }

  /** Changes what is known of a machine that is known. */
  record(machine: string, facts: Partial<MachineRecord>): void {
    this.change(({ machines }) => {
      const known = machines[machine];
      if (known) Object.assign(known, facts);
    });
  }

  #read(): MultipassState | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      // A file that cannot be read is not one that is missing: what is ours must not be forgotten.
      if (isMissing(error)) return undefined;
      throw this.#damaged(error);
    }
    const value = parse(text);
    if (value) return value;
    throw this.#damaged();
  }

  #damaged(cause?: unknown): LabError {
    return new LabError("state-damaged", `${this.path}: the file that names this lab's machines is damaged`, {
      remedy:
        "Look with `multipass list` for machines whose names begin with wasm-k8s-lab-, delete them with `multipass delete --purge NAME`, then delete the file.",
      cause,
    });
  }

  #write(): void {
    try {
      writePrivateFile(this.path, `${JSON.stringify(this.#data, undefined, 2)}\n`);
    } catch (error) {
      throw new LabError("state-not-saved", `${this.path}: what belongs to this lab could not be written down`, {
        remedy: "Free some space, or set WASM_K8S_LAB_HOME to a folder you can write to.",
        cause: error,
      });
    }
  }
}

const newId = (random: Random): string => Buffer.from(random.bytes(2)).toString("hex");

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";

function parse(text: string): MultipassState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isState(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isState = (value: unknown): value is MultipassState =>
  typeof value === "object" &&
  value !== null &&
  "formatVersion" in value &&
  value.formatVersion === formatVersion &&
  "id" in value &&
  typeof value.id === "string" &&
  /^[0-9a-f]{4}$/.test(value.id) &&
  "machines" in value &&
  typeof value.machines === "object" &&
  value.machines !== null &&
  "durations" in value &&
  typeof value.durations === "object" &&
  value.durations !== null;
