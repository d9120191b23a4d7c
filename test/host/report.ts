import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Row {
  machine: string;
  step: string;
  /** `reached`; `limit`: what this computer cannot give; `failed`: what should have been reached. */
  outcome: "reached" | "limit" | "failed";
  /** What was seen, or why not. */
  detail: string;
  seconds?: number;
}

const folder = join(import.meta.dirname, "../../.build");

/** How far the recipes came on the machines of this computer, one line for each step. */
export class HostReport {
  readonly #name: string;
  readonly #rows: Row[] = [];

  constructor(name = "host-report") {
    this.#name = name;
  }

  add(row: Row): void {
    this.#rows.push(row);
  }

  /** Runs a step and notes how it went; what it answers is the detail. Throws what it throws. */
  async step(machine: string, step: string, action: () => Promise<string>): Promise<void> {
    const before = Date.now();
    const seconds = (): number => Math.round((Date.now() - before) / 1000);
    try {
      this.add({ machine, step, outcome: "reached", detail: await action(), seconds: seconds() });
    } catch (error) {
      const detail = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
      this.add({ machine, step, outcome: "failed", detail, seconds: seconds() });
      throw error;
    }
  }

  /** Prints the table and keeps it in a file of its name in `.build`. */
  print(): void {
    const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").slice(0, 200);
    const time = (seconds?: number): string => (seconds === undefined ? "" : `${seconds} s`);
    const lines = this.#rows.map((row) => [row.machine, row.step, row.outcome, time(row.seconds), oneLine(row.detail)]);
    const table = [["machine", "step", "outcome", "time", "detail"], ...lines];
    const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
    const text = table
      .map((row) =>
        row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join("  ")
          .trimEnd(),
      )
      .join("\n");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${this.#name}.txt`), `${text}\n`);
    process.stdout.write(`\n${text}\n\n`);
  }
}
