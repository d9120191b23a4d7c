/** A command failed in the shell itself; the message is bash's, without the shell's name. */
export class ShellFailure extends Error {
  override readonly name = "ShellFailure";
  readonly exitCode: number;
  /** What it ends: the command, the whole line (or function call, or subshell), or the shell unless that is interactive. */
  readonly ends: "command" | "line" | "shell";
  constructor(message: string, options: { exitCode?: number; ends?: ShellFailure["ends"] } = {}) {
    super(message);
    this.exitCode = options.exitCode ?? 1;
    this.ends = options.ends ?? "command";
  }
}

/** `break`, `continue`, `return` and `exit` on their way up; `discard` gives up the line. */
export class Jump extends Error {
  override readonly name = "Jump";
  readonly kind: "break" | "continue" | "return" | "exit" | "discard";
  /** Levels of loops, or an exit code. */
  readonly value: number;
  constructor(kind: Jump["kind"], value: number) {
    super(kind);
    this.kind = kind;
    this.value = value;
  }
}
