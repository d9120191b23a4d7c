import { execFileSync, spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

export const hasTmux = spawnSync("tmux", ["-V"], { stdio: "ignore" }).status === 0;

/** A program in a terminal of its own, as a person has it in front of them. */
export class TerminalWindow {
  #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens the terminal with a shell in it. */
  open(columns: number, rows: number, env: Readonly<Record<string, string>>): void {
    const variables = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    this.#tmux("-f", "/dev/null", "new-session", "-d", "-x", `${columns}`, "-y", `${rows}`, ...variables, "sh");
    this.#tmux("set", "-g", "status", "off");
    this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  close(): void {
    spawnSync("tmux", ["-L", this.#socket, "kill-server"], { stdio: "ignore" });
  }

  /** The screen, row by row, without spaces at the ends. */
  rows(): string[] {
    return this.#tmux("capture-pane", "-p").replace(/\n$/, "").split("\n");
  }

  text(): string {
    return this.rows().join("\n");
  }

  /** The screen with its colours, as escape sequences. */
  coloured(): string {
    return this.#tmux("capture-pane", "-p", "-e");
  }

  /** Types text as it is. */
  type(text: string): void {
    // An argument that ends with a semicolon would end tmux's own command.
    if (text !== "") this.#tmux("send-keys", "-l", "--", text.replace(/;$/, "\\;"));
  }

  /** Presses keys by their tmux names. */
  press(...keys: string[]): void {
    this.#tmux("send-keys", ...keys);
  }

  /** Waits until the screen satisfies a condition. Rejects with the screen when it never does. */
  async until<T>(what: string, condition: (rows: string[]) => T | undefined | false, seconds = 30): Promise<T> {
    for (let round = 0; round < seconds * 20; round += 1) {
      const found = condition(this.rows());
      if (found !== undefined && found !== false) return found;
      await pause(50);
    }
    throw new Error(`the screen never showed ${what}:\n${this.text()}`);
  }

  shows(wanted: string, seconds?: number): Promise<boolean> {
    return this.until(wanted, (rows) => rows.some((row) => row.includes(wanted)), seconds);
  }

  #tmux(...args: string[]): string {
    return execFileSync("tmux", ["-L", this.#socket, ...args], { encoding: "utf8" });
  }
}
