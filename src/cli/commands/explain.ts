import { readFileSync } from "node:fs";
import type { Language } from "../../domain/backend.ts";
import { exitCodes, type ExitCode, LabError } from "../../domain/errors.ts";
import { matchFailures } from "../../failures/catalogue.ts";
import { textsFor } from "../../texts/texts.ts";
import { knownLines } from "../known-failures.ts";
import { languageOf } from "../language.ts";
import { print, printJson } from "../output.ts";

export interface ExplainArguments {
  json?: boolean;
  lang?: Language;
}

/** Reads an output and says what is known about it. Exit 0 when something is, 1 when nothing. */
export function explain(file: string | undefined, given: ExplainArguments): ExitCode {
  const language = languageOf(given.lang);
  const texts = textsFor(language);
  const fromStdin = file === undefined || file === "-";
  if (fromStdin && process.stdin.isTTY) process.stderr.write(`${texts.explain.paste}\n`);
  const found = matchFailures(read(fromStdin ? 0 : file, file ?? "-"));
  if (given.json) {
    const failures = found.map(({ meaning, remedy, ...rest }) => ({
      ...rest,
      meaning: meaning[language],
      remedy: remedy[language],
    }));
    printJson({ formatVersion: 1, failures });
  } else if (found.length === 0) print(texts.explain.nothing);
  else
    print(
      found.map((known) => [known.id, ...knownLines(known, texts).map((line) => `  ${line}`)].join("\n")).join("\n\n"),
    );
  return found.length > 0 ? exitCodes.passed : exitCodes.checkFailed;
}

function read(source: number | string, name: string): string {
  try {
    return readFileSync(source, "utf8");
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "an error";
    throw new LabError("explain-file", `explain: ${name} cannot be read, got ${reason}`, {
      remedy: "Name a file that holds the output, or pipe it in: `COMMAND 2>&1 | wasm-k8s-lab explain`.",
      exitCode: exitCodes.wrongUse,
      cause: error,
    });
  }
}
