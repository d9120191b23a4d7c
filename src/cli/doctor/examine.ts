import type { MachineRecipe } from "../../domain/recipe.ts";
import { exitCodes, type ExitCode } from "../../domain/errors.ts";
import type { Texts } from "../../texts/en.ts";
import { lookAtComputer } from "./computer.ts";
import type { BackendId, Finding } from "./finding.ts";
import type { Host } from "./host.ts";
import { lookAtMultipass } from "./multipass.ts";
import { lookAtResources } from "./resources.ts";
import { lookAtSurroundings } from "./surroundings.ts";
import { lookAtSsh, lookAtTools } from "./tools.ts";
import { lookAtVirtualization } from "./virtualization.ts";

/** Looks at a computer; `stateFolder` is undefined where it could not be made. Never rejects for what it finds. */
export async function examine(
  host: Host,
  stateFolder: string | undefined,
  recipe: MachineRecipe,
  texts: Texts,
): Promise<Finding[]> {
  const words = texts.doctor;
  const [computer, tools, ssh, seen] = await Promise.all([
    lookAtComputer(host, stateFolder, words),
    lookAtTools(host, words),
    lookAtSsh(host, stateFolder, words),
    lookAtMultipass(host, texts),
  ]);
  const [virtualization, surroundings] = await Promise.all([
    lookAtVirtualization(host, seen.driver, words),
    lookAtSurroundings(host, seen, words),
  ]);
  const resources = lookAtResources(host, recipe, seen, words);
  return [...computer, ...tools, ...seen.findings, ...virtualization, ...resources, ...surroundings, ...ssh];
}

/** The findings that matter to a backend. */
export const findingsFor = (backend: BackendId, findings: readonly Finding[]): Finding[] =>
  findings.filter(({ backends }) => backends.includes(backend));

/** 0 when it can be used, 4 when the user can help, 5 when an administrator or other hardware must. */
export function verdictOn(backend: BackendId, findings: readonly Finding[]): ExitCode {
  const missing = findingsFor(backend, findings).filter(({ status }) => status === "fail");
  if (missing.length === 0) return exitCodes.passed;
  return missing.some(({ needsOther }) => needsOther) ? exitCodes.environmentNeedsOther : exitCodes.environmentFixable;
}
