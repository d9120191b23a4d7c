import { FileError } from "../../files/errors.ts";
import type { User } from "../../machine.ts";
import type { Process, Program } from "../../process.ts";
import { findCommand } from "../../processes.ts";
import { lines } from "../../io.ts";

const securePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin";
const kept = ["TERM", "LANG", "LANGUAGE", "LC_ALL", "COLORTERM", "LS_COLORS", "DISPLAY", "COLUMNS", "LINES"];

interface Request {
  user: string;
  login: boolean;
  shell: boolean;
  keepEnvironment: boolean;
  nonInteractive: boolean;
  fromStdin: boolean;
  validate: boolean;
  list: boolean;
  edit: boolean;
  background: boolean;
  home: boolean;
  variables: Record<string, string>;
  command: string[];
}

/** `sudo`: who may is read from sudoers; the environment is reset as Ubuntu does. */
export const sudo: Program = async (process) => {
  const request = await parse(process);
  if (typeof request === "number") return request;
  const { users } = process.machine;
  const caller = users.byId(process.credentials.uid);
  const target = users.byName(request.user.replace(/^#/, "")) ?? users.byId(Number(request.user.replace(/^#/, "")));
  if (!target) {
    await process.err(`sudo: unknown user: ${request.user}\nsudo: unable to initialize policy plugin\n`);
    return 1;
  }
  const credentials = users.credentials(target.name);
  if (!credentials) return 1;
  const callerName = caller?.name ?? String(process.credentials.uid);
  if (process.credentials.uid !== 0 && !users.maySudo(callerName)) {
    const refused = await authenticate(process, callerName, request);
    if (refused !== undefined) return refused;
  }
  if (request.validate && request.command.length === 0) return 0;
  if (request.list) return list(process, callerName);
  let { command } = request;
  if (request.edit) command = ["nano", ...command];
  const shell = target.shell || "/bin/bash";
  if (request.login) command = command.length > 0 ? [shell, "-l", "-c", command.map(quote).join(" ")] : [shell, "-l"];
  else if (request.shell) command = command.length > 0 ? [shell, "-c", command.map(quote).join(" ")] : [shell];
  const [name] = command;
  if (name === undefined) {
    await usage(process);
    return 1;
  }
  const env = environment(process, request, target, callerName, command);
  const cwd = request.login ? target.home : process.cwd;
  try {
    findCommand(name, env["PATH"], process.cwd, process.machine.rootFiles);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    await process.err(`sudo: ${name}: command not found\n`);
    return 1;
  }
  return process.run(command, { env, cwd, credentials });
};

const quote = (text: string): string => text.replace(/[^A-Za-z0-9_\-$]/g, "\\$&");

function environment(
  process: Process,
  request: Request,
  target: User,
  caller: string,
  command: readonly string[],
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (request.keepEnvironment || kept.includes(name)) env[name] = value;
  }
  if (!request.keepEnvironment || request.home || request.login) env["HOME"] = target.home;
  env["PATH"] = securePath;
  env["SHELL"] = target.shell;
  env["LOGNAME"] = target.name;
  env["USER"] = target.name;
  env["MAIL"] = `/var/mail/${target.name}`;
  env["SUDO_COMMAND"] = command.join(" ");
  env["SUDO_USER"] = caller;
  env["SUDO_UID"] = String(process.credentials.uid);
  env["SUDO_GID"] = String(process.credentials.gid);
  return { ...env, ...request.variables };
}

/** Asks for the password. Simplified: no user of the modelled machines has one, so none is right. */
async function authenticate(process: Process, caller: string, request: Request): Promise<number | undefined> {
  const member = process.machine.users.groupId("sudo");
  const mayAsk = member !== undefined && process.credentials.groups.includes(member);
  if (request.nonInteractive) {
    await process.err("sudo: a password is required\n");
    return 1;
  }
  if (!process.terminal && !request.fromStdin) {
    await process.err(
      "sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\n",
    );
    return 1;
  }
  const source = lines(process.stdin);
  if (process.terminal) process.terminal.echo = false;
  try {
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await process.err(`[sudo] password for ${caller}: `);
      const answer = await source.next();
      await process.err("\n");
      if (answer.done) break;
      if (!mayAsk) {
        await process.err(`${caller} is not in the sudoers file.  This incident will be reported.\n`);
        return 1;
      }
      await process.err(attempt < 3 ? "Sorry, try again.\n" : "sudo: 3 incorrect password attempts\n");
    }
  } finally {
    if (process.terminal) process.terminal.echo = true;
  }
  return 1;
}

async function list(process: Process, caller: string): Promise<number> {
  const host = process.machine.name;
  await process.out(
    `Matching Defaults entries for ${caller} on ${host}:\n    env_reset, mail_badpass, secure_path=${securePath.replaceAll(":", "\\:")}\n\n` +
      `User ${caller} may run the following commands on ${host}:\n    (ALL : ALL) ALL\n${caller === "root" ? "" : "    (ALL) NOPASSWD: ALL\n"}`,
  );
  return 0;
}

