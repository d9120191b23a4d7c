import type { Language } from "../domain/backend.ts";

/** The language asked for, else the terminal's, else English. */
export function languageOf(asked: Language | undefined): Language {
  if (asked) return asked;
  const locale = process.env["LC_ALL"] || process.env["LC_MESSAGES"] || process.env["LANG"] || "";
  return /^de(?![a-z])/i.test(locale) ? "de" : "en";
}

/** The same, read from a command line that need not be right otherwise. */
export function languageIn(argv: readonly string[]): Language {
  const asked = argv.flatMap((argument, index) => {
    if (argument === "--lang") return [argv[index + 1] ?? ""];
    return argument.startsWith("--lang=") ? [argument.slice("--lang=".length)] : [];
  })[0];
  return languageOf(asked === "de" || asked === "en" ? asked : undefined);
}
