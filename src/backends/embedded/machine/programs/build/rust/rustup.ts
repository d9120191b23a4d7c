import { executableBytes } from "../../../executable.ts";
import type { Process, Program } from "../../../process.ts";
import { NetworkError } from "../../../../network/network.ts";
import { hostTriple, rustReleases, rustupName, targetsOf } from "./releases.ts";
import { activeToolchain, fullName, installedTargets, RustFolders, ToolchainError, versionOf } from "./toolchains.ts";
import type { Toolchain } from "./toolchains.ts";

const proxies = ["cargo", "cargo-clippy", "cargo-fmt", "rustc", "rustdoc", "rustfmt"];
const components = ["cargo", "clippy", "rust-docs", "rust-std", "rustc", "rustfmt"];
const minimal = ["cargo", "rust-std", "rustc"];

const description = (version: string): string => `${version} (${rustReleases[version]?.rustc ?? "unknown"})`;

/** Asks the distribution server for a channel. Returns rustup's words when it cannot be had. */
async function missing(process: Process, name: string): Promise<string | undefined> {
  const version = versionOf(name);
  const url = `https://static.rust-lang.org/dist/channel-rust-${version}.toml.sha256`;
  try {
    const response = await process.machine.environment.network.fetch(process.place, url, { signal: process.signal });
    if (response.status === 200) return undefined;
    return `error: could not download nonexistent rust version \`${name}\`: could not download file from '${url}' to '/tmp/rustup': http request returned an unsuccessful status code: ${response.status}\n`;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return `error: could not download file from '${url}' to '/tmp/rustup': failed to make network request: error sending request for url (${url}): error trying to connect: ${connectWords(error)}\n`;
  }
}

function connectWords(error: NetworkError): string {
  if (error.code === "ENOTFOUND")
    return "dns error: failed to lookup address information: Temporary failure in name resolution";
  return error.code === "ECONNREFUSED" ? "tcp connect error: Connection refused (os error 111)" : "operation timed out";
}

/** Downloads and unpacks a toolchain. Resolves with the exit code. */
async function install(
  process: Process,
  name: string,
  chosen: readonly string[],
  targets: readonly string[],
): Promise<number> {
  const version = versionOf(name);
  await process.err(`info: syncing channel updates for '${name}'\n`);
  const refused = await missing(process, name);
  const release = rustReleases[version];
  if (refused !== undefined || !release) {
    await process.err(refused ?? `error: no release found for '${name}'\n`);
    return 1;
  }
  const { pacing } = process.machine.environment;
  await process.err(`info: latest update on ${release.day}, rust version ${description(version)}\n`);
  for (const component of chosen) {
    await process.err(`info: downloading component '${component}'\n`);
    await pacing.wait("progress", process.signal);
  }
  for (const target of targets) await process.err(`info: downloading component 'rust-std' for '${target}'\n`);
  await pacing.wait("download", process.signal);
  const { files } = process;
  const root = new RustFolders(process).toolchainRoot(name);
  for (const component of chosen) await process.err(`info: installing component '${component}'\n`);
  files.makeDirectories(`${root}/bin`);
  files.makeDirectories(`${root}/lib/rustlib/${hostTriple}/lib`);
  for (const binary of ["cargo", "rustc", "rustdoc"]) {
    files.writeWithMode(`${root}/bin/${binary}`, executableBytes({ program: binary, version }), 0o755);
  }
  for (const target of targets) {
    await process.err(`info: installing component 'rust-std' for '${target}'\n`);
    addTarget(process, root, target);
  }
  return 0;
}

function addTarget(process: Process, root: string, target: string): void {
  process.files.makeDirectories(`${root}/lib/rustlib/${target}/lib`);
  // Simplified: the real folder holds the compiled standard library.
  process.files.write(`${root}/lib/rustlib/${target}/lib/libstd.rlib`, "standard library\n");
}

