import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Profile } from "../../../src/domain/backend.ts";
import type { Fault } from "./faults.ts";
import { openMachines } from "./machines/machines.ts";
import { type GuestKind, type Platform, readSettings } from "./settings.ts";
import { type Instance, openStore } from "./store.ts";

export interface DoubleOptions {
  /** Default `1.16.3`. */
  version?: string;
  /** Real seconds for each modelled one; default 0.001. */
  clockScale?: number;
  faults?: readonly Fault[];
  /** `namespace` and `system` need root, see `guestSupport`; default `bare`. */
  guests?: GuestKind;
  /** Profile of `modelled` guests; default `thesis`. */
  profile?: Profile;
  /** Root file system that `system` guests boot. */
  tree?: string;
  /** Default `linux`. */
  platform?: Platform;
  /** The client sees only $HOME of this computer, as in a strict snap. */
  snap?: boolean;
}

/** A `multipass` that is not Multipass, with instances of its own. */
export interface Double {
  /** For processes that are to find it: on their PATH, and by `WASM_K8S_LAB_MULTIPASS`. */
  env: Record<string, string>;
  /** The executable file. */
  path: string;
  /** The folder it keeps everything in. */
  state: string;
  instances(): Instance[];
  /** Changes an instance behind everybody's back: its state, or the addresses that a CNI makes. */
  change(name: string, change: Partial<Pick<Instance, "state" | "otherAddresses" | "management">>): void;
  /** What goes wrong from now on. */
  setFaults(faults: readonly Fault[]): void;
  /** Ends every process and removes every file and network of it. */
  dispose(): Promise<void>;
}

export function openDouble(options: DoubleOptions = {}): Double {
  const state = mkdtempSync(join(tmpdir(), "wkl-multipass-"));
  // Commands of bare machines run as nobody when the double is root.
  chmodSync(state, 0o711);
  const faults = join(state, "faults.json");
  const bin = join(state, "bin");
  const path = join(bin, "multipass");
  const program = join(import.meta.dirname, "cli.ts");
  mkdirSync(bin);
  // Called hundreds of times, it starts four times faster when its types have been stripped before.
  const cache = join(import.meta.dirname, "../../../.build/double");
  const node = `NODE_COMPILE_CACHE='${cache}' exec '${process.execPath}' --disable-warning=ExperimentalWarning`;
  writeFileSync(path, `#!/bin/sh\n${node} '${program}' "$@"\n`, { mode: 0o755 });
  const setFaults = (list: readonly Fault[]): void => writeFileSync(faults, JSON.stringify(list));
  setFaults(options.faults ?? []);
  const env = {
    PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
    WASM_K8S_LAB_MULTIPASS: path,
    MP_FAKE_STATE: state,
    MP_FAKE_VERSION: options.version ?? "1.16.3",
    MP_FAKE_CLOCK_SCALE: String(options.clockScale ?? 0.001),
    MP_FAKE_FAULTS: faults,
    MP_FAKE_PROFILE: options.profile ?? "thesis",
    MP_FAKE_GUESTS: options.guests ?? "bare",
    MP_FAKE_TREE: options.tree ?? "",
    MP_FAKE_PLATFORM: options.platform ?? "linux",
    MP_FAKE_SNAP: options.snap === true ? "1" : "0",
  };
  const store = openStore(state);
  return {
    env,
    path,
    state,
    setFaults,
    instances: () => Object.values(store.read().instances),
    change(name, change) {
      store.change(({ instances: { [name]: instance } }) => {
        if (!instance) throw new Error(`double: there is no instance ${name}`);
        Object.assign(instance, change);
      });
    },
    async dispose() {
      const machines = await openMachines(readSettings(env));
      rmSync(join(state, "state.db"), { force: true });
      await machines.removeAll();
      rmSync(state, { recursive: true, force: true });
    },
  };
}
