import { join } from "node:path";

export type Platform = "linux" | "mac" | "win";
/** `modelled`: the embedded backend's machines. `system`: as `namespace`, with a root file system of its own, whose systemd is process 1. */
export type GuestKind = "namespace" | "bare" | "system" | "modelled";

/** What a process of the double is told through its environment. */
export interface Settings {
  /** Folder of everything that the double keeps. */
  folder: string;
  /** As `multipass version` prints it, e.g. `1.16.3+mac`. */
  version: string;
  /** Whether this is that version of Multipass or a later one, e.g. `1.17`. */
  atLeast(version: string): boolean;
  /** Real milliseconds for a modelled number of them. */
  scaled(ms: number): number;
  platform: Platform;
  guests: GuestKind;
  /** Root file system that `system` guests boot. */
  tree: string;
  /** The client cannot read host files outside $HOME, as in a strict snap. */
  snap: boolean;
  /** JSON file with a list of `Fault`s. */
  faults: string;
}

const numbers = (version: string): number[] => (version.match(/^[\d.]+/)?.[0] ?? "").split(".").map(Number);

/** Reads `MP_FAKE_*`. Throws when there is no state folder. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const folder = env["MP_FAKE_STATE"];
  if (!folder) throw new Error("MP_FAKE_STATE: the folder of the double's state is needed");
  const platform = (env["MP_FAKE_PLATFORM"] ?? "linux") as Platform;
  const given = env["MP_FAKE_VERSION"] ?? "1.16.3";
  const version = platform === "linux" || given.includes("+") ? given : `${given}+${platform}`;
  const scale = Number(env["MP_FAKE_CLOCK_SCALE"] ?? "0.001");
  const own = numbers(version);
  return {
    folder,
    version,
    atLeast(wanted) {
      for (const [at, number] of numbers(wanted).entries()) {
        const mine = own[at] ?? 0;
        if (mine !== number) return mine > number;
      }
      return true;
    },
    scaled: (ms) => ms * scale,
    platform,
    guests: (env["MP_FAKE_GUESTS"] ?? "bare") as GuestKind,
    tree: env["MP_FAKE_TREE"] ?? "",
    snap: env["MP_FAKE_SNAP"] === "1",
    faults: env["MP_FAKE_FAULTS"] ?? join(folder, "faults.json"),
  };
}
