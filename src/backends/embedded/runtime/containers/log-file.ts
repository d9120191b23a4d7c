import type { Clock } from "../../../../domain/clock.ts";
import type { FileView } from "../../machine/files/file-system.ts";
import { dirname } from "../../machine/files/paths.ts";
import type { ByteSink } from "../../machine/io.ts";

/** Longer lines are written in parts. */
const maximumLine = 16_384;
/** containerLogMaxSize: what is older than the newest half goes when the file grows beyond it. */
const maximumSize = 10 * 1024 * 1024;

/** A container's log file in the CRI's format: time, stream, F or P, text. */
export class ContainerLog {
  #files: FileView;
  #clock: Clock;
  #path: string;
  #rest = { stdout: "", stderr: "" };
  #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };

  constructor(files: FileView, clock: Clock, path: string) {
    this.#files = files;
    this.#clock = clock;
    this.#path = path;
    files.makeDirectories(dirname(path));
    if (!files.exists(path)) files.writeWithMode(path, "", 0o640);
  }

  sink(stream: "stdout" | "stderr"): ByteSink {
    return {
      write: (bytes) => {
        this.write(stream, bytes);
        return Promise.resolve();
      },
    };
  }

  write(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    const parts = (this.#rest[stream] + this.#decoders[stream].decode(bytes, { stream: true })).split("\n");
    let rest = parts.pop() ?? "";
    let text = parts.map((line) => this.#line(stream, "F", line)).join("");
    while (rest.length > maximumLine) {
      text += this.#line(stream, "P", rest.slice(0, maximumLine));
      rest = rest.slice(maximumLine);
    }
    this.#rest[stream] = rest;
    this.#append(text);
  }

  line(stream: "stdout" | "stderr", text: string): void {
    this.#append(this.#line(stream, "F", text));
  }

  /** Writes what has no newline yet. */
  close(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const rest = this.#rest[stream];
      this.#rest[stream] = "";
      if (rest !== "") this.#append(this.#line(stream, "F", rest));
    }
  }

  #line(stream: string, tag: "F" | "P", text: string): string {
    const time = new Date(this.#clock.now()).toISOString().slice(0, 23);
    return `${time}000000Z ${stream} ${tag} ${text}\n`;
  }

  #append(text: string): void {
    if (text === "" || !this.#files.exists(dirname(this.#path))) return;
    this.#files.write(this.#path, text, { append: true, mode: 0o640 });
    if (this.#files.stat(this.#path).size <= maximumSize) return;
    const kept = this.#files.readText(this.#path).slice(-maximumSize / 2);
    this.#files.write(this.#path, kept.slice(kept.indexOf("\n") + 1));
  }
}
