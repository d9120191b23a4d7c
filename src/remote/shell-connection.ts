import { LabError } from "../domain/errors.ts";
import { MarkParser, type ShellEvent } from "./mark-parser.ts";
import { editorFile, shellScript, startupFile } from "./shell-init.ts";
import type { RemoteProcess, Transport } from "./transport.ts";

export interface ShellConnectionOptions {
  transport: Transport;
  user: string;
  /** Random, known to the shell and to us. */
  token: string;
  columns: number;
  rows: number;
  /** Folder below the user's home for the state of shells. */
  folder: string;
  number: number;
  onEvent: (event: ShellEvent) => void;
}

/** How a connection ended: the shell's exit code, or why the way to it was lost. */
export type ConnectionEnd = { exitCode: number } | { lost: unknown };

/** One bash on a terminal of its own on the machine, and the stream that leads to it. */
export class ShellConnection {
  readonly ended: Promise<ConnectionEnd>;
  #process: RemoteProcess;
  #stderr = "";
  #token: string;

  constructor(options: ShellConnectionOptions) {
    const { transport, token } = options;
    this.#token = token;
    const parser = new MarkParser(token);
    const decoder = { stdout: new TextDecoder("utf-8", { ignoreBOM: true }), stderr: new TextDecoder() };
    const path = `/tmp/.wasm-k8s-lab-${token.slice(0, 16)}`;
    const argv = [
      ...(options.user === "ubuntu" ? [] : ["sudo", "-n", "-u", options.user, "--"]),
      "bash",
      "-c",
      shellScript,
      "wasm-k8s-lab",
      `${path}-startup`,
      `${path}-edit`,
      options.folder,
      String(options.number),
      String(options.columns),
      String(options.rows),
    ];
    this.#process = transport.start(argv, {
      onOutput: ({ stream, bytes }) => {
        const text = decoder[stream].decode(bytes, { stream: true });
        if (stream === "stderr") this.#stderr = (this.#stderr + text).slice(-2_000);
        else for (const event of parser.feed(text)) options.onEvent(event);
      },
    });
    this.#process.write(`${startupFile(token)}\0${editorFile(token)}\0`);
    this.ended = this.#process.ended.then(
      ({ exitCode }) => ({ exitCode }),
      (lost: unknown) => ({ lost }),
    );
  }

  type(text: string): void {
    this.#process.write(text);
  }

  /** Tells the program that stands for an editor how it goes on. */
  answer(word: string): void {
    this.#process.write(`${this.#token} ${word}\n`);
  }

  /** Lets the shell keep its state and end. */
  close(): void {
    this.#process.end();
  }

  kill(): void {
    this.#process.kill();
  }

  /** Why the shell could not be opened; `end` is undefined when its prompt did not come in time. */
  failure(machine: string, end: ConnectionEnd | undefined): unknown {
    if (end && "lost" in end) return end.lost;
    const ended = end ? `exit code ${end.exitCode}` : "no prompt";
    const said = this.#stderr.trim().split("\n").at(-1) || ended;
    return new LabError("shell-not-opened", `${machine}: no shell could be opened, got ${said}`, {
      remedy: `It needs bash 5.0, script (package bsdutils), ps and pkill (procps) on ${machine}, and a startup file that ends.`,
    });
  }
}
