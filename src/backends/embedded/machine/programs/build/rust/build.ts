import { createHash } from "node:crypto";
import { workloadGreeting, workloadModule, workloadSource } from "../../../../wasm/workloads.ts";
import { withGreeting } from "../../../../wasm/greeting.ts";
import { NetworkError } from "../../../../network/network.ts";
import { concat, encode } from "../../../io.ts";
import type { Process } from "../../../process.ts";
import { coursePackage, lockedCrates, lockFile, publishedVersions } from "./crates.ts";
import type { CoursePackage } from "./crates.ts";
import { diagnostic } from "./diagnostics.ts";
import { satisfies } from "./manifest.ts";
import type { Manifest } from "./manifest.ts";
import { hostTriple, isWasiTarget, minorOf, targetsOf } from "./releases.ts";
import { compareSources } from "./source.ts";
import { SourceError } from "./tokens.ts";
import { installedTargets } from "./toolchains.ts";
import type { Toolchain } from "./toolchains.ts";

export interface BuildOptions {
  /** Target triple; undefined builds for the machine itself. */
  target: string | undefined;
  release: boolean;
  quiet: boolean;
  /** Cargo.lock must be there and fit. */
  locked: boolean;
  targetFolder: string | undefined;
}

export interface BuildResult {
  status: number;
  /** Path of the program that was built. */
  output?: string;
}

const failure = 101;

/** From 1.78 on cargo quotes the profile's name and calls it a profile. */
function optimized(release: boolean, version: string): string {
  const name = release ? "release" : "dev";
  const shown = minorOf(version) >= 78 ? `\`${name}\` profile` : name;
  return `${shown} ${release ? "[optimized]" : "[unoptimized + debuginfo]"}`;
}

/** From 1.76 on the number of errors is always named. */
const dueTo = (version: string): string =>
  minorOf(version) >= 76 ? "due to 1 previous error" : "due to previous error";

/** What is to be written, or cargo's words for why nothing is. */
type Compiled = { module: Uint8Array; note: string } | { message: string };

/** `cargo build`, `cargo check` and `cargo fetch` of one package. */
export async function buildPackage(
  process: Process,
  toolchain: Toolchain,
  manifest: Manifest,
  options: BuildOptions,
  command: "build" | "check" | "fetch",
): Promise<BuildResult> {
  const say = async (text: string): Promise<void> => {
    if (!options.quiet) await process.err(text);
  };
  const fail = async (message: string): Promise<BuildResult> => {
    await process.err(message);
    return { status: failure };
  };
  const { environment } = process.machine;
  const started = environment.clock.monotonic();
  const target = options.target ?? hostTriple;
  const unknown = targetProblem(toolchain, target);
  if (unknown !== undefined) return fail(unknown);

  const top = options.targetFolder === undefined ? `${manifest.folder}/target` : process.resolve(options.targetFolder);
  const folder = `${top}/${options.target === undefined ? "" : `${target}/`}${options.release ? "release" : "debug"}`;
  const outdated = versionProblem(toolchain, manifest);
  if (outdated !== undefined) return fail(outdated);
  const course = coursePackage(manifest, environment.profile);
  const source = process.files.readText(`${manifest.folder}/${manifest.output.source}`);
  const { kind, name } = manifest.output;
  const output = kind === "library" ? `${folder}/lib${name}.rlib` : `${folder}/${name}.wasm`;
  const fingerprint = `${folder}/.fingerprint/${manifest.name}.json`;
  const digest = createHash("sha256")
    .update(JSON.stringify([toolchain.version, manifest, source]))
    .digest("hex");
  const known = process.files.exists(fingerprint) ? process.files.readText(fingerprint) : "";
  const finish = async (): Promise<BuildResult> => {
    const seconds = ((environment.clock.monotonic() - started) / 1000).toFixed(2);
    await say(`    Finished ${optimized(options.release, toolchain.version)} target(s) in ${seconds}s\n`);
    return { status: 0, output };
  };
  if (command === "build" && known === digest && process.files.exists(output)) return finish();

  const resolved = await resolveCrates(process, toolchain, manifest, course, options.locked, say);
  if (resolved !== undefined) return fail(resolved);
  if (command === "fetch") return { status: 0 };

  const verb = command === "check" ? "    Checking" : "   Compiling";
  if (known === "") {
    const crates = lockedCrates(course);
    const [first] = crates;
    if (!installedTargets(process.files, toolchain).includes(target)) {
      if (first) await say(`${verb} ${first.name} v${first.version}\n`);
      return fail(missingStandardLibrary(target, first?.name ?? manifest.name, toolchain.version));
    }
    // Simplified: some of these crates have build scripts, which need a C compiler to link on a real computer.
    // A person who waits in brisk steps is shown them all, but not kept longer by a hundred crates than by twenty.
    const every = environment.pacing.pace === "brisk" ? Math.ceil(crates.length / 25) : 1;
    for (const [index, crate] of crates.entries()) {
      await say(`${verb} ${crate.name} v${crate.version}\n`);
      if (index % every === 0) await environment.pacing.wait("compile", process.signal);
    }
    process.files.makeDirectories(`${folder}/.fingerprint`);
    process.files.makeDirectories(`${folder}/deps`);
    process.files.write(fingerprint, "dependencies");
  } else if (!installedTargets(process.files, toolchain).includes(target)) {
    return fail(missingStandardLibrary(target, manifest.name, toolchain.version));
  }
  await say(`${verb} ${manifest.name} v${manifest.version} (${manifest.folder})\n`);
  await environment.pacing.wait("compile", process.signal);
  if (!isWasiTarget(target)) return fail(nativeProblem(process, toolchain, manifest, target));
  const compiled = await compile(process, toolchain, manifest, course, source, options);
  if ("message" in compiled) return fail(compiled.message);
  if (compiled.note !== "") await process.err(compiled.note);
  if (command === "check") return finish();
  // Simplified: a debug build of the real compiler holds unoptimized code; here it differs by a section only.
  const module = options.release ? compiled.module : concat([compiled.module, debugSection()]);
  process.files.writeWithMode(output, module, 0o755);
  process.files.write(
    `${folder}/${kind === "binary" ? "" : "lib"}${name}.d`,
    `${output}: ${manifest.folder}/${manifest.output.source}\n`,
  );
  process.files.write(fingerprint, digest);
  return finish();
}

