const entryStart = /^\s*(\d+)[* ] /;

/** What was typed in a shell, as its own `history` lists it. */
export class ShellHistory {
  #lines: string[] = [];
  #number = 0;

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Takes all that the shell lists at its start. */
  begin(list: string): void {
    this.#lines = list
      .split(/^\s*\d+[* ] /m)
      .slice(1)
      .map((entry) => entry.replace(/\n$/, ""));
    const last = list.split(/\n(?=\s*\d+[* ] )/).at(-1) ?? "";
    this.#number = Number(entryStart.exec(last)?.[1] ?? 0);
  }

  /** Takes the last entry, as it is after each command: a new one, or the one that is known; none after `history -c`. */
  last(entry: string): void {
    const number = Number(entryStart.exec(entry)?.[1] ?? 0);
    if (number === 0) this.#lines = [];
    else if (number !== this.#number) this.#lines = [...this.#lines, entry.replace(entryStart, "")];
    this.#number = number;
  }
}
