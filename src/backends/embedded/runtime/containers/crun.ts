import type { Executable } from "../../machine/executable.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import { execNative, failingRequest, findInContainer, isNative, nativeRequest } from "./native-process.ts";
import type { ContainerSpec, ExecOutcome, OciRuntime, PreparedProcess } from "./oci.ts";
import { OciError } from "./oci.ts";
import { readModule } from "../../wasm/format/module-reader.ts";
import { isModule } from "../../wasm/sections.ts";
import { wasmRequest } from "./wasm-process.ts";

const systemFolders = [
  "/lib",
  "/usr/lib",
  "/lib/x86_64-linux-gnu",
  "/usr/lib/x86_64-linux-gnu",
  "/lib64",
  "/usr/lib64",
];

/** True when the dynamic loader finds a library. Simplified: a real one looks into the cache that ldconfig made. */
export function hasLibrary(files: FileView, name: string): boolean {
  const folders = [...systemFolders];
  const configuration = ["/etc/ld.so.conf"];
  if (files.isDirectory("/etc/ld.so.conf.d")) {
    configuration.push(...files.list("/etc/ld.so.conf.d").map((file) => `/etc/ld.so.conf.d/${file}`));
  } else folders.push("/usr/local/lib");
  for (const file of configuration) {
    if (!files.exists(file)) continue;
    folders.push(
      ...files
        .readText(file)
        .split("\n")
        .filter((line) => line.startsWith("/")),
    );
  }
  return folders.some((folder) => files.exists(`${folder.trim()}/${name}`));
}

const couldNotLoad = (library: string): string =>
  `could not load \`${library}\`: \`${library}: cannot open shared object file: No such file or directory\``;

/** crun's words when its handler cannot load WasmEdge (crun#1046). */
export const missingLibrary = couldNotLoad("libwasmedge.so.0");

/** The Wasm runtimes whose handlers are modelled, and the library that each opens. */
const engines = { wasmedge: "libwasmedge.so.0", wasmtime: "libwasmtime.so" } as const;

type Engine = keyof typeof engines;

/** The Wasm runtime that a crun was built with; undefined for none. Simplified: of several, the first is taken. */
function engineOf({ facts }: Executable): Engine | undefined {
  const built = (facts?.["wasm"] ?? "").split(" ");
  return (["wasmedge", "wasmtime"] as const).find((engine) => built.includes(engine));
}

/** Decides as crun's custom handlers do whether a container is a Wasm workload. */
export function wantsWasm(
  argv: readonly string[],
  annotations: Readonly<Record<string, string>>,
  engine: Engine = "wasmedge",
): boolean {
  if (annotations["io.kubernetes.cri.container-type"] === "sandbox") return false;
  const isModule = /\.(wasm|wat)$/.test(argv[0] ?? "");
  const handler = annotations["run.oci.handler"];
  if (handler !== undefined) {
    if (handler === "wasm" || handler === engine) return true;
    return handler === "wasm-smart" && isModule;
  }
  const variant = annotations["module.wasm.image/variant"];
  return variant === "compat" || (variant === "compat-smart" && isModule);
}

/** The crun at `path`, as its build made it. */
export function createCrun(path: string, executable: Executable): OciRuntime {
  const engine = engineOf(executable);
  const isWasm = (spec: ContainerSpec): boolean =>
    engine !== undefined && wantsWasm(spec.argv, spec.annotations, engine);
  return {
    kind: "crun",
    path,
    executable,
    chain: (spec) => (engine && isWasm(spec) ? ["crun", engine] : ["crun"]),
    prepare(spec): PreparedProcess {
      if (engine && isWasm(spec)) {
        const library = engines[engine];
        if (!hasLibrary(spec.machine.rootFiles, library)) throw new OciError(couldNotLoad(library));
        const unknown = engine === "wasmtime" ? unknownImport(spec) : undefined;
        if (unknown === undefined) return wasmRequest(spec);
        const words = `unknown import: \`${unknown}\` has not been defined`;
        return failingRequest(spec, `${path}: failed to instantiate module: ${words}`, 1);
      }
      const name = spec.argv[0] ?? "";
      const found = findInContainer(spec, name);
      if (found.kind === "directory") {
        throw new OciError(`the path \`${name}\` is not a regular file: Operation not permitted`);
      }
      if (found.kind === "denied") throw new OciError("open executable: Permission denied");
      if (found.kind === "missing") throw new OciError(notFound(executable.version, name));
      if (isNative(found.entry.bytes)) return nativeRequest(spec, found);
      const words = `exec container process \`${found.path}\`: Exec format error`;
      const time = new Date(spec.machine.environment.clock.now()).toISOString().replace("Z", "000Z");
      return failingRequest(spec, spec.jsonErrors ? JSON.stringify({ msg: words, level: "error", time }) : words, 1);
    },
    async exec(spec, argv): Promise<ExecOutcome> {
      if (isWasm(spec)) return { exitCode: 1, stdout: "", stderr: "the handler does not support exec\n" };
      const found = findInContainer(spec, argv[0] ?? "");
      if (found.kind !== "file" || !isNative(found.entry.bytes)) {
        throw new OciError(notFound(executable.version, argv[0] ?? ""));
      }
      return execNative(spec, argv, found);
    },
  };
}

/** What WASI preview 1 has of sockets; the rest are extensions of WasmEdge's that no other runtime knows. */
const standardSockets = new Set(["sock_accept", "sock_recv", "sock_send", "sock_shutdown"]);

/** The first import of a container's module that Wasmtime's WASI does not offer; undefined when it has all. */
function unknownImport(spec: ContainerSpec): string | undefined {
  const found = findInContainer(spec, spec.argv[0] ?? "");
  if (found.kind !== "file" || !isModule(found.entry.bytes)) return undefined;
  const unknown = readModule(found.entry.bytes).imports.find(
    ({ module, name }) =>
      module !== "wasi_snapshot_preview1" || (name.startsWith("sock_") && !standardSockets.has(name)),
  );
  return unknown && `${unknown.module}::${unknown.name}`;
}

/** Newer versions no longer name $PATH. */
export function notFound(version: string, name: string): string {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const where = major > 1 || minor >= 15 ? "not found" : "not found in $PATH";
  return `executable file \`${name}\` ${where}: No such file or directory`;
}
