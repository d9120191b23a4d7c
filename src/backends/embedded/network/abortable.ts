/** `work`, or the signal's reason when it aborts first. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** `body`, broken with the signal's reason even while its source is silent; `done` is called once, at its end. */
export async function* abortableChunks(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  const source = body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await abortable(source.next(), signal);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    done();
    source.return?.(undefined).catch(() => {});
  }
}
