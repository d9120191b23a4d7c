import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import type { Language } from "../../domain/backend.ts";
import { exitCodes, type ExitCode } from "../../domain/errors.ts";
import type { Texts } from "../../texts/en.ts";
import { textsFor } from "../../texts/texts.ts";
import { openHome } from "../home.ts";
import { readLimits } from "../limits.ts";
import { languageOf } from "../language.ts";
import { print, printJson } from "../output.ts";

export interface DoctorArguments {
  json?: boolean;
  limits?: boolean;
  lang?: Language;
}

export interface Finding {
  id: string;
  ok: boolean;
  detail: string;
  remedy: string;
}

/** Node that the program needs. */
const neededNode = [22, 18] as const;

/** Looks at this computer: is everything there that the lab needs? Exit 0, or 4 when the user can fix it. */
export function doctor(given: DoctorArguments): ExitCode {
  if (given.limits) return limits(given.json === true);
  const { doctor: words } = textsFor(languageOf(given.lang));
  const tools = ["kubectl", "curl"].map((name) => hostTool(name, words));
  const findings = [nodeVersion(words), stateFolder(words), terminal(words), ...tools];
  if (given.json) printJson({ formatVersion: 1, findings });
  else {
    const width = Math.max(words.fine.length, words.look.length);
    for (const { id, ok, detail, remedy } of findings) {
      print(`${(ok ? words.fine : words.look).padEnd(width)} ${id}: ${detail}${ok ? "" : ` — ${remedy}`}`);
    }
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

type Words = Texts["doctor"];

function nodeVersion(words: Words): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1]);
  const remedy = words.nodeRemedy(neededNode.join("."));
  return { id: "node", ok, detail: words.node(process.versions.node), remedy };
}

function stateFolder(words: Words): Finding {
  const { path } = openHome(process.env);
  const remedy = words.folderRemedy;
  try {
    accessSync(path, constants.W_OK);
    return { id: "state-folder", ok: true, detail: path, remedy };
  } catch {
    return { id: "state-folder", ok: false, detail: words.notWritable(path), remedy };
  }
}

function terminal(words: Words): Finding {
  const { columns = 0, rows = 0 } = process.stdout;
  const ok = process.stdout.isTTY && columns >= 60 && rows >= 20;
  const detail = process.stdout.isTTY ? `${columns}x${rows}` : words.noTerminal;
  return { id: "terminal", ok, detail, remedy: words.terminalRemedy };
}

function hostTool(name: string, words: Words): Finding {
  const ok = spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined;
  return { id: name, ok, detail: ok ? words.found : words.notFound, remedy: words.toolRemedy(name) };
}
