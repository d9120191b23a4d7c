import { assign, fromPromise, setup } from "xstate";
import type { CheckReport } from "../src/domain/report.ts";

/** Where in the course a learner is. */
export interface Place {
  lab: string;
  step: string;
}

interface Context {
  /** Every step of the course, in order. */
  path: readonly Place[];
  index: number;
  /** Outcomes of the latest check of the current step. */
  checks: CheckReport[];
  message: string;
  remedy: string;
}

export type GuidedEvent =
  | { type: "CHECK" }
  | { type: "NEXT" }
  | { type: "BACK" }
  | { type: "GOTO"; place: Place }
  | { type: "RETRY" };

/** What went wrong, for the learner; the runner turns every error into this before it rejects. */
export interface Trouble {
  message: string;
  remedy: string;
}

/** What an actor rejected with, in words. */
export function troubleOf(error: unknown): Trouble {
  if (typeof error === "object" && error !== null && "message" in error) {
    const remedy = "remedy" in error ? String(error.remedy) : "Try again.";
    return { message: String(error.message), remedy };
  }
  return { message: String(error), remedy: "Try again." };
}

/** A learner walks the course step by step: prepare the lab, work, check, go on or back. Pure; the runner gives the actors. */
export const guided = setup({
  types: {
    context: {} as Context,
    events: {} as GuidedEvent,
    input: {} as { path: readonly Place[]; start: Place | undefined },
  },
  actors: {
    prepare: fromPromise<CheckReport[], Place>(() => Promise.reject(new Error("prepare is not given"))),
    check: fromPromise<CheckReport[], Place>(() => Promise.reject(new Error("check is not given"))),
  },
  guards: {
    hasNext: ({ context }) => context.index < context.path.length - 1,
    hasBack: ({ context }) => context.index > 0,
    isKnown: ({ context, event }) => event.type === "GOTO" && indexOf(context.path, event.place) >= 0,
  },
}).createMachine({
  id: "guided",
  context: ({ input }) => ({
    path: input.path,
    index: Math.max(0, input.start ? indexOf(input.path, input.start) : 0),
    checks: [],
    message: "",
    remedy: "",
  }),
  initial: "preparing",
  states: {
    preparing: {
      invoke: {
        src: "prepare",
        input: ({ context }) => placeAt(context),
        onDone: { target: "ready", actions: assign({ checks: ({ event }) => event.output }) },
        onError: { target: "failed", actions: assign(({ event }) => troubleOf(event.error)) },
      },
    },
    ready: { on: { CHECK: "checking" } },
    checking: {
      invoke: {
        src: "check",
        input: ({ context }) => placeAt(context),
        onDone: { target: "ready", actions: assign({ checks: ({ event }) => event.output }) },
        onError: { target: "failed", actions: assign(({ event }) => troubleOf(event.error)) },
      },
    },
    failed: { on: { RETRY: "preparing" } },
  },
  on: {
    NEXT: {
      guard: "hasNext",
      target: ".preparing",
      actions: assign({ index: ({ context }) => context.index + 1, checks: [] }),
    },
    BACK: {
      guard: "hasBack",
      target: ".preparing",
      actions: assign({ index: ({ context }) => context.index - 1, checks: [] }),
    },
    GOTO: {
      guard: "isKnown",
      target: ".preparing",
      actions: assign({ index: ({ context, event }) => indexOf(context.path, event.place), checks: [] }),
    },
  },
});

export const samePlace = (one: Place, other: Place): boolean => one.lab === other.lab && one.step === other.step;

/** Where in the path a place is; -1 when it is not there. */
export const indexOf = (path: readonly Place[], place: Place): number =>
  path.findIndex((each) => samePlace(each, place));

/** The place a guided scenario stands at. */
export function placeAt(context: { path: readonly Place[]; index: number }): Place {
  const place = context.path[context.index];
  if (!place) throw new RangeError(`the course has no step number ${context.index}`);
  return place;
}
