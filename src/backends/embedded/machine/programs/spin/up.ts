import { FileError } from "../../files/errors.ts";
import { catchSignals } from "../../processes.ts";
import { encode } from "../../io.ts";
import type { Process } from "../../process.ts";
import { NetworkError } from "../../../network/network.ts";
import { openSpinApplication, serveSpinApplication, SpinApplicationError } from "../../../wasm/spin-app.ts";
import type { SpinApplication } from "../../../wasm/spin-app.ts";
import { parseLockedApplication, SpinManifestError } from "../../../wasm/spin-manifest.ts";
import type { SpinManifest } from "../../../wasm/spin-manifest.ts";
import { findManifest, localModules, readApplication } from "./application.ts";
import { parseArguments } from "./arguments.ts";
import type { Arguments } from "./arguments.ts";
import { buildApplication } from "./build-application.ts";
import { SpinFailure, UsageError } from "./failure.ts";
import { pullApplication, referenceOf } from "./registry.ts";

const usage = `Start the Spin application

USAGE:
    spin up [OPTIONS]

OPTIONS:
    -e, --env <ENV>                      Pass an environment variable (key=value) to all components of the application
    -f, --from <APPLICATION>             The application to run. This may be a manifest (spin.toml) file, a directory containing a spin.toml file, or a remote registry reference [default: spin.toml]
        --build                          For local apps, specifies to perform \`spin build\` before running the application
    -h, --help                           Print help information
    -k, --insecure                       Ignore server certificate errors from a registry
        --listen <ADDRESS>               IP address and port to listen on [default: 127.0.0.1:3000]
    -L, --log-dir <APP_LOG_DIR>          Log directory for the stdout and stderr of components
    -q, --quiet                          Silence all component output to stdout/stderr
`;

interface Loaded {
  manifest: SpinManifest;
  modules: ReadonlyMap<string, Uint8Array>;
  /** Where the components' output goes when nothing else is said; undefined keeps no files. */
  logs: string | undefined;
}

/** `spin up`: serves an application until it is interrupted. */
export async function up(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("up", args, {
    values: {
      "-f": "from",
      "--from": "from",
      "--file": "from-file",
      "--from-file": "from-file",
      "-r": "from-registry",
      "--from-registry": "from-registry",
      "-e": "env",
      "--env": "env",
      "--listen": "listen",
      "-L": "log-dir",
      "--log-dir": "log-dir",
      "--follow": "follow",
    },
    switches: {
      "-k": "insecure",
      "--insecure": "insecure",
      "-q": "quiet",
      "--quiet": "quiet",
      "--build": "build",
      "--follow-all": "follow-all",
      "-h": "help",
      "--help": "help",
    },
  });
  if (given.has("help")) {
    await process.out(usage);
    return 0;
  }
  const listen = listenAddress(given.value("listen") ?? process.env["SPIN_HTTP_LISTEN_ADDR"] ?? "127.0.0.1:3000");
  const loaded = await load(process, given);
  return serve(process, withEnvironment(loaded, given.all("env")), listen, given);
}

/** Finds out what to run: a file, a folder, or a reference to a registry. */
async function load(process: Process, given: Arguments): Promise<Loaded> {
  const remote = given.value("from-registry");
  if (remote !== undefined) return fromRegistry(process, remote, given.has("insecure"));
  const from = given.value("from");
  if (from !== undefined && !process.files.exists(process.resolve(from))) {
    if (/^[\w.-]+(:\d+)?\/[\w./:@-]+$/.test(from) && /[.:]/.test(from)) {
      return fromRegistry(process, from, given.has("insecure"));
    }
    throw new SpinFailure(
      `File or directory '${from}' not found. If you meant to load from a registry, use the \`--from-registry\` option.`,
    );
  }
  const file = given.value("from-file") ?? from;
  const path = defaultManifest(process, file);
  if (given.has("build")) await buildApplication(process, path);
  const application = readApplication(process, path);
  const modules = localModules(process, application);
  return { manifest: application.manifest, modules, logs: `${application.folder}/.spin/logs` };
}

function defaultManifest(process: Process, file: string | undefined): string {
  try {
    return findManifest(process, file);
  } catch (error) {
    if (file !== undefined || !(error instanceof SpinFailure)) throw error;
    throw new SpinFailure(
      "Default file 'spin.toml' not found. Run `spin up --from <APPLICATION>`, or `spin up --help` for usage.",
    );
  }
}

async function fromRegistry(process: Process, text: string, isInsecure: boolean): Promise<Loaded> {
  const pulled = await pullApplication(process, referenceOf(text), isInsecure);
  let manifest: SpinManifest;
  try {
    manifest = parseLockedApplication(pulled.locked);
  } catch (error) {
    if (!(error instanceof SpinManifestError)) throw error;
    throw new SpinFailure(error.message, error.causes);
  }
  const modules = new Map<string, Uint8Array>();
  for (const { id, source } of manifest.components) {
    const bytes = source.kind === "digest" ? pulled.module(source.digest) : undefined;
    if (!bytes) throw new SpinFailure(`missing or inaccessible source of component ${id}`);
    modules.set(id, bytes);
  }
  return { manifest, modules, logs: undefined };
}

