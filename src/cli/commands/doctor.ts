import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { exitCodes, type ExitCode } from "../../domain/errors.ts";
import { openHome } from "../home.ts";
import { readLimits } from "../limits.ts";
import { print, printJson } from "../output.ts";

export interface Finding {
  id: string;
  ok: boolean;
  detail: string;
  remedy: string;
}

/** Node that the program needs. */
const neededNode = [22, 18] as const;

/** Looks at this computer: is everything there that the lab needs? Exit 0, or 4 when the user can fix it. */
export function doctor(given: { json?: boolean; limits?: boolean }): ExitCode {
  if (given.limits) return limits(given.json === true);
  const findings = [nodeVersion(), stateFolder(), terminal(), hostTool("kubectl"), hostTool("curl")];
  if (given.json) printJson({ formatVersion: 1, findings });
  else {
    for (const { id, ok, detail, remedy } of findings)
      print(`${ok ? "ok  " : "look"} ${id}: ${detail}${ok ? "" : ` — ${remedy}`}`);
  }
  const needed = findings.filter(({ id }) => id === "node" || id === "state-folder");
  return needed.every(({ ok }) => ok) ? exitCodes.passed : exitCodes.environmentFixable;
}

/** Lists where the embedded machines are simpler than real ones. */
function limits(json: boolean): ExitCode {
  const found = readLimits();
  if (json) printJson({ formatVersion: 1, limits: found });
  else for (const { file, text } of found) print(`${file}: ${text}`);
  return exitCodes.passed;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1]);
  const remedy = `Install Node ${neededNode.join(".")} or newer.`;
  return { id: "node", ok, detail: `version ${process.versions.node}`, remedy };
}

function stateFolder(): Finding {
  const { path } = openHome(process.env);
  const remedy = "Set WASM_K8S_LAB_HOME to a folder you can write to.";
  try {
    accessSync(path, constants.W_OK);
    return { id: "state-folder", ok: true, detail: path, remedy };
  } catch {
    return { id: "state-folder", ok: false, detail: `${path} cannot be written`, remedy };
  }
}

function terminal(): Finding {
  const { columns = 0, rows = 0 } = process.stdout;
  const ok = process.stdout.isTTY && columns >= 60 && rows >= 20;
  const detail = process.stdout.isTTY ? `${columns}x${rows}` : "not a terminal";
  return { id: "terminal", ok, detail, remedy: "Use a terminal of at least 60x20, or `start --plain`." };
}

function hostTool(name: string): Finding {
  const ok = spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined;
  const remedy = `Only needed to reach the cluster from this computer; the machines have their own ${name}.`;
  return { id: name, ok, detail: ok ? "found" : "not found", remedy };
}
