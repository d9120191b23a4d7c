import { LabError } from "../../domain/errors.ts";
import type { Session } from "../../runner/session.ts";
import { textsFor } from "../../texts/texts.ts";
import { type LabArguments, languageOf, openLocalSession, openOrAttach, serveSession } from "../open-session.ts";
import { playPlain } from "../plain.ts";

export interface StartArguments extends LabArguments {
  plain?: boolean;
  screenReader?: boolean;
}

/** Opens the course: in a terminal as a UI, else line by line. A second start attaches to the first one's lab. */
export async function start(lab: string | undefined, given: StartArguments): Promise<number> {
  const interactive = process.stdin.isTTY && process.stdout.isTTY && process.env["TERM"] !== "dumb";
  const plain = given.plain === true || given.screenReader === true || !interactive;
  const play = plain ? playPlain : playInTerminal;
  if (!plain) process.stdout.write(`${firstScreen()}\n`);
  const held = await openOrAttach("start", "brisk", given);
  if ("remote" in held) {
    const { remote } = held;
    try {
      if (lab !== undefined) await remote.send({ type: "goto", lab });
      return await play(remote, given);
    } finally {
      await remote.close();
    }
  }
  const opened = held.lab;
  try {
    const session = await openLocalSession(opened, given, lab);
    const stopped = new AbortController();
    const stop = (): void => stopped.abort(new LabError("stopped", "stopped", { remedy: "", exitCode: 130 }));
    const control = await serveSession(opened, session, stop);
    process.once("SIGTERM", stop);
    process.once("SIGHUP", stop);
    try {
      return await play(session, given, stopped.signal);
    } finally {
      await control.close();
      await session.close();
    }
  } finally {
    await opened.close();
  }
}

/** What stands on the screen while the UI is loaded. */
const firstScreen = (): string => "wasm-k8s-lab …";

async function playInTerminal(session: Session, given: StartArguments, stopped?: AbortSignal): Promise<number> {
  const { playInUi } = await import("../../ui/play.tsx");
  return playInUi(session, textsFor(languageOf(given.lang)), stopped);
}
