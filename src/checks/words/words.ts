import type { Language } from "../../domain/backend.ts";
import { de } from "./de.ts";
import { type CheckWords, en } from "./en.ts";

const languages: Readonly<Record<Language, CheckWords>> = { en, de };

/** What the kinds of checks say, in a language. */
export const wordsFor = (language: Language): CheckWords => languages[language];