function withEnvironment(loaded: Loaded, pairs: readonly string[]): Loaded {
  if (pairs.length === 0) return loaded;
  const more = Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", value] = pair.split(/=(.*)/s);
      if (value === undefined) {
        throw new UsageError(
          `error: Invalid value "${pair}" for '--env <ENV>': Env var must be of the form \`key=value\`\n`,
        );
      }
      return [name, value];
    }),
  );
  const components = loaded.manifest.components.map((component) => ({
    ...component,
    environment: { ...component.environment, ...more },
  }));
  return { ...loaded, manifest: { ...loaded.manifest, components } };
}

interface ListenAddress {
  address: string;
  port: number;
}

function listenAddress(text: string): ListenAddress {
  const [, host = "", port = ""] = /^(localhost|\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/.exec(text) ?? [];
  const isNumber = host === "localhost" || host.split(".").every((part) => Number(part) < 256);
  // Simplified: a name other than localhost is looked up by a real Spin, and port 0 takes any free one.
  if (host !== "" && isNumber && Number(port) > 0 && Number(port) < 65_536) {
    return { address: host === "localhost" ? "127.0.0.1" : host, port: Number(port) };
  }
  throw new UsageError(
    `error: Invalid value "${text}" for '--listen <ADDRESS>': invalid socket address\n\nFor more information try --help\n`,
  );
}

async function serve(
  process: Process,
  { manifest, modules, logs }: Loaded,
  { address, port }: ListenAddress,
  given: Arguments,
): Promise<number> {
  const { clock, network } = process.machine.environment;
  let written: Promise<void> = Promise.resolve();
  const finished = Promise.withResolvers<number>();
  const write = (sink: Process["stdout"], bytes: Uint8Array): void => {
    written = written.then(() => sink.write(bytes)).catch(() => finished.resolve(1));
  };
  const folder = given.value("log-dir") === undefined ? logs : process.resolve(given.value("log-dir") ?? "");
  if (folder !== undefined) process.files.makeDirectories(folder);
  let application: SpinApplication;
  try {
    application = openSpinApplication({
      manifest,
      modules,
      spinVersion: process.executable.version,
      clock,
      log(component, stream, bytes) {
        if (!given.has("quiet")) write(stream === "stdout" ? process.stdout : process.stderr, bytes);
        if (folder !== undefined) keep(process, `${folder}/${component}_${stream}.txt`, bytes);
      },
      report: (message) => write(process.stderr, encode(`${message}\n`)),
    });
  } catch (error) {
    if (error instanceof SpinApplicationError) throw new SpinFailure(error.message, error.causes);
    throw error;
  }
  let stop: () => void;
  try {
    stop = serveSpinApplication(application, {
      network,
      place: process.place,
      address,
      port,
      process: "spin",
      pid: process.pid,
    });
  } catch (error) {
    application.close();
    if (!(error instanceof NetworkError)) throw error;
    throw unableToListen(process, error, `${address}:${port}`);
  }
  const base = `http://${address}:${port}`;
  if (folder !== undefined) {
    const shown = logs === folder ? ".spin/logs/" : `${folder}/`;
    await process.out(`Logging component stdio to "${shown}"\n`);
  }
  await process.out(`\nServing ${base}\nAvailable Routes:\n`);
  for (const route of application.routes) {
    await process.out(`  ${route.component}: ${base}${route.path}${route.isWildcard ? " (wildcard)" : ""}\n`);
    const description = manifest.components.find(({ id }) => id === route.component)?.description;
    if (description !== undefined && description !== "") await process.out(`    ${description}\n`);
  }
  // Ctrl-C is the usual end; any other signal ends the process in its own way.
  catchSignals(process, (name) => {
    if (name === "SIGINT") finished.resolve(0);
    return name === "SIGINT";
  });
  const onAbort = (): void => finished.resolve(1);
  process.signal.addEventListener("abort", onAbort, { once: true });
  if (process.signal.aborted) onAbort();
  const status = await finished.promise;
  stop();
  application.close();
  await written;
  process.signal.throwIfAborted();
  return status;
}

/** Adds to a log, unless its folder is gone meanwhile. */
function keep(process: Process, path: string, bytes: Uint8Array): void {
  try {
    process.files.write(path, bytes, { append: true });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

function unableToListen(process: Process, error: NetworkError, shown: string): SpinFailure {
  const words =
    error.code === "EADDRINUSE"
      ? "Address already in use (os error 98)"
      : error.code === "EADDRNOTAVAIL"
        ? "Cannot assign requested address (os error 99)"
        : error.message;
  const isOld = process.executable.version.startsWith("2.");
  return new SpinFailure(`Unable to listen on ${shown}`, [isOld ? `error creating server listener: ${words}` : words]);
}
