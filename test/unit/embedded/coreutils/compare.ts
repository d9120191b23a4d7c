import { spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Credentials } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import { Collector, sourceOf } from "../../../../src/backends/embedded/machine/io.ts";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { coreutilsPrograms } from "../../../../src/backends/embedded/machine/programs/coreutils/index.ts";
import { createFakeMachine } from "../fakes/machine.ts";

/** Content of a file; `->target` is a link, `/` a folder; `mode:` before it sets permissions. */
export type Tree = Readonly<Record<string, string>>;

export interface Outcome {
  stdout: string;
  stderr: string;
  status: number;
  tree: Record<string, string>;
}

const moment = Date.UTC(2024, 1, 28, 12, 0, 0);

interface Planned {
  path: string;
  mode: number;
  kind: "file" | "folder" | "link";
  text: string;
}

function plan(tree: Tree): Planned[] {
  return Object.entries(tree).map(([path, spec]) => {
    const match = /^(?:mode (\d+):)?([^]*)$/.exec(spec);
    const text = match?.[2] ?? "";
    const kind = text === "/" ? "folder" : text.startsWith("->") ? "link" : "file";
    const mode = match?.[1] === undefined ? (kind === "folder" ? 0o755 : 0o644) : Number.parseInt(match[1], 8);
    return { path, mode, kind, text: kind === "link" ? text.slice(2) : text };
  });
}

/** Splits a command as a shell does, with quotes only. */
export function words(command: string): string[] {
  const result: string[] = [];
  for (const match of command.matchAll(/(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)) {
    result.push(
      match[0].replace(/'([^']*)'|"([^"]*)"|\\(.)/g, (_, a?: string, b?: string, c?: string) => a ?? b ?? c ?? ""),
    );
  }
  return result;
}

export function isInstalled(name: string): boolean {
  return spawnSync("sh", ["-c", `command -v "$1"`, "sh", name]).status === 0;
}

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

/** Runs the computer's own program in an empty folder. */
export function runReal(argv: readonly string[], tree: Tree, stdin: string | Uint8Array): Outcome {
  const folder = mkdtempSync(join(tmpdir(), "coreutils-"));
  chmodSync(folder, 0o755);
  try {
    for (const item of plan(tree)) {
      const path = join(folder, item.path);
      mkdirSync(dirname(path), { recursive: true });
      if (item.kind === "link") symlinkSync(item.text, path);
      else if (item.kind === "folder") mkdirSync(path, { recursive: true });
      else writeFileSync(path, item.text);
      if (item.kind === "link") continue;
      chmodSync(path, item.mode);
      utimesSync(path, moment / 1000, moment / 1000);
    }
    const [command = "", ...args] = argv;
    const result = spawnSync(command, args, {
      cwd: folder,
      input: stdin,
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", TZ: "UTC", HOME: "/root", NAME: "value" },
      maxBuffer: 1 << 26,
    });
    const seen: Record<string, string> = {};
    const visit = (path: string): void => {
      for (const name of readdirSync(join(folder, path)).sort()) {
        const below = path === "" ? name : `${path}/${name}`;
        const stat = lstatSync(join(folder, below));
        const mode = (stat.mode & 0o7777).toString(8);
        if (stat.isSymbolicLink()) seen[below] = `->${readlinkSync(join(folder, below))}`;
        else if (stat.isDirectory()) {
          seen[below] = `${mode} /`;
          visit(below);
        } else seen[below] = `${mode} ${readFileSync(join(folder, below), "latin1")}`;
      }
    };
    visit("");
    return {
      stdout: result.stdout.toString("latin1"),
      stderr: result.stderr.toString(),
      status: result.status ?? 128,
      tree: seen,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const folder = "/home/ubuntu/work";

/** A machine with the files of a case in its working folder. */
export function machineWith(tree: Tree, who: Credentials = { uid, gid, groups: [gid] }): ModelledMachine {
  const machine = createFakeMachine({ programs: coreutilsPrograms });
  const files = machine.rootFiles;
  files.makeDirectory(folder);
  files.chown(folder, who.uid, who.gid);
  for (const item of plan(tree)) {
    const path = `${folder}/${item.path}`;
    files.makeDirectories(dirname(path));
    if (item.kind === "link") files.symlink(item.text, path);
    else if (item.kind === "folder") files.makeDirectories(path);
    else files.write(path, item.text);
    files.chown(path, who.uid, who.gid, false);
    if (item.kind === "link") continue;
    files.chmod(path, item.mode);
    files.setTime(path, moment);
  }
  return machine;
}

/** Runs our program on a modelled machine. */
export async function runOurs(
  argv: readonly string[],
  tree: Tree,
  stdin: string | Uint8Array,
  who: Credentials = { uid, gid, groups: [gid] },
): Promise<Outcome> {
  const machine = machineWith(tree, who);
  const stdout = new Collector();
  const stderr = new Collector();
  const running = machine.processes.spawn({
    argv,
    env: { PATH: "/usr/bin", LC_ALL: "C.UTF-8", TZ: "UTC", HOME: "/root", NAME: "value" },
    cwd: folder,
    credentials: who,
    umask: 0o022,
    stdin: sourceOf(stdin),
    stdout,
    stderr,
  });
  const status = await running.exit;
  const seen: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const name of machine.rootFiles.list(path)) {
      const below = `${path}/${name}`;
      const key = below.slice(folder.length + 1);
      const stat = machine.rootFiles.lstat(below);
      const mode = stat.mode.toString(8);
      if (stat.type === "symlink") seen[key] = `->${machine.rootFiles.readLink(below)}`;
      else if (stat.type === "directory") {
        seen[key] = `${mode} /`;
        visit(below);
      } else seen[key] = `${mode} ${Buffer.from(machine.rootFiles.readBytes(below)).toString("latin1")}`;
    }
  };
  visit(folder);
  return { stdout: Buffer.from(stdout.bytes()).toString("latin1"), stderr: stderr.text(), status, tree: seen };
}

/** What two runs are compared by: of the errors only the first line. */
export const comparable = (outcome: Outcome): Omit<Outcome, "stderr"> & { error: string } => ({
  status: outcome.status,
  stdout: outcome.stdout,
  error: outcome.stderr.split("\n").find((line) => line !== "") ?? "",
  tree: outcome.tree,
});
