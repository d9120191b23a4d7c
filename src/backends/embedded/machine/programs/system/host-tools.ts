import type { Process, ProgramTable } from "../../process.ts";
import { cniBridges } from "../../system/bridges.ts";
import { crontab } from "./crontab.ts";
import { internalsOf } from "../../system/internals.ts";
import { fileLines } from "../../system/users.ts";
import { parseArguments } from "./arguments.ts";
import { clockTime, longTime } from "./times.ts";

async function hostname(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), [
    "-I",
    "--all-ip-addresses",
    "-i",
    "--ip-address",
    "-f",
    "--fqdn",
    "--long",
    "-s",
    "--short",
    "-d",
    "--domain",
    "-A",
  ]);
  const { machine } = process;
  if (args.unknown !== undefined) {
    await process.err(`hostname: invalid option -- '${args.unknown.replace(/^-+/, "")}'\n`);
    return 4;
  }
  if (args.has("-I", "--all-ip-addresses")) {
    const addresses = [machine.address, ...cniBridges(machine).map((bridge) => bridge.address)];
    await process.out(`${addresses.join(" ")} \n`);
  } else if (args.has("-i", "--ip-address")) await process.out("127.0.1.1\n");
  else if (args.has("-d", "--domain")) await process.out("\n");
  else if (args.operands.length > 0) {
    await process.err(
      process.credentials.uid === 0
        ? "hostname: this lab's machines keep their names\n"
        : "hostname: you must be root to change the host name\n",
    );
    return 1;
  } else await process.out(`${machine.name}\n`);
  return 0;
}

async function hostnamectl(process: Process): Promise<number> {
  const { machine } = process;
  if (process.argv[1] === "set-hostname" || process.argv[1] === "hostname") {
    if (process.argv[2] === undefined || process.argv[2] === machine.name) return 0;
    // Simplified: the lab knows its machines by their names, so a new name is refused.
    await process.err("Could not set property: this lab's machines keep their names\n");
    return 1;
  }
  const title = /PRETTY_NAME="(.*)"/.exec(machine.rootFiles.readText("/etc/os-release"))?.[1] ?? "Ubuntu";
  const row = (label: string, value: string): string => `${label.padStart(18)}: ${value}\n`;
  await process.out(
    row("Static hostname", machine.name) +
      row("Icon name", "computer-vm") +
      row("Chassis", "vm") +
      row("Machine ID", machine.rootFiles.readText("/etc/machine-id").trim()) +
      row("Boot ID", "5b0e7c1e3c1f4a539d762f3f3f5f6a11") +
      row("Virtualization", "kvm") +
      row("Operating System", title) +
      row("Kernel", `Linux ${machine.kernel.release}`) +
      row("Architecture", "x86-64"),
  );
  return 0;
}

async function fuser(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-v", "-k", "-s", "-a", "-m", "-u", "-i"], ["-n"]);
  const { locks } = internalsOf(process.machine);
  let found = false;
  for (const operand of args.operands) {
    const port = /^(\d+)\/tcp$/.exec(operand)?.[1] ?? (args.value("-n") === "tcp" ? operand : undefined);
    if (port !== undefined) {
      const users = process.machine.environment.network
        .listening({ machine: process.machine.name })
        .filter((item) => item.port === Number(port));
      for (const user of users) {
        found = true;
        await process.err(`${port}/tcp:${" ".repeat(15)}`);
        await process.out(` ${user.pid ?? ""}`);
        await process.err("\n");
        if (args.has("-k") && user.pid !== undefined) process.machine.processes.kill(user.pid, "SIGKILL");
      }
      continue;
    }
    const path = process.resolve(operand);
    if (!process.machine.rootFiles.exists(path)) {
      await process.err(`Specified filename ${operand} does not exist.\n`);
      continue;
    }
    const pid = locks.get(path);
    if (pid === undefined) continue;
    found = true;
    if (args.has("-s")) continue;
    await process.err(`${path}:${" ".repeat(Math.max(1, 20 - path.length))}`);
    await process.out(` ${pid}`);
    await process.err("\n");
  }
  return found ? 0 : 1;
}

