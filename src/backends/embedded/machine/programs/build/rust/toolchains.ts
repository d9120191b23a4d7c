import { parse } from "smol-toml";
import type { FileView } from "../../../files/file-system.ts";
import type { Process } from "../../../process.ts";
import { hostTriple } from "./releases.ts";

/** A toolchain on the machine's disk. */
export interface Toolchain {
  /** `1.75.0-x86_64-unknown-linux-gnu`. */
  name: string;
  version: string;
  /** Folder with `bin` and `lib/rustlib`. */
  root: string;
}

/** rustup's words for why no toolchain can be used, for standard error. */
export class ToolchainError extends Error {
  override readonly name = "ToolchainError";
}

/** rustup's and cargo's folders as this process sees them. */
export class RustFolders {
  readonly rustup: string;
  readonly cargo: string;
  readonly files: FileView;

  constructor(process: Process) {
    const home = process.env["HOME"] ?? "/";
    this.rustup = process.env["RUSTUP_HOME"] ?? `${home}/.rustup`;
    this.cargo = process.env["CARGO_HOME"] ?? `${home}/.cargo`;
    this.files = process.files;
  }

  toolchainRoot(name: string): string {
    return `${this.rustup}/toolchains/${name}`;
  }

  toolchains(): Toolchain[] {
    const folder = `${this.rustup}/toolchains`;
    if (!this.files.isDirectory(folder)) return [];
    return this.files.list(folder).map((name) => ({ name, version: versionOf(name), root: `${folder}/${name}` }));
  }

  /** Name of the default toolchain; undefined when none is set. */
  defaultToolchain(): string | undefined {
    const path = `${this.rustup}/settings.toml`;
    if (!this.files.exists(path)) return undefined;
    try {
      const name = parse(this.files.readText(path))["default_toolchain"];
      return typeof name === "string" ? name : undefined;
    } catch {
      return undefined;
    }
  }

  setDefault(name: string): void {
    this.files.makeDirectories(this.rustup);
    const text = `default_toolchain = "${name}"\nprofile = "default"\nversion = "12"\n\n[overrides]\n`;
    this.files.write(`${this.rustup}/settings.toml`, text);
  }
}

/** `1.75.0`, `stable-x86_64-...` and the like as a toolchain's full name. */
export const fullName = (wanted: string): string => (wanted.endsWith(hostTriple) ? wanted : `${wanted}-${hostTriple}`);

/** Simplified: the channel names stand for the release that the course is written for. */
export function versionOf(name: string): string {
  const channel = name.replace(`-${hostTriple}`, "");
  if (channel === "stable") return "1.75.0";
  return /^\d+\.\d+$/.test(channel) ? `${channel}.0` : channel;
}

/** The toolchain that `cargo` and `rustc` run with. Throws ToolchainError. `wanted` comes from a `+toolchain` argument. */
export function activeToolchain(process: Process, wanted?: string): Toolchain {
  if (process.path.startsWith("/usr/bin/")) {
    return { name: "system", version: process.executable.version, root: "/usr" };
  }
  const folders = new RustFolders(process);
  const chosen = wanted ?? process.env["RUSTUP_TOOLCHAIN"] ?? folders.defaultToolchain();
  if (chosen === undefined) {
    const name = process.argv[0]?.split("/").at(-1) ?? "cargo";
    throw new ToolchainError(
      `error: rustup could not choose a version of ${name} to run, because one wasn't specified explicitly, and no default is configured.\n` +
        "help: run 'rustup default stable' to download the latest stable release of Rust and set it as your default toolchain.\n",
    );
  }
  const name = fullName(chosen);
  if (!process.files.isDirectory(folders.toolchainRoot(name))) {
    throw new ToolchainError(`error: toolchain '${name}' is not installed\n`);
  }
  return { name, version: versionOf(name), root: folders.toolchainRoot(name) };
}

export function installedTargets(files: FileView, toolchain: Toolchain): string[] {
  const folder = `${toolchain.root}/lib/rustlib`;
  if (!files.isDirectory(folder)) return [];
  return files.list(folder).filter((name) => files.isDirectory(`${folder}/${name}/lib`));
}
