import type { Process } from "../../process.ts";
import { dirname } from "../../files/paths.ts";
import type { UnitResult } from "../../machine.ts";
import { internalsOf } from "../../system/internals.ts";
import type { Systemd } from "../../system/units/unit-manager.ts";
import { adminFolder, unitName } from "../../system/units/unit-loader.ts";
import { parseArguments } from "./arguments.ts";
import { listUnitFiles, listUnits, reloadWarning, showFiles, showProperties, showStatus } from "./systemctl-views.ts";
import type { Call } from "./systemctl-views.ts";

const flags = [
  "--now",
  "--quiet",
  "-q",
  "--no-pager",
  "--all",
  "-a",
  "--full",
  "-l",
  "--no-legend",
  "--plain",
  "--force",
  "-f",
  "--no-block",
  "--failed",
  "--system",
  "--no-reload",
  "--value",
  "--no-ask-password",
  "--runtime",
  "--version",
  "--help",
  "-h",
  "--user",
  "--no-wall",
  "--reverse",
];
const valued = [
  "--type",
  "-t",
  "--state",
  "-p",
  "--property",
  "-n",
  "--lines",
  "-o",
  "--output",
  "--signal",
  "-s",
  "--kill-who",
];

/** systemctl(1). */
export async function systemctl(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), flags, valued);
  if (args.unknown !== undefined) {
    await process.err(
      args.unknown.startsWith("--")
        ? `systemctl: unrecognized option '${args.unknown}'\n`
        : `systemctl: invalid option -- '${args.unknown.slice(1)}'\n`,
    );
    return 1;
  }
  if (args.has("--version")) {
    await process.out(
      process.machine.environment.profile === "thesis"
        ? "systemd 245 (245.4-4ubuntu3.23)\n"
        : "systemd 255 (255.4-1ubuntu8)\n",
    );
    return 0;
  }
  const [verb = "list-units", ...names] = args.operands;
  const command = commands[verb];
  if (!command) {
    await process.err(`Unknown operation ${verb}.\n`);
    return 1;
  }
  if (command.needsUnit && names.length === 0) {
    await process.err("Too few arguments.\n");
    return 1;
  }
  const { systemd } = internalsOf(process.machine);
  if (command.denied !== undefined && process.credentials.uid !== 0) {
    const subject = unitName(names[0] ?? "");
    await process.err(
      command.denied === "unit"
        ? `Failed to ${verb === "try-restart" ? "restart" : verb} ${subject}: Interactive authentication required.\nSee system logs and 'systemctl status ${subject}' for details.\n`
        : `Failed to ${command.denied}: Interactive authentication required.\n`,
    );
    return command.denied === "unit" ? 4 : 1;
  }
  return command.run({ process, args, names, systemd, machine: process.machine, quiet: args.has("--quiet", "-q") });
}

interface Command {
  needsUnit: boolean;
  /** Who is not root is refused: with the unit's name, or with these words. */
  denied?: string;
  run(call: Call): Promise<number>;
}

const job = (act: (systemd: Systemd, name: string) => Promise<UnitResult>): Command => ({
  needsUnit: true,
  denied: "unit",
  async run({ process, names, systemd, args }) {
    let code = 0;
    for (const name of names) {
      if (systemd.needsReload(name)) await process.err(reloadWarning(systemd, name));
      const doing = act(systemd, name);
      if (args.has("--no-block")) continue;
      const result = await doing;
      if (result.message !== "") await process.err(`${result.message}\n`);
      if (!result.ok) code = /not found\.|not loaded\./.test(result.message) ? 5 : 1;
    }
    return code;
  },
});

const linking = (
  words: string,
  act: (systemd: Systemd, name: string) => UnitResult,
  now?: "start" | "stop",
): Command => ({
  needsUnit: true,
  denied: words,
  async run({ process, names, systemd, args, quiet }) {
    for (const name of names) {
      const result = act(systemd, name);
      if (result.message !== "" && (!quiet || !result.ok)) await process.err(`${result.message}\n`);
      if (!result.ok) return 1;
    }
    if (!args.has("--now") || now === undefined) return 0;
    let code = 0;
    for (const name of names) {
      const result = now === "start" ? await systemd.start(name) : await systemd.stop(name);
      if (result.message !== "") await process.err(`${result.message}\n`);
      if (!result.ok) code = 1;
    }
    return code;
  },
});

const asks = (
  answer: (systemd: Systemd, name: string) => { text: string; code: number },
  anyGood: boolean,
): Command => ({
  needsUnit: true,
  async run({ process, names, systemd, quiet }) {
    const answers = names.map((name) => answer(systemd, name));
    if (!quiet) await process.out(answers.map((item) => `${item.text}\n`).join(""));
    if (anyGood && answers.some((item) => item.code === 0)) return 0;
    return answers.find((item) => item.code !== 0)?.code ?? 0;
  },
});

