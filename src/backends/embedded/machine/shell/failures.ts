/** A command failed in the shell itself; the message is bash's, without the shell's name. */
export class ShellFailure extends Error {
  override readonly name = "ShellFailure";
  readonly exitCode: number;
  /** A script ends here; an interactive shell goes back to its prompt. */
  readonly fatal: boolean;
  constructor(message: string, options: { exitCode?: number; fatal?: boolean } = {}) {
    super(message);
    this.exitCode = options.exitCode ?? 1;
    this.fatal = options.fatal ?? false;
  }
}

/** `break`, `continue`, `return` and `exit` on their way up; `abandon` goes back to an interactive prompt. */
export class Jump extends Error {
  override readonly name = "Jump";
  readonly kind: "break" | "continue" | "return" | "exit" | "abandon";
  /** Levels of loops, or an exit code. */
  readonly value: number;
  constructor(kind: Jump["kind"], value: number) {
    super(kind);
    this.kind = kind;
    this.value = value;
  }
}
