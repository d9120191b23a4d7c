import type { Provisioning } from "../domain/backend.ts";
import type { Texts } from "../texts/en.ts";

/** Where progress is told: a terminal's line is written anew, elsewhere every phase has a line. */
export interface ProgressOutput {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** What a machine is at, in words, with an estimate of what is left. */
export function provisioningLine({ machine, phase, percent, remainingMs }: Provisioning, texts: Texts): string {
  const { phases, left } = texts.provisioning;
  const share = percent === undefined ? "" : ` ${Math.round(percent)} %`;
  const minutes = remainingMs === undefined || phase === "ready" ? "" : ` (${left(Math.ceil(remainingMs / 60_000))})`;
  return `${machine}: ${phases[phase]}${share}${minutes}`;
}

/** Tells how machines are made until `clear` is called, which wipes a terminal's line away. */
export function tellProvisioning(
  texts: Texts,
  output: ProgressOutput,
): { tell(provisioning: Provisioning): void; clear(): void } {
  const phases = new Map<string, string>();
  let shown = false;
  return {
    tell(provisioning) {
      // What was ready before is no news.
      if (provisioning.phase === "ready" && !phases.has(provisioning.machine)) return;
      const line = provisioningLine(provisioning, texts);
      const before = phases.get(provisioning.machine);
      phases.set(provisioning.machine, provisioning.phase);
      if (output.isTTY) {
        shown = true;
        output.write(`\r\u001b[2K${line.slice(0, Math.max(20, (output.columns ?? 80) - 1))}`);
      } else if (before !== provisioning.phase) {
        output.write(`${line}\n`);
      }
    },
    clear() {
      if (shown) output.write("\r\u001b[2K");
      shown = false;
    },
  };
}
