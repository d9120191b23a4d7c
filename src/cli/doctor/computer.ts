import { join } from "node:path";
import type { Texts } from "../../texts/en.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { Host } from "./host.ts";

type Words = Texts["doctor"];

/** Node that the program needs. */
const neededNode = [22, 18] as const;

/** Bytes that a played course takes in its folder. */
const neededBytes = 200 * 1024 * 1024;

/** A date before which no copy of this program was made. */
const madeAfter = Date.UTC(2026, 10, 1);

/** File systems of other computers, as Linux names them; locks and sockets do not work on all of them. */
const networkFileSystems =
  /^(?:nfs4?|cifs|smb3|smbfs|9p|drvfs|fuse\.sshfs|fuse\.rclone|afs|ceph|glusterfs|vboxsf|fuse\.vmhgfs-fuse)$/;

/** Node, the terminal, and the folder where the lab is kept. */
export async function lookAtComputer(host: Host, stateFolder: string | undefined, words: Words): Promise<Finding[]> {
  return [
    node(host, words),
    ...folder(host, stateFolder, words),
    terminal(host, words),
    ...multiplexer(host, words),
    ...(await slowEscape(host, words)),
    encoding(host, words),
    await clock(host, words),
  ];
}

function node({ nodeVersion }: Host, words: Words): Finding {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1])
    ? ok("node", words.version(nodeVersion))
    : found("fail", "node", words.node(nodeVersion, neededNode.join(".")));
}

function folder(host: Host, path: string | undefined, words: Words): Finding[] {
  const place = path ?? host.env["WASM_K8S_LAB_HOME"] ?? join(host.homeFolder, ".wasm-k8s-lab");
  if (path === undefined || !host.canWrite(path)) return [found("fail", "state-folder", words.folder(place))];
  const findings = [ok("state-folder", place)];
  const free = host.freeBytes(path);
  if (free !== undefined && free < neededBytes) {
    const megabytes = Math.floor(free / 1024 / 1024);
    findings.push(found(megabytes < 20 ? "fail" : "warn", "state-space", words.space(megabytes)));
  }
  const kind = fileSystemOf(path, host.readFile("/proc/mounts") ?? "");
  if (networkFileSystems.test(kind)) findings.push(found("warn", "state-network", words.networkFolder(kind)));
  return findings;
}

/** The type of the file system that is mounted nearest above a path; empty where that is not known. */
function fileSystemOf(path: string, mounts: string): string {
  let nearest = { at: "", type: "" };
  for (const line of mounts.split("\n")) {
    const [, mounted = "", type = ""] = line.split(" ");
    const at = mounted.replaceAll(String.raw`\040`, " ");
    const holds = at !== "" && (path === at || path.startsWith(at.endsWith("/") ? at : `${at}/`));
    if (holds && at.length >= nearest.at.length) nearest = { at, type };
  }
  return nearest.type;
}

function terminal({ terminal: size, env, platform }: Host, words: Words): Finding {
  if (!size) return found("warn", "terminal", words.noTerminal);
  const detail = words.terminal(`${size.columns}x${size.rows}`, size.colors);
  if (env["TERM"] === "dumb") return found("warn", "terminal", words.dumbTerminal);
  if (size.columns < 60 || size.rows < 20) return found("warn", "terminal", words.smallTerminal(detail));
  if (platform === "win32" && env["WT_SESSION"] === undefined && env["TERM_PROGRAM"] === undefined) {
    return found("warn", "terminal", words.oldConsole(detail));
  }
  return ok("terminal", detail);
}

function multiplexer({ env }: Host, words: Words): Finding[] {
  const inside = env["TMUX"] ? "tmux" : env["STY"] ? "screen" : undefined;
  if (inside === undefined) return [];
  const term = env["TERM"] ?? "";
  return /^(?:screen|tmux)/.test(term)
    ? [ok("multiplexer", words.multiplexer(inside, term))]
    : [found("warn", "multiplexer", words.wrongTerm(inside, term))];
}

/** Esc leads to the course's keys; tmux holds it back for a while unless told otherwise. */
async function slowEscape(host: Host, words: Words): Promise<Finding[]> {
  if (!host.env["TMUX"]) return [];
  const { exitCode, stdout } = await host.run("tmux", ["show-options", "-sv", "escape-time"]);
  const wait = Number(stdout.trim());
  return exitCode === 0 && wait > 100 ? [found("warn", "tmux-escape", words.slowEscape(wait))] : [];
}

function encoding({ platform, env }: Host, words: Words): Finding {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  const good = platform === "win32" || /utf-?8/i.test(locale);
  return good
    ? ok("characters", platform === "win32" ? "UTF-8" : locale)
    : found("warn", "characters", words.characters(locale));
}

async function clock(host: Host, words: Words): Promise<Finding> {
  const today = host.now().toISOString().slice(0, 10);
  if (host.now().getTime() < madeAfter) return found("fail", "clock", words.clockBehind(today));
  if (host.platform === "linux") {
    const { exitCode, stdout } = await host.run("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
    if (exitCode === 0 && stdout.trim() === "no") return found("warn", "clock", words.clockAlone(today));
  }
  return ok("clock", today);
}
