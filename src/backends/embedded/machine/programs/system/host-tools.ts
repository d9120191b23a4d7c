import type { Process, ProgramTable } from "../../process.ts";
import { readText } from "../../io.ts";
import { crontabFolder } from "../../system/cron.ts";
import { internalsOf } from "../../system/internals.ts";
import { mountTable } from "../../system/proc-files.ts";
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
    const bridge = machine.rootFiles.exists("/sys/class/net/cni0/address") ? "10.22.0.1 " : "";
    await process.out(`${machine.address} ${bridge}\n`);
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

async function crontab(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-l", "-r", "-e", "-i"], ["-u"]);
  const { machine } = process;
  const own = machine.users.byId(process.credentials.uid)?.name ?? String(process.credentials.uid);
  const user = args.value("-u") ?? own;
  if (user !== own && process.credentials.uid !== 0) {
    await process.err("must be privileged to use -u\n");
    return 1;
  }
  if (!machine.users.byName(user)) {
    await process.err(`crontab:  user \`${user}' unknown\n`);
    return 1;
  }
  // crontab is set-group-ID crontab, so it reaches the folder that its user may not list.
  const files = machine.rootFiles;
  const path = `${crontabFolder}/${user}`;
  const known = files.exists(path);
  const install = async (text: string, name: string): Promise<number> => {
    const problem = crontabProblem(text);
    if (problem !== undefined) {
      await process.err(`"${name}":${problem}\nerrors in crontab file, can't install.\n`);
      return 1;
    }
    files.writeWithMode(path, text, 0o600);
    files.chown(path, machine.users.byName(user)?.uid ?? 0, 105);
    return 0;
  };
  if (args.has("-l")) {
    if (!known) {
      await process.err(`no crontab for ${user}\n`);
      return 1;
    }
    await process.out(files.readText(path));
    return 0;
  }
  if (args.has("-r")) {
    if (!known) {
      await process.err(`no crontab for ${user}\n`);
      return 1;
    }
    files.unlink(path);
    return 0;
  }
  if (args.has("-e")) {
    const temporary = `/tmp/crontab.${process.pid}`;
    files.writeWithMode(temporary, known ? files.readText(path) : "# m h  dom mon dow   command\n", 0o600);
    files.chown(temporary, process.credentials.uid, process.credentials.gid);
    if (!known) await process.err(`no crontab for ${user} - using an empty one\n`);
    const before = files.readText(temporary);
    const code = await process.run(["editor", temporary]);
    const after = files.readText(temporary);
    files.unlink(temporary);
    if (code !== 0) return 1;
    if (after === before) {
      await process.err("No modification made\n");
      return 0;
    }
    await process.err("crontab: installing new crontab\n");
    return install(after, temporary);
  }
  const [source] = args.operands;
  if (source !== undefined && source !== "-") {
    if (!process.files.exists(process.resolve(source))) {
      await process.err(`${source}: No such file or directory\n`);
      return 1;
    }
    return install(process.files.readText(process.resolve(source)), source);
  }
  return install(await readText(process.stdin), "-");
}

/** The first line that cron would not understand, in crontab's words. */
function crontabProblem(text: string): string | undefined {
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || /^\w+\s*=/.test(line)) continue;
    if (line.startsWith("@")) {
      if (!/^@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)\s+\S/.test(line))
        return `${index}: bad time specifier`;
      continue;
    }
    const fields = line.split(/\s+/);
    if (!/^[\d*,/-]+$/.test(fields[0] ?? "")) return `${index}: bad minute`;
    if (!/^[\d*,/-]+$/.test(fields[1] ?? "")) return `${index}: bad hour`;
    if (fields.length < 6) return `${index}: bad command`;
  }
  return text !== "" && !text.endsWith("\n") ? ": new crontab file is missing newline before EOF" : undefined;
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

