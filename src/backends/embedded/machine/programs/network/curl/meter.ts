import type { Process } from "../../../process.ts";

const heading =
  "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n" +
  "                                 Dload  Upload   Total   Spent    Left  Speed\n";

/** curl's progress meter on standard error. */
export class Meter {
  #process: Process;
  #shown: boolean;
  #headed = false;
  #started = 0;

  constructor(process: Process, shown: boolean) {
    this.#process = process;
    this.#shown = shown;
  }

  async start(): Promise<void> {
    this.#started = this.#process.machine.environment.clock.monotonic();
    if (!this.#shown) return;
    if (!this.#headed) await this.#process.err(heading);
    this.#headed = true;
    await this.#process.err(`\r${row(undefined, 0, 0)}`);
  }

  /** The last line of one transfer; `total` undefined where the server did not say. */
  async finish(total: number | undefined, received: number): Promise<void> {
    if (!this.#shown) return;
    const ms = this.#process.machine.environment.clock.monotonic() - this.#started;
    await this.#process.err(`\r${row(total ?? received, received, ms)}\n`);
  }
}

function row(total: number | undefined, received: number, ms: number): string {
  const percent = total === undefined || total === 0 ? 0 : Math.floor((received * 100) / total);
  const speed = ms < 1 ? received * 1000 : Math.round((received * 1000) / ms);
  const cell = (value: number | string, width: number): string => String(value).padStart(width);
  return (
    `${cell(percent, 3)} ${cell(short(total ?? 0), 5)}  ${cell(percent, 3)} ${cell(short(received), 5)}    0     0 ` +
    `${cell(short(received === 0 ? 0 : speed), 6)}      0 --:--:-- --:--:-- --:--:-- ${cell(short(received === 0 ? 0 : speed), 5)}`
  );
}

/** At most five characters: `99999`, `976k`, `12.3M`. */
function short(bytes: number): string {
  if (bytes < 100_000) return String(bytes);
  if (bytes < 10_000 * 1024) return `${Math.floor(bytes / 1024)}k`;
  const mega = bytes / (1024 * 1024);
  return mega < 100 ? `${mega.toFixed(1)}M` : `${Math.floor(mega)}M`;
}
