/** What the daemon tells the client that waits for it; one JSON document per line. */
export type Message =
  | { say: string }
  | { progress: string }
  /** The time the client gave is over. */
  | { timeout: true }
  /** A fault: the client is to end by this signal. */
  | { kill: NodeJS.Signals }
  | { done: { code: number; stdout: string; stderr: string } };

export interface LaunchRequest {
  operation: "launch";
  name: string;
  userData: string;
  /** Seconds. */
  timeout?: number;
}

export interface StartRequest {
  operation: "start" | "restart";
  names: string[];
  /** Seconds. */
  timeout?: number;
}

export type Request = LaunchRequest | StartRequest;

/** Seconds that Multipass waits, for SSH and again for cloud-init, when it is not told otherwise. */
export const defaultWait = 300;
