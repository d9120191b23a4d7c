import { dirname } from "../../files/paths.ts";
import type { ModelledMachine, UnitStatus } from "../../machine.ts";
import type { Process } from "../../process.ts";
import { setting } from "../../system/units/unit-file.ts";
import { unitFileNames, unitName } from "../../system/units/unit-loader.ts";
import type { Systemd } from "../../system/units/unit-manager.ts";
import type { Arguments } from "./arguments.ts";
import { shortLine } from "./journal-format.ts";
import { ago, longTime } from "./times.ts";

/** One run of systemctl. */
export interface Call {
  process: Process;
  machine: ModelledMachine;
  args: Arguments;
  names: string[];
  systemd: Systemd;
  quiet: boolean;
}

/** What systemctl says about a unit whose files changed. */
export function reloadWarning(systemd: Systemd, name: string): string {
  return `Warning: The unit file, source configuration file or drop-ins of ${systemd.unit(name).id} changed on disk. Run 'systemctl daemon-reload' to reload units.\n`;
}

const dots: Readonly<Record<string, string>> = { failed: "●", inactive: "●" };

/** `systemctl status`. */
export async function showStatus({ process, names, systemd, machine, args }: Call): Promise<number> {
  if (names.length === 0) {
    const failed = systemd.list().filter((unit) => unit.active === "failed").length;
    await process.out(
      `● ${machine.name}\n    State: ${failed > 0 ? "degraded" : "running"}\n     Jobs: 0 queued\n   Failed: ${failed} units\n` +
        `    Since: ${longTime(machine.bootedAt)}; ${ago(machine.environment.clock.now() - machine.bootedAt)}\n`,
    );
    return 0;
  }
  let code = 0;
  for (const [index, name] of names.entries()) {
    const status = systemd.status(name);
    if (!status.loaded && status.enabled !== "masked") {
      await process.err(`Unit ${status.name} could not be found.\n`);
      code = 4;
      continue;
    }
    if (index > 0) await process.out("\n");
    if (systemd.needsReload(name)) await process.err(reloadWarning(systemd, name));
    const lines = Number(args.value("-n", "--lines") ?? 10);
    await process.out(statusText(machine, systemd, status, lines, Number.parseInt(process.executable.version, 10)));
    if (status.active !== "active") code = 3;
  }
  return code;
}

function statusText(
  machine: ModelledMachine,
  systemd: Systemd,
  status: UnitStatus,
  count: number,
  version: number,
): string {
  const unit = systemd.unit(status.name);
  const now = machine.environment.clock.now();
  const row = (label: string, text: string): string => `${label.padStart(11)}: ${text}\n`;
  // Newer versions speak of a preset only and show a stopped unit by an empty dot.
  const isNewer = version >= 250;
  const preset = isNewer ? "; preset: enabled" : "; vendor preset: enabled";
  const dot = isNewer && status.active === "inactive" ? "○" : (dots[status.active] ?? "●");
  let text = `${dot} ${status.name}${status.description === status.name ? "" : ` - ${status.description}`}\n`;
  text += row(
    "Loaded",
    status.enabled === "masked"
      ? `masked (Reason: Unit ${status.name} is masked.)`
      : `loaded (${status.path}; ${status.enabled}${preset})`,
  );
  if (unit.dropIns.length > 0) {
    const folders = new Map<string, string[]>();
    for (const path of unit.dropIns)
      folders.set(dirname(path), [...(folders.get(dirname(path)) ?? []), path.slice(dirname(path).length + 1)]);
    text += row(
      "Drop-In",
      [...folders].map(([folder, names]) => `${folder}\n             └─${names.join(", ")}`).join("\n             "),
    );
  }
  const result = systemd.result(status.name);
  const why =
    status.active === "failed" || (status.sub === "auto-restart" && result !== "success") ? ` (Result: ${result})` : "";
  const neverRan = status.active === "inactive" && status.since === 0;
  const when = neverRan ? "" : ` since ${longTime(status.since)}; ${ago(now - status.since)}`;
  text += row("Active", `${status.active}${status.sub === status.active ? "" : ` (${status.sub})`}${why}${when}`);
  const command = setting(unit.settings, "Service", "ExecStart");
  const binary = (command ?? "").replace(/^[-@:+!]*/, "").split(" ")[0] ?? "";
  const short = binary.slice(binary.lastIndexOf("/") + 1);
  if (status.pid !== undefined) {
    const entry = machine.processes.list().find((item) => item.pid === status.pid);
    text += row("Main PID", `${status.pid} (${short.slice(0, 15)})`);
    text += row("Tasks", "9 (limit: 4611)");
    text += row(
      "CGroup",
      `/system.slice/${status.name}\n             └─${status.pid} ${(entry?.argv ?? [binary]).join(" ")}`,
    );
  } else if (
    status.exitCode !== undefined &&
    (status.active === "failed" || status.sub === "auto-restart" || status.sub === "exited")
  ) {
    const ended =
      status.exitCode > 128
        ? `code=killed, signal=${status.exitCode === 137 ? "KILL" : "TERM"}`
        : `code=exited, status=${status.exitCode}/${status.exitCode === 0 ? "SUCCESS" : status.exitCode === 203 ? "EXEC" : "FAILURE"}`;
    text += row(
      "Process",
      `${systemd.lastPid(status.name) ?? ""} ExecStart=${(command ?? "").replaceAll(/\s+/g, " ")} (${ended})`,
    );
    text += row("Main PID", `${systemd.lastPid(status.name) ?? ""} (${ended})`);
  }
  const entries = machine.journal.entries(status.name).slice(-count);
  if (entries.length > 0 && count > 0) text += `\n${entries.map((entry) => `${shortLine(machine, entry)}\n`).join("")}`;
  return text;
}

