/**
 * The address by which other instances reach one: the recorded one, else one of the recorded one's /24 network, else
 * what the guest says it reaches the world by, else the first. Pod and container networks put theirs into the list,
 * too, and come first while Multipass does not know its own.
 */
export function chooseAddress(
  addresses: readonly string[],
  known: { recorded?: string | undefined; routed?: string | undefined },
): string | undefined {
  const { recorded, routed } = known;
  const network = recorded?.slice(0, recorded.lastIndexOf(".") + 1);
  return (
    addresses.find((address) => address === recorded) ??
    addresses.find((address) => network !== undefined && address.startsWith(network)) ??
    routed ??
    addresses[0]
  );
}

/** Asked in the guest: from which address it reaches the world. */
export const routeCommand = ["ip", "-4", "-o", "route", "get", "1.1.1.1"] as const;

/** The source address in what `routeCommand` prints. */
export function routedAddress(printed: string): string | undefined {
  return /\bsrc ((?:\d{1,3}\.){3}\d{1,3})\b/.exec(printed)?.[1];
}
