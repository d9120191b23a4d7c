import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HeadFilter, TailFilter } from "../../../../src/backends/multipass/client/marks.ts";
import { progressOf, SpinnerText, withoutSpinner } from "../../../../src/backends/multipass/client/spinner.ts";
import { spun } from "./scripted.ts";

/** Cuts bytes anywhere. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

function messages(chunks: readonly Uint8Array[]): string[] {
  const told: string[] = [];
  const spinner = new SpinnerText((text) => told.push(text));
  for (const chunk of chunks) spinner.write(chunk);
  spinner.end();
  return told;
}

const word = fc.stringMatching(/^[A-Za-zäöü→💡][A-Za-zäöü→💡 :.-]{0,20}[A-Za-zäöü→💡]$/u);

describe("what Multipass says while it works", () => {
  it("is told once per message, wherever the pieces were cut", () => {
    const part = fc.oneof(
      fc.tuple(word, fc.nat(40)).map(([text, turns]) => ({ bytes: spun(text, turns), says: [text] })),
      fc
        .nat(100)
        .map((percent) => ({ bytes: `\rRetrieving image: ${percent}%`, says: [`Retrieving image: ${percent}%`] })),
      word.map((text) => ({ bytes: `${text}\n`, says: [text] })),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.array(fc.nat()), (parts, cuts) => {
        const bytes = Buffer.from(parts.map((each) => `${each.bytes}\n`).join(""));
        expect(messages(pieces(bytes, cuts))).toEqual(parts.flatMap((each) => each.says));
      }),
    );
  });

  it("is told before its line ends", () => {
    const told: string[] = [];
    const spinner = new SpinnerText((text) => told.push(text));
    spinner.write(Buffer.from("\u001B[2K\u001B[0A\u001B[0ECreating web  \b|"));
    spinner.write(Buffer.from("\rRetrieving image: 37%"));
    expect(told).toEqual(["Creating web", "Retrieving image: 37%"]);
  });

  it("leaves the lines that count", () => {
    const printed = `${spun("Creating web")}${spun("Starting web")}Launched: web in zone1\n`;
    expect(withoutSpinner(Buffer.from(printed)).split("\n").at(-1)).toBe("Launched: web in zone1");
  });

  it("is divided into stages", () => {
    const said = ["Creating web", "Retrieving image: 37%", "Extracting image: ", "Preparing image for web", "Hm"];
    expect(said.map((text) => progressOf(text))).toEqual([
      { stage: "creating", text: "Creating web" },
      { stage: "retrieving", text: "Retrieving image: 37%", percent: 37 },
      { stage: "extracting", text: "Extracting image: " },
      { stage: "preparing", text: "Preparing image for web" },
      { stage: "other", text: "Hm" },
    ]);
  });
});

describe("the marks around a command's output", () => {
  const noise = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const near = fc.constantFrom("[", "[TOK", "[TOKEN", "[TOKEN:", "[TOKEN:12", "[TOKEN:1x]", "[TOKEN:1234]", "]");
  const output = fc.array(
    fc.oneof(
      noise,
      near.map((text) => Buffer.from(text)),
    ),
    { maxLength: 6 },
  );

  it("give every byte between them, and the exit code, wherever the pieces were cut", () => {
    fc.assert(
      fc.property(output, fc.integer({ min: 1, max: 255 }), fc.array(fc.nat()), (parts, code, cuts) => {
        // What the command prints could end like the beginning of the mark's digits, but not with the mark.
        const printed = Buffer.concat([...parts, Buffer.from("\n")]);
        const whole = Buffer.concat([Buffer.from(`warning: [TO\n[TOKEN]`), printed, Buffer.from(`[TOKEN:${code}]`)]);
        const given: Uint8Array[] = [];
        const tail = new TailFilter("TOKEN", (bytes) => given.push(bytes));
        const head = new HeadFilter("TOKEN", (bytes) => tail.write(bytes));
        for (const piece of pieces(whole, cuts)) head.write(piece);
        tail.end();
        expect(Buffer.concat(given)).toEqual(printed);
        expect(tail.exitCode).toBe(code);
      }),
    );
  });

  it("are not waited for once they cannot come", () => {
    const given: string[] = [];
    const tail = new TailFilter("TOKEN", (bytes) => given.push(Buffer.from(bytes).toString()));
    tail.write(Buffer.from("a[TOKE"));
    tail.write(Buffer.from("x"));
    expect(given.join("")).toBe("a[TOKEx");
    expect(tail.exitCode).toBeUndefined();
  });
});
