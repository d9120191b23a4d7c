import type { Clock } from "../domain/clock.ts";
import type { Picture } from "../domain/picture.ts";
import { changesBetween } from "../figures/changes.ts";
import type { Session } from "../runner/session.ts";

/** Milliseconds that a change stays marked. */
const markedMs = 1_200;
/** Milliseconds between two passes when they are shown one after the other. */
const stepMs = 170;
/** However much has passed, it is shown in about so many steps. */
const mostSteps = 14;

/** The picture as a panel shows it: what changed is marked for a moment, and passes come one after the other. */
export class PictureView {
  picture: Picture | undefined;
  /** What changed a moment ago, by `changeOf`. */
  changed: ReadonlySet<string> = new Set();
  /** Sequence number of the pass that is shown; undefined while there is none. */
  at: number | undefined;
  #session: Session;
  #clock: Pick<Clock, "after">;
  #stop: (() => void) | undefined;
  #isStepping = false;
  #version = 0;
  #listeners = new Set<() => void>();

  constructor(session: Session, clock: Pick<Clock, "after">) {
    this.#session = session;
    this.#clock = clock;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  version = (): number => this.#version;

  /** Follows the picture until `close`. */
  open(): void {
    this.#stop ??= this.#session.watchPicture((picture) => this.#show(picture));
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.picture = undefined;
    this.changed = new Set();
    this.at = undefined;
  }

  #show(picture: Picture): void {
    const before = this.picture;
    this.picture = picture;
    const latest = picture.passes.at(-1)?.sequence;
    if (before) {
      this.#mark(changesBetween(before, picture));
      // What was there when the panel opened has passed already.
      this.at ??= (picture.passes[0]?.sequence ?? 1) - 1;
      this.#step();
    } else this.at = latest;
    this.#tell();
  }

  #mark(places: ReadonlySet<string>): void {
    if (places.size === 0) return;
    this.changed = new Set([...this.changed, ...places]);
    this.#clock.after(markedMs, () => {
      if (!this.#stop) return;
      this.changed = new Set([...this.changed].filter((place) => !places.has(place)));
      this.#tell();
    });
  }

  #step(): void {
    if (this.#isStepping) return;
    const ahead = this.picture?.passes.filter(({ sequence }) => sequence > (this.at ?? 0)) ?? [];
    if (ahead.length === 0) return;
    this.#isStepping = true;
    const next = ahead[Math.max(0, Math.ceil(ahead.length / mostSteps) - 1)];
    this.#clock.after(stepMs, () => {
      this.#isStepping = false;
      if (!this.#stop || !next) return;
      this.at = next.sequence;
      this.#tell();
      this.#step();
    });
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}
