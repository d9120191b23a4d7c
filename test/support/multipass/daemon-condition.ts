import type { Call } from "./call.ts";
import { faultFor } from "./faults.ts";

/** What a command prints when the daemon does not answer; undefined when it does. */
export function daemonRefusal(
  call: Pick<Call, "command" | "settings" | "store">,
): { message: string; details: string } | undefined {
  const condition = faultFor(call.settings, call.store(), { command: call.command, daemon: true })?.daemon;
  const old = !call.settings.atLeast("1.12");
  const socket = "/var/snap/multipass/common/multipass_socket";
  switch (condition) {
    case undefined:
      return undefined;
    case "no-socket":
      return {
        message: "cannot connect to the multipass socket",
        details: old ? `Please ensure multipassd is running and '${socket}' is accessible` : "",
      };
    case "denied":
      return {
        message: "multipass socket access denied",
        details: old ? `Please check that you have read/write permissions to '${socket}'` : "",
      };
    case "unauthenticated":
      return {
        message: "The client is not authenticated with the Multipass service.",
        details: "Please use 'multipass authenticate' before proceeding.",
      };
  }
}
