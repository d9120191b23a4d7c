/** Lets bytes through from behind `[token]` on; what stands before it is somebody else's. Pieces may be cut anywhere. */
export class HeadFilter {
  readonly #mark: Buffer;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #held: Buffer = Buffer.alloc(0);
  #passed = false;

  constructor(token: string, onBytes: (bytes: Uint8Array) => void) {
    this.#mark = Buffer.from(`[${token}]`);
    this.#onBytes = onBytes;
  }

  /** True once the mark has come. */
  get passed(): boolean {
    return this.#passed;
  }

  write(bytes: Uint8Array): void {
    if (this.#passed) return this.#onBytes(bytes);
    this.#held = Buffer.concat([this.#held, bytes]);
    const at = this.#held.indexOf(this.#mark);
    if (at < 0) return;
    this.#passed = true;
    this.#give(this.#held.subarray(at + this.#mark.length));
  }

  /** Lets through what was kept back for want of a mark. */
  passAll(): void {
    this.#give(this.#held);
  }

  #give(bytes: Buffer): void {
    this.#held = Buffer.alloc(0);
    if (bytes.length > 0) this.#onBytes(bytes);
  }
}

const digits = /^(\d{1,3})\]/;

/** Takes `[token:N]` out of what passes, and keeps N. Pieces may be cut anywhere. */
export class TailFilter {
  readonly #mark: Buffer;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #held: Buffer = Buffer.alloc(0);
  exitCode: number | undefined;

  constructor(token: string, onBytes: (bytes: Uint8Array) => void) {
    this.#mark = Buffer.from(`[${token}:`);
    this.#onBytes = onBytes;
  }

  write(bytes: Uint8Array): void {
    let rest: Buffer = Buffer.concat([this.#held, bytes]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      const at = this.#begin(rest);
      this.#give(rest.subarray(0, at));
      rest = rest.subarray(at);
      const behind = rest.subarray(this.#mark.length, this.#mark.length + 4).toString("latin1");
      const found = digits.exec(behind);
      if (found) {
        this.exitCode = Number(found[1]);
        rest = rest.subarray(this.#mark.length + found[0].length);
      } else if (/^\d{0,3}$/.test(behind)) {
        this.#held = rest;
        return;
      } else {
        this.#give(rest.subarray(0, 1));
        rest = rest.subarray(1);
      }
    }
  }

  /** Lets through what looked like the beginning of a mark. */
  end(): void {
    this.#give(this.#held);
    this.#held = Buffer.alloc(0);
  }

  /** Where a mark begins, or may begin with the last bytes. */
  #begin(bytes: Buffer): number {
    const whole = bytes.indexOf(this.#mark);
    if (whole >= 0) return whole;
    for (let at = Math.max(0, bytes.length - this.#mark.length); at < bytes.length; at += 1) {
      if (this.#mark.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at;
    }
    return bytes.length;
  }

  #give(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#onBytes(bytes);
  }
}