async function getent(process: Process): Promise<number> {
  const [, database = "", ...keys] = process.argv;
  const { machine } = process;
  if (database === "hosts" || database === "ahosts" || database === "ahostsv4") {
    let code = 0;
    for (const key of keys) {
      try {
        const address = await machine.environment.network.lookup(process.place, key);
        await process.out(`${address.padEnd(15)} ${key}\n`);
      } catch {
        code = 2;
      }
    }
    if (keys.length === 0)
      await process.out(
        fileLines(machine.rootFiles, "/etc/hosts")
          .map((line) => `${line}\n`)
          .join(""),
      );
    return code;
  }
  if (database !== "passwd" && database !== "group" && database !== "shadow") {
    await process.err(database === "" ? "getent: wrong number of arguments\n" : `Unknown database: ${database}\n`);
    return 1;
  }
  const path = `/etc/${database}`;
  if (!process.files.access(path, 4)) return 2;
  const rows = fileLines(process.files, path);
  if (keys.length === 0) {
    await process.out(rows.map((row) => `${row}\n`).join(""));
    return 0;
  }
  let code = 0;
  for (const key of keys) {
    const row = rows.find((line) => line.split(":")[0] === key || (/^\d+$/.test(key) && line.split(":")[2] === key));
    if (row === undefined) code = 2;
    else await process.out(`${row}\n`);
  }
  return code;
}

async function lsbRelease(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), [
    "-a",
    "--all",
    "-i",
    "--id",
    "-d",
    "--description",
    "-r",
    "--release",
    "-c",
    "--codename",
    "-s",
    "--short",
  ]);
  const text = process.machine.rootFiles.exists("/etc/lsb-release")
    ? process.machine.rootFiles.readText("/etc/lsb-release")
    : "";
  const fact = (key: string): string => new RegExp(`^${key}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "n/a";
  const rows: [string, string, string[]][] = [
    ["Distributor ID", fact("DISTRIB_ID"), ["-i", "--id"]],
    ["Description", fact("DISTRIB_DESCRIPTION"), ["-d", "--description"]],
    ["Release", fact("DISTRIB_RELEASE"), ["-r", "--release"]],
    ["Codename", fact("DISTRIB_CODENAME"), ["-c", "--codename"]],
  ];
  const short = args.has("-s", "--short");
  const chosen = rows.filter(([, , names]) => args.has("-a", "--all") || args.has(...names));
  if (chosen.length === 0 || args.has("-a", "--all")) await process.err("No LSB modules are available.\n");
  await process.out(chosen.map(([label, value]) => (short ? `${value}\n` : `${label}:\t${value}\n`)).join(""));
  return 0;
}

async function uptime(process: Process): Promise<number> {
  const { machine } = process;
  const now = machine.environment.clock.now();
  const minutes = Math.floor((now - machine.bootedAt) / 60_000);
  if (process.argv.includes("-s")) {
    await process.out(`${longTime(machine.bootedAt).slice(4, 23)}\n`);
    return 0;
  }
  const spent =
    minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  await process.out(
    process.argv.includes("-p")
      ? `up ${minutes} minutes\n`
      : ` ${clockTime(now)} up ${spent},  1 user,  load average: 0.08, 0.12, 0.09\n`,
  );
  return 0;
}

async function timedatectl(process: Process): Promise<number> {
  if (process.argv[1] === "set-timezone") return 0;
  const now = process.machine.environment.clock.now();
  const time = longTime(now);
  const row = (label: string, value: string): string => `${label.padStart(25)}: ${value}\n`;
  await process.out(
    row("Local time", time) +
      row("Universal time", time) +
      row("RTC time", time.replace(/ UTC$/, "")) +
      row("Time zone", "Etc/UTC (UTC, +0000)") +
      row("System clock synchronized", "yes") +
      row("NTP service", "active") +
      row("RTC in local TZ", "no"),
  );
  return 0;
}

async function reboot(process: Process): Promise<number> {
  if (process.credentials.uid !== 0) {
    await process.err(
      "Failed to set wall message, ignoring: Interactive authentication required.\nFailed to reboot system via logind: Interactive authentication required.\nFailed to open initctl fifo: Permission denied\nFailed to talk to init daemon.\n",
    );
    return 1;
  }
  void internalsOf(process.machine).reboot();
  return 0;
}

async function shutdown(process: Process): Promise<number> {
  if (process.argv.some((arg) => arg === "-r" || arg === "--reboot")) return reboot(process);
  if (process.credentials.uid !== 0) {
    await process.err("Failed to power off system via logind: Interactive authentication required.\n");
    return 1;
  }
  await process.err("This lab's machines are switched off together with the lab; use `reboot` to restart this one.\n");
  return 1;
}

async function lscpu(process: Process): Promise<number> {
  const { hardware } = process.machine;
  const row = (label: string, value: string): string => `${`${label}:`.padEnd(33)}${value}\n`;
  await process.out(
    row("Architecture", hardware.architecture === "amd64" ? "x86_64" : "aarch64") +
      row("CPU op-mode(s)", "32-bit, 64-bit") +
      row("CPU(s)", String(hardware.cpus)) +
      row("Model name", "Virtual CPU") +
      row("Hypervisor vendor", "KVM"),
  );
  return 0;
}

async function ldconfig(process: Process): Promise<number> {
  const files = process.machine.rootFiles;
  const folders = ["/usr/local/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib"];
  const libraries = folders.flatMap((folder) =>
    files.isDirectory(folder)
      ? files
          .list(folder)
          .filter((name) => /\.so(\.\d+)*$/.test(name))
          .map((name) => `${folder}/${name}`)
      : [],
  );
  const cache = "/etc/ld.so.cache";
  if (process.argv.includes("-p") || process.argv.includes("--print-cache")) {
    const known = fileLines(files, cache);
    await process.out(
      `${known.length} libs found in cache \`${cache}'\n${known.map((path) => `\t${path.slice(path.lastIndexOf("/") + 1)} (libc6,x86-64) => ${path}\n`).join("")}`,
    );
    return 0;
  }
  if (process.credentials.uid !== 0) {
    await process.err("/sbin/ldconfig.real: Can't create temporary cache file /etc/ld.so.cache~: Permission denied\n");
    return 1;
  }
  files.write(cache, libraries.map((path) => `${path}\n`).join(""));
  return 0;
}

