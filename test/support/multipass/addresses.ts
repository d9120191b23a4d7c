import type { Call } from "./call.ts";
import type { Instance } from "./store.ts";

/** IPv4 addresses in the daemon's order: its own lease first, when it knows it, then what the machine says of itself. */
export async function addressesOf(
  call: Call,
  { name, state, management, otherAddresses }: Instance,
): Promise<string[]> {
  if (state !== "Running" && state !== "Delayed Shutdown") return [];
  if (management === "none") return ["N/A"];
  const machines = await call.machines();
  // A machine that has died unseen says nothing of itself.
  if (!machines.running(name)) return [];
  const own = machines.address(name);
  const others = [...machines.addresses(name).filter((address) => address !== own), ...otherAddresses];
  return management === "known" ? [own, ...others] : others;
}
