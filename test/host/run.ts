import { type ChildOptions, runChild } from "../../src/process/child.ts";

/** Runs a program of this computer to its end. Throws with what it said, unless it exits 0. */
export async function run(
  file: string,
  argv: readonly string[],
  options: ChildOptions & { stdin?: string | Uint8Array } = {},
): Promise<string> {
  const { exitCode, notStarted, stdout, stderr } = await runChild(file, argv, options);
  const text = Buffer.from(stdout).toString("utf8");
  if (exitCode === 0) return text;
  const said = `${text}${Buffer.from(stderr).toString("utf8")}`.trim().split("\n").slice(-20).join("\n");
  throw new Error(`${[file, ...argv].join(" ").slice(0, 300)}: ${notStarted ?? `exit ${exitCode}`}\n${said}`);
}
