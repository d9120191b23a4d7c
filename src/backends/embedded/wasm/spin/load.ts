import { WASI } from "@bjorn3/browser_wasi_shim";
import { withMemoryLimit } from "../sections.ts";
import { webAssembly } from "../web-assembly.ts";
import type { GuestHost, WasiVersion } from "./functions.ts";
import { handlerExport, hostInterfaces, wasiVersions } from "./interfaces.ts";
import { Resources } from "./resources.ts";

/** A component's module, ready for instances. */
export interface LoadedModule {
  module: object;
  version: WasiVersion;
}

/** Why a module cannot be used: the message, then its causes. */
export class LoadError extends Error {
  override readonly name = "LoadError";
  readonly causes: readonly string[];
  constructor(message: string, ...causes: readonly string[]) {
    super(message);
    this.causes = causes;
  }
}

/** Most memory of one guest, in pages of 64 KiB. Simplified: Spin sets no limit unless it is told to. */
const memoryPages = 1024;

const atLeast = (version: string, wanted: readonly [number, number]): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
};

/** The shapes of WASI 0.2 that a version of Spin knows. */
function knownVersions(spinVersion: string): WasiVersion[] {
  return wasiVersions.filter((version) => atLeast(spinVersion, version === "0.2.0" ? [2, 2] : [2, 0]));
}

/** Compiles a module and checks what it imports and exports. Throws LoadError with Spin's words. */
export function loadModule(bytes: Uint8Array, spinVersion: string): LoadedModule {
  const [zero, a, s, m, layer, , kind] = bytes;
  if (zero !== 0 || a !== 0x61 || s !== 0x73 || m !== 0x6d || bytes.length < 8) {
    throw new LoadError("unable to parse binary", "magic header not detected: bad magic number (at offset 0x0)");
  }
  if (kind === 1) {
    throw new LoadError(
      "this is a component, and the lab's Spin runs core modules only",
      "build it for wasm32-wasip1 (wasm32-wasi before Rust 1.78); the target wasm32-wasip2 makes components",
    );
  }
  if (layer !== 1) throw new LoadError("unable to parse binary", "unknown binary version (at offset 0x4)");
  const module = compiled(bytes);
  const known = knownVersions(spinVersion);
  checkImports(module, known, spinVersion);
  const exported = new Set(webAssembly.Module.exports(module).map(({ name }) => name));
  const version = known.find((candidate) => exported.has(handlerExport(candidate)));
  if (version !== undefined) return { module, version };
  throw new LoadError(missingHandler(known, exported, spinVersion));
}

function missingHandler(known: readonly WasiVersion[], exported: ReadonlySet<string>, spinVersion: string): string {
  if ([...exported].some((name) => /^(handle-http-request|canonical_abi_realloc)$/.test(name))) {
    return "this module was built with a Spin SDK before 2.0, which the lab's Spin does not run";
  }
  const names = [...known.map((version) => `wasi:http/incoming-handler@${version}`), "fermyon:spin/inbound-http"];
  if (!atLeast(spinVersion, [3, 0])) {
    return `Expected component to either export ${names.map((name) => `\`${name}\``).join(" or ")} but it exported neither`;
  }
  return `Expected component to export one of ${names.map((name) => `\`${name}\``).join(", ")} but it exported none of those. This may mean the component handles a different trigger, or that its \`wasi:http/incoming-handler\` export is newer then those supported by Spin.`;
}

function compiled(bytes: Uint8Array): object {
  let limited: Uint8Array | undefined;
  try {
    limited = withMemoryLimit(bytes, memoryPages);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LoadError("unable to parse binary", "unexpected end-of-file");
  }
  if (!limited) {
    throw new LoadError("memory minimum size exceeds memory limits", `the lab gives a guest ${memoryPages / 16} MiB`);
  }
  try {
    return new webAssembly.Module(Uint8Array.from(limited));
  } catch (error) {
    const words = error instanceof Error ? error.message.replace(/^WebAssembly\.Module\(\): /, "") : "invalid";
    throw new LoadError("failed to parse WebAssembly module", words);
  }
}

/** Resources that an interface defines, which is what a linker that does not know it misses first. */
const mainResources: Readonly<Record<string, string>> = {
  "wasi:io/error": "error",
  "wasi:io/poll": "pollable",
  "wasi:io/streams": "output-stream",
  "wasi:http/types": "fields",
};

function checkImports(module: object, known: readonly WasiVersion[], spinVersion: string): void {
  const names = new Map<string, ReadonlySet<string>>([["wasi_snapshot_preview1", preview1Names()]]);
  for (const version of known) {
    for (const [name, functions] of Object.entries(hostInterfaces(version, nobody))) {
      names.set(name, new Set(Object.keys(functions)));
    }
  }
  const missing = webAssembly.Module.imports(module).filter(
    (wanted) => wanted.kind !== "function" || !names.get(wanted.module)?.has(wanted.name),
  );
  const interfaces = new Set(missing.map((wanted) => wanted.module).filter((name) => !names.has(name)));
  const inOrder = [...Object.keys(mainResources), ""];
  const [first] = [...interfaces].sort((one, other) => place(one) - place(other));
  function place(name: string): number {
    const index = inOrder.indexOf(name.split("@")[0] ?? "");
    return index < 0 ? inOrder.length : index;
  }
  if (first !== undefined) throw unknownInterface(first, spinVersion);
  const [wanted] = missing;
  if (wanted) {
    throw new LoadError(
      "failed to create component",
      `failed to resolve import \`${wanted.module}::${wanted.name}\``,
      `module requires an import interface named \`${wanted.module}\``,
    );
  }
}

function unknownInterface(name: string, spinVersion: string): LoadError {
  if (name.startsWith("fermyon:spin/")) {
    return new LoadError(`the lab's Spin does not have the interface \`${name}\``);
  }
  const resource = mainResources[name.split("@")[0] ?? ""];
  const isOld = !atLeast(spinVersion, [3, 0]);
  if (!name.includes(":")) {
    return new LoadError("failed to create component", `module requires an import interface named \`${name}\``);
  }
  if (isOld) {
    return new LoadError(
      `import \`${name}\` has the wrong type`,
      ...(resource === undefined
        ? ["expected instance found nothing"]
        : [`instance export \`${resource}\` has the wrong type`, "expected resource found nothing"]),
    );
  }
  return new LoadError(
    `component imports instance \`${name}\`, but a matching implementation was not found in the linker`,
    ...(resource === undefined
      ? []
      : [`instance export \`${resource}\` has the wrong type`, "resource implementation is missing"]),
  );
}

const preview1Names = (): Set<string> => new Set(Object.keys(new WASI([], [], [], { debug: false }).wasiImport));

/** Only the names of the interfaces are asked for. */
const nobody: GuestHost = {
  resources: new Resources(),
  environment: {},
  print: () => undefined,
  body: () => undefined,
  answer: () => undefined,
  refused: () => undefined,
};
