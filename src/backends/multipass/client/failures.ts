import { MultipassError, type MultipassErrorCode } from "./errors.ts";

/** What Multipass says in each case, over its versions; the first that fits counts. */
const texts: readonly (readonly [RegExp, MultipassErrorCode])[] = [
  [/cannot connect to the multipass socket/, "daemon-unreachable"],
  [/multipass socket access denied/, "access-denied"],
  [/client is not authenticated with the Multipass service/, "not-authenticated"],
  [/Passphrase is not (correct|set)/, "wrong-passphrase"],
  [/No such snapshot/, "unknown-snapshot"],
  [/Snapshot already exists/, "snapshot-exists"],
  [/[Ii]nstance ["'][^"']*["'] does not exist/, "unknown-instance"],
  [/[Ii]nstance ["'][^"']*["'] is deleted/, "soft-deleted"],
  [/instance "[^"]*" already exists/, "already-exists"],
  [/instance "[^"]*" is being prepared/, "being-prepared"],
  [/Invalid instance name supplied/, "invalid-name"],
  [/Invalid memory size value supplied|is not a valid memory size/, "invalid-memory"],
  [/Invalid disk size value supplied/, "invalid-disk"],
  [/invalid CPU count/, "invalid-cpus"],
  [/Invalid network options/, "invalid-network"],
  [/no AZ with name/, "invalid-zone"],
  [/no AZ is available/, "zone-unavailable"],
  [/Could not load cloud-init configuration|error loading cloud-init config/, "invalid-cloud-init"],
  [/timed out waiting for initialization to complete/, "launch-timeout-cloud-init"],
  [/timed out waiting for response/, "launch-timeout-ssh"],
  [/Timed out waiting for instance/, "client-timeout"],
  [/Unable to find an image matching|is not a supported alias/, "image-unknown"],
  [/Custom image `.*` does not exist|Invalid file URL/, "image-unknown"],
  [/Hash of .* does not match|Downloaded image hash does not match/, "hash-mismatch"],
  [
    /failed to download from|^launch failed: (Host .* not found|Operation canceled|Network timeout)/m,
    "download-failed",
  ],
  [/Remote "[^"]*" is unknown or unreachable/, "remote-unreachable"],
  [/Requested disk .* below minimum for this image/, "disk-too-small"],
  [/Available disk .* below minimum for this image/, "host-disk-full"],
  [/KVM support is not enabled|Hyper-V service does not exist/, "no-virtualization"],
  [/Virtualization support appears to be disabled|Hyper-V Windows feature is disabled/, "no-virtualization"],
  [/KVM device cannot be opened/, "virtualization-denied"],
  [/Another virtual machine manager is currently running/, "virtualization-busy"],
  [/quit unexpectedly|failed to start \S+ instance|Instance stopped while starting/, "boot-failed"],
  [/in unknown state|in an unknown state/, "unknown-state"],
  [/can only \w+ snapshots of stopped instances|can only (restore|clone) .*stopped/i, "not-stopped"],
  [/Instance must be stopped for modification/, "not-stopped"],
  [/Cannot shut down/, "wrong-state"],
  [/ssh connection failed/, "ssh-failed"],
  [/[Ii]nstance ["'][^"']*["'] is not running/, "not-running"],
  [/Mounts are disabled on this installation/, "mounts-disabled"],
  [/Unrecognized settings key/, "unknown-setting"],
  [/\[sftp\].*Permission denied/, "remote-file-denied"],
  [/\[sftp\].*No such file/, "remote-file-not-found"],
  [/\[sftp\]/, "transfer-failed"],
  [/Unknown command or alias|Unknown options?[: ']/, "unsupported-feature"],
  [/Missing value after|Wrong number of arguments|Not enough arguments given|Invalid format type/, "wrong-use"],
  [/--timeout value has to be a positive integer/, "wrong-use"],
];

/** The client's own `--timeout` has passed. */
const timeoutExitCode = 5;

/** The error that an ended command's exit code and words stand for. */
export function failureOf(
  command: string,
  ended: { exitCode: number; stdout?: string; stderr: string },
): MultipassError {
  // Only what an unknown command is told stands on standard output.
  const said = ended.stderr.trim() === "" ? (ended.stdout ?? "") : ended.stderr;
  const found = texts.find(([pattern]) => pattern.test(said))?.[1];
  const code = found ?? (ended.exitCode === timeoutExitCode ? "client-timeout" : "failed");
  return new MultipassError(code, wordsOf(said) || `ended with exit code ${ended.exitCode}`, {
    command,
    exitCode: ended.exitCode,
    stderr: ended.stderr,
  });
}

/** True for words that the client itself, not a command it ran, ends with. */
export function isClientFailure(stderr: string): boolean {
  return /^(exec|info|start|shell) failed: |Caught an unhandled exception|^Unknown option|^Wrong number of arg/m.test(
    stderr,
  );
}

const headings = /^(\S+ failed:|Error:|error:|The following errors occurred:|Invalid arguments supplied)\s*/;

/** Without the headings that say nothing, on one line. */
function wordsOf(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => {
    let rest = line.trim().replace(/^(\[[^\]]*\]\s*)+(Caught an unhandled exception:\s*)?/, "");
    while (headings.test(rest)) rest = rest.replace(headings, "");
    return rest;
  });
  return [...new Set(lines.filter((line) => line !== ""))].join(" ");
}
