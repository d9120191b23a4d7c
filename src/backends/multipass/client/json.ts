import { MultipassError } from "./errors.ts";

/** A value in what Multipass printed as JSON, and where it stands, for messages. */
export class Json {
  readonly #command: string;
  readonly #where: string;
  readonly value: unknown;

  private constructor(command: string, where: string, value: unknown) {
    this.#command = command;
    this.#where = where;
    this.value = value;
  }

  /** Reads a document; a driver's notices may stand around it. Throws `unexpected-output`. */
  static parse(command: string, text: string): Json {
    const begin = /^\{/m.exec(text)?.index ?? 0;
    const end = text.lastIndexOf("}") + 1 || text.length;
    try {
      return new Json(command, "output", JSON.parse(text.slice(begin, end)));
    } catch (error) {
      throw new MultipassError(
        "unexpected-output",
        `output: expected a JSON document, got ${shown(text)}`,
        { command, exitCode: 0 },
        { cause: error },
      );
    }
  }

  /** A member of an object; its `value` is undefined when there is none. */
  at(key: string): Json {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#unexpected("an object");
    const member = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return new Json(this.#command, `${this.#where}.${key}`, member);
  }

  get missing(): boolean {
    return this.value === undefined || this.value === null;
  }

  text(): string {
    if (typeof this.value !== "string") throw this.#unexpected("a text");
    return this.value;
  }

  /** Undefined for a text that is empty or missing. */
  textIfAny(): string | undefined {
    return this.missing ? undefined : this.text() || undefined;
  }

  /** Some are printed as texts. */
  flag(): boolean {
    if (typeof this.value === "boolean") return this.value;
    if (this.value !== "true" && this.value !== "false") throw this.#unexpected("true or false");
    return this.value === "true";
  }

  /** Some numbers are printed as texts; undefined for one that is empty or missing. */
  numberIfAny(): number | undefined {
    if (this.missing || this.value === "") return undefined;
    const number = typeof this.value === "string" ? Number(this.value) : this.value;
    if (typeof number !== "number" || !Number.isFinite(number)) throw this.#unexpected("a number");
    return number;
  }

  items(): Json[] {
    if (!Array.isArray(this.value)) throw this.#unexpected("a list");
    return this.value.map((item, index) => new Json(this.#command, `${this.#where}[${index}]`, item));
  }

  itemsIfAny(): Json[] {
    return this.missing ? [] : this.items();
  }

  /** None when missing. */
  entries(): [string, Json][] {
    if (this.missing) return [];
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#unexpected("an object");
    return Object.keys(value).map((key) => [key, this.at(key)]);
  }

  #unexpected(expected: string): MultipassError {
    return new MultipassError(
      "unexpected-output",
      `${this.#where}: expected ${expected}, got ${shown(JSON.stringify(this.value) ?? "nothing")}`,
      { command: this.#command, exitCode: 0 },
    );
  }
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}...` : text || "nothing";
}
