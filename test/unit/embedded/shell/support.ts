import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { Collector, emptySource } from "../../../../src/backends/embedded/machine/io.ts";
import type { ProgramTable } from "../../../../src/backends/embedded/machine/process.ts";
import { coreutilsPrograms } from "../../../../src/backends/embedded/machine/programs/coreutils/index.ts";
import { shellPrograms } from "../../../../src/backends/embedded/machine/shell/programs/index.ts";
import { createFakeMachine } from "../fakes/machine.ts";

export interface Outcome {
  stdout: string;
  exitCode: number;
}

/** The programs of the snippets; `uname` belongs to another part of the machine. */
export const programs: ProgramTable = {
  ...coreutilsPrograms,
  ...shellPrograms,
  uname: async (process) => {
    await process.out("Linux\n");
    return 0;
  },
};

/** Runs a script with `bash -c` as root in an empty folder of a fresh modelled machine. */
export async function runModelled(
  script: string,
  machine: ModelledMachine = createFakeMachine({ programs }),
): Promise<Outcome & { stderr: string }> {
  const stdout = new Collector();
  const stderr = new Collector();
  const folder = "/tmp/work";
  machine.rootFiles.makeDirectories(folder);
  const running = machine.processes.spawn({
    argv: ["bash", "-c", script],
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/root",
      USER: "root",
      LANG: "C.UTF-8",
    },
    cwd: folder,
    credentials: { uid: 0, gid: 0, groups: [0] },
    stdin: emptySource,
    stdout,
    stderr,
  });
  const exitCode = await running.exit;
  return { stdout: stdout.text(), exitCode, stderr: stderr.text() };
}

/** Runs a script with the computer's own bash in an empty folder. */
export async function runReal(script: string): Promise<Outcome & { stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), "shell-"));
  try {
    return await new Promise((resolve) => {
      const child = execFile(
        "bash",
        ["-c", script],
        {
          cwd: folder,
          timeout: 20_000,
          env: { PATH: process.env["PATH"], HOME: "/root", USER: "root", LANG: "C.UTF-8" },
        },
        (error, stdout, stderr) => {
          const code = error && typeof error.code === "number" ? error.code : 0;
          resolve({ stdout, stderr, exitCode: code });
        },
      );
      child.stdin?.end();
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The snippets of a file in test/fixtures/shell, separated by `%%` lines. */
export async function snippets(name: string): Promise<string[]> {
  const text = await readFile(new URL(`../../../fixtures/shell/${name}`, import.meta.url), "utf8");
  return text.replace(/\n$/, "").split("\n%%\n");
}
