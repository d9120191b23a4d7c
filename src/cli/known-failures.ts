import { type KnownFailure, matchFailures } from "../failures/catalogue.ts";
import type { Texts } from "../texts/en.ts";

/** What is known about one failure, as lines of text without indentation. */
export function knownLines(known: KnownFailure, texts: Texts): string[] {
  const { explain, language } = texts;
  return [
    `${explain.known}: ${known.meaning[language]}`,
    `${explain.helps}: ${known.remedy[language]}`,
    ...(known.since === undefined && known.until === undefined ? [] : [explain.versions(known.since, known.until)]),
    ...(known.discussion ? [`${explain.discussed}: ${known.discussion.url}`] : []),
  ];
}

/** What is known about what a check has seen; what helps is the learner's to find out. */
export const meaningLinesIn = (output: string, { explain, language }: Texts): string[] =>
  matchFailures(output).map(({ meaning }) => `    ${explain.known}: ${meaning[language]}`);

/** All that is known, for everything that an output says, indented below it; nothing where nothing is known. */
export const knownLinesIn = (output: string, texts: Texts): string[] =>
  matchFailures(output).flatMap((known) => knownLines(known, texts).map((line) => `    ${line}`));
