import { runRemote } from "./run-remote.ts";
import type { Transport } from "./transport.ts";

interface Size {
  columns: number;
  rows: number;
}

/** Gives a terminal on a machine its size: only the last one where they change faster than they can be sent. */
export class TerminalSize {
  #transport: Transport;
  #user: string;
  #wanted: { terminal: string; size: Size } | undefined;
  #sending: Promise<void> | undefined;

  constructor(transport: Transport, user: string) {
    this.#transport = transport;
    this.#user = user;
  }

  set(terminal: string, size: Size): void {
    this.#wanted = { terminal, size };
    this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
  }

  async #send(): Promise<void> {
    while (this.#wanted) {
      const { terminal, size } = this.#wanted;
      this.#wanted = undefined;
      const argv = ["stty", "-F", terminal, "rows", String(size.rows), "cols", String(size.columns)];
      // A terminal that is gone needs no size.
      await runRemote(this.#transport, this.#user === "ubuntu" ? argv : ["sudo", "-n", "--", ...argv]).catch(
        () => undefined,
      );
    }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#sending;
  }
}
