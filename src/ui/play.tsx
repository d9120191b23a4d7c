import { render, type RenderOptions } from "ink";
import type { Clock } from "../domain/clock.ts";
import type { Session } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { App } from "./app.tsx";

/**
 * Shows the session until the learner leaves or `stopped` aborts; the terminal is as before afterwards.
 * Rejects with the fault of a component, once the terminal is given back.
 */
export async function playInUi(
  session: Session,
  texts: Texts,
  clock: Pick<Clock, "after">,
  stopped: AbortSignal,
  streams: Pick<RenderOptions, "stdin" | "stdout" | "patchConsole"> = {},
): Promise<number> {
  const app = render(<App session={session} texts={texts} clock={clock} />, {
    // The caller knows that there is a terminal; without this Ink would draw nothing where CI is set.
    ...streams,
    interactive: true,
    exitOnCtrlC: false,
    alternateScreen: true,
    incrementalRendering: true,
  });
  const stop = (): void => app.unmount();
  if (stopped.aborted) stop();
  stopped.addEventListener("abort", stop, { once: true });
  try {
    await app.waitUntilExit();
  } finally {
    stopped.removeEventListener("abort", stop);
  }
  return stopped.aborted ? 130 : 0;
}
