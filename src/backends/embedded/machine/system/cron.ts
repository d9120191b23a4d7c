import type { ModelledMachine } from "../machine.ts";
import { fileLines } from "./users.ts";

export const crontabFolder = "/var/spool/cron/crontabs";

/**
 * cron's `@reboot` lines, once after a boot, while cron runs.
 * Simplified: lines with a time of day never run.
 */
export function runRebootLines(machine: ModelledMachine): void {
  if (machine.units.status("cron.service").active !== "active") return;
  if (!machine.rootFiles.isDirectory(crontabFolder)) return;
  for (const name of machine.rootFiles.list(crontabFolder)) {
    const credentials = machine.users.credentials(name);
    const account = machine.users.byName(name);
    if (!credentials || !account) continue;
    for (const line of fileLines(machine.rootFiles, `${crontabFolder}/${name}`)) {
      const command = /^\s*@reboot\s+(.+)$/.exec(line)?.[1];
      if (command === undefined) continue;
      machine.journal.append({
        unit: "cron.service",
        identifier: "CRON",
        pid: undefined,
        message: `(${name}) CMD (${command})`,
      });
      machine.processes.spawn({
        argv: ["/bin/sh", "-c", command],
        env: { HOME: account.home, LOGNAME: name, SHELL: "/bin/sh", PATH: "/usr/bin:/bin" },
        cwd: account.home,
        credentials,
      });
    }
  }
}
