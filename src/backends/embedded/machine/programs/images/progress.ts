import type { Process } from "../../process.ts";
import type { Descriptor } from "../../../runtime/images/oci.ts";

/** The words with which containers/image accompanies a copy, on standard error. */
export class CopyProgress {
  #process: Process;
  #quiet: boolean;

  constructor(process: Process, quiet: boolean) {
    this.#process = process;
    this.#quiet = quiet;
  }

  start(): Promise<void> {
    return this.#say("Getting image source signatures\n");
  }

  /** One layer or configuration; waits as long as it takes to travel when `remote`. */
  async blob(descriptor: Descriptor, kind: "layer" | "config", present: boolean, remote: boolean): Promise<void> {
    const word = kind === "layer" ? "blob" : "config";
    const terminal = this.#process.stderr.isTerminal === true;
    const { pacing } = this.#process.machine.environment;
    if (remote && !present && kind === "layer") await pacing.wait("imagePull", this.#process.signal);
    if (!terminal) return this.#say(`Copying ${word} ${descriptor.digest}\n`);
    const short = descriptor.digest.slice("sha256:".length).slice(0, kind === "layer" ? 12 : 10);
    return this.#say(
      `Copying ${word} ${short} ${present && kind === "layer" ? "skipped: already exists" : "done"}  \n`,
    );
  }

  finish(): Promise<void> {
    return this.#say("Writing manifest to image destination\n");
  }

  #say(text: string): Promise<void> {
    return this.#quiet ? Promise.resolve() : this.#process.err(text);
  }
}
