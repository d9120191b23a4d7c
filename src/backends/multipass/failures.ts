import { exitCodes, LabError } from "../../domain/errors.ts";
import { MultipassError } from "./client/index.ts";

/**
 * What a failure of Multipass means for the lab, with the way out. The message keeps Multipass's own words, so that
 * known failures are recognized in it. Anything but a MultipassError comes back as it is.
 */
export function labErrorOf(error: unknown, machine: string): unknown {
  if (!(error instanceof MultipassError)) return error;
  const words = oneLine(error.stderr) || error.message;
  const cause = error;
  switch (/No space left on device/i.test(words) ? "host-disk-full" : error.code) {
    case "not-installed":
      return new LabError("multipass-missing", "multipass: there is no such program on this computer", {
        remedy:
          "Install it from https://canonical.com/multipass/install (Ubuntu: `sudo snap install multipass`), or choose another backend with --backend.",
        cause,
      });
    case "unsupported-version":
    case "unsupported-feature":
      return new LabError("multipass-too-old", `multipass: version 1.13 or newer is needed, got ${words}`, {
        remedy: "Update Multipass (Linux: `sudo snap refresh multipass`), then try again.",
        cause,
      });
    case "daemon-unreachable":
      return new LabError("multipass-daemon", `multipass: its service does not answer, got ${words}`, {
        remedy: `Start the service of Multipass, then try again: ${howToStart()}.`,
        cause,
      });
    case "access-denied":
      return new LabError("multipass-access", `multipass: you may not use its service, got ${words}`, {
        remedy: "Ask an administrator to put you into the group sudo, admin or wheel, then log in again.",
        exitCode: exitCodes.environmentNeedsOther,
        cause,
      });
    case "not-authenticated":
    case "wrong-passphrase":
      return new LabError("multipass-authentication", `multipass: its service does not know you, got ${words}`, {
        remedy: "Run `multipass authenticate` with the passphrase that was set, then try again.",
        cause,
      });
    case "no-virtualization":
      return new LabError("no-virtualization", `${machine}: this computer runs no virtual machines, got ${words}`, {
        remedy:
          "Turn virtualization on in the firmware (BIOS) of the computer, or choose another backend with --backend.",
        exitCode: exitCodes.environmentNeedsOther,
        cause,
      });
    case "virtualization-denied":
      return new LabError("virtualization-denied", `${machine}: Multipass may not use KVM, got ${words}`, {
        remedy: "Run `sudo snap connect multipass:kvm`, then try again.",
        cause,
      });
    case "virtualization-busy":
      return new LabError("virtualization-busy", `${machine}: another program uses virtualization, got ${words}`, {
        remedy: "Shut the other virtual machine manager (VirtualBox, VMware) down, then try again.",
        cause,
      });
    case "image-unknown":
      return new LabError("image-unknown", `${machine}: Multipass has no such image, got ${words}`, {
        remedy: "`multipass find --show-unsupported` lists what there is; `--profile current` boots a newer Ubuntu.",
        cause,
      });
    case "remote-unreachable":
    case "download-failed":
    case "hash-mismatch":
      return new LabError("image-download", `${machine}: its image could not be downloaded, got ${words}`, {
        remedy:
          "Check the network (a proxy must be set for the Multipass service, not for you), run `multipass find --force-update`, then try again: it goes on where it was.",
        cause,
      });
    case "disk-too-small":
    case "host-disk-full":
      return new LabError("host-disk", `${machine}: the disk of this computer is too full, got ${words}`, {
        remedy: "Free some space where Multipass keeps its machines, then try again.",
        cause,
      });
    case "launch-timeout-cloud-init":
    case "client-timeout":
      return new LabError("machine-slow", `${machine}: still sets itself up, got ${words}`, {
        remedy: "It goes on by itself: run the same command again in some minutes.",
        cause,
      });
    case "launch-timeout-ssh":
    case "boot-failed":
    case "unknown-state":
    case "no-answer":
    case "ssh-failed":
    case "connection-lost":
      return new LabError("machine-silent", `${machine}: does not answer, got ${words}`, {
        remedy: "Run `wasm-k8s-lab doctor`: a VPN or a firewall is the usual cause. Then run the same command again.",
        cause,
      });
    case "not-running":
    case "wrong-state":
      return new LabError("machine-not-running", `${machine}: is not running, got ${words}`, {
        remedy: "Run `wasm-k8s-lab up` or `wasm-k8s-lab start`: they start it.",
        cause,
      });
    case "zone-unavailable":
      return new LabError("zone-unavailable", `${machine}: its availability zone is turned off, got ${words}`, {
        remedy: "Run `multipass enable-zones zone1`, then try again.",
        cause,
      });
    default:
      return new LabError("multipass-failed", `${machine}: multipass ${error.command} failed, got ${words}`, {
        remedy: "Look at `multipass list`, run `wasm-k8s-lab doctor`, then try again: it goes on where it was.",
        cause,
      });
  }
}

/** Runs something that talks to Multipass; its failures come out as LabError. */
export async function asLabErrors<T>(machine: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw labErrorOf(error, machine);
  }
}

const oneLine = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");

/** What a person types to start the service of Multipass on this computer. */
function howToStart(): string {
  switch (process.platform) {
    case "darwin":
      return "`sudo launchctl kickstart -k system/com.canonical.multipassd`";
    case "win32":
      return "`Start-Service Multipass`";
    default:
      return "`sudo snap start multipass`";
  }
}
