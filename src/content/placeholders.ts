/** Values that a text or a command may name as `{{hostPort 31001}}` or `{{address worker1}}`. */
export interface PlaceholderValues {
  /** Port on this computer that leads to a node port. */
  hostPort(nodePort: number): number;
  /** Address of a machine. */
  address(machine: string): string;
}

/** Replaces the placeholders; an unknown one stays as it is, for the content test to find. */
export function fillPlaceholders(text: string, values: PlaceholderValues): string {
  return text.replaceAll(/\{\{(hostPort|address) ([a-z0-9-]+)\}\}/g, (_, name: string, argument: string) =>
    name === "hostPort" ? String(values.hostPort(Number(argument))) : values.address(argument),
  );
}
