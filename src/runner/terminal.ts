import { LabError } from "../domain/errors.ts";
import type { Machine, TerminalCommand } from "../domain/machine.ts";

/** What to run to hand a terminal over to a machine. Throws LabError `no-terminal` where nothing does that. */
export function terminalOf(machine: Machine): TerminalCommand {
  if (machine.terminal) return machine.terminal();
  throw new LabError("no-terminal", `${machine.name}: this backend hands no terminal over`, {
    remedy: `Its shell is in \`wasm-k8s-lab start\`; for one command use \`wasm-k8s-lab exec ${machine.name} -- COMMAND\`.`,
  });
}
