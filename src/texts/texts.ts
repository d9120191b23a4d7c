import type { Language } from "../domain/backend.ts";
import { de } from "./de.ts";
import { en, type Texts } from "./en.ts";

const languages: Readonly<Record<Language, Texts>> = { en, de };

/** The program's words in a language. */
export const textsFor = (language: Language): Texts => languages[language];
