import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync, mkdirSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Call, exits, fail, wrong } from "../call.ts";
import type { Machines } from "../machines/machines.ts";
import { readable } from "../snap.ts";

interface Place {
  /** Empty for this computer. */
  instance: string;
  path: string;
}

/** A failure that is logged, as SFTP failures are. */
class SftpError extends Error {}

/** `multipass transfer` */
export async function run(call: Call): Promise<number> {
  const texts = call.positionals;
  if (texts.length < 2) return wrong(call, "Not enough arguments given");
  const places = texts.map(placeOf);
  const sources = places.slice(0, -1);
  const target = places.at(-1) ?? { instance: "", path: "" };
  const refused = refusal(texts.slice(0, -1), texts.at(-1) ?? "", sources, target);
  if (refused !== undefined) return wrong(call, refused);
  for (const { instance } of places) {
    const problem = instance === "" ? undefined : unreachable(call, instance);
    if (problem !== undefined) return fail(call, problem);
  }
  const machines = await call.machines();
  let code = exits.ok;
  for (const source of sources) {
    try {
      await copy(call, machines, source, target);
    } catch (error) {
      if (!(error instanceof SftpError)) throw error;
      const moment = new Date().toISOString().replace("Z", "");
      call.err(`[${moment}] [error] [sftp] ${error.message}\n`);
      code = exits.failed;
    }
  }
  return code;
}

function placeOf(text: string): Place {
  const parts = text.split(":");
  return parts.length === 1 ? { instance: "", path: text } : { instance: parts[0] ?? "", path: parts[1] || "." };
}

function refusal(from: readonly string[], to: string, sources: readonly Place[], target: Place): string | undefined {
  const streams = from.filter((text) => text === "-").length;
  if ((to === "-" && streams > 0) || streams > 1) return "Only one '-' allowed";
  if ((to === "-" || streams > 0) && from.length > 1) return "Only two arguments allowed when using '-'";
  const named = sources.filter(({ instance }) => instance !== "").length;
  if (to === "-") return named === 1 ? undefined : "Source must be from inside an instance";
  if (streams > 0) return target.instance === "" ? "Target must be inside an instance" : undefined;
  if (target.instance !== "")
    return named > 0 ? "Cannot specify an instance name for both source and destination" : undefined;
  if (named === sources.length) return undefined;
  return named > 0
    ? "All sources must be from inside an instance"
    : "An instance name is needed for either source or destination";
}

function unreachable(call: Call, name: string): string | undefined {
  const instance = call.store().read().instances[name];
  if (!instance || instance.preparing) return `The following errors occurred:\ninstance "${name}" does not exist`;
  if (instance.state === "Deleted") return `The following errors occurred:\ninstance "${name}" is deleted`;
  if (instance.state !== "Running") return `instance "${name}" is not running`;
  return undefined;
}

async function copy(call: Call, machines: Machines, source: Place, target: Place): Promise<void> {
  const remote = (name: string, command: string, stdin?: Readable, stdout?: Writable): Promise<void> =>
    runInside(machines, name, command, stdin, stdout);
  if (source.path === "-" && source.instance === "") {
    return remote(target.instance, writing(call, target.path, "stream_output.dat"), process.stdin);
  }
  if (target.path === "-" && target.instance === "") {
    return remote(source.instance, `cat ${quoted(source.path)}`, undefined, process.stdout);
  }
  if (target.instance !== "") {
    const found = readable(source.path, call.settings) ? stat(source.path) : undefined;
    if (!found) throw new SftpError(`cannot access ${source.path}: No such file or directory`);
    if (found.isDirectory()) {
      if (!call.has("recursive"))
        throw new SftpError(`omitting local directory ${source.path}: recursive mode not specified`);
      const tar = spawn("tar", ["-C", source.path, "-c", "."], { stdio: ["ignore", "pipe", "ignore"] });
      const folder = into(target.path, basename(source.path));
      return remote(target.instance, `${folder}; mkdir -p "$t" && tar -C "$t" --no-same-owner -x`, tar.stdout);
    }
    const mode = (found.mode & 0o777).toString(8);
    const command = `${writing(call, target.path, basename(source.path))} && chmod ${mode} "$t"`;
    return remote(target.instance, command, createReadStream(source.path));
  }
  return pull(call, source, target.path, remote);
}

async function pull(
  call: Call,
  { instance, path }: Place,
  target: string,
  remote: (name: string, command: string, stdin?: Readable, stdout?: Writable) => Promise<void>,
): Promise<void> {
  const place = stat(target)?.isDirectory() === true ? join(target, basename(path)) : target;
  if (!readable(place, call.settings)) throw new SftpError(`cannot open local file ${place}: Permission denied`);
  const folder = await remote(instance, `[ -d ${quoted(path)} ]`).then(
    () => true,
    () => false,
  );
  if (folder && !call.has("recursive"))
    throw new SftpError(`omitting remote directory ${path}: recursive mode not specified`);
  if (call.has("parents")) mkdirSync(dirname(place), { recursive: true });
  if (folder) {
    mkdirSync(place, { recursive: true });
    const tar = spawn("tar", ["-C", place, "--no-same-owner", "-x"], { stdio: ["pipe", "ignore", "ignore"] });
    const unpacked = new Promise((done) => tar.on("close", done));
    await remote(instance, `tar -C ${quoted(path)} -c .`, undefined, tar.stdin);
    await unpacked;
    return;
  }
  const local = createWriteStream(place);
  await once(local, "open").catch(() => {
    throw new SftpError(
      `cannot open local file ${place}: ${existsSync(dirname(place)) ? "Permission denied" : "No such file or directory"}`,
    );
  });
  await remote(instance, `cat ${quoted(path)}`, undefined, local);
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** `t` becomes the path, or the one of that name in it when it is a folder. */
const into = (path: string, name: string): string =>
  `t=${quoted(path)}; if [ -d "$t" ]; then t="\${t%/}/"${quoted(name)}; fi`;

const writing = (call: Call, path: string, name: string): string =>
  `${into(path, name)}; ${call.has("parents") ? 'mkdir -p "$(dirname "$t")" && ' : ""}cat >"$t"`;

function stat(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

async function runInside(
  machines: Machines,
  name: string,
  command: string,
  stdin?: Readable,
  stdout?: Writable,
): Promise<void> {
  const { file, argv, cwd, env } = machines.inside(name, command, "ubuntu");
  const child = spawn(file, argv, { env, ...(cwd === undefined ? {} : { cwd }) });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const ended = new Promise((done) => child.on("close", done));
  child.stdin.on("error", () => undefined);
  if (stdin) stdin.pipe(child.stdin);
  else child.stdin.end();
  // `tar` may end before it has read the last zeroes.
  if (stdout) await pipeline(child.stdout, stdout, { end: stdout !== process.stdout }).catch(() => undefined);
  else child.stdout.resume();
  if ((await ended) === 0) return;
  const [, path = "", reason = said.trim()] = /([^:\s]+): ([^:\n]+)\n$/.exec(said) ?? [];
  const file_ = command.startsWith("cat ") || command.includes("cat >");
  throw new SftpError(
    `cannot ${file_ ? "open remote file" : "access"} ${path}: ${reason.replace(" or directory", "")}`,
  );
}
