import type { SignalName } from "../../machine/process.ts";
import { signalNumbers } from "../../machine/process.ts";

const isSignal = (name: string): name is SignalName => name in signalNumbers;

/** A signal by its number, or by its name with or without SIG; undefined for another word. */
export function signalOf(word: string): SignalName | undefined {
  const upper = word.toUpperCase();
  const wanted = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  if (isSignal(wanted)) return wanted;
  return Object.keys(signalNumbers)
    .filter(isSignal)
    .find((name) => String(signalNumbers[name]) === word);
}
