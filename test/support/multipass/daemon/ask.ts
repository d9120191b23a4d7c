import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Call } from "../call.ts";
import { exits, fail } from "../call.ts";
import { makeSpinner } from "../spinner.ts";
import type { Message, Request } from "./messages.ts";

const timeouts = {
  launch: "Timed out waiting for instance launch.",
  start: "Timed out waiting for instance to start.",
  restart: "Timed out waiting for instance to restart.",
};

/** Hands a request to the daemon, which goes on when this process ends, and shows what it tells. Gives the exit code. */
export async function askDaemon(call: Call, request: Request): Promise<number> {
  const file = join(call.settings.folder, `request-${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(request), { mode: 0o600 });
  const worker = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "worker.ts"), file],
    { detached: true, stdio: ["ignore", "pipe", "ignore"], cwd: "/" },
  );
  const spinner = makeSpinner((text) => call.out(text));
  for await (const line of createInterface({ input: worker.stdout })) {
    const message = JSON.parse(line) as Message;
    if ("say" in message) spinner.say(message.say);
    else if ("progress" in message) spinner.progress(message.progress);
    else if ("kill" in message) process.kill(process.pid, message.kill);
    else {
      spinner.stop();
      if ("timeout" in message) {
        call.err(`${timeouts[request.operation]}\n`);
        return exits.timedOut;
      }
      call.out(message.done.stdout);
      call.err(message.done.stderr);
      return message.done.code;
    }
  }
  spinner.stop();
  return fail({ ...call, command: request.operation }, "Socket closed");
}
