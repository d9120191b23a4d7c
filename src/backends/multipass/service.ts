import { type Multipass, MultipassError } from "./client/index.ts";

/** Milliseconds that a service may take to start. */
const startsWithinMs = 15_000;

/** Asks, also where the service of Multipass is only just starting, as after a boot of this computer. */
export async function onceServiceAnswers<T>(client: Multipass, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof MultipassError && error.code === "daemon-unreachable")) throw error;
    await client.waitReady({ timeoutMs: startsWithinMs });
    return ask();
  }
}
