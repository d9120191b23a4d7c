import { wasi } from "@bjorn3/browser_wasi_shim";
import type { WASI } from "@bjorn3/browser_wasi_shim";

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