async function service(process: Process): Promise<number> {
  const [, name, action] = process.argv;
  if (name === "--status-all" || name === undefined) {
    const rows = process.machine.units.list().filter((unit) => unit.name.endsWith(".service") && unit.path !== "");
    await process.out(
      rows
        .map((unit) => ` [ ${unit.active === "active" ? "+" : "-"} ]  ${unit.name.replace(/\.service$/, "")}\n`)
        .join(""),
    );
    return 0;
  }
  if (action === undefined) {
    await process.err("Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
    return 1;
  }
  return process.run(["systemctl", action, `${name}.service`]);
}

const unmodelled =
  (name: string, version: string) =>
  async (process: Process): Promise<number> => {
    if (process.argv.includes("--version") || process.argv.includes("-V")) {
      await process.out(`${version}\n`);
      return 0;
    }
    await process.err(`${name}: this lab's machines have no ${name} interpreter (not modelled)\n`);
    return 1;
  };

/** A daemon that runs and does nothing the labs can see. */
async function idle(process: Process): Promise<number> {
  process.notifyReady();
  await new Promise<void>((resolve) => {
    if (process.signal.aborted) resolve();
    else process.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return 0;
}

const nothing = (): Promise<number> => Promise.resolve(0);

const daemons = [
  "cron",
  "dbus-daemon",
  "rsyslogd",
  "sshd",
  "systemd-journald",
  "systemd-logind",
  "systemd-networkd",
  "systemd-resolved",
  "systemd-timesyncd",
  "systemd-udevd",
];

export const hostPrograms: ProgramTable = {
  hostname,
  domainname: (process) => process.out("(none)\n").then(() => 0),
  hostnamectl,
  crontab,
  fuser,
  getent,
  lsb_release: lsbRelease,
  uptime,
  timedatectl,
  reboot,
  shutdown,
  halt: shutdown,
  poweroff: shutdown,
  lscpu,
  ldconfig,
  service,
  "systemd-modules-load": nothing,
  "systemd-sysctl": nothing,
  "systemd-detect-virt": (process) => process.out("kvm\n").then(() => 0),
  "update-ca-certificates": (process) =>
    process
      .out(
        "Updating certificates in /etc/ssl/certs...\n0 added, 0 removed; done.\nRunning hooks in /etc/ca-certificates/update.d...\ndone.\n",
      )
      .then(() => 0),
  python3: unmodelled("python3", "Python 3.8.10"),
  perl: unmodelled(
    "perl",
    "This is perl 5, version 30, subversion 0 (v5.30.0) built for x86_64-linux-gnu-thread-multi",
  ),
  ...Object.fromEntries(daemons.map((name) => [name, idle])),
};
