import { FileError } from "../../files/errors.ts";
import { root } from "../../files/file-system.ts";
import type { ModelledMachine, RunningProcess } from "../../machine.ts";
import { fileLines } from "../users.ts";
import { LineSink } from "./line-sink.ts";
import { parseCommand, setting, splitWords, words } from "./unit-file.ts";
import type { LoadedUnit } from "./unit-loader.ts";

const defaultEnvironment: Readonly<Record<string, string>> = {
  LANG: "C.UTF-8",
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin",
};

export interface CommandOptions {
  /** Process id of the unit's main process, as `$MAINPID`. */
  mainPid?: number | undefined;
  resumed?: boolean;
  onReady?: () => void;
}

/** Starts one `Exec...=` command of a unit; words such as `203/EXEC` when it cannot even begin. */
export function spawnUnitCommand(
  machine: ModelledMachine,
  unit: LoadedUnit,
  value: string,
  options: CommandOptions = {},
): RunningProcess | string {
  const { settings } = unit;
  const log = (identifier: string, pid: number | undefined, message: string): void =>
    machine.journal.append({ unit: unit.id, identifier, pid, message });
  const user = setting(settings, "Service", "User");
  const credentials = user === undefined ? root : machine.users.credentials(user);
  const env = environmentOf(machine, unit, user, options.mainPid);
  const command = parseCommand(value, env, unit.id);
  const path = command.argv[0] ?? "";
  if (!credentials) {
    log(
      `(${path.slice(path.lastIndexOf("/") + 1)})`,
      undefined,
      `${unit.id}: Failed to determine user credentials: No such process`,
    );
    return "217/USER";
  }
  const identifier = setting(settings, "Service", "SyslogIdentifier") ?? path.slice(path.lastIndexOf("/") + 1);
  const silent = setting(settings, "Service", "StandardOutput") === "null";
  let pid: number | undefined;
  const output = new LineSink((line) => {
    if (!silent) log(identifier, pid, line);
  });
  try {
    const running = machine.processes.spawn({
      argv: command.argv,
      env,
      cwd: setting(settings, "Service", "WorkingDirectory")?.replace(/^-/, "") ?? "/",
      credentials,
      stdout: output,
      stderr: output,
      resumed: options.resumed ?? false,
      ...(options.onReady ? { onReady: options.onReady } : {}),
      parent: 1,
    });
    pid = running.pid;
    void running.exit.then(() => output.end());
    return running;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log("systemd", 1, `${unit.id}: Failed to execute command: ${error.message}`);
    log("systemd", 1, `${unit.id}: Failed at step EXEC spawning ${path}: ${error.message}`);
    return "203/EXEC";
  }
}

function environmentOf(
  machine: ModelledMachine,
  unit: LoadedUnit,
  user: string | undefined,
  mainPid: number | undefined,
): Record<string, string> {
  const { settings } = unit;
  const env: Record<string, string> = { ...defaultEnvironment };
  const account = user === undefined ? undefined : machine.users.byName(user);
  if (account)
    Object.assign(env, { HOME: account.home, USER: account.name, LOGNAME: account.name, SHELL: account.shell });
  const assign = (text: string): void => {
    const at = text.indexOf("=");
    if (at > 0) env[text.slice(0, at)] = text.slice(at + 1);
  };
  for (const value of settings.get("Service")?.get("Environment") ?? [])
    for (const word of splitWords(value)) assign(word);
  for (const value of settings.get("Service")?.get("EnvironmentFile") ?? []) {
    for (const line of fileLines(machine.rootFiles, value.replace(/^-/, ""))) {
      const text = line.trim();
      if (!/^[#;]/.test(text)) assign(text.replace(/^([^=]+)=(["'])(.*)\2$/, "$1=$3"));
    }
  }
  if (mainPid !== undefined) env["MAINPID"] = String(mainPid);
  return env;
}

/** RuntimeDirectory=, StateDirectory= and their kin. */
export function makeUnitFolders(machine: ModelledMachine, unit: LoadedUnit): void {
  const bases = {
    RuntimeDirectory: "/run",
    StateDirectory: "/var/lib",
    LogsDirectory: "/var/log",
    CacheDirectory: "/var/cache",
  };
  for (const [key, base] of Object.entries(bases)) {
    for (const name of words(unit.settings, "Service", key)) machine.rootFiles.makeDirectories(`${base}/${name}`);
  }
}