/** The installer that sh.rustup.rs downloads. */
export const rustupInit: Program = async (process) => {
  let confirmed = false;
  let modifyPath = true;
  let wanted: string | undefined = "stable";
  let profile = "default";
  const targets: string[] = [];
  const [, ...args] = process.argv;
  for (let index = 0; index < args.length; index += 1) {
    const [option = "", inline] = (args[index] ?? "").split(/=(.*)/s);
    const value = (): string => inline ?? args[(index += 1)] ?? "";
    if (option === "-y") confirmed = true;
    else if (option === "--no-modify-path") modifyPath = false;
    else if (option === "--default-toolchain") wanted = value();
    else if (option === "--profile") profile = value();
    else if (option === "-t" || option === "--target") targets.push(...value().split(","));
    else if (option === "--default-host" || option === "-c" || option === "--component") value();
    else if (option === "-V" || option === "--version") {
      await process.out(`rustup-init ${rustupName(process.executable.version)}\n`);
      return 0;
    } else if (option !== "-q" && option !== "-v" && option !== "--quiet" && option !== "--verbose") {
      await process.err(`error: unexpected argument '${option}' found\n\nFor more information, try '--help'.\n`);
      return 1;
    }
  }
  if (!confirmed) {
    await process.err("Unable to run interactively. Run with -y to accept defaults, --help for additional options\n");
    return 1;
  }
  if (profile !== "minimal" && profile !== "default" && profile !== "complete") {
    await process.err(
      `error: unknown profile name: '${profile}'; valid profile names are: minimal, default, complete\n`,
    );
    return 1;
  }
  const name = wanted === "none" ? undefined : fullName(wanted);
  await process.err(`info: profile set to '${profile}'\ninfo: default host triple is ${hostTriple}\n`);
  const folders = new RustFolders(process);
  if (name !== undefined) {
    const status = await install(process, name, profile === "minimal" ? minimal : components, targets);
    if (status !== 0) return status;
    folders.setDefault(name);
    await process.err(`info: default toolchain set to '${name}'\n`);
  }
  const version = name === undefined ? "1.75.0" : versionOf(name);
  placeProxies(process, folders, version);
  if (modifyPath) extendProfiles(process);
  const installed = name === undefined ? "" : `\n  ${name} installed - rustc ${description(version)}\n`;
  await process.out(
    `${installed}\n\nRust is installed now. Great!\n\nTo get started you may need to restart your current shell.\nThis would reload your PATH environment variable to include\nCargo's bin directory ($HOME/.cargo/bin).\n\nTo configure your current shell, run:\nsource "$HOME/.cargo/env"\n`,
  );
  return 0;
};

function placeProxies(process: Process, folders: RustFolders, version: string): void {
  const { files } = process;
  files.makeDirectories(`${folders.cargo}/bin`);
  files.writeWithMode(
    `${folders.cargo}/bin/rustup`,
    executableBytes({ program: "rustup", version: process.executable.version }),
    0o755,
  );
  for (const proxy of proxies) {
    files.writeWithMode(`${folders.cargo}/bin/${proxy}`, executableBytes({ program: proxy, version }), 0o755);
  }
  files.write(
    `${folders.cargo}/env`,
    '#!/bin/sh\n# rustup shell setup\ncase ":${PATH}:" in\n    *:"$HOME/.cargo/bin":*)\n        ;;\n    *)\n        export PATH="$HOME/.cargo/bin:$PATH"\n        ;;\nesac\n',
  );
}

function extendProfiles(process: Process): void {
  const home = process.env["HOME"] ?? "/";
  const line = '. "$HOME/.cargo/env"\n';
  for (const name of [".profile", ".bashrc"]) {
    const path = `${home}/${name}`;
    const text = process.files.exists(path) ? process.files.readText(path) : undefined;
    if (text === undefined && name !== ".profile") continue;
    if (!text?.includes(line)) process.files.write(path, `${text ?? ""}${line}`);
  }
}

