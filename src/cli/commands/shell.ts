import { runOnTerminal } from "../../process/terminal.ts";
import { type LabArguments, withMachines } from "../open-session.ts";

/** Hands this terminal over to a machine's login shell. Resolves with its exit code. */
export async function shell(machine: string, given: LabArguments): Promise<number> {
  // The lab is let go of before: a shell may stay open for hours.
  const { file, argv } = await withMachines("shell", given, (machines) => machines.terminal(machine));
  return runOnTerminal(file, argv);
}
