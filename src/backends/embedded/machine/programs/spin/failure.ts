/** A command failed: Spin prints the message and the chain of its causes, and ends with 1. */
export class SpinFailure extends Error {
  override readonly name = "SpinFailure";
  readonly causes: readonly string[];
  constructor(message: string, causes: readonly string[] = []) {
    super(message);
    this.causes = causes;
  }
}

/** The command line is wrong: printed as it is, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** `Error: ...` with its causes, numbered when there are several. */
export function failureText({ message, causes }: { message: string; causes: readonly string[] }): string {
  if (causes.length === 0) return `Error: ${message}\n`;
  const lines = causes.map((cause, index) =>
    causes.length === 1 ? `      ${cause}\n` : `${String(index).padStart(4)}: ${cause}\n`,
  );
  return `Error: ${message}\n\nCaused by:\n${lines.join("")}`;
}
