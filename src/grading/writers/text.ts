import type { Outcome } from "../../domain/check.ts";
import type { Texts } from "../../texts/en.ts";

/** The text without what no XML document may hold and no terminal should get: such characters become U+FFFD. */
export const printable = (text: string): string =>
  text.toWellFormed().replaceAll(/(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu, "\ufffd");

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\r": "&#13;",
};

/** The text as it is written between tags of XML and HTML. */
export const escapeMarkup = (text: string): string =>
  printable(text).replaceAll(/[&<>"'\r]/g, (character) => entities[character] ?? character);

/** The text as it is written into a quoted attribute; its line breaks and tabs are kept. */
export const escapeAttribute = (text: string): string =>
  escapeMarkup(text).replaceAll("\n", "&#10;").replaceAll("\t", "&#9;");

/** What there is to say about an outcome, as names and texts; nothing when it passed. */
export function outcomeDetails(
  outcome: Outcome,
  { common }: Texts,
): readonly (readonly [name: string, text: string])[] {
  switch (outcome.status) {
    case "passed":
      return [];
    case "failed":
      return [
        [common.observed, outcome.observed],
        [common.expected, outcome.expected],
        [common.cause, outcome.cause],
        [common.next, outcome.next],
      ];
    case "errored":
      return [[common.errored, outcome.error]];
    case "skipped":
      return [[common.skipped, outcome.reason]];
  }
}

/** The same as lines of plain text. */
export const outcomeText = (outcome: Outcome, texts: Texts): string =>
  outcomeDetails(outcome, texts)
    .map(([name, text]) => `${name}: ${text}`)
    .join("\n");
