import type { Language } from "../domain/backend.ts";
import { en, type Texts } from "./en.ts";

const languages: Partial<Record<Language, Texts>> = { en };

/** The program's words in a language; English where a language is not there. */
export const textsFor = (language: Language): Texts => languages[language] ?? en;