function targetProblem(toolchain: Toolchain, target: string): string | undefined {
  if (targetsOf(toolchain.version).includes(target)) return undefined;
  return `error: failed to run \`rustc\` to learn about target-specific information

Caused by:
  process didn't exit successfully: \`rustc - --crate-name ___ --print=file-names --target ${target} --crate-type bin --crate-type rlib --crate-type dylib --crate-type cdylib --crate-type staticlib --crate-type proc-macro --print=sysroot --print=split-debuginfo --print=crate-name --print=cfg\` (exit status: 1)
  --- stderr
  error: Error loading target specification: Could not find specification for target "${target}". Run \`rustc --print target-list\` for a list of built-in targets

`;
}

const missingStandardLibrary = (
  target: string,
  crate: string,
  version: string,
): string => `error[E0463]: can't find crate for \`std\`
  |
  = note: the \`${target}\` target may not be installed
  = help: consider downloading the target with \`rustup target add ${target}\`

For more information about this error, try \`rustc --explain E0463\`.
error: could not compile \`${crate}\` (lib) ${dueTo(version)}
`;

/** cargo's words when the package wants a newer Rust. */
function versionProblem(toolchain: Toolchain, manifest: Manifest): string | undefined {
  const { rustVersion, name, version, folder } = manifest;
  if (rustVersion === undefined || minorOf(toolchain.version) >= minorOf(rustVersion)) return undefined;
  if (minorOf(toolchain.version) < 84) {
    return `error: package \`${name} v${version} (${folder})\` cannot be built because it requires rustc ${rustVersion} or newer, while the currently active rustc version is ${toolchain.version}\n\n`;
  }
  return `error: rustc ${toolchain.version} is not supported by the following package:\n  ${name}@${version} requires rustc ${rustVersion}\n\n`;
}

/** The last line about a crate that was not compiled. */
function couldNotCompile({ name, output }: Manifest, { version }: Toolchain): string {
  const shown = output.kind === "binary" ? `bin "${output.name}"` : "lib";
  return `error: could not compile \`${name}\` (${shown}) ${dueTo(version)}\n`;
}

