import { type Call, exits, wrong } from "../call.ts";

/** `multipass mount` and `multipass umount` */
export function run(call: Call): number {
  if (call.positionals.length < (call.command === "mount" ? 2 : 1)) return wrong(call, "Not enough arguments given");
  return call.command === "umount" ? exits.ok : refuseMount(call, call.positionals.at(-1)?.split(":")[0] ?? "");
}

/** Nothing is mounted here: that needs packages from the internet, or is turned off, as on Windows. */
export function refuseMount(call: Call, name: string): number {
  if (call.settings.platform === "win") {
    const disabled = "mount failed: Mounts are disabled on this installation of Multipass.";
    const where = "https://canonical.com/multipass/docs/set-command#local.privileged-mounts";
    call.err(`${disabled}\n\nSee ${where} for information\non how to enable them.\n`);
  } else {
    const remedy = "Please install the 'multipass-sshfs' snap manually inside the instance.";
    call.err(`mount failed: Error enabling mount support in '${name}'\n\n${remedy}\n`);
  }
  return exits.failed;
}
