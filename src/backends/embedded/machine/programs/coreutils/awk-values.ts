/** A value of awk: `strnum` is text from input that looks like a number. */
export type Value = number | string | InputText;

/** Text from input, which counts as a number when it looks like one. */
export class InputText {
  readonly text: string;
  #number: number | undefined;
  #looked = false;
  constructor(text: string) {
    this.text = text;
  }
  /** Its number when it looks like one. */
  get number(): number | undefined {
    if (!this.#looked) {
      this.#looked = true;
      const trimmed = this.text.trim();
      if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)) this.#number = Number(trimmed);
    }
    return this.#number;
  }
}

/** A variable that was never set. */
export const unset = new InputText("");

const prefix = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/;

export function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  const text = typeof value === "string" ? value : value.text;
  const match = prefix.exec(text);
  return match ? Number(match[0]) : 0;
}

export function isTrue(value: Value): boolean {
  if (typeof value === "number") return value !== 0;
  if (typeof value === "string") return value !== "";
  return value.number === undefined ? value.text !== "" : value.number !== 0;
}
