import { assign, fromPromise, setup } from "xstate";
import type { CheckReport } from "../src/domain/report.ts";
import type { Place } from "./guided.ts";

export interface PlayedStep extends Place {
  before: CheckReport[];
  after: CheckReport[];
}

interface Context {
  path: readonly Place[];
  index: number;
  before: CheckReport[];
  played: PlayedStep[];
  error: unknown;
}

/** Plays steps by their own solutions: checks before, solution, checks after. Pure; the runner gives the actors. */
export const autopilot = setup({
  types: {
    context: {} as Context,
    input: {} as { path: readonly Place[] },
    output: {} as { played: PlayedStep[]; error: unknown },
  },
  actors: {
    check: fromPromise<CheckReport[], Place>(() => Promise.reject(new Error("check is not given"))),
    checkUntilPassed: fromPromise<CheckReport[], Place>(() => Promise.reject(new Error("check is not given"))),
    prepare: fromPromise<void, Place>(() => Promise.reject(new Error("prepare is not given"))),
    solve: fromPromise<void, Place>(() => Promise.reject(new Error("solve is not given"))),
  },
  actions: { keepError: assign({ error: ({ event }) => ("error" in event ? event.error : undefined) }) },
  guards: { atEnd: ({ context }) => context.index >= context.path.length },
}).createMachine({
  id: "autopilot",
  context: ({ input }) => ({ path: input.path, index: 0, before: [], played: [], error: undefined }),
  output: ({ context }) => ({ played: context.played, error: context.error }),
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "atEnd", target: "done" }, { target: "preparing" }] },
    preparing: {
      invoke: {
        src: "prepare",
        input: ({ context }) => stepAt(context),
        onDone: "checkingBefore",
        onError: { target: "done", actions: "keepError" },
      },
    },
    checkingBefore: {
      invoke: {
        src: "check",
        input: ({ context }) => stepAt(context),
        onDone: { target: "solving", actions: assign({ before: ({ event }) => event.output }) },
        onError: { target: "done", actions: "keepError" },
      },
    },
    solving: {
      invoke: {
        src: "solve",
        input: ({ context }) => stepAt(context),
        onDone: "checkingAfter",
        onError: { target: "done", actions: "keepError" },
      },
    },
    checkingAfter: {
      invoke: {
        src: "checkUntilPassed",
        input: ({ context }) => stepAt(context),
        onDone: {
          target: "choosing",
          actions: assign(({ context, event }) => ({
            index: context.index + 1,
            played: [...context.played, { ...stepAt(context), before: context.before, after: event.output }],
          })),
        },
        onError: { target: "done", actions: "keepError" },
      },
    },
    done: { type: "final" },
  },
});

function stepAt(context: Context): Place {
  const place = context.path[context.index];
  if (!place) throw new RangeError(`there is no step number ${context.index} to play`);
  return place;
}
