import { type SignalName, signalNumbers } from "../process.ts";

/** `TERM`, `SIGTERM`, `15`; undefined for anything else, also 0. */
export function signalOf(text: string): SignalName | undefined {
  const upper = text.toUpperCase();
  const entry = Object.entries(signalNumbers).find(
    ([name, value]) => name === upper || name === `SIG${upper}` || String(value) === text,
  );
  return entry?.[0] as SignalName | undefined;
}
