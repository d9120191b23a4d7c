import type { Call } from "./call.ts";

/** Seconds of `--timeout`; false, and the reason printed, when they are none. */
export function timeoutOf(call: Call): number | undefined | false {
  const text = call.value("timeout");
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  call.err("error: --timeout value has to be a positive integer\n");
  return false;
}