/** The toolchain manager. Simplified: components, overrides and self-updates are shown, not changed. */
export const rustup: Program = async (process) => {
  const [, command = "", ...args] = process.argv;
  try {
    switch (command) {
      case "--version":
      case "-V":
        return await printVersion(process);
      case "show":
        return await show(process, args);
      case "toolchain":
        return await toolchainCommand(process, args);
      case "target":
        return await targetCommand(process, args);
      case "component":
        return await componentCommand(process);
      case "default":
        return await defaultCommand(process, args);
      case "install":
        return await toolchainCommand(process, ["install", ...args]);
      case "update":
        return await update(process);
      case "which":
        await process.out(`${activeToolchain(process).root}/bin/${args[0] ?? "rustc"}\n`);
        return 0;
      case "run":
        return await process.run([`${activeToolchain(process, args[0]).root}/bin/${args[1] ?? ""}`, ...args.slice(2)]);
      case "":
      case "help":
      case "-h":
      case "--help":
        await process.out(usage(process.executable.version));
        return 0;
      default:
        await process.err(
          `error: unrecognized subcommand '${command}'\n\nUsage: rustup [OPTIONS] [+toolchain] <COMMAND>\n\nFor more information, try '--help'.\n`,
        );
        return 1;
    }
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    await process.err(error.message);
    return 1;
  }
};

const usage = (version: string): string => `rustup ${rustupName(version)}
The Rust toolchain installer

Usage: rustup [OPTIONS] [+toolchain] <COMMAND>

Commands:
    show         Show the active and installed toolchains
    update       Update Rust toolchains
    default      Set the default toolchain
    toolchain    Modify or query the installed toolchains
    target       Modify a toolchain's supported targets
    component    Modify a toolchain's installed components
    which        Display which binary will be run for a given command
    run          Run a command with an environment configured for a toolchain
`;

async function printVersion(process: Process): Promise<number> {
  await process.out(`rustup ${rustupName(process.executable.version)}\n`);
  await process.err("info: This is the version for the rustup toolchain manager, not the rustc compiler.\n");
  const { version } = activeToolchain(process);
  await process.err(`info: The currently active \`rustc\` version is \`rustc ${description(version)}\`\n`);
  return 0;
}

async function show(process: Process, args: readonly string[]): Promise<number> {
  const folders = new RustFolders(process);
  const active = activeToolchain(process);
  if (args[0] === "active-toolchain") {
    await process.out(`${active.name} (default)\n`);
    return 0;
  }
  const targets = installedTargets(process.files, active);
  const list =
    targets.length > 1
      ? `\ninstalled targets for active toolchain\n--------------------------------------\n\n${targets.join("\n")}\n`
      : "";
  await process.out(
    `Default host: ${hostTriple}\nrustup home:  ${folders.rustup}\n${list}\n${targets.length > 1 ? "active toolchain\n----------------\n\n" : ""}${active.name} (default)\nrustc ${description(active.version)}\n\n`,
  );
  return 0;
}

async function toolchainCommand(process: Process, args: readonly string[]): Promise<number> {
  const folders = new RustFolders(process);
  const [action = "", ...names] = args;
  if (action === "list") {
    const chosen = folders.defaultToolchain();
    const installed = folders.toolchains();
    if (installed.length === 0) await process.out("no installed toolchains\n");
    for (const { name } of installed) await process.out(`${name}${name === chosen ? " (default)" : ""}\n`);
    return 0;
  }
  if (action === "install" || action === "add") {
    for (const wanted of names.filter((name) => !name.startsWith("-"))) {
      const name = fullName(wanted);
      const status = await install(process, name, components, []);
      if (status !== 0) return status;
      if (folders.defaultToolchain() === undefined) folders.setDefault(name);
      await process.out(`\n  ${name} installed - rustc ${description(versionOf(name))}\n\n`);
    }
    return 0;
  }
  if (action === "uninstall" || action === "remove") {
    for (const name of names.map(fullName)) {
      if (!process.files.isDirectory(folders.toolchainRoot(name))) {
        await process.err(`info: no toolchain installed for '${name}'\n`);
        continue;
      }
      await process.err(`info: uninstalling toolchain '${name}'\n`);
      process.files.removeTree(folders.toolchainRoot(name));
      await process.err(`info: toolchain '${name}' uninstalled\n`);
    }
    return 0;
  }
  await process.err(
    `error: unrecognized subcommand '${action}'\n\nUsage: rustup toolchain <COMMAND>\n\nFor more information, try '--help'.\n`,
  );
  return 1;
}

