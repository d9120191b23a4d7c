/** Sequences by which a program takes the whole keyboard (cursor keys, a screen of its own) and gives it back. */
const takes = /\u001b\[\?(?:1|47|1047|1049)h|\u001b=/g;
const gives = /\u001b\[\?(?:1|47|1047|1049)l|\u001b>/g;
const secret = /(?:pass ?(?:word|phrase|code)|kennwort|passwort|\bPIN)\b[^\n]*:\s*$/i;

/**
 * Whether a program reads keys without showing them. The terminal's own setting does not tell, because it never shows
 * what is typed; so the output is watched: pagers and the like announce themselves, and a password is asked for.
 */
export class ScreenMode {
  #keys = false;
  /** The end of what was printed: a sequence may be cut into pieces. */
  #tail = "";

  get hidden(): boolean {
    return this.#keys || secret.test(this.#tail.slice(this.#tail.lastIndexOf("\n") + 1));
  }

  printed(text: string): void {
    const seen = this.#tail + text;
    const last = (pattern: RegExp): number => [...seen.matchAll(pattern)].at(-1)?.index ?? -1;
    const taken = last(takes);
    const given = last(gives);
    if (taken !== given) this.#keys = taken > given;
    this.#tail = seen.slice(-256);
  }

  /** A line was typed: a password has been given. */
  typed(text: string): void {
    if (/[\r\n]/.test(text)) this.#tail = "";
  }

  reset(): void {
    this.#keys = false;
    this.#tail = "";
  }
}
