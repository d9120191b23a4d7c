import { parse } from "smol-toml";
import { FileError } from "../../../files/errors.ts";
import type { Process, Program } from "../../../process.ts";
import { buildPackage } from "./build.ts";
import type { BuildOptions } from "./build.ts";
import { ManifestError, readManifest } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { hostTriple, rustReleases } from "./releases.ts";
import { activeToolchain, RustFolders, ToolchainError } from "./toolchains.ts";

const failure = 101;

/** An argument that cargo does not take; the message is complete. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

interface CommandLine {
  command: string;
  options: BuildOptions;
  manifestPath: string | undefined;
  /** What follows `--`, and operands. */
  operands: string[];
}

const commands: Readonly<Record<string, string>> = { b: "build", c: "check", r: "run", t: "test" };

/** The package manager. Simplified: it builds the course's programs only and compiles nothing itself. */
export const cargo: Program = async (process) => {
  const [, ...args] = process.argv;
  const wanted = args[0]?.startsWith("+") ? args.shift()?.slice(1) : undefined;
  try {
    const toolchain = activeToolchain(process, wanted);
    const [first = ""] = args;
    if (first === "--version" || first === "-V" || first === "version") {
      await process.out(`cargo ${toolchain.version} (${rustReleases[toolchain.version]?.cargo ?? "unknown"})\n`);
      return 0;
    }
    if (first === "" || first === "help" || first === "--help" || first === "-h") {
      await process.out(usage);
      return 0;
    }
    if (first === "--list") {
      await process.out(
        "Installed Commands:\n    build\n    check\n    clean\n    fetch\n    init\n    new\n    run\n    version\n",
      );
      return 0;
    }
    const line = parseArguments(args);
    switch (line.command) {
      case "new":
      case "init":
        return await createPackage(process, line);
      case "clean":
        return await clean(process, line);
      case "build":
      case "check":
      case "fetch":
        return (
          await buildPackage(
            process,
            toolchain,
            manifestOf(process, line),
            withConfiguration(process, line),
            line.command,
          )
        ).status;
      case "run":
        return await run(process, toolchain, line);
      default:
        await process.err(
          `error: no such command: \`${line.command}\`\n\n\tView all installed commands with \`cargo --list\`\n`,
        );
        return failure;
    }
  } catch (error) {
    if (error instanceof ToolchainError || error instanceof UsageError) {
      await process.err(error.message);
      return 1;
    }
    if (error instanceof ManifestError) {
      await process.err(error.message);
      return failure;
    }
    if (error instanceof FileError) {
      await process.err(
        `error: failed to write \`${error.path}\`\n\nCaused by:\n  ${error.message} (os error ${osErrors[error.code] ?? 5})\n`,
      );
      return failure;
    }
    throw error;
  }
};

const osErrors: Readonly<Record<string, number>> = {
  EACCES: 13,
  ENOENT: 2,
  ENOSPC: 28,
  EROFS: 30,
  ENOTDIR: 20,
  EISDIR: 21,
};

const usage = `Rust's package manager

Usage: cargo [+toolchain] [OPTIONS] [COMMAND]

Commands:
    build, b    Compile the current package
    check, c    Analyze the current package and report errors, but don't build object files
    clean       Remove the target directory
    new         Create a new cargo package
    init        Create a new cargo package in an existing directory
    run, r      Run a binary of the local package
    fetch       Fetch dependencies of the package

See 'cargo help <command>' for more information on a specific command.
`;

const flags = new Set([
  "--locked",
  "--offline",
  "--frozen",
  "-v",
  "--verbose",
  "-q",
  "--quiet",
  "--bins",
  "--all-targets",
  "--lib",
  "--bin-only",
  "--vcs",
  "-vv",
  "--all",
  "--workspace",
  "--future-incompat-report",
]);
const withValue = new Set([
  "-j",
  "--jobs",
  "--bin",
  "-p",
  "--package",
  "--features",
  "-F",
  "--color",
  "--message-format",
  "--config",
  "--name",
  "--edition",
  "--vcs",
]);