const commands: Readonly<Record<string, Command>> = {
  start: job((systemd, name) => systemd.start(name)),
  stop: job((systemd, name) => systemd.stop(name)),
  restart: job((systemd, name) => systemd.restart(name)),
  "try-restart": job((systemd, name) =>
    systemd.status(name).active === "active" ? systemd.restart(name) : Promise.resolve({ ok: true, message: "" }),
  ),
  reload: job((systemd, name) => systemd.reloadUnit(name)),
  "reload-or-restart": job((systemd, name) => {
    const canReload = systemd.unit(name).settings.get("Service")?.has("ExecReload") ?? false;
    return canReload && systemd.status(name).active === "active" ? systemd.reloadUnit(name) : systemd.restart(name);
  }),
  enable: linking("enable unit", (systemd, name) => systemd.enable(name), "start"),
  disable: linking("disable unit", (systemd, name) => systemd.disable(name), "stop"),
  reenable: linking("reenable unit", (systemd, name) => {
    const removed = systemd.disable(name);
    const made = systemd.enable(name);
    return { ok: removed.ok && made.ok, message: [removed.message, made.message].filter(Boolean).join("\n") };
  }),
  mask: linking("mask unit", (systemd, name) => systemd.mask(name), "stop"),
  unmask: linking("unmask unit", (systemd, name) => systemd.unmask(name)),
  "is-active": asks((systemd, name) => {
    const { active } = systemd.status(name);
    return { text: active, code: active === "active" ? 0 : 3 };
  }, true),
  "is-failed": asks((systemd, name) => {
    const { active } = systemd.status(name);
    return { text: active, code: active === "failed" ? 0 : 1 };
  }, true),
  "is-enabled": {
    needsUnit: true,
    async run({ process, names, systemd, quiet }) {
      let code = 1;
      for (const name of names) {
        const state = systemd.fileState(name);
        if (state === "not-found") {
          await process.err(`Failed to get unit file state for ${unitName(name)}: No such file or directory\n`);
          return 1;
        }
        if (!quiet) await process.out(`${state}\n`);
        if (state === "enabled" || state === "static" || state === "alias") code = 0;
      }
      return code;
    },
  },
  "daemon-reload": {
    needsUnit: false,
    denied: "reload daemon",
    run({ systemd }) {
      systemd.reload();
      return Promise.resolve(0);
    },
  },
  "daemon-reexec": {
    needsUnit: false,
    denied: "reload daemon",
    run({ systemd }) {
      systemd.reload();
      return Promise.resolve(0);
    },
  },
  "reset-failed": {
    needsUnit: false,
    denied: "reset failed state",
    async run({ process, names, systemd }) {
      if (names.length === 0) systemd.resetFailed();
      for (const name of names) {
        const result = systemd.resetFailed(name);
        if (!result.ok) {
          await process.err(`${result.message}\n`);
          return 1;
        }
      }
      return 0;
    },
  },
  status: { needsUnit: false, run: showStatus },
  show: { needsUnit: true, run: showProperties },
  cat: { needsUnit: true, run: showFiles },
  edit: { needsUnit: true, denied: "edit unit", run: editUnit },
  "list-units": { needsUnit: false, run: listUnits },
  "list-unit-files": { needsUnit: false, run: listUnitFiles },
  "list-dependencies": {
    needsUnit: false,
    run: ({ process, names }) => process.out(`${unitName(names[0] ?? "default.target")}\n`).then(() => 0),
  },
  kill: {
    needsUnit: true,
    denied: "unit",
    run({ names, systemd, machine, args }) {
      const signal = (args.value("--signal", "-s") ?? "SIGTERM").replace(/^(?!SIG)/, "SIG");
      for (const name of names) {
        const { pid } = systemd.status(name);
        if (pid !== undefined && signals.has(signal))
          machine.processes.kill(pid, signal === "SIGKILL" ? "SIGKILL" : signal === "SIGHUP" ? "SIGHUP" : "SIGTERM");
      }
      return Promise.resolve(0);
    },
  },
  "get-default": { needsUnit: false, run: ({ process }) => process.out("multi-user.target\n").then(() => 0) },
  "is-system-running": {
    needsUnit: false,
    async run({ process, systemd, quiet }) {
      const degraded = systemd.list().some((unit) => unit.active === "failed");
      if (!quiet) await process.out(degraded ? "degraded\n" : "running\n");
      return degraded ? 1 : 0;
    },
  },
  reboot: { needsUnit: false, denied: "reboot system via logind", run: reboot },
  poweroff: { needsUnit: false, denied: "power off system via logind", run: refusePowerOff },
  halt: { needsUnit: false, denied: "halt system via logind", run: refusePowerOff },
};

const signals = new Set(["SIGTERM", "SIGKILL", "SIGHUP"]);

async function reboot({ process, machine }: Call): Promise<number> {
  await process.err("");
  void internalsOf(machine).reboot();
  return 0;
}

/** Simplified: a machine of the lab cannot be left powered off. */
async function refusePowerOff({ process }: Call): Promise<number> {
  await process.err("This lab's machines are switched off together with the lab; use `reboot` to restart this one.\n");
  return 1;
}

async function editUnit({ process, names, systemd, machine, args }: Call): Promise<number> {
  const unit = systemd.unit(names[0] ?? "");
  if (unit.loadState === "not-found") {
    await process.err(
      `No files found for ${unitName(names[0] ?? "")}.\nRun 'systemctl edit --force --full ${unitName(names[0] ?? "")}' to create a new unit.\n`,
    );
    return 1;
  }
  const full = args.has("--full", "-l");
  const path = full ? `${adminFolder}/${unit.id}` : `${adminFolder}/${unit.id}.d/override.conf`;
  machine.rootFiles.makeDirectories(dirname(path));
  if (full && !machine.rootFiles.exists(path)) machine.rootFiles.write(path, machine.rootFiles.readText(unit.fragment));
  const code = await process.run(["editor", path]);
  systemd.reload();
  return code;
}
