import { signalNumbers } from "../../process.ts";

/** How a command or main process ended, in systemd's words. */
export interface Ending {
  clean: boolean;
  result: "success" | "exit-code" | "signal";
  text: string;
}

const signalNames = new Map(Object.entries(signalNumbers).map(([name, number]) => [number, name.replace(/^SIG/, "")]));
const cleanSignals = new Set(["TERM", "INT", "HUP", "PIPE"]);
const statusNames: Readonly<Record<number, string>> = {
  0: "SUCCESS",
  1: "FAILURE",
  2: "INVALIDARGUMENT",
  126: "n/a",
  127: "n/a",
  203: "EXEC",
  217: "USER",
};

/** Words for an exit code. */
export function endingOf(code: number): Ending {
  const signal = code > 128 ? signalNames.get(code - 128) : undefined;
  if (signal !== undefined) {
    return {
      clean: cleanSignals.has(signal),
      result: cleanSignals.has(signal) ? "success" : "signal",
      text: `code=killed, status=${code - 128}/${signal}`,
    };
  }
  return {
    clean: code === 0,
    result: code === 0 ? "success" : "exit-code",
    text: `code=exited, status=${code}/${statusNames[code] ?? "n/a"}`,
  };
}