async function usage(process: Process): Promise<void> {
  await process.err(
    "usage: sudo -h | -K | -k | -V\nusage: sudo -v [-AknS] [-g group] [-h host] [-p prompt] [-u user]\nusage: sudo -l [-AknS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command]\nusage: sudo [-AbEHknPS] [-u user] [VAR=value] [-i|-s] [<command>]\nusage: sudo -e [-AknS] [-u user] file ...\n",
  );
}

async function parse(process: Process): Promise<Request | number> {
  const args = process.argv.slice(1);
  const request: Request = {
    user: "root",
    login: false,
    shell: false,
    keepEnvironment: false,
    nonInteractive: false,
    fromStdin: false,
    validate: false,
    list: false,
    edit: process.argv[0]?.endsWith("sudoedit") ?? false,
    background: false,
    home: false,
    variables: {},
    command: [],
  };
  const flags: Readonly<Record<string, keyof Request>> = {
    i: "login",
    s: "shell",
    E: "keepEnvironment",
    n: "nonInteractive",
    S: "fromStdin",
    v: "validate",
    l: "list",
    e: "edit",
    b: "background",
    H: "home",
    k: "validate",
    K: "validate",
  };
  const long: Readonly<Record<string, string>> = {
    "--login": "i",
    "--shell": "s",
    "--preserve-env": "E",
    "--non-interactive": "n",
    "--stdin": "S",
    "--validate": "v",
    "--list": "l",
    "--edit": "e",
    "--set-home": "H",
  };
  let at = 0;
  for (; at < args.length && /^-./.test(args[at] ?? ""); at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") {
      at += 1;
      break;
    }
    if (arg === "-V" || arg === "--version") {
      await process.out(
        "Sudo version 1.8.31\nSudoers policy plugin version 1.8.31\nSudoers file grammar version 46\nSudoers I/O plugin version 1.8.31\n",
      );
      return 0;
    }
    if (arg === "-h" || arg === "--help") {
      await usage(process);
      return 0;
    }
    const named = /^--(user|group|prompt|host)=(.*)$/.exec(arg);
    if (named) {
      if (named[1] === "user") request.user = named[2] ?? "";
      continue;
    }
    if (arg.startsWith("--preserve-env=")) {
      for (const name of arg.slice(15).split(","))
        if (process.env[name] !== undefined) request.variables[name] = process.env[name];
      continue;
    }
    for (const letter of long[arg] ?? (arg.startsWith("--") ? "?" : arg.slice(1))) {
      const flag = flags[letter];
      if (flag) Object.assign(request, { [flag]: true });
      else if ("ugphUCrt".includes(letter)) {
        const inline = arg.slice(arg.indexOf(letter) + 1);
        const value = inline === "" ? (args[(at += 1)] ?? "") : inline;
        if (letter === "u") request.user = value;
        break;
      } else if (letter !== "A" && letter !== "P") {
        await process.err(`sudo: invalid option -- '${letter}'\n`);
        await usage(process);
        return 1;
      }
    }
  }
  for (; at < args.length; at += 1) {
    const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(args[at] ?? "");
    if (!match?.[1]) break;
    request.variables[match[1]] = match[2] ?? "";
  }
  request.command = args.slice(at);
  return request;
}

/** `su`: root may become anyone; others would need a password that nobody has. */
export const su: Program = async (process) => {
  const args = process.argv.slice(1);
  let login = false;
  let command: string | undefined;
  let shell: string | undefined;
  const operands: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "-" || arg === "-l" || arg === "--login") login = true;
    else if (arg === "-c" || arg === "--command") command = args[(at += 1)];
    else if (arg === "-s" || arg === "--shell") shell = args[(at += 1)];
    else if (!/^-[mpP]$/.test(arg)) operands.push(arg);
  }
  const [name = "root", ...rest] = operands;
  const { users } = process.machine;
  const target = users.byName(name);
  const credentials = users.credentials(name);
  if (!target || !credentials) {
    await process.err(`su: user ${name} does not exist\n`);
    return 1;
  }
  if (process.credentials.uid !== 0) {
    if (process.terminal) {
      process.terminal.echo = false;
      await process.err("Password: ");
      await lines(process.stdin).next();
      process.terminal.echo = true;
      await process.err("\n");
    } else await process.err("Password: ");
    await process.err("su: Authentication failure\n");
    return 1;
  }
  const program = shell ?? (target.shell || "/bin/bash");
  if (/nologin|false/.test(program)) {
    await process.out("This account is currently not available.\n");
    return 1;
  }
  const base: Record<string, string> = login
    ? { TERM: process.env["TERM"] ?? "xterm-256color", PATH: process.env["PATH"] ?? securePath }
    : { ...process.env };
  const env = {
    ...base,
    HOME: target.home,
    SHELL: program,
    ...(target.uid === 0 && !login ? {} : { USER: name, LOGNAME: name }),
  };
  const argv = [program, ...(login ? ["-l"] : []), ...(command === undefined ? rest : ["-c", command, ...rest])];
  return process.run(argv, { env, credentials, cwd: login ? target.home : process.cwd });
};
