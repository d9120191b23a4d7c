import { setTimeout as sleep } from "node:timers/promises";
import { type Call, exits, fail } from "./call.ts";
import { commandsOf } from "./commands.ts";
import { daemonRefusal } from "./daemon-condition.ts";
import { type Fault, faultFor } from "./faults.ts";
import { type Arguments, globalOptions, parseArguments } from "./grammar.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { type Machines, openMachines } from "./machines/machines.ts";
import { throttled } from "./output.ts";
import { readSettings } from "./settings.ts";
import { openStore, type Store } from "./store.ts";

const settings = readSettings(process.env);
let opened: Store | undefined;
const store = (): Store => (opened ??= openStore(settings.folder));
let machines: Promise<Machines> | undefined;

/** Runs one call of the client; gives the exit code. */
async function main(words: readonly string[]): Promise<number> {
  const commands = commandsOf(settings);
  const first = parseArguments(words, globalOptions);
  const wanted = first.options.has("version") ? "version" : first.positionals[0];
  if (wanted === undefined) {
    if (first.error !== undefined) process.stderr.write(`${first.error}\n\n`);
    process.stdout.write(generalHelp(commands));
    return first.options.has("help") ? exits.ok : exits.failed;
  }
  const named = (name: string | undefined) => commands.find(({ names }) => names.includes(name ?? ""));
  if (wanted === "help") {
    const about = named(first.positionals[1]);
    if (first.positionals.length > 1 && !about) {
      process.stderr.write(`Error: Unknown Command: '${first.positionals[1] ?? ""}'\n`);
      return exits.wrongUse;
    }
    process.stdout.write(about ? commandHelp(about) : generalHelp(commands));
    return exits.ok;
  }
  const command = named(wanted);
  if (!command) {
    const remedy = '(try "multipass help" or "multipass aliases")';
    process.stdout.write(`Error: Unknown command or alias '${wanted}' ${remedy}\n`);
    return exits.wrongUse;
  }
  const parsed = parseArguments(words, [...globalOptions, ...command.options]);
  const [name = ""] = command.names;
  if (parsed.error !== undefined) {
    process.stderr.write(`${parsed.error}\n`);
    if (name === "exec" && parsed.error.startsWith("Unknown") && !words.includes("--")) {
      const like = "multipass exec <instance> -- <command> <arguments>";
      process.stderr.write(`\nOptions to the inner command should come after "--", like this:\n${like}\n`);
    }
    return exits.wrongUse;
  }
  if (parsed.options.has("help")) {
    process.stdout.write(commandHelp(command));
    return exits.ok;
  }
  const call = callOf(name, parsed);
  if (command.local !== true) {
    const refusal = daemonRefusal(call);
    if (refusal) return fail(call, refusal.message, refusal.details);
    const fault = faultFor(settings, store(), { command: name, instance: instanceOf(name, parsed) });
    const ended = fault ? await strike(call, fault, instanceOf(name, parsed)) : undefined;
    if (ended !== undefined) return ended;
  }
  return (await command.load())(call);
}

function callOf(command: string, { positionals, options }: Arguments): Call {
  return {
    command,
    positionals: positionals.slice(1),
    settings,
    store,
    has: (name) => options.has(name),
    value: (name) => options.get(name)?.at(-1),
    values: (name) => options.get(name) ?? [],
    machines: () => (machines ??= openMachines(settings)),
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  };
}

/** The instance a call is about, for faults. */
function instanceOf(command: string, { positionals, options }: Arguments): string | undefined {
  if (command === "launch") return options.get("name")?.at(-1);
  if (command === "transfer") return positionals.find((text) => text.includes(":"))?.split(":")[0];
  return positionals[1]?.split(".")[0];
}

/** Lets a fault strike before the command; gives the exit code when that was all. */
async function strike(call: Call, fault: Fault, instance: string | undefined): Promise<number | undefined> {
  const { state, partialBytes, signal, code } = fault;
  if (partialBytes !== undefined) {
    call.out = throttled(call.out, fault, (ms) => settings.scaled(ms));
    return undefined;
  }
  // What does not ask the machines is not kept waiting by them.
  const hasty = call.has("no-ipv4") || call.has("no-runtime-information");
  await sleep(settings.scaled(hasty ? 0 : (fault.delayMs ?? 0)));
  if (state) {
    store().change(({ instances }) => {
      const there = instances[instance ?? ""];
      if (there) there.state = state;
    });
  }
  call.out(fault.stdout ?? "");
  call.err(fault.stderr ?? "");
  if (signal) process.kill(process.pid, signal);
  return signal ? 255 : code;
}

for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(exits.failed));
const code = await main(process.argv.slice(2));
process.stdout.write("", () => process.exit(code));
