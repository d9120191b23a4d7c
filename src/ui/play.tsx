import { render } from "ink";
import type { Session } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { App } from "./app.tsx";

/** Shows the session until the learner leaves or `stopped` aborts; the terminal is as before afterwards. */
export async function playInUi(session: Session, texts: Texts, stopped?: AbortSignal): Promise<number> {
  const app = render(<App session={session} texts={texts} />, {
    exitOnCtrlC: false,
    alternateScreen: true,
    incrementalRendering: true,
  });
  const stop = (): void => app.unmount();
  stopped?.addEventListener("abort", stop, { once: true });
  await app.waitUntilExit();
  stopped?.removeEventListener("abort", stop);
  return stopped?.aborted ? 130 : 0;
}
