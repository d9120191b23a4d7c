import type { ByteSink } from "../../io.ts";

/** Hands on whole lines at once, so that a daemon's words stand in the journal before what systemd says about it. */
export class LineSink implements ByteSink {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #line: (text: string) => void;
  #rest = "";

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  write(bytes: Uint8Array): Promise<void> {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) this.#line(part);
    return Promise.resolve();
  }

  /** The last line, when it has no newline. */
  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
  }
}
