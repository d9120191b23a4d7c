import { spawn } from "node:child_process";
import { type Call, exits, fail, wrong } from "../call.ts";
import { askDaemon } from "../daemon/ask.ts";

/** The internal code of clients before 1.17 for "start it and try again", which a command's own 4 is taken for. */
const retry = 4;
/** A real client would never stop. */
const mostRepeats = 20;
const repeatedForEver = 99;

/** `multipass exec` */
export async function run(call: Call): Promise<number> {
  process.stdin.on("error", () => undefined);
  const [name = "", ...words] = call.positionals;
  const folder = call.value("working-directory");
  if (folder !== undefined && call.has("no-map-working-directory")) {
    return wrong(call, "Options --working-directory and --no-map-working-directory clash");
  }
  if (words.length === 0) return wrong(call, "Wrong number of arguments");
  // Where the host's folder is mounted is asked first, and that answer is ignored when it is an error.
  if (folder === undefined && !call.has("no-map-working-directory")) reachable(call, name);
  const command = folder === undefined ? shellString(words) : inFolder(folder, words);
  return untilNotRetry(call, name, command);
}

/** `multipass shell`, as far as it works on pipes: a login shell that reads commands. */
export async function runShell(call: Call): Promise<number> {
  const name = call.positionals[0] ?? "primary";
  if (!reachable(call, name)) return exits.failed;
  const code = await startIfNeeded(call, name);
  if (code !== exits.ok) return code;
  await inside(call, name, "exec bash -l");
  return exits.ok;
}

async function untilNotRetry(call: Call, name: string, command: string): Promise<number> {
  for (let repeats = 0; repeats < mostRepeats; repeats += 1) {
    if (!reachable(call, name)) return exits.failed;
    const started = await startIfNeeded(call, name);
    if (started !== exits.ok) return started;
    const code = await inside(call, name, command);
    if (code !== retry || call.settings.atLeast("1.17")) return code;
  }
  call.err(`double: stopped what would be repeated for ever, because the command ends with ${retry}\n`);
  return repeatedForEver;
}

/** Whether there is such an instance, in a state that can be known; prints why not. */
function reachable(call: Call, name: string): boolean {
  const instance = call.store().read().instances[name];
  if (!instance || instance.preparing) {
    fail(call, `The following errors occurred:\ninstance "${name}" does not exist`);
  } else if (instance.state === "Deleted") {
    fail(call, `The following errors occurred:\ninstance "${name}" is deleted`);
  } else if (instance.state === "Unknown") {
    fail(call, "Cannot retrieve credentials in unknown state");
  } else {
    return true;
  }
  return false;
}

async function startIfNeeded(call: Call, name: string): Promise<number> {
  const state = call.store().read().instances[name]?.state;
  if (state === "Running" || state === "Delayed Shutdown") return exits.ok;
  return askDaemon(call, { operation: "start", names: [name] });
}

/** Runs a command line inside; 255 when its end has no exit code. */
async function inside(call: Call, name: string, command: string): Promise<number> {
  const machines = await call.machines();
  if (!machines.running(name)) {
    call.err("exec failed: ssh connection failed: 'No route to host'\n");
    return call.settings.atLeast("1.17") ? 255 : exits.failed;
  }
  const { file, argv, cwd, env } = machines.inside(name, command, "ubuntu");
  // A session of its own: what ends this client does not end the command over there.
  const child = spawn(file, argv, { env, detached: true, ...(cwd === undefined ? {} : { cwd }) });
  child.stdin.on("error", () => undefined);
  process.stdin.pipe(child.stdin);
  child.stdout.on("data", (bytes: Uint8Array) => call.out(bytes));
  child.stderr.on("data", (bytes: Uint8Array) => call.err(bytes));
  const [code] = await Promise.all([
    new Promise<number | null>((done) => child.on("exit", done)),
    new Promise((done) => child.stdout.on("close", done)),
    new Promise((done) => child.stderr.on("close", done)),
  ]);
  process.stdin.unpipe(child.stdin);
  return code ?? 255;
}

/** Words as one command line that a shell splits into the same words again. */
function shellString(words: readonly string[]): string {
  return words.map(escaped).join(" ");
}

/** `sudo` is not escaped there: words with blanks fall apart. */
function inFolder(folder: string, words: readonly string[]): string {
  return words[0] === "sudo"
    ? shellString(["sudo", "sh", "-c", `cd ${folder} && sudo -u ubuntu ${words.join(" ")}`])
    : `cd ${escaped(folder)}&&${shellString(words)}`;
}

function escaped(word: string): string {
  if (word === "") return "''";
  return word.replaceAll(/[^%+\-./0-9:=@A-Z_a-z]/g, (character) => (character === "\n" ? '"\n"' : `\\${character}`));
}
