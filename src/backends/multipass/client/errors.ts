/** What went wrong, whatever the version and its words. Codes are permanent. */
export type MultipassErrorCode =
  /** There is no such executable, or it cannot be run. */
  | "not-installed"
  | "unsupported-version"
  | "unsupported-feature"
  | "daemon-unreachable"
  | "access-denied"
  | "not-authenticated"
  | "wrong-passphrase"
  /** No answer within `answerWithinMs`, or after `timeoutMs`. */
  | "no-answer"
  | "unknown-instance"
  | "already-exists"
  | "soft-deleted"
  | "being-prepared"
  | "invalid-name"
  | "invalid-memory"
  | "invalid-disk"
  | "invalid-cpus"
  | "invalid-network"
  | "invalid-zone"
  | "invalid-cloud-init"
  /** The instance has no address or its SSH does not answer. */
  | "launch-timeout-ssh"
  /** It runs, but cloud-init has not ended. */
  | "launch-timeout-cloud-init"
  /** The client's own `--timeout`; the daemon goes on. */
  | "client-timeout"
  /** A signal ended the client; the daemon goes on. */
  | "client-killed"
  | "image-unknown"
  | "remote-unreachable"
  | "download-failed"
  | "hash-mismatch"
  /** The requested disk, or what is free on this computer, is smaller than the image. */
  | "disk-too-small"
  | "host-disk-full"
  | "no-virtualization"
  | "virtualization-denied"
  | "virtualization-busy"
  | "boot-failed"
  | "unknown-state"
  | "not-running"
  | "not-stopped"
  /** It is starting, suspended or otherwise between states. */
  | "wrong-state"
  | "zone-unavailable"
  | "ssh-failed"
  /** The command had begun; whether it went on is unknown. */
  | "connection-lost"
  | "unknown-snapshot"
  | "snapshot-exists"
  | "unknown-setting"
  | "mounts-disabled"
  | "remote-file-not-found"
  | "remote-file-denied"
  | "transfer-failed"
  /** The client did not understand how it was called. */
  | "wrong-use"
  /** Multipass succeeded with words that this client does not understand. */
  | "unexpected-output"
  | "failed";

export interface MultipassFailure {
  /** Subcommand, e.g. `launch`. */
  command: string;
  /** Of the client; absent when it was not started or was killed. */
  exitCode?: number;
  /** What it printed there, without spinner. */
  stderr?: string;
}

/** A Multipass command that could not do what was asked. */
export class MultipassError extends Error {
  override readonly name = "MultipassError";
  readonly code: MultipassErrorCode;
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(code: MultipassErrorCode, message: string, failure: MultipassFailure, options?: ErrorOptions) {
    super(`multipass ${failure.command}: ${message}`, options);
    this.code = code;
    this.command = failure.command;
    this.exitCode = failure.exitCode;
    this.stderr = failure.stderr ?? "";
  }
}
