import { decode, encode } from "./io.ts";

/** What an installed binary is: its program and the facts its build left in it. */
export interface Executable {
  /** Key of the program registry. */
  program: string;
  version: string;
  /** Facts of this build, e.g. `{ wasm: "wasmedge" }` of a crun configured with WasmEdge. */
  facts?: Readonly<Record<string, string>>;
}

const magic = "\u007fELF\u0002\u0001\u0001\n";

/**
 * The bytes of a modelled binary: an ELF magic and the manifest, so that cp, mv, tar and install carry a program along.
 * Simplified: a real binary holds machine code.
 */
export function executableBytes(executable: Executable): Uint8Array {
  return encode(magic + JSON.stringify(executable) + "\n");
}

/** The manifest in a modelled binary; undefined for anything else. */
export function parseExecutable(bytes: Uint8Array): Executable | undefined {
  if (bytes[0] !== 0x7f || bytes[1] !== 0x45) return undefined;
  const text = decode(bytes);
  if (!text.startsWith(magic)) return undefined;
  try {
    const manifest: unknown = JSON.parse(text.slice(magic.length));
    return isExecutable(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function isExecutable(value: unknown): value is Executable {
  return (
    typeof value === "object" &&
    value !== null &&
    "program" in value &&
    typeof value.program === "string" &&
    "version" in value &&
    typeof value.version === "string"
  );
}
