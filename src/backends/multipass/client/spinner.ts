import type { Progress } from "./types.ts";

const backspace = "\b";
const escape = "\u001B";

/**
 * Reads what Multipass says while it works. Its spinner writes escape sequences and backspaces to standard output,
 * terminal or not; a percentage is written over the last one after a carriage return. Pieces may be cut anywhere.
 */
export class SpinnerText {
  readonly #decoder = new TextDecoder();
  readonly #onText: (text: string) => void;
  #text = "";
  #last = "";
  #expecting: "text" | "overwritten" | "escape" | "sequence" = "text";

  /** `onText` is called with each message once, without what only moves the cursor. */
  constructor(onText: (text: string) => void) {
    this.#onText = onText;
  }

  write(bytes: Uint8Array): void {
    this.#read(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): void {
    this.#read(this.#decoder.decode());
    this.#tell();
  }

  #read(text: string): void {
    for (const character of text) this.#readOne(character);
  }

  #readOne(character: string): void {
    if (this.#expecting === "overwritten") {
      this.#expecting = "text";
    } else if (this.#expecting === "escape") {
      this.#expecting = character === "[" ? "sequence" : "text";
    } else if (this.#expecting === "sequence") {
      if (/[@-~]/.test(character)) this.#expecting = "text";
    } else if (character === backspace) {
      // The spinner turns: what stands before it is the whole message.
      this.#tell(false);
      this.#expecting = "overwritten";
    } else if (character === escape) {
      this.#tell();
      this.#expecting = "escape";
    } else if (character === "\r" || character === "\n") {
      this.#tell();
    } else {
      this.#text += character;
      // No line ends after a percentage until the next one comes.
      if (character === "%") this.#tell(false);
    }
  }

  #tell(ends = true): void {
    const text = this.#text.trim();
    if (ends) this.#text = "";
    if (text !== "" && text !== this.#last) this.#onText(text);
    this.#last = ends ? "" : text;
  }
}

/** The messages in what Multipass printed, one per line. */
export function withoutSpinner(bytes: Uint8Array): string {
  const lines: string[] = [];
  const spinner = new SpinnerText((text) => lines.push(text));
  spinner.write(bytes);
  spinner.end();
  return lines.join("\n");
}

const stages: readonly (readonly [RegExp, Progress["stage"]])[] = [
  [/^Creating /, "creating"],
  [/^Retrieving /, "retrieving"],
  [/^Extracting /, "extracting"],
  [/^Verifying /, "verifying"],
  [/^Preparing /, "preparing"],
  [/^Configuring /, "configuring"],
  [/^Starting /, "starting"],
  [/^Waiting for /, "waiting"],
];

export function progressOf(text: string): Progress {
  const stage = stages.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
  const percent = /\b(\d{1,3})%$/.exec(text)?.[1];
  return { stage, text, ...(percent === undefined ? {} : { percent: Math.min(100, Number(percent)) }) };
}