/** `systemctl show`. */
export async function showProperties({ process, names, systemd, args }: Call): Promise<number> {
  const wanted = [...(args.options.get("-p") ?? []), ...(args.options.get("--property") ?? [])].flatMap((item) =>
    item.split(","),
  );
  for (const name of names) {
    const status = systemd.status(name);
    const unit = systemd.unit(name);
    const all: Record<string, string> = {
      Type: setting(unit.settings, "Service", "Type") ?? "simple",
      Restart: setting(unit.settings, "Service", "Restart") ?? "no",
      NRestarts: String(status.restarts),
      MainPID: String(status.pid ?? 0),
      ExecMainStatus: String(status.exitCode ?? 0),
      Result: systemd.result(name),
      Id: status.name,
      Names: status.name,
      Description: status.description,
      LoadState: status.enabled === "masked" ? "masked" : status.loaded ? "loaded" : "not-found",
      ActiveState: status.active,
      SubState: status.sub,
      FragmentPath: status.path,
      DropInPaths: unit.dropIns.join(" "),
      UnitFileState: status.enabled === "not-found" ? "" : status.enabled,
      NeedDaemonReload: systemd.needsReload(name) ? "yes" : "no",
      ActiveEnterTimestamp: status.active === "active" ? longTime(status.since) : "",
    };
    const shown = wanted.length === 0 ? Object.keys(all) : wanted.filter((key) => key in all);
    await process.out(
      shown.map((key) => (args.has("--value") ? `${all[key] ?? ""}\n` : `${key}=${all[key] ?? ""}\n`)).join(""),
    );
  }
  return 0;
}

/** `systemctl cat`. */
export async function showFiles({ process, names, systemd, machine }: Call): Promise<number> {
  for (const name of names) {
    const unit = systemd.unit(name);
    if (unit.loadState === "not-found") {
      await process.err(`No files found for ${unitName(name)}.\n`);
      return 1;
    }
    const parts = [unit.fragment, ...unit.dropIns].map(
      (path) => `# ${path}\n${machine.rootFiles.exists(path) ? machine.rootFiles.readText(path) : ""}`,
    );
    await process.out(parts.join("\n"));
  }
  return 0;
}

/** `systemctl list-units`. */
export async function listUnits({ process, systemd, args, names }: Call): Promise<number> {
  const type = args.value("--type", "-t");
  const state = args.value("--state") ?? (args.has("--failed") ? "failed" : undefined);
  const units = systemd
    .list()
    .filter(
      (unit) =>
        (args.has("--all", "-a") || state !== undefined || unit.active !== "inactive") &&
        (type === undefined || unit.name.endsWith(`.${type}`)) &&
        (state === undefined || unit.active === state || unit.sub === state) &&
        (names.length === 0 || names.some((name) => matches(unit.name, name))),
    );
  const width = Math.max(4, ...units.map((unit) => unit.name.length));
  const legend = !args.has("--no-legend");
  let text = legend ? `  ${"UNIT".padEnd(width)} LOAD   ACTIVE     SUB          DESCRIPTION\n` : "";
  for (const unit of units) {
    const mark = unit.active === "failed" && !args.has("--plain") ? "●" : " ";
    text += `${mark} ${unit.name.padEnd(width)} ${(unit.loaded ? "loaded" : unit.enabled).padEnd(6)} ${unit.active.padEnd(10)} ${unit.sub.padEnd(12)} ${unit.description}\n`;
  }
  if (legend) {
    text +=
      "\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit activation state, i.e. generalization of SUB.\n" +
      `SUB    = The low-level unit activation state, values depend on unit type.\n\n${units.length} loaded units listed.\n`;
  }
  await process.out(text);
  return 0;
}

/** `systemctl list-unit-files`. */
export async function listUnitFiles({ process, systemd, args, machine, names }: Call): Promise<number> {
  const type = args.value("--type", "-t");
  const files = unitFileNames(machine.rootFiles)
    .filter((name) => type === undefined || name.endsWith(`.${type}`))
    .filter((name) => names.length === 0 || names.some((pattern) => matches(name, pattern)))
    .map((name) => ({ name, state: systemd.fileState(name) }))
    .filter((file) => args.value("--state") === undefined || file.state === args.value("--state"));
  const width = Math.max(9, ...files.map((file) => file.name.length));
  const legend = !args.has("--no-legend");
  const head = legend ? `${"UNIT FILE".padEnd(width)} STATE    VENDOR PRESET\n` : "";
  const rows = files.map(
    (file) =>
      `${file.name.padEnd(width)} ${file.state.padEnd(8)} ${file.state === "static" || file.state === "alias" ? "-" : "enabled"}\n`,
  );
  await process.out(`${head}${rows.join("")}${legend ? `\n${files.length} unit files listed.\n` : ""}`);
  return 0;
}

function matches(name: string, pattern: string): boolean {
  const source = unitName(pattern)
    .replaceAll(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const open = pattern.endsWith("*") ? pattern.replaceAll(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", ".*") : source;
  return new RegExp(`^(${open})$`).test(name);
}