function parseArguments(args: readonly string[]): CommandLine {
  const options: BuildOptions = {
    target: undefined,
    release: false,
    quiet: false,
    locked: false,
    targetFolder: undefined,
  };
  const line: CommandLine = { command: "", options, manifestPath: undefined, operands: [] };
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    if (argument === "--") {
      line.operands.push(...args.slice(index + 1));
      break;
    }
    const [name = "", inline] = argument.startsWith("--") ? argument.split(/=(.*)/s) : [argument];
    const value = (): string => {
      const given = inline ?? args[(index += 1)];
      if (given === undefined)
        throw new UsageError(
          `error: a value is required for '${name} <VALUE>' but none was supplied\n\nFor more information, try '--help'.\n`,
        );
      return given;
    };
    if (!argument.startsWith("-")) {
      if (line.command === "") line.command = commands[argument] ?? argument;
      else line.operands.push(argument);
    } else if (name === "--target") options.target = value();
    else if (name === "--release" || name === "-r") options.release = true;
    else if (name === "--profile") options.release = profile(value());
    else if (name === "--manifest-path") line.manifestPath = value();
    else if (name === "--target-dir") options.targetFolder = value();
    else if (withValue.has(name)) value();
    else if (flags.has(name)) {
      options.quiet ||= name === "-q" || name === "--quiet";
      options.locked ||= name === "--locked" || name === "--frozen";
    } else {
      throw new UsageError(
        `error: unexpected argument '${name}' found\n\nUsage: cargo ${line.command || "[COMMAND]"} [OPTIONS]\n\nFor more information, try '--help'.\n`,
      );
    }
  }
  return line;
}

function profile(name: string): boolean {
  if (name === "release" || name === "bench") return true;
  if (name === "dev" || name === "test") return false;
  throw new UsageError(`error: profile \`${name}\` is not defined\n`);
}

function manifestPathOf(process: Process, line: CommandLine): string {
  if (line.manifestPath !== undefined) {
    const path = process.resolve(line.manifestPath);
    if (!path.endsWith("/Cargo.toml"))
      throw new ManifestError("error: the manifest-path must be a path to a Cargo.toml file\n");
    if (!process.files.exists(path))
      throw new ManifestError(`error: manifest path \`${line.manifestPath}\` does not exist\n`);
    return path;
  }
  for (let folder = process.cwd; ; folder = folder.slice(0, folder.lastIndexOf("/"))) {
    if (process.files.exists(`${folder}/Cargo.toml`)) return `${folder}/Cargo.toml`;
    if (folder === "" || folder === "/") break;
  }
  throw new ManifestError(`error: could not find \`Cargo.toml\` in \`${process.cwd}\` or any parent directory\n`);
}

const manifestOf = (process: Process, line: CommandLine): Manifest =>
  readManifest(process.files, manifestPathOf(process, line));

/** Settings of `.cargo/config.toml` upwards from the working directory, then of cargo's own folder. */
function configuration(process: Process): Record<string, unknown>[] {
  const folders: string[] = [];
  for (let folder = process.cwd; folder !== ""; folder = folder.slice(0, folder.lastIndexOf("/")))
    folders.push(`${folder}/.cargo`);
  folders.push(new RustFolders(process).cargo);
  return folders.flatMap((folder) => {
    const path = [`${folder}/config.toml`, `${folder}/config`].find((candidate) => process.files.exists(candidate));
    if (path === undefined) return [];
    try {
      return [parse(process.files.readText(path))];
    } catch (error) {
      throw new ManifestError(
        `error: could not load Cargo configuration\n\nCaused by:\n  could not parse TOML configuration in \`${path}\`\n\nCaused by:\n  ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : ""}\n`,
      );
    }
  });
}

