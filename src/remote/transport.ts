/** How programs are run on a real machine: `multipass exec`, `ssh`. */
export interface Transport {
  /** Name of the machine, for messages. */
  readonly machine: string;
  /**
   * Starts `argv` (kept as it is, no shell expands it) as the machine's user `ubuntu`, without a terminal.
   * `ended` rejects with LabError `machine-unreachable` when the program could not be run or the way to it was lost:
   * its exit code is never confused with one of the transport's own.
   */
  start(argv: readonly string[], options: TransportOptions): RemoteProcess;
}

export interface TransportOptions {
  onOutput: (chunk: { stream: "stdout" | "stderr"; bytes: Uint8Array }) => void;
}

/** A program that runs on a machine. */
export interface RemoteProcess {
  write(bytes: string | Uint8Array): void;
  /** Closes its standard input. */
  end(): void;
  /** Ends the local side at once; what runs on the machine is ended by whoever started it there. */
  kill(): void;
  /** 0 to 255. */
  readonly ended: Promise<{ exitCode: number }>;
}
