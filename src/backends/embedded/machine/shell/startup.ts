import { FileError } from "../files/errors.ts";
import { Jump } from "./failures.ts";
import type { Shell } from "./shell.ts";

/** Runs the files that bash reads when it starts; missing ones are passed over. */
export async function readStartupFiles(shell: Shell, kind: "login" | "interactive"): Promise<void> {
  const home = shell.variables.get("HOME") ?? "/";
  if (kind === "interactive") {
    await run(shell, "/etc/bash.bashrc");
    await run(shell, `${home}/.bashrc`);
    return;
  }
  await run(shell, "/etc/profile");
  for (const name of [".bash_profile", ".bash_login", ".profile"]) {
    if (await run(shell, `${home}/${name}`)) return;
  }
}

async function run(shell: Shell, path: string): Promise<boolean> {
  let text: string;
  try {
    text = shell.files.readText(path);
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
  shell.calls.push({ name: "source", source: path, line: 0 });
  try {
    await shell.script(text);
  } catch (error) {
    if (!(error instanceof Jump)) throw error;
    if (error.kind === "exit") throw error;
  } finally {
    shell.calls.pop();
  }
  return true;
}
