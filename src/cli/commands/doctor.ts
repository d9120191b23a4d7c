import type { Language, Profile } from "../../domain/backend.ts";
import { exitCodes, type ExitCode, LabError } from "../../domain/errors.ts";
import { textsFor } from "../../texts/texts.ts";
import { examine, findingsFor, verdictOn } from "../doctor/examine.ts";
import { type BackendId, backendIds } from "../doctor/finding.ts";
import { thisComputer } from "../doctor/host.ts";
import { findingLines } from "../doctor/print.ts";
import { openHome } from "../home.ts";
import { languageOf } from "../language.ts";
import { readLimits } from "../limits.ts";
import { profileOf, recipeOf } from "../open-session.ts";
import { print, printJson } from "../output.ts";

export interface DoctorArguments {
  json?: boolean;
  limits?: boolean;
  lang?: Language;
  backend?: BackendId;
  profile?: Profile;
}

/**
 * Looks at this computer: is everything there that a backend (by default the embedded one) needs? Resolves with 0, 4
 * when the user can help, or 5 when an administrator or other hardware must.
 */
export async function doctor(given: DoctorArguments): Promise<ExitCode> {
  if (given.limits) return limits(given.json === true);
  const texts = textsFor(languageOf(given.lang));
  const folder = stateFolder();
  const recipe = recipeOf(folder === undefined ? (given.profile ?? "thesis") : profileOf(given.profile));
  const findings = await examine(thisComputer(), folder, recipe, texts);
  if (given.json) {
    const shown = given.backend === undefined ? findings : findingsFor(given.backend, findings);
    printJson({
      formatVersion: 1,
      findings: shown.map((finding) => ({ ...finding, ok: finding.status === "ok" })),
      backends: (given.backend === undefined ? backendIds : [given.backend]).map((id) => ({
        id,
        ready: verdictOn(id, findings) === exitCodes.passed,
        exitCode: verdictOn(id, findings),
      })),
    });
  } else {
    const columns = process.stdout.isTTY ? process.stdout.columns : Infinity;
    for (const line of findingLines(findings, given.backend, columns, texts)) print(line);
  }
  return verdictOn(given.backend ?? "embedded", findings);
}

/** Undefined when it cannot be made: that is something to be told. */
function stateFolder(): string | undefined {
  try {
    return openHome(process.env).path;
  } catch (error) {
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

/** Lists where the embedded machines are simpler than real ones. */
function limits(json: boolean): ExitCode {
  const found = readLimits();
  if (json) printJson({ formatVersion: 1, limits: found });
  else for (const { file, text } of found) print(`${file}: ${text}`);
  return exitCodes.passed;
}
