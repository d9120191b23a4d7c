/** The exit codes of the command line (DESIGN: "The command line"). */
export const exitCodes = {
  passed: 0,
  checkFailed: 1,
  wrongUse: 2,
  couldNotCheck: 3,
  environmentFixable: 4,
  environmentNeedsOther: 5,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface LabErrorOptions {
  /** What the user can do next, as a sentence or a command. */
  remedy: string;
  exitCode?: ExitCode;
  cause?: unknown;
}

/**
 * A problem the user can understand: printed as `message`, then the remedy, without a stack.
 * The message reads `<where>: <what is wrong>, got <value>`.
 */
export class LabError extends Error {
  override readonly name = "LabError";
  /** Stable, kebab-case. */
  readonly code: string;
  readonly remedy: string;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: LabErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? exitCodes.environmentFixable;
  }
}