/** The server uses WASI's sockets, which no native platform has; before that, linking needs a C compiler. */
function nativeProblem(process: Process, toolchain: Toolchain, manifest: Manifest, target: string): string {
  const compiler = ["/usr/bin/cc", "/usr/local/bin/cc"].some((path) => process.files.exists(path));
  const could = couldNotCompile(manifest, toolchain);
  if (manifest.output.kind !== "binary") {
    const wasi = targetsOf(toolchain.version).find(isWasiTarget) ?? "wasm32-wasip1";
    // Simplified: a real cargo makes a shared library of Spin's component, which no runtime of the course can use.
    return `error: the lab's cargo builds this component for WASI only\n  = help: cargo build --target ${wasi} --release\n${could}`;
  }
  if (!compiler)
    return `error: linker \`cc\` not found\n  |\n  = note: No such file or directory (os error 2)\n\n${could}`;
  return `error: linking with \`cc\` failed: exit status: 1
  |
  = note: /usr/bin/ld: ${manifest.output.name}: in function \`wasmedge_wasi_socket::socket::Socket::new': undefined reference to \`sock_open'
          collect2: error: ld returned 1 exit status
  = note: some \`extern\` functions couldn't be found; some native libraries may need to be installed or have their path specified

note: the sockets of this program exist on WASI only, not on ${target}
${could}`;
}

/** Resolves the dependencies and writes Cargo.lock. Returns cargo's words when that fails. */
async function resolveCrates(
  process: Process,
  toolchain: Toolchain,
  manifest: Manifest,
  course: CoursePackage,
  isLocked: boolean,
  say: (text: string) => Promise<void>,
): Promise<string | undefined> {
  const lock = `${manifest.folder}/Cargo.lock`;
  const { network, pacing, profile } = process.machine.environment;
  const required = `required by package \`${manifest.name} v${manifest.version} (${manifest.folder})\`\n`;
  const fresh = !process.files.exists(lock);
  if (fresh && isLocked) {
    return `error: the lock file ${lock} needs to be updated but --locked was passed to prevent this\nIf you want to try to generate the lock file without accessing the network, remove the --locked flag and use --offline instead.\n`;
  }
  if (fresh) {
    await say("    Updating crates.io index\n");
    try {
      await network.fetch(process.place, "https://index.crates.io/config.json", { signal: process.signal });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const [first = "httpcodec"] = manifest.dependencies.keys();
      const cause =
        error.code === "ENOTFOUND"
          ? "[6] Couldn't resolve host name (Could not resolve host: index.crates.io)"
          : "[28] Timeout was reached (Connection timed out)";
      return `error: failed to get \`${first}\` as a dependency of package \`${manifest.name} v${manifest.version} (${manifest.folder})\`\n\nCaused by:\n  failed to query replaced source registry \`crates-io\`\n\nCaused by:\n  download of config.json failed\n\nCaused by:\n  failed to download from \`https://index.crates.io/config.json\`\n\nCaused by:\n  ${cause}\n`;
    }
  }
  for (const [crate, wanted] of manifest.dependencies) {
    const versions = publishedVersions(crate, profile);
    if (!versions) {
      return `error: no matching package named \`${crate}\` found\nlocation searched: registry \`crates-io\`\n${required}note: the lab's registry has the crates of the course only; ${remedy}\n`;
    }
    const chosen = versions.find((version) => satisfies(version, wanted));
    if (chosen === undefined) {
      return `error: failed to select a version for the requirement \`${crate} = "${/^\d/.test(wanted) ? "^" : ""}${wanted}"\`\ncandidate versions found which didn't match: ${versions.join(", ")}\nlocation searched: crates.io index\n${required}`;
    }
    const own = course.crates[crate];
    // A lock file that is there holds what the program was built with.
    if (chosen !== own && (fresh || own === undefined || !satisfies(own, wanted))) {
      const words = own === undefined ? `does not use ${crate}` : `uses ${crate} ${own}, not ${chosen}`;
      return `error: the lab's own build of this program ${words}\n  = help: ${remedy}\n`;
    }
  }
  if (fresh) {
    process.files.write(lock, lockFile(course, manifest.name, manifest.version, toolchain.version));
    await say("  Downloading crates ...\n");
    for (const crate of lockedCrates(course)) await say(`  Downloaded ${crate.name} v${crate.version}\n`);
    await pacing.wait("download", process.signal);
  }
  return undefined;
}

const remedy = "start the lab with --host-cargo to build it with the cargo of this computer";

