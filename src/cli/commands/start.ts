import type { Provisioning } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import type { Session } from "../../runner/session.ts";
import { textsFor } from "../../texts/texts.ts";
import { openHome } from "../home.ts";
import { lockHolder } from "../lock.ts";
import { languageOf } from "../language.ts";
import {
  connectToHost,
  type LabArguments,
  openLab,
  openLocalSession,
  requireUsable,
  serveSession,
} from "../open-session.ts";
import { playPlain } from "../plain.ts";
import { provisioningLine, tellProvisioning } from "../provisioning.ts";
import { systemClock } from "../system-clock.ts";

export interface StartArguments extends LabArguments {
  plain?: boolean;
  screenReader?: boolean;
}

type Play = (session: Session, given: StartArguments, stopped: AbortSignal) => Promise<number>;

/** Opens the course: in a terminal as a UI, else line by line. A second start attaches to the first one's lab. */
export async function start(lab: string | undefined, given: StartArguments): Promise<number> {
  const stopped = new AbortController();
  const stop = (): void => stopped.abort(new LabError("stopped", "stopped", { remedy: "", exitCode: 130 }));
  // A fault anywhere must not leave the terminal in the UI's hands: the UI ends first, then the fault is reported.
  const fail = (error: unknown): void => stopped.abort(error);
  const signals = ["SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, stop);
  process.on("uncaughtException", fail);
  // Raw mode makes Ctrl-C a key; line by line it is the running command's.
  if (!isPlain(given)) process.on("SIGINT", stop);
  const first = isPlain(given) ? undefined : showFirstScreen(given);
  const play: Play = first ? (...all) => first.clear().then(() => playInTerminal(...all)) : playPlain;
  try {
    const exitCode =
      (await playWithHost(lab, given, play, stopped)) ?? (await playAsHost(lab, given, play, stopped, stop, first));
    const reason: unknown = stopped.signal.reason;
    if (stopped.signal.aborted && !(reason instanceof LabError && reason.exitCode === 130)) throw reason;
    return exitCode;
  } catch (error) {
    await first?.clear();
    if (!(error instanceof LabError)) {
      process.stderr.write(`${textsFor(languageOf(given.lang)).ui.crashed(openHome(process.env).path)}\n`);
    }
    throw error;
  } finally {
    for (const signal of [...signals, "SIGINT"]) process.off(signal, stop);
    process.off("uncaughtException", fail);
  }
}

/** Line by line where there is no terminal to draw on, and where somebody listens rather than looks. */
function isPlain(given: StartArguments): boolean {
  if (given.plain || given.screenReader || process.env["INK_SCREEN_READER"] === "true") return true;
  return !process.stdin.isTTY || !process.stdout.isTTY || process.env["TERM"] === "dumb";
}

/** Something to see before the UI is loaded and while machines are made; it is wiped away again. */
interface FirstScreen {
  tell(provisioning: Provisioning): void;
  clear(): Promise<void>;
}

function showFirstScreen(given: StartArguments): FirstScreen {
  let shown = true;
  process.stdout.write("wasm-k8s-lab …");
  return {
    tell: (provisioning) => {
      if (shown) tellProvisioning(textsFor(languageOf(given.lang)), process.stdout).tell(provisioning);
    },
    clear: () =>
      new Promise((resolve) => {
        if (shown) process.stdout.write("\r\u001b[2K", () => resolve());
        else resolve();
        shown = false;
      }),
  };
}

/** Attaches to the process that holds the lab; undefined when none does. */
async function playWithHost(
  lab: string | undefined,
  given: StartArguments,
  play: Play,
  stopped: AbortController,
): Promise<number | undefined> {
  const remote = lockHolder(openHome(process.env).lock) ? await connectToHost() : undefined;
  if (!remote) return undefined;
  let left = false;
  void remote.ended.then(() => {
    const { hostGone } = textsFor(languageOf(given.lang)).ui;
    if (!left) stopped.abort(new LabError("host-gone", hostGone, { remedy: "", exitCode: exitCodes.couldNotCheck }));
  });
  try {
    if (lab !== undefined) await remote.send({ type: "goto", lab });
    return await play(remote, given, stopped.signal);
  } finally {
    left = true;
    await remote.close();
  }
}

async function playAsHost(
  lab: string | undefined,
  given: StartArguments,
  play: Play,
  stopped: AbortController,
  stop: () => void,
  first: FirstScreen | undefined,
): Promise<number> {
  const opened = await openLab("start", "brisk", given);
  try {
    if (first) opened.onProvisioning = first.tell;
    await requireUsable(opened);
    const session = await openLocalSession(opened, given, lab);
    const texts = textsFor(languageOf(given.lang));
    if (first) opened.onProvisioning = (provisioning) => session.detail(provisioningLine(provisioning, texts));
    const control = await serveSession(opened, session, stop);
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

const playInTerminal: Play = async (session, given, stopped) => {
  const { playInUi } = await import("../../ui/play.tsx");
  return playInUi(session, textsFor(languageOf(given.lang)), systemClock, stopped);
};
