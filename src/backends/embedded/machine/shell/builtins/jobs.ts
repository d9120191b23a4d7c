import { type SignalName, signalNumbers } from "../../process.ts";
import { ShellFailure } from "../failures.ts";
import type { Job } from "../jobs.ts";
import type { Shell } from "../shell.ts";
import { signalOf } from "../signals.ts";
import { type Builtin, options } from "./types.ts";

async function jobOf(shell: Shell, name: string, reference: string): Promise<Job | undefined> {
  const job = shell.jobs.find(reference);
  if (!job) await shell.complain(`${name}: ${reference === "" ? "current" : reference}: no such job`);
  return job;
}

const jobs: Builtin = async (shell, args) => {
  const parsed = await options(shell, "jobs", args, "lnprs", "jobs [-lnprs] [jobspec ...]");
  if (!parsed) return 2;
  for (const job of shell.jobs.all()) {
    if (parsed.flags.has("p")) await shell.out(`${job.running.pid}\n`);
    else await shell.out(`${shell.jobs.describe(job, parsed.flags.has("l"))}\n`);
  }
  for (const job of shell.jobs.all()) if (job.exitCode !== undefined) shell.jobs.forget(job);
  return 0;
};

const wait: Builtin = async (shell, args) => {
  const operands = args.filter((arg) => arg !== "-f" && arg !== "-n");
  if (args.includes("-n")) {
    const running = [...shell.jobs.all()];
    if (running.length === 0) return 127;
    const first = await Promise.race(running.map(async (job) => ({ job, code: await shell.waitFor(job) })));
    shell.jobs.forget(first.job);
    return first.code;
  }
  if (operands.length === 0) {
    for (const job of shell.jobs.all()) {
      const code = await shell.waitFor(job);
      if (shell.pending.length > 0) return code;
      shell.jobs.forget(job);
    }
    return 0;
  }
  let status = 0;
  for (const operand of operands) {
    if (operand.startsWith("%")) {
      const job = await jobOf(shell, "wait", operand);
      status = job ? await shell.waitFor(job) : 127;
      if (job) shell.jobs.forget(job);
      continue;
    }
    if (!/^\d+$/.test(operand)) throw new ShellFailure(`wait: \`${operand}': not a pid or valid job spec`);
    const job = shell.jobs.byPid(Number(operand));
    if (job) {
      status = await shell.waitFor(job);
      if (job.exitCode !== undefined) shell.jobs.forget(job);
    } else {
      const ended = shell.jobs.endedCode(Number(operand));
      if (ended === undefined) await shell.complain(`wait: pid ${operand} is not a child of this shell`);
      status = ended ?? 127;
    }
  }
  return status;
};

const foreground: Builtin = async (shell, args) => {
  if (!shell.interactive && !shell.options.monitor) throw new ShellFailure("fg: no job control");
  const job = await jobOf(shell, "fg", args[0] ?? "");
  if (!job) return 1;
  await shell.out(`${job.source}\n`);
  job.stopped = false;
  const signal = shell.childSignal();
  const stop = () => job.running.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  const code = await job.running.exit;
  signal.removeEventListener("abort", stop);
  shell.jobs.forget(job);
  return code;
};

const background: Builtin = async (shell, args) => {
  if (!shell.interactive && !shell.options.monitor) throw new ShellFailure("bg: no job control");
  const job = await jobOf(shell, "bg", args[0] ?? "");
  if (!job) return 1;
  job.stopped = false;
  await shell.out(`[${job.id}]+ ${job.source} &\n`);
  return 0;
};

const disown: Builtin = async (shell, args) => {
  const targets = args.filter((arg) => !arg.startsWith("-"));
  for (const reference of targets.length > 0 ? targets : [""]) {
    const job = /^\d+$/.test(reference) ? shell.jobs.byPid(Number(reference)) : shell.jobs.find(reference);
    if (job) shell.jobs.forget(job);
  }
  return 0;
};

const kill: Builtin = async (shell, args) => {
  let name: SignalName | undefined = "SIGTERM";
  let rest = [...args];
  const [first = ""] = rest;
  if (first === "-l" || first === "-L") {
    const [wanted] = rest.slice(1);
    if (wanted === undefined)
      await shell.out(
        `${Object.entries(signalNumbers)
          .map(([key, value]) => `${String(value).padStart(2)}) ${key}`)
          .join("\n")}\n`,
      );
    else {
      const code = Number(wanted) > 128 ? Number(wanted) - 128 : Number(wanted);
      const found = Object.entries(signalNumbers).find(([key, value]) =>
        Number.isNaN(code) ? key.slice(3) === wanted.replace(/^SIG/, "") : value === code,
      );
      if (!found) throw new ShellFailure(`kill: ${wanted}: invalid signal specification`);
      await shell.out(`${Number.isNaN(code) ? found[1] : found[0].slice(3)}\n`);
    }
    return 0;
  }
  let probe = false;
  if (first === "-s" || first === "-n") {
    name = signalOf(rest[1] ?? "");
    probe = rest[1] === "0";
    if (!name && !probe) throw new ShellFailure(`kill: ${rest[1]}: invalid signal specification`);
    rest = rest.slice(2);
  } else if (first === "--") rest.shift();
  else if (/^-./.test(first)) {
    name = signalOf(first.slice(1));
    probe = first === "-0";
    if (!name && !probe) throw new ShellFailure(`kill: ${first.slice(1)}: invalid signal specification`);
    rest.shift();
  }
  if (rest[0] === "--") rest.shift();
  if (rest.length === 0) {
    await shell.write(
      2,
      "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n",
    );
    return 2;
  }
  let status = 0;
  for (const target of rest) {
    if (target.startsWith("%")) {
      const job = await jobOf(shell, "kill", target);
      if (job && name) job.running.kill(name);
      else if (!job) status = 1;
      continue;
    }
    if (!/^-?\d+$/.test(target)) {
      await shell.complain(`kill: ${target}: arguments must be process or job IDs`);
      status = 1;
      continue;
    }
    status = (await killPid(shell, Math.abs(Number(target)), probe ? undefined : name)) ? status : 1;
  }
  return status;
};

async function killPid(shell: Shell, pid: number, name: SignalName | undefined): Promise<boolean> {
  if (pid === shell.pid) {
    if (name && !shell.catches(name) && !(shell.interactive && name !== "SIGKILL" && name !== "SIGHUP")) {
      shell.machine.processes.kill(pid, name);
    }
    const waiting = shell.tick();
    if (waiting) await waiting;
    return true;
  }
  const entry = shell.machine.processes.list().find((candidate) => candidate.pid === pid);
  if (!entry) {
    await shell.complain(`kill: (${pid}) - No such process`);
    return false;
  }
  if (shell.credentials.uid !== 0 && entry.uid !== shell.credentials.uid) {
    await shell.complain(`kill: (${pid}) - Operation not permitted`);
    return false;
  }
  if (name) shell.machine.processes.kill(pid, name);
  return true;
}

export const jobBuiltins = { jobs, wait, fg: foreground, bg: background, disown, kill } satisfies Record<
  string,
  Builtin
>;
