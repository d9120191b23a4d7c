import { assign, fromPromise, setup } from "xstate";
import type { CheckReport } from "../src/domain/report.ts";
import { type GuidedEvent, indexOf, type Place, placeAt, samePlace, troubleOf } from "./guided.ts";

interface Context {
  /** Every fault, in order. */
  path: readonly Place[];
  index: number;
  /** The fault that the machines have now and that nobody has repaired. */
  broken: Place | undefined;
  /** Outcomes of the latest check of the current step. */
  checks: CheckReport[];
  message: string;
  remedy: string;
}

const isSolved = (checks: readonly CheckReport[]): boolean =>
  checks.length > 0 && checks.every(({ outcome }) => outcome.status === "passed");

/**
 * A learner finds the machines broken and repairs them, fault by fault. There is never more than one fault: who leaves
 * one unrepaired has it mended before the next is played. Pure; the runner gives the actors.
 */
export const breakFix = setup({
  types: {
    context: {} as Context,
    events: {} as GuidedEvent,
    input: {} as { path: readonly Place[]; start: Place | undefined; broken: Place | undefined },
  },
  actors: {
    /** Starts the machines; resolves with what was last seen of the step's checks. */
    prepare: fromPromise<CheckReport[], Place>(() => Promise.reject(new Error("prepare is not given"))),
    /** Plays the step's fault. */
    inject: fromPromise<void, Place>(() => Promise.reject(new Error("inject is not given"))),
    /** Brings the machines back to where that fault was not. */
    mend: fromPromise<void, Place>(() => Promise.reject(new Error("mend is not given"))),
    check: fromPromise<CheckReport[], Place>(() => Promise.reject(new Error("check is not given"))),
  },
  guards: {
    isKnown: ({ context, event }) => event.type === "GOTO" && indexOf(context.path, event.place) >= 0,
    hasNext: ({ context }) => context.index < context.path.length - 1,
    hasBack: ({ context }) => context.index > 0,
    otherIsBroken: ({ context }) => context.broken !== undefined && !samePlace(context.broken, placeAt(context)),
    isPlayed: ({ context }) => context.broken !== undefined || isSolved(context.checks),
  },
}).createMachine({
  id: "break-fix",
  context: ({ input }) => ({
    path: input.path,
    index: Math.max(0, input.start ? indexOf(input.path, input.start) : 0),
    broken: input.broken,
    checks: [],
    message: "",
    remedy: "",
  }),
  initial: "beginning",
  states: {
    beginning: { always: [{ guard: "otherIsBroken", target: "mending" }, { target: "preparing" }] },
    mending: {
      invoke: {
        src: "mend",
        input: ({ context }) => context.broken ?? placeAt(context),
        onDone: { target: "preparing", actions: assign({ broken: undefined }) },
        onError: { target: "failed", actions: assign(({ event }) => troubleOf(event.error)) },
      },
    },
    preparing: {
      invoke: {
        src: "prepare",
        input: ({ context }) => placeAt(context),
        onDone: { target: "deciding", actions: assign({ checks: ({ event }) => event.output }) },
        onError: { target: "failed", actions: assign(({ event }) => troubleOf(event.error)) },
      },
    },
    // A step that is solved is not broken again, and one that is broken not twice.
    deciding: { always: [{ guard: "isPlayed", target: "ready" }, { target: "injecting" }] },
    injecting: {
      // Who is interrupted here has a fault that is half there, which counts as one.
      entry: assign({ broken: ({ context }) => placeAt(context) }),
      invoke: {
        src: "inject",
        input: ({ context }) => placeAt(context),
        onDone: "ready",
        onError: { target: "failed", actions: assign(({ event }) => troubleOf(event.error)) },
      },
    },
    ready: { on: { CHECK: "checking" } },
    checking: {
      invoke: {
        src: "check",
        input: ({ context }) => placeAt(context),
        onDone: {
          target: "ready",
          actions: assign(({ context, event }) => ({
            checks: event.output,
            broken: isSolved(event.output) ? undefined : context.broken,
          })),
        },
        onError: { target: "failed", actions: assign(({ event }) => troubleOf(event.error)) },
      },
    },
    failed: { on: { RETRY: "beginning" } },
  },
  on: {
    NEXT: {
      guard: "hasNext",
      target: ".beginning",
      actions: assign({ index: ({ context }) => context.index + 1, checks: [] }),
    },
    BACK: {
      guard: "hasBack",
      target: ".beginning",
      actions: assign({ index: ({ context }) => context.index - 1, checks: [] }),
    },
    GOTO: {
      guard: "isKnown",
      target: ".beginning",
      actions: assign({ index: ({ context, event }) => indexOf(context.path, event.place), checks: [] }),
    },
  },
});
