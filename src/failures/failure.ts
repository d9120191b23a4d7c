import type { Language } from "../domain/backend.ts";

type Words = Readonly<Record<Language, string>>;

/** A failure that others have met before: how it is recognised, and what is known about it. */
export interface Failure {
  /** Stable, kebab-case. */
  id: string;
  /**
   * Any of these on a text without control characters whose white space is single spaces. Groups with names fill the
   * words' `{slots}`; each signature has all of them.
   */
  signatures: readonly RegExp[];
  meaning: Words;
  remedy: Words;
  /** Says little by itself: left out where something else of its component is found. */
  general?: true;
  /** Where it is discussed: a public thread as `owner/repository#number`. */
  discussion?: string;
  /** First and last version that show it, with the program's name. */
  since?: string;
  until?: string;
}

/** What is known about something that an output says. */
export interface KnownFailure {
  id: string;
  /** Part of the system that said it, e.g. `containerd`. */
  component: string;
  meaning: Words;
  remedy: Words;
  discussion?: { reference: string; url: string };
  since?: string;
  until?: string;
}
