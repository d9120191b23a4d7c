import { Fd, File, OpenFile, WASI, wasi } from "@bjorn3/browser_wasi_shim";
import { waitingPoll } from "../clock-poll.ts";

type Preview1 = Record<string, (...given: never[]) => unknown>;

/** A standard stream that goes to `print`. */
class PrintDescriptor extends Fd {
  readonly #print: (bytes: Uint8Array) => void;
  constructor(print: (bytes: Uint8Array) => void) {
    super();
    this.#print = print;
  }
  override fd_fdstat_get(): { ret: number; fdstat: wasi.Fdstat } {
    const fdstat = new wasi.Fdstat(wasi.FILETYPE_CHARACTER_DEVICE, 0);
    fdstat.fs_rights_base = BigInt(wasi.RIGHTS_FD_WRITE);
    return { ret: wasi.ERRNO_SUCCESS, fdstat };
  }
  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    this.#print(data.slice());
    return { ret: wasi.ERRNO_SUCCESS, nwritten: data.length };
  }
}

/** WASI preview 1 of a component: no files, no arguments, the environment of the manifest, output to `print`. */
export function preview1System(
  environment: Readonly<Record<string, string>>,
  print: (stream: "stdout" | "stderr", bytes: Uint8Array) => void,
): { system: WASI; functions: Preview1 } {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const descriptors = [
    new OpenFile(new File(new Uint8Array(), { readonly: true })),
    new PrintDescriptor((bytes) => print("stdout", bytes)),
    new PrintDescriptor((bytes) => print("stderr", bytes)),
  ];
  const system = new WASI([], variables, descriptors, { debug: false });
  const functions: Preview1 = { ...system.wasiImport, sched_yield: () => wasi.ERRNO_SUCCESS };
  functions["poll_oneoff"] = waitingPoll(system);
  return { system, functions };
}
