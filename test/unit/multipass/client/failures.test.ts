import { describe, expect, it } from "vitest";
import type { MultipassErrorCode } from "../../../../src/backends/multipass/client/index.ts";
import { failureOf } from "../../../../src/backends/multipass/client/failures.ts";

/** What Multipass prints in each case: code, subcommand, exit code, standard error. */
const cases: readonly (readonly [MultipassErrorCode, string, number, string])[] = [
  ["unknown-instance", "info", 2, 'info failed: The following errors occurred:\ninstance "nope" does not exist\n'],
  ["soft-deleted", "exec", 2, 'exec failed: The following errors occurred:\ninstance "x" is deleted\n'],
  ["unknown-instance", "start", 2, "start failed: instance(s) missing\nInstance 'x' does not exist.\n"],
  [
    "soft-deleted",
    "start",
    2,
    "start failed: instance(s) missing\nInstance 'x' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.\n",
  ],
  ["already-exists", "launch", 2, 'launch failed: instance "x" already exists\n'],
  ["being-prepared", "launch", 2, 'launch failed: instance "x" is being prepared\n'],
  ["invalid-name", "launch", 2, "launch failed: Invalid arguments supplied\nInvalid instance name supplied: 1bad\n"],
  [
    "invalid-memory",
    "launch",
    2,
    "launch failed: Invalid arguments supplied\nInvalid memory size value supplied: 64M.\n",
  ],
  ["invalid-disk", "launch", 2, "launch failed: Invalid arguments supplied\nInvalid disk size value supplied: 100M.\n"],
  [
    "invalid-memory",
    "launch",
    1,
    "[2025-07-17T14:36:45.874] [error] [client] Caught an unhandled exception: 2X is not a valid memory size - need a non-negative integer\n",
  ],
  ["invalid-network", "launch", 2, "launch failed: Invalid arguments supplied\nInvalid network options supplied\n"],
  [
    "invalid-network",
    "launch",
    2,
    "launch failed: Invalid network options. To troubleshoot, see https://canonical.com/\n",
  ],
  ["invalid-cpus", "launch", 1, "Error: invalid CPU count 'x', need a positive integer value.\n"],
  ["wrong-use", "launch", 1, "error: --timeout value has to be a positive integer\n"],
  [
    "invalid-cloud-init",
    "launch",
    1,
    "Could not load cloud-init configuration: bad file: /tmp/x.yaml\nPlease ensure\n",
  ],
  ["invalid-cloud-init", "launch", 1, "error loading cloud-init config: bad file\n"],
  [
    "invalid-cloud-init",
    "launch",
    1,
    "Could not load cloud-init configuration: yaml-cpp: error at line 3, column 1: x\n",
  ],
  [
    "launch-timeout-ssh",
    "launch",
    2,
    "launch failed: The following errors occurred:\nx: timed out waiting for response\n",
  ],
  [
    "launch-timeout-cloud-init",
    "launch",
    2,
    "launch failed: The following errors occurred:\ntimed out waiting for initialization to complete\n",
  ],
  ["client-timeout", "launch", 5, "Timed out waiting for instance launch.\n"],
  ["client-timeout", "start", 5, "Timed out waiting for instance to start.\n"],
  ["client-timeout", "start", 5, ""],
  ["image-unknown", "launch", 2, 'launch failed: Unable to find an image matching "foo" in remote "".\n'],
  [
    "image-unknown",
    "launch",
    2,
    "launch failed: 'foo' is not a supported alias. Please use `multipass find` for it.\n",
  ],
  ["image-unknown", "launch", 2, "launch failed: Custom image `/p` does not exist.\n"],
  ["image-unknown", "launch", 2, "launch failed: Invalid file URL `x`; did you forget a slash?\n"],
  ["remote-unreachable", "launch", 2, 'launch failed: Remote "foo" is unknown or unreachable. If image mirror is\n'],
  ["download-failed", "launch", 2, "launch failed: failed to download from 'https://x': Network timeout\n"],
  ["download-failed", "launch", 2, "launch failed: Host cloud-images.ubuntu.com not found\n"],
  ["download-failed", "launch", 2, "launch failed: Operation canceled\n"],
  ["hash-mismatch", "launch", 2, "launch failed: Hash of F does not match H\n"],
  ["hash-mismatch", "launch", 2, "launch failed: Downloaded image hash does not match\n"],
  ["disk-too-small", "launch", 2, "launch failed: Requested disk (1 bytes) below minimum for this image (2 bytes)\n"],
  ["host-disk-full", "launch", 2, "launch failed: Available disk (1 bytes) below minimum for this image (2 bytes)\n"],
  [
    "no-virtualization",
    "launch",
    2,
    "launch failed: KVM support is not enabled on this machine.\nPlease ensure:\n1. x\n",
  ],
  ["virtualization-denied", "launch", 2, "launch failed: The KVM device cannot be opened for reading and writing.\n"],
  ["virtualization-busy", "launch", 2, "launch failed: Another virtual machine manager is currently running. Please\n"],
  [
    "no-virtualization",
    "launch",
    2,
    "launch failed: The Hyper-V service does not exist. Ensure Hyper-V is installed.\n",
  ],
  ["no-virtualization", "launch", 2, "launch failed: Virtualization support appears to be disabled in the BIOS.\n"],
  ["no-virtualization", "launch", 2, "launch failed: The Hyper-V Windows feature is disabled. Please\n"],
  ["boot-failed", "launch", 2, "launch failed: qemu quit unexpectedly with exit code 1, check logs for more details\n"],
  ["boot-failed", "launch", 2, "launch failed: failed to start qemu instance: x\n"],
  ["boot-failed", "start", 2, "start failed: Instance stopped while starting\n"],
  ["daemon-unreachable", "list", 2, "list failed: cannot connect to the multipass socket\n"],
  ["access-denied", "list", 2, "list failed: multipass socket access denied\n"],
  [
    "not-authenticated",
    "list",
    2,
    "list failed: The client is not authenticated with the Multipass service.\nPlease use\n",
  ],
  ["wrong-passphrase", "authenticate", 2, "authenticate failed: Passphrase is not correct. Please try again.\n"],
  ["wrong-passphrase", "authenticate", 2, "authenticate failed: Passphrase is not set. Please `multipass set` it.\n"],
  [
    "unknown-state",
    "start",
    2,
    "start failed: The following errors occurred:\nInstance 'x' is already running, but in an unknown state.\nTry to stop it first.\n",
  ],
  ["unknown-state", "exec", 2, "exec failed: Cannot retrieve credentials in unknown state\n"],
  ["not-running", "restart", 2, "restart failed: Instance 'x' is not running\n"],
  [
    "wrong-state",
    "stop",
    2,
    "stop failed: Cannot shut down instance x while starting.\nUse --force to power it off.\n",
  ],
  ["wrong-state", "delete", 2, "delete failed: Cannot shut down suspended instance x.\nUse --purge to forcefully\n"],
  ["not-stopped", "snapshot", 2, "snapshot failed: Multipass can only take snapshots of stopped instances.\n"],
  ["not-stopped", "restore", 2, "restore failed: Multipass can only restore snapshots of stopped instances.\n"],
  ["not-stopped", "clone", 2, "clone failed: Multipass can only clone stopped instances.\n"],
  [
    "not-stopped",
    "set",
    2,
    "set failed: Cannot update instance settings; reason: Instance must be stopped for modification\n",
  ],
  ["snapshot-exists", "snapshot", 2, "snapshot failed: Snapshot already exists: x.s\n"],
  ["unknown-snapshot", "restore", 2, "restore failed: No such snapshot: x.s\n"],
  ["not-running", "transfer", 2, 'transfer failed: instance "x" is not running\n'],
  ["ssh-failed", "exec", 2, "exec failed: ssh connection failed: 'No route to host'\n"],
  ["ssh-failed", "exec", 255, "exec failed: ssh connection failed: 'Timeout connecting to 1.2.3.4'\n"],
  ["mounts-disabled", "mount", 2, "mount failed: Mounts are disabled on this installation of Multipass.\n\nSee\n"],
  ["unknown-setting", "get", 1, "Unrecognized settings key: 'k'\n"],
  [
    "remote-file-denied",
    "transfer",
    2,
    "[2022-10-11T13:07:25.789] [error] [sftp] cannot open remote file /root/x: Permission denied\n",
  ],
  [
    "remote-file-not-found",
    "transfer",
    2,
    "[2022-10-11T13:07:25.789] [error] [sftp] cannot open remote file x: No such file\n",
  ],
  [
    "transfer-failed",
    "transfer",
    2,
    "[2022-10-11T13:07:25.789] [error] [sftp] cannot write to remote file x: Failure\n",
  ],
  ["unsupported-feature", "stop", 1, "Unknown option 'force'.\n"],
  ["unsupported-feature", "list", 1, "Unknown options: l, a.\n"],
  ["wrong-use", "launch", 1, "Missing value after '--cpus'.\n"],
  ["failed", "launch", 2, "launch failed: something new\n"],
];

describe("what a failure is called", () => {
  it.each(cases)("%s (%s, %i)", (code, command, exitCode, stderr) => {
    const error = failureOf(command, { exitCode, stderr });
    expect(error).toMatchObject({ code, command, exitCode, stderr });
    expect(error.message).toMatch(new RegExp(`^multipass ${command}: \\S`));
    expect(error.message).not.toMatch(/\n|errors occurred|\[error\]|failed: .* failed:/);
  });

  it("is said in what a command unknown to an older executable prints, too", () => {
    const stdout = 'Error: Unknown command or alias \'zones\' (try "multipass help" or "multipass aliases")\n';
    expect(failureOf("zones", { exitCode: 1, stdout, stderr: "" }).code).toBe("unsupported-feature");
  });

  it("is told once, however often it was printed", () => {
    const once = 'exec failed: The following errors occurred:\ninstance "x" does not exist\n';
    expect(failureOf("exec", { exitCode: 2, stderr: once + once }).message).toBe(
      'multipass exec: instance "x" does not exist',
    );
  });
});