async function compile(
  process: Process,
  toolchain: Toolchain,
  manifest: Manifest,
  course: CoursePackage,
  source: string,
  options: BuildOptions,
): Promise<Compiled> {
  const path = manifest.output.source;
  const could = couldNotCompile(manifest, toolchain);
  for (const dependency of Object.keys(course.crates)) {
    const crate = dependency.replaceAll("-", "_");
    const use = new RegExp(`\\b(?:use\\s+|)${crate}(?=::|\\s*;)`).exec(source);
    if (manifest.dependencies.has(dependency) || !use) continue;
    const before = source.slice(0, use.index).split("\n");
    const at = {
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + use[0].length - crate.length + 1,
      width: crate.length,
    };
    const undeclared = `use of undeclared crate or module \`${crate}\``;
    const [code, words] = use[0].startsWith("use")
      ? ["E0432", `unresolved import \`${crate}\``]
      : ["E0433", `failed to resolve: ${undeclared}`];
    const message = diagnostic(`error[${code}]: ${words}`, path, source, { ...at, label: undeclared });
    return { message: `${message}For more information about this error, try \`rustc --explain ${code}\`.\n${could}` };
  }
  const greeting = workloadGreeting(course.workload);
  try {
    const found = compareSources(workloadSource(course.workload, course.source), source, greeting.text);
    if (found.kind === "same") return { module: workloadModule(course.workload), note: "" };
    if (found.kind === "greeting") {
      const module = withGreeting(workloadModule(course.workload), greeting, found.greeting);
      const note = `note: ${path}:${found.line}:${found.column}: the greeting has changed: the module that the lab ships was patched, nothing was compiled here\n`;
      return { module, note };
    }
    const fromHost = await buildOnHost(process, toolchain, manifest, course, options);
    if (fromHost) return fromHost;
    const at = {
      line: found.line,
      column: found.column,
      width: found.width,
      label: `the lab's program has \`${found.expected}\` here`,
    };
    return {
      message: `${diagnostic("error: this source is not the one that the lab has built", path, source, at, {
        notes: [
          "note: the lab's cargo has no compiler: of this program it can change the greeting only",
          `help: ${remedy}`,
        ],
      })}${could}`,
    };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const at = { line: error.line, column: error.column, width: 1, label: error.label };
    const opened = error.opened ? { opened: { ...error.opened, width: 1, label: "unclosed delimiter" } } : {};
    const code = error.code === undefined ? "" : `[${error.code}]`;
    return { message: `${diagnostic(`error${code}: ${error.message}`, path, source, at, opened)}${could}` };
  }
}

/** Lets this computer's cargo build the package when the learner has asked for it; undefined when not. */
async function buildOnHost(
  process: Process,
  toolchain: Toolchain,
  manifest: Manifest,
  course: CoursePackage,
  options: BuildOptions,
): Promise<Compiled | undefined> {
  const { hostCargo, hostBuild } = process.machine.environment.options;
  if (!hostCargo) return undefined;
  if (!hostBuild)
    return { message: "error: --host-cargo was given, but this computer has no cargo with the target wasm32-wasip1\n" };
  const files: Record<string, Uint8Array> = {
    "Cargo.toml": process.files.readBytes(manifest.path),
    "Cargo.lock": encode(lockFile(course, manifest.name, manifest.version, toolchain.version)),
  };
  collect(process, `${manifest.folder}/src`, "src", files);
  const script = `${manifest.folder}/build.rs`;
  if (process.files.exists(script)) files["build.rs"] = process.files.readBytes(script);
  let written: Promise<void> = process.err("note: built by the cargo of this computer (--host-cargo)\n");
  const result = await hostBuild.build({
    files,
    release: options.release,
    signal: process.signal,
    onLine: (line) => {
      written = written.then(() => process.err(`${line}\n`));
    },
  });
  await written;
  return result.ok
    ? { module: result.module, note: "" }
    : { message: "error: the cargo of this computer did not build the package\n" };
}

function collect(process: Process, path: string, name: string, files: Record<string, Uint8Array>): void {
  for (const entry of process.files.list(path)) {
    if (process.files.isDirectory(`${path}/${entry}`)) collect(process, `${path}/${entry}`, `${name}/${entry}`, files);
    else files[`${name}/${entry}`] = process.files.readBytes(`${path}/${entry}`);
  }
}

/** A custom section that names the profile. */
function debugSection(): Uint8Array {
  const content = encode("\u0007profiledebug");
  return Uint8Array.from([0, content.length, ...content]);
}