function setting(process: Process, ...path: string[]): string | undefined {
  for (const table of configuration(process)) {
    let value: unknown = table;
    for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
    if (typeof value === "string") return value;
    if (Array.isArray(value)) return value.join(" ");
  }
  return undefined;
}

function withConfiguration(process: Process, line: CommandLine): BuildOptions {
  const target = line.options.target ?? process.env["CARGO_BUILD_TARGET"] ?? setting(process, "build", "target");
  return { ...line.options, target, targetFolder: line.options.targetFolder ?? process.env["CARGO_TARGET_DIR"] };
}

async function run(
  process: Process,
  toolchain: ReturnType<typeof activeToolchain>,
  line: CommandLine,
): Promise<number> {
  const options = withConfiguration(process, line);
  const built = await buildPackage(process, toolchain, manifestOf(process, line), options, "build");
  if (built.status !== 0 || built.output === undefined) return built.status;
  const target = options.target ?? hostTriple;
  const variable = `CARGO_TARGET_${target.toUpperCase().replaceAll("-", "_")}_RUNNER`;
  const runner = (process.env[variable] ?? setting(process, "target", target, "runner") ?? "")
    .split(" ")
    .filter(Boolean);
  const shown = built.output.startsWith(`${process.cwd}/`) ? built.output.slice(process.cwd.length + 1) : built.output;
  await process.err(`     Running \`${[...runner, shown, ...line.operands].join(" ")}\`\n`);
  if (runner.length === 0) {
    await process.err(
      `error: could not execute process \`${shown}\` (never executed)\n\nCaused by:\n  Exec format error (os error 8)\n`,
    );
    return failure;
  }
  return process.run([...runner, shown, ...line.operands]);
}

async function clean(process: Process, line: CommandLine): Promise<number> {
  const manifest = manifestOf(process, line);
  const folder =
    line.options.targetFolder === undefined ? `${manifest.folder}/target` : process.resolve(line.options.targetFolder);
  const count = process.files.exists(folder) ? countFiles(process, folder) : 0;
  process.files.removeTree(folder);
  await process.err(`     Removed ${count} files\n`);
  return 0;
}

function countFiles(process: Process, path: string): number {
  const stat = process.files.lstat(path);
  if (stat.type !== "directory") return 1;
  return process.files.list(path).reduce((sum, name) => sum + countFiles(process, `${path}/${name}`), 0);
}

async function createPackage(process: Process, line: CommandLine): Promise<number> {
  const [given = "."] = line.operands;
  const folder = process.resolve(line.command === "new" ? given : (line.operands[0] ?? "."));
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  const { files } = process;
  if (line.command === "new" && line.operands.length === 0)
    throw new UsageError(
      "error: the following required arguments were not provided:\n  <path>\n\nUsage: cargo new <path>\n\nFor more information, try '--help'.\n",
    );
  if (line.command === "new" && files.exists(folder)) {
    await process.err(
      `error: destination \`${folder}\` already exists\n\nUse \`cargo init\` to initialize the directory\n`,
    );
    return failure;
  }
  if (files.exists(`${folder}/Cargo.toml`)) {
    await process.err("error: `cargo init` cannot be run on existing Cargo packages\n");
    return failure;
  }
  files.makeDirectories(`${folder}/src`);
  files.write(
    `${folder}/Cargo.toml`,
    `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n\n# See more keys and their definitions at https://doc.rust-lang.org/cargo/reference/manifest.html\n\n[dependencies]\n`,
  );
  if (!files.exists(`${folder}/src/main.rs`))
    files.write(`${folder}/src/main.rs`, 'fn main() {\n    println!("Hello, world!");\n}\n');
  if (!files.exists(`${folder}/.gitignore`)) files.write(`${folder}/.gitignore`, "/target\n");
  await process.err(
    `     Created binary (application) ${line.command === "new" ? `\`${name}\` package` : "package"}\n`,
  );
  return 0;
}
