/** Values that a text or a command may name as `{{hostAddress 31001}}` or `{{address worker1}}`. */
export interface PlaceholderValues {
  /** `address:port` at which this computer reaches a node port. */
  hostAddress(nodePort: number): string;
  /** Address of a machine. */
  address(machine: string): string;
}

/** Replaces the placeholders; an unknown one stays as it is, for the content test to find. */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  return text.replaceAll(/\{\{(hostAddress|address) ([a-z0-9-]+)\}\}/g, (_, name: string, argument: string) =>
    name === "hostAddress" ? values.hostAddress(Number(argument)) : values.address(argument),
  );
}
