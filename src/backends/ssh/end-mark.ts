/**
 * Tells a program that ended with 255 from an ssh that failed, which ends with 255 too: the program's end is marked on
 * standard error, and the mark is taken out of what is told on, wherever the stream is cut.
 */
export class EndMark {
  #mark: string;
  #held = "";
  /** True once the program was known to have ended by itself. */
  seen = false;

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** What of the bytes is the program's; the beginning of a possible mark is held back. */
  feed(bytes: Uint8Array): Uint8Array {
    let text = this.#held + Buffer.from(bytes).toString("latin1");
    const at = text.indexOf(this.#mark);
    if (at >= 0) {
      this.seen = true;
      text = text.slice(0, at) + text.slice(at + this.#mark.length);
    }
    let kept = Math.min(text.length, this.#mark.length - 1);
    while (kept > 0 && !text.endsWith(this.#mark.slice(0, kept))) kept -= 1;
    this.#held = text.slice(text.length - kept);
    return new Uint8Array(Buffer.from(text.slice(0, text.length - kept), "latin1"));
  }

  /** What was held back and is no mark. */
  rest(): Uint8Array {
    const { length } = this.#held;
    const rest = new Uint8Array(Buffer.from(this.#held, "latin1"));
    this.#held = "";
    return length === 0 ? new Uint8Array() : rest;
  }
}
