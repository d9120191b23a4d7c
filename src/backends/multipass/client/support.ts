import type { Calls } from "./calls.ts";
import { MultipassError } from "./errors.ts";
import { parseVersions } from "./parse.ts";
import type { CallOptions, Features, Versions } from "./types.ts";

/** 1.13 brought snapshots and the JSON shapes that are read here. */
const oldest = { major: 1, minor: 13 };

/** What this executable can do; asked once, again after a failure. */
export class Support {
  readonly #calls: Calls;
  readonly #helps = new Map<string, Promise<string>>();
  readonly #refusedOptions = new Set<string>();
  #supported: Promise<void> | undefined;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async version(options: CallOptions = {}): Promise<Versions> {
    return parseVersions(await this.#calls.ask(["version", "--format", "json"], options));
  }

  /** Rejects with `unsupported-version` when the client or the daemon is too old. */
  check(): Promise<void> {
    this.#supported ??= this.#check().catch((error: unknown) => {
      this.#supported = undefined;
      throw error;
    });
    return this.#supported;
  }

  async #check(): Promise<void> {
    const { client, daemon } = await this.version();
    for (const { major, minor, text } of daemon ? [client, daemon] : [client]) {
      if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) continue;
      throw new MultipassError("unsupported-version", `expected 1.13 or newer, got ${text}`, { command: "version" });
    }
  }

  async features(): Promise<Features> {
    await this.check();
    const [commands, forcedStop, zones] = await Promise.all([this.#help(), this.forcedStop(), this.zones()]);
    return {
      snapshots: names(commands, "snapshot") && names(commands, "restore"),
      clone: names(commands, "clone"),
      forcedStop,
      zones,
      waitReady: names(commands, "wait-ready"),
    };
  }

  async hasCommand(command: string): Promise<boolean> {
    return names(await this.#help(), command);
  }

  async forcedStop(): Promise<boolean> {
    return /--force\b/.test(await this.#help("stop"));
  }

  async zones(): Promise<boolean> {
    return /--zone\b/.test(await this.#help("launch"));
  }

  /** Asks with options that no help names, and without them from then on where they are unknown. */
  async askHidden(argv: readonly string[], hidden: string, options: CallOptions): Promise<string> {
    if (this.#refusedOptions.has(hidden)) return this.#calls.ask(argv, options);
    try {
      return await this.#calls.ask([...argv, hidden], options);
    } catch (error) {
      if (!(error instanceof MultipassError && error.code === "unsupported-feature")) throw error;
      this.#refusedOptions.add(hidden);
      return this.#calls.ask(argv, options);
    }
  }

  #help(command = ""): Promise<string> {
    const known = this.#helps.get(command);
    if (known) return known;
    const asked = this.#calls.ask(command === "" ? ["help"] : ["help", command]).catch((error: unknown) => {
      this.#helps.delete(command);
      throw error;
    });
    this.#helps.set(command, asked);
    return asked;
  }
}

/** True when a help lists the command: at the beginning of a line, before its description. */
function names(help: string, command: string): boolean {
  return help.split("\n").some((line) => line.trim().split(/\s+/)[0] === command);
}
