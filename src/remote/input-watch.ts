import { inputScript } from "./scripts.ts";
import type { RemoteProcess, Transport } from "./transport.ts";

/**
 * Tells when a command of a shell waits for what is typed. The kernel knows: the shell or a process below it is reading a
 * terminal. It is asked only while somebody wants to know.
 */
export class InputWatch {
  #transport: Transport;
  #callbacks: (() => void)[] = [];
  /** Process of the shell whose command runs; undefined while none does. */
  #shell: string | undefined;
  #watching: RemoteProcess | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Calls back once, when a command that runs now or later waits. */
  whenAsked(callback: () => void): void {
    this.#callbacks.push(callback);
    this.#begin();
  }

  /** A command has begun below the shell with this process id. */
  started(shell: string): void {
    this.#shell = shell;
    this.#begin();
  }

  ended(): void {
    this.#shell = undefined;
    this.#watching?.end();
    this.#watching = undefined;
  }

  #begin(): void {
    const shell = this.#shell;
    if (shell === undefined || this.#watching || this.#callbacks.length === 0) return;
    const process = this.#transport.start(["sudo", "-n", "--", "bash", "-c", inputScript, "wasm-k8s-lab", shell], {
      onOutput: () => undefined,
    });
    this.#watching = process;
    const tell = (): void => {
      if (this.#watching !== process) return;
      this.#watching = undefined;
      const callbacks = this.#callbacks;
      this.#callbacks = [];
      for (const callback of callbacks) callback();
    };
    // Where nobody can know, what is typed is handed on at once.
    process.ended.then(tell, tell);
  }
}
