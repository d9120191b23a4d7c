import type { Picture } from "../../domain/picture.ts";
import type { SessionSnapshot } from "../../runner/session.ts";

/** One JSON document per line, both ways, over the control socket of the state folder. */
export interface Call {
  id: number;
  method: string;
  params: unknown;
}

export type Reply =
  | { id: number; result: unknown }
  | { id: number; error: { code: string; message: string; remedy: string; exitCode: number; known: boolean } };

/** What the host tells without being asked. */
export type Notice =
  | { notice: "snapshot"; snapshot: SessionSnapshot }
  /** To those who watch it. */
  | { notice: "picture"; picture: Picture }
  /** Output of a running `exec`, base64. */
  | { notice: "output"; call: number; stream: "stdout" | "stderr"; data: string }
  | { notice: "shell"; shell: number; state: ShellState }
  /** The running command waits for what is typed. */
  | { notice: "shell-asks"; shell: number }
  | { notice: "shell-output"; shell: number; text: string }
  | { notice: "edit"; shell: number; edit: number; path: string; text: string; readOnly: boolean };

/** What a remote shell answers at once, sent along with every change. */
export interface ShellState {
  prompt: string;
  busy: boolean;
  echo: boolean;
  history: readonly string[];
}

export type Message = Reply | Notice;

/** Splits a stream of bytes into the JSON documents it carries; `onDamaged` is told of a line that is none. */
export function jsonLines(onValue: (value: unknown) => void, onDamaged: () => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    rest += chunk;
    const parts = rest.split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      if (part === "") continue;
      try {
        onValue(JSON.parse(part));
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        onDamaged();
      }
    }
  };
}
