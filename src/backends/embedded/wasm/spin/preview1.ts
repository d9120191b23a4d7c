import { Fd, File, OpenFile, WASI, wasi } from "@bjorn3/browser_wasi_shim";

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

/** `poll_oneoff` for one clock: waits without spinning. */
export function waitingPoll(
  system: WASI,
): (subscriptions: number, events: number, count: number, stored: number) => unknown {
  const poll = system.wasiImport["poll_oneoff"];
  const pause = new Int32Array(new SharedArrayBuffer(4));
  return (subscriptions, events, count, stored) => {
    const view = new DataView(system.inst.exports.memory.buffer);
    const isClock = count === 1 && view.getUint8(subscriptions + 8) === wasi.EVENTTYPE_CLOCK;
    if (!isClock) return wasi.ERRNO_NOTSUP;
    if (view.getUint16(subscriptions + 40, true) === 0) {
      // A relative sleep waits instead of spinning, then the library reports it as over.
      Atomics.wait(pause, 0, 0, Number(view.getBigUint64(subscriptions + 24, true) / 1_000_000n));
      view.setBigUint64(subscriptions + 24, 0n, true);
    }
    const answer = poll?.(subscriptions, events, count);
    view.setUint32(stored, 1, true);
    return answer;
  };
}
