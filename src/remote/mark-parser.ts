import { markBegin, markEnd, type MarkKind } from "./shell-init.ts";

export type ShellEvent = { text: string } | { mark: MarkKind; payload: string };

const kinds: readonly string[] = ["begin", "status", "prompt", "ready", "more", "start", "reply", "pong", "edit"];
const isKind = (kind: string): kind is MarkKind => kinds.includes(kind);

/** Tells what a terminal prints from the marks in it, however the stream is cut into pieces. */
export class MarkParser {
  #begin: string;
  #end: string;
  #held = "";

  /** `token` is known to nobody but the shell, so that no output can be taken for a mark. */
  constructor(token: string) {
    this.#begin = markBegin(token);
    this.#end = markEnd(token);
  }

  /** What the next piece completes, in order; the beginning of a possible mark is held back. */
  feed(piece: string): ShellEvent[] {
    const events: ShellEvent[] = [];
    let rest = this.#held + piece;
    for (;;) {
      const at = rest.indexOf(this.#begin);
      if (at < 0) {
        const kept = overlap(rest, this.#begin);
        if (rest.length > kept) events.push({ text: rest.slice(0, rest.length - kept) });
        this.#held = rest.slice(rest.length - kept);
        return events;
      }
      if (at > 0) events.push({ text: rest.slice(0, at) });
      const end = rest.indexOf(this.#end, at + this.#begin.length);
      if (end < 0) {
        this.#held = rest.slice(at);
        return events;
      }
      const body = rest.slice(at + this.#begin.length, end);
      const [kind = ""] = /^[a-z]*/.exec(body) ?? [];
      // The terminal ends lines in two characters.
      if (isKind(kind)) events.push({ mark: kind, payload: body.slice(kind.length + 1).replaceAll("\r\n", "\n") });
      rest = rest.slice(end + this.#end.length);
    }
  }
}

/** How much of the end of `text` could be the beginning of `start`. */
function overlap(text: string, start: string): number {
  for (let length = Math.min(text.length, start.length - 1); length > 0; length -= 1) {
    if (text.endsWith(start.slice(0, length))) return length;
  }
  return 0;
}
