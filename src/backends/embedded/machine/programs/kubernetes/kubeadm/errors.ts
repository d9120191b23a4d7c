/** Ends a kubeadm command: the message is printed without a prefix up to 1.30 and with `error: ` from 1.31 on. */
export class KubeadmError extends Error {
  override readonly name = "KubeadmError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
