import { EventEmitter } from "node:events";
import xterm from "@xterm/headless";
import { vi } from "vitest";

/** A terminal in memory: what a person would see of what a program writes, and the keys that they press. */
export class FakeTerminal {
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  #screen: xterm.Terminal;
  #output = new EventEmitter();
  #keys: string[] = [];
  #input = new EventEmitter();
  rawMode = false;

  constructor(columns: number, rows: number) {
    this.#screen = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
    const write = (text: string, ...rest: unknown[]): boolean => {
      const done = rest.find((each) => typeof each === "function");
      // A terminal driver turns line feeds into both characters.
      this.#screen.write(text.replaceAll(/\r?\n/g, "\r\n"), () => done?.());
      return true;
    };
    this.stdout = Object.assign(this.#output, { isTTY: true, columns, rows, write }) as unknown as NodeJS.WriteStream;
    this.stdin = Object.assign(this.#input, {
      isTTY: true,
      setEncoding: () => undefined,
      setRawMode: (mode: boolean) => (this.rawMode = mode),
      ref: () => undefined,
      unref: () => undefined,
      read: () => this.#keys.shift() ?? null,
    }) as unknown as NodeJS.ReadStream;
  }

  /** What the keyboard sends in one piece. */
  press(text: string): void {
    this.#keys.push(text);
    this.#input.emit("readable");
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    Object.assign(this.stdout, { columns, rows });
    this.#output.emit("resize");
  }

  /** Rows as they stand on the screen, without spaces at their ends. */
  rows(): string[] {
    const buffer = this.#screen.buffer.active;
    return Array.from({ length: this.#screen.rows }, (_, y) =>
      (buffer.getLine(buffer.baseY + y)?.translateToString(true) ?? "").trimEnd(),
    );
  }

  text(): string {
    return this.rows().join("\n");
  }

  /** True while a program shows a screen of its own. */
  get alternate(): boolean {
    return this.#screen.buffer.active.type === "alternate";
  }

  /** Waits until the screen shows something. Rejects with the screen when it does not. */
  async shows(wanted: string | RegExp): Promise<void> {
    await vi.waitFor(
      () => {
        const text = this.text();
        const there = typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
        if (!there) throw new Error(`the screen does not show ${String(wanted)}:\n${text}`);
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  async showsNot(unwanted: string): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.text().includes(unwanted)) throw new Error(`the screen still shows ${unwanted}:\n${this.text()}`);
      },
      { timeout: 10_000, interval: 10 },
    );
  }
}
