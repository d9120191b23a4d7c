import type { Language } from "../domain/backend.ts";
import type { CheckSpec, Course, Lab, Prose, Step } from "../domain/course.ts";

/** Most words that a text may have and be the same in both languages: names, commands. */
const sameWords = 4;

/**
 * What a translation of the course lacks against the English: texts, hints, words of checks, commands and placeholders
 * in a text, or texts that were left in English. Each is `labs/LAB/LANGUAGE.md: STEP: what is wrong`. Pure.
 */
export function translationProblems(course: Course, language: Exclude<Language, "en">): string[] {
  return [
    ...titleProblems("title", course.title, language),
    ...course.chapters.flatMap((chapter) => [
      ...titleProblems(chapter.id, chapter.title, language),
      ...chapter.labs.flatMap((lab) => labProblems(lab, language)),
    ]),
  ];
}

function titleProblems(of: string, title: Prose, language: Language): string[] {
  return title[language] === undefined ? [`labs/course.yaml: ${of}: no title in "${language}"`] : [];
}

function labProblems(lab: Lab, language: Language): string[] {
  const file = `labs/${lab.id}/${language}.md`;
  if (lab.title[language] === undefined) return [`${file}: missing; every lab has its prose in every language`];
  return [
    ...textProblems(lab.title, language, `${file}: title`),
    ...textProblems(lab.summary, language, `${file}: summary`),
    ...lab.steps.flatMap((step) => stepProblems(step, language, `${file}: ${step.id}`)),
  ];
}

function stepProblems(step: Step, language: Language, where: string): string[] {
  return [
    ...textProblems(step.title, language, `${where}: title`),
    ...textProblems(step.text, language, `${where}: text`),
    ...textProblems(step.afterwards, language, `${where}: afterwards`),
    ...step.hints.flatMap(({ level, text }) => textProblems(text, language, `${where}: hint ${level}`)),
    ...step.checks.flatMap((check) => checkProblems(check, language, where)),
  ];
}

/** The kinds of checks have their own words; what lab.yaml and the English prose say of a check needs a translation. */
function checkProblems({ id, params, causes }: CheckSpec, language: Language, where: string): string[] {
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(typeof params === "object" ? (params ?? {}) : {}));
  const english = new Map<string, string>();
  for (const key of ["expected", "cause"]) {
    const words = given.get(key);
    if (typeof words === "string") english.set(key, words);
  }
  for (const [key, { en }] of Object.entries(causes)) if (en !== "") english.set(key, en);
  return [...english].flatMap(([key, en]) => {
    const translated = causes[key]?.[language];
    // A placeholder may be filled in on the machine only, and a message may name a command in other words.
    const place = `${where}: Causes: ${id}/${key}`;
    if (translated === undefined || translated.trim() === "") return [`${place}: missing`];
    return leftInEnglish(en, translated) ? [`${place}: left in English`] : [];
  });
}

function textProblems(prose: Prose, language: Language, place: string): string[] {
  const { en } = prose;
  const text = prose[language] ?? "";
  if (en.trim() === "") return text.trim() === "" ? [] : [`${place}: stands there, but not in en.md`];
  if (text.trim() === "") return [`${place}: missing`];
  const blocks = [en, text].map((each) => blocksOf(each).length);
  return [
    ...missing(fencedOf(en), fencedOf(text)).map((block) => `${place}: this block is missing or differs: ${block}`),
    ...missing(codeOf(en), codeOf(text), standsFor).map((code) => `${place}: \`${code}\` is missing or differs`),
    ...missing(placeholdersOf(en), placeholdersOf(text)).map((each) => `${place}: ${each} is missing or differs`),
    ...(blocks[0] === blocks[1] ? [] : [`${place}: ${blocks[1]} paragraphs and items, in English ${blocks[0]}`]),
    ...(leftInEnglish(en, text) ? [`${place}: left in English`] : []),
  ];
}

function missing(wanted: readonly string[], found: readonly string[], of = (text: string): string => text): string[] {
  const there = new Set(found.map(of));
  return [...new Set(wanted.filter((each) => !there.has(of(each))))];
}

/** Code in which words such as FILE and NAME, which stand for something, may be another language's. */
const standsFor = (code: string): string => code.replaceAll(/\p{Lu}{3,}/gu, "…");

const fence = /^```[^\n]*\n([\s\S]*?)^```/gm;

const fencedOf = (text: string): string[] => [...text.matchAll(fence)].map(([, block = ""]) => block.trimEnd());

const codeOf = (text: string): string[] =>
  [...text.replaceAll(fence, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll(/\s+/g, " "));

const placeholdersOf = (text: string): string[] => [...text.matchAll(/\{\{[^}]+\}\}/g)].map(([whole]) => whole);

/** Paragraphs, list items and blocks of code. */
const blocksOf = (text: string): string[] =>
  text
    .replaceAll(fence, "\n\n(code)\n\n")
    .split(/\n\s*\n|\n(?=- )/)
    .filter((block) => block.trim() !== "");

/** True when a paragraph of more than a few words is the same in both; code does not count as words. */
function leftInEnglish(en: string, text: string): boolean {
  const english = new Set(
    blocksOf(en)
      .map(words)
      .filter(({ length }) => length > sameWords)
      .map((each) => each.join(" ")),
  );
  return blocksOf(text).some((block) => english.has(words(block).join(" ")));
}

const words = (block: string): string[] => block.replaceAll(/`[^`]*`/g, "").match(/\p{L}+/gu) ?? [];
