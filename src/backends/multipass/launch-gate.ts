/** How many machines are made at once when their image is there. */
const together = 2;

/** Lets one machine after the other be made until the image is here, then two at a time. */
export class LaunchGate {
  #open = false;
  #inside = 0;
  #waiting: (() => void)[] = [];

  /** The image is here: nobody needs to wait for its download any more. */
  imageIsHere(): void {
    this.#open = true;
    this.#admit();
  }

  /** Runs `action` when it is its turn. */
  async pass<T>(action: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#admit();
    });
    try {
      return await action();
    } finally {
      this.#inside -= 1;
      this.#admit();
    }
  }

  #admit(): void {
    while (this.#inside < (this.#open ? together : 1)) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#inside += 1;
      next();
    }
  }
}