async function df(process: Process): Promise<number> {
  const args = parseArguments(
    process.argv.slice(1),
    ["-h", "--human-readable", "-k", "-m", "-T", "-a", "-i", "-H", "-P"],
    ["-t", "-x", "--output"],
  );
  const disk = process.machine.hardware.diskGigabytes * 1_048_576;
  const rows = [
    ["udev", 1_970_820, 0, "/dev"],
    ["tmpfs", 401_020, 1_100, "/run"],
    ["/dev/vda1", Math.round(disk * 0.967), Math.round(disk * 0.21), "/"],
    ["tmpfs", 2_005_088, 0, "/dev/shm"],
  ] as const;
  const wanted = args.operands.map((operand) => process.resolve(operand));
  for (const [index, path] of wanted.entries()) {
    if (process.files.exists(path)) continue;
    await process.err(`df: ${args.operands[index] ?? ""}: No such file or directory\n`);
    return 1;
  }
  const holds = (path: string): string =>
    path.startsWith("/run")
      ? "/run"
      : path.startsWith("/dev/shm")
        ? "/dev/shm"
        : path.startsWith("/dev")
          ? "/dev"
          : "/";
  const human = args.has("-h", "--human-readable", "-H");
  const show = (kilobytes: number): string => {
    if (!human) return String(args.has("-m") ? Math.ceil(kilobytes / 1024) : kilobytes);
    if (kilobytes === 0) return "0";
    const [value, letter] =
      kilobytes >= 1_048_576
        ? [kilobytes / 1_048_576, "G"]
        : kilobytes >= 1024
          ? [kilobytes / 1024, "M"]
          : [kilobytes, "K"];
    return value < 10 ? `${(Math.ceil(value * 10) / 10).toFixed(1)}${letter}` : `${Math.ceil(value)}${letter}`;
  };
  const width = human ? 5 : 9;
  const chosen = rows.filter(([, , , path]) => wanted.length === 0 || wanted.some((item) => holds(item) === path));
  const title = human
    ? `Filesystem      Size  Used Avail Use% Mounted on\n`
    : `Filesystem     ${args.has("-m") ? "1M-blocks" : "1K-blocks"}    Used Available Use% Mounted on\n`;
  const lines = chosen.map(([source, size, used, path]) => {
    const percent = `${Math.ceil((used / size) * 100)}%`.padStart(4);
    return human
      ? `${source.padEnd(14)} ${show(size).padStart(width)} ${show(used).padStart(width)} ${show(size - used).padStart(width)} ${percent} ${path}\n`
      : `${source.padEnd(14)} ${show(size).padStart(width)} ${show(used).padStart(7)} ${show(size - used).padStart(9)} ${percent} ${path}\n`;
  });
  await process.out(title + lines.join(""));
  return 0;
}

async function mount(process: Process): Promise<number> {
  const operands = process.argv.slice(1).filter((arg) => !arg.startsWith("-"));
  if (operands.length === 0 && !process.argv.includes("-a")) {
    await process.out(
      mountTable(process.machine.kernel)
        .map((item) => `${item.source} on ${item.path} type ${item.type} (${item.options})\n`)
        .join(""),
    );
    return 0;
  }
  if (process.credentials.uid !== 0) {
    await process.err("mount: only root can do that\n");
    return 1;
  }
  if (process.argv.includes("-a")) return 0;
  // Simplified: the file system of a machine is one piece, nothing else can be mounted.
  await process.err(`mount: ${operands.at(-1) ?? ""}: mount failed: Operation not supported.\n`);
  return 32;
}

async function umount(process: Process): Promise<number> {
  await process.err(`umount: ${process.argv.at(-1) ?? ""}: not mounted.\n`);
  return 32;
}

async function findmnt(process: Process): Promise<number> {
  const rows = mountTable(process.machine.kernel);
  const wanted = process.argv.slice(1).filter((arg) => arg.startsWith("/"));
  const chosen = rows.filter((item) => wanted.length === 0 || wanted.includes(item.path));
  if (chosen.length === 0) return 1;
  await process.out(
    `TARGET SOURCE FSTYPE OPTIONS\n${chosen.map((item) => `${item.path} ${item.source} ${item.type} ${item.options}\n`).join("")}`,
  );
  return 0;
}

async function mountpoint(process: Process): Promise<number> {
  const path = process.resolve(process.argv.at(-1) ?? "");
  const is = mountTable(process.machine.kernel).some((item) => item.path === path);
  if (!process.argv.includes("-q")) await process.out(`${path} is ${is ? "" : "not "}a mountpoint\n`);
  return is ? 0 : 1;
}

async function lsblk(process: Process): Promise<number> {
  const size = process.machine.hardware.diskGigabytes;
  await process.out(
    `NAME    MAJ:MIN RM  SIZE RO TYPE MOUNTPOINT\nvda     252:0    0   ${size}G  0 disk \n├─vda1  252:1    0 ${(size - 0.1).toFixed(1)}G  0 part /\n├─vda14 252:14   0    4M  0 part \n└─vda15 252:15   0  106M  0 part /boot/efi\n`,
  );
  return 0;
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
  df,
  mount,
  umount,
  findmnt,
  mountpoint,
  lsblk,
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
