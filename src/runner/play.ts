import { type Actor, createActor, fromPromise, waitFor } from "xstate";
import { breakFix } from "../../scenarios/break-fix.ts";
import { guided, type GuidedEvent, type Place, placeAt } from "../../scenarios/guided.ts";
import type { Lab } from "../domain/course.ts";
import type { CheckReport } from "../domain/report.ts";

export type Scenario = Lab["scenario"];

/** What a scenario asks of the runner. */
export interface Actors {
  prepare(place: Place): Promise<CheckReport[]>;
  check(place: Place): Promise<CheckReport[]>;
  /** Plays the fault of a break-fix step. */
  inject(place: Place): Promise<void>;
  /** Brings the machines back to where that fault was not. */
  mend(place: Place): Promise<void>;
}

export interface PlayOptions {
  scenario: Scenario;
  /** The steps of all labs of that scenario. */
  path: readonly Place[];
  start: Place | undefined;
  /** The fault that the machines have. */
  broken: Place | undefined;
  actors: Actors;
  onChange: () => void;
}

/** Where a play stands. */
export interface PlayState {
  place: Place;
  checks: readonly CheckReport[];
  phase: "preparing" | "ready" | "checking" | "failed";
  message: string;
  remedy: string;
}

/** One scenario being played. */
export interface Play {
  readonly scenario: Scenario;
  state(): PlayState;
  send(event: GuidedEvent): void;
  /** Resolves when it waits for the learner again. */
  settled(): Promise<void>;
  stop(): void;
}

/** Begins a scenario and goes to its first place. */
export function startPlay(options: PlayOptions): Play {
  const { actors, path, start, broken, onChange } = options;
  const prepare = fromPromise<CheckReport[], Place>(({ input }) => actors.prepare(input));
  const check = fromPromise<CheckReport[], Place>(({ input }) => actors.check(input));
  if (options.scenario === "guided") {
    const actor = createActor(guided.provide({ actors: { prepare, check } }), { input: { path, start } });
    actor.subscribe(onChange);
    return started(options.scenario, actor, async () => {
      await waitFor(actor, (state) => state.matches("ready") || state.matches("failed"));
    });
  }
  const inject = fromPromise<void, Place>(({ input }) => actors.inject(input));
  const mend = fromPromise<void, Place>(({ input }) => actors.mend(input));
  const actor = createActor(breakFix.provide({ actors: { prepare, check, inject, mend } }), {
    input: { path, start, broken },
  });
  actor.subscribe(onChange);
  return started(options.scenario, actor, async () => {
    await waitFor(actor, (state) => state.matches("ready") || state.matches("failed"));
  });
}

function started(
  scenario: Scenario,
  actor: Actor<typeof guided> | Actor<typeof breakFix>,
  settled: () => Promise<void>,
): Play {
  actor.start();
  return {
    scenario,
    settled,
    state() {
      const snapshot = actor.getSnapshot();
      const { checks, message, remedy } = snapshot.context;
      const phase = snapshot.matches("ready")
        ? "ready"
        : snapshot.matches("checking")
          ? "checking"
          : snapshot.matches("failed")
            ? "failed"
            : "preparing";
      return { place: placeAt(snapshot.context), checks, phase, message, remedy };
    },
    send: (event) => actor.send(event),
    stop: () => void actor.stop(),
  };
}
