import type { Cancel, Clock } from "../domain/clock.ts";
import type { Picture, PictureSource } from "../domain/picture.ts";

/** Milliseconds between two looks at the machines, however much happens meanwhile. */
const pauseMs = 250;

/**
 * Calls back with the picture now, and again whenever it has become another one, a few times a second at most.
 * Returns how to stop; nothing is computed afterwards.
 */
export function watchPictures(
  source: PictureSource,
  clock: Pick<Clock, "after">,
  listener: (picture: Picture) => void,
): () => void {
  let stopped = false;
  let known = "";
  let pause: Cancel | undefined;
  let isLooking = false;
  let isStale = false;
  const look = async (): Promise<void> => {
    isLooking = true;
    isStale = false;
    try {
      const picture = await source.now();
      const text = JSON.stringify(picture);
      if (!stopped && text !== known) {
        known = text;
        listener(picture);
      }
    } finally {
      isLooking = false;
      if (isStale) later();
    }
  };
  const later = (): void => {
    isStale = true;
    if (stopped || isLooking || pause) return;
    pause = clock.after(pauseMs, () => {
      pause = undefined;
      void look();
    });
  };
  const stopHearing = source.onChange(later);
  void look();
  return () => {
    stopped = true;
    stopHearing();
    pause?.();
  };
}