async function targetCommand(process: Process, args: readonly string[]): Promise<number> {
  const [action = "", ...rest] = args;
  let wanted: string | undefined;
  const names: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const argument = rest[index] ?? "";
    if (argument === "--toolchain") wanted = rest[(index += 1)];
    else if (argument.startsWith("--toolchain=")) wanted = argument.slice(12);
    else if (!argument.startsWith("-")) names.push(argument);
  }
  const toolchain = activeToolchain(process, wanted);
  const installed = installedTargets(process.files, toolchain);
  if (action === "list") {
    const onlyInstalled = rest.includes("--installed");
    for (const target of targetsOf(toolchain.version)) {
      const has = installed.includes(target);
      if (has || !onlyInstalled) await process.out(`${target}${has && !onlyInstalled ? " (installed)" : ""}\n`);
    }
    return 0;
  }
  if (names.length === 0) {
    await process.err(
      "error: the following required arguments were not provided:\n  <target>...\n\nUsage: rustup target add <target>...\n\nFor more information, try '--help'.\n",
    );
    return 1;
  }
  for (const target of names) {
    const status =
      action === "add" || action === "install"
        ? await add(process, toolchain, installed, target)
        : await drop(process, toolchain, installed, target);
    if (status !== 0) return status;
  }
  return 0;
}

/** rustup names what is most like an unknown target. */
function suggestion(wanted: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= 3)
    .sort((one, other) => one.distance - other.distance)[0];
  return near === undefined ? "" : `; did you mean '${near.name}'?`;
}

/** Insertions, removals and replacements that make one text the other. */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}

async function add(
  process: Process,
  toolchain: Toolchain,
  installed: readonly string[],
  target: string,
): Promise<number> {
  if (installed.includes(target)) {
    await process.err(`info: component 'rust-std' for target '${target}' is up to date\n`);
    return 0;
  }
  if (!targetsOf(toolchain.version).includes(target)) {
    await process.err(
      `error: toolchain '${toolchain.name}' does not support target '${target}'${suggestion(target, targetsOf(toolchain.version))}\nnote: you can see a list of supported targets with \`rustc --print=target-list\`\nnote: if you are adding support for a new target to rustc itself, see https://rustc-dev-guide.rust-lang.org/building/new-target.html\n`,
    );
    return 1;
  }
  const refused = await missing(process, toolchain.name);
  if (refused !== undefined) {
    await process.err(refused);
    return 1;
  }
  await process.err(`info: downloading component 'rust-std' for '${target}'\n`);
  await process.machine.environment.pacing.wait("download", process.signal);
  await process.err(`info: installing component 'rust-std' for '${target}'\n`);
  await process.machine.environment.pacing.wait("unpack", process.signal);
  addTarget(process, toolchain.root, target);
  return 0;
}

async function drop(
  process: Process,
  toolchain: Toolchain,
  installed: readonly string[],
  target: string,
): Promise<number> {
  if (!installed.includes(target)) {
    await process.err(
      `error: toolchain '${toolchain.name}' does not contain component 'rust-std' for target '${target}'\n`,
    );
    return 1;
  }
  await process.err(`info: removing component 'rust-std' for '${target}'\n`);
  process.files.removeTree(`${toolchain.root}/lib/rustlib/${target}`);
  return 0;
}

async function componentCommand(process: Process): Promise<number> {
  for (const component of components) await process.out(`${component}-${hostTriple} (installed)\n`);
  return 0;
}

async function defaultCommand(process: Process, args: readonly string[]): Promise<number> {
  const folders = new RustFolders(process);
  const [wanted] = args;
  if (wanted === undefined) {
    await process.out(`${activeToolchain(process).name} (default)\n`);
    return 0;
  }
  const name = fullName(wanted);
  if (!process.files.isDirectory(folders.toolchainRoot(name))) {
    const status = await install(process, name, components, []);
    if (status !== 0) return status;
  }
  folders.setDefault(name);
  await process.err(`info: default toolchain set to '${name}'\n`);
  await process.out(`\n  ${name} unchanged - rustc ${description(versionOf(name))}\n\n`);
  return 0;
}

async function update(process: Process): Promise<number> {
  for (const { name, version } of new RustFolders(process).toolchains()) {
    await process.err(`info: syncing channel updates for '${name}'\n`);
    await process.out(`\n  ${name} unchanged - rustc ${description(version)}\n\n`);
  }
  return 0;
}
