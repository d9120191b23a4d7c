import { describe, expect, it } from "vitest";
import { createActor, fromPromise, waitFor } from "xstate";
import { autopilot } from "../../../scenarios/autopilot.ts";
import { guided, type Place, placeAt } from "../../../scenarios/guided.ts";
import type { CheckReport } from "../../../src/domain/report.ts";

const path: Place[] = [
  { lab: "a", step: "1" },
  { lab: "a", step: "2" },
  { lab: "b", step: "1" },
];
const passed: CheckReport[] = [{ id: "c", outcome: { status: "passed" } }];

function play(start?: Place, failing = { prepare: false }) {
  const prepared: Place[] = [];
  const actor = createActor(
    guided.provide({
      actors: {
        prepare: fromPromise(({ input }) => {
          prepared.push(input);
          return failing.prepare ? Promise.reject(new Error("no disk")) : Promise.resolve([]);
        }),
        check: fromPromise(() => Promise.resolve(passed)),
      },
    }),
    { input: { path, start } },
  );
  actor.start();
  const settled = () => waitFor(actor, (state) => state.matches("ready") || state.matches("failed"));
  return { actor, prepared, settled, place: () => placeAt(actor.getSnapshot().context) };
}

describe("a guided scenario", () => {
  it("begins where the learner left, and at the beginning otherwise", async () => {
    const { settled, place } = play({ lab: "b", step: "1" });
    await settled();
    expect(place()).toEqual({ lab: "b", step: "1" });
    const other = play({ lab: "gone", step: "x" });
    await other.settled();
    expect(other.place()).toEqual(path[0]);
  });

  it("goes on and back, and stops at both ends", async () => {
    const { actor, settled, place, prepared } = play();
    await settled();
    actor.send({ type: "BACK" });
    for (let count = 0; count < 5; count += 1) {
      actor.send({ type: "NEXT" });
      await settled();
    }
    expect(place()).toEqual(path[2]);
    expect(prepared).toEqual(path);
    actor.send({ type: "GOTO", place: { lab: "a", step: "nope" } });
    expect(place()).toEqual(path[2]);
  });

  it("keeps the outcomes of a check until the step changes", async () => {
    const { actor, settled } = play();
    await settled();
    actor.send({ type: "CHECK" });
    await settled();
    expect(actor.getSnapshot().context.checks).toEqual(passed);
    actor.send({ type: "NEXT" });
    await settled();
    expect(actor.getSnapshot().context.checks).toEqual([]);
  });

  it("says what went wrong and can try again", async () => {
    const failing = { prepare: true };
    const { actor, settled } = play(undefined, failing);
    await settled();
    expect(actor.getSnapshot()).toMatchObject({ value: "failed", context: { message: "no disk" } });
    failing.prepare = false;
    actor.send({ type: "RETRY" });
    await settled();
    expect(actor.getSnapshot().value).toBe("ready");
  });
});

describe("an autopilot", () => {
  const run = async (solve: (place: Place) => Promise<void>) => {
    const order: string[] = [];
    const actor = createActor(
      autopilot.provide({
        actors: {
          prepare: fromPromise(() => Promise.resolve()),
          check: fromPromise(({ input }) => {
            order.push(`check ${input.lab}${input.step}`);
            return Promise.resolve([]);
          }),
          solve: fromPromise(({ input }) => {
            order.push(`solve ${input.lab}${input.step}`);
            return solve(input);
          }),
          checkUntilPassed: fromPromise(() => Promise.resolve(passed)),
        },
      }),
      { input: { path } },
    );
    actor.start();
    const { output } = await waitFor(actor, (state) => state.status === "done");
    return { order, output };
  };

  it("checks, solves and checks again, step by step", async () => {
    const { order, output } = await run(() => Promise.resolve());
    expect(order).toEqual(["check a1", "solve a1", "check a2", "solve a2", "check b1", "solve b1"]);
    expect(output?.played.map((step) => step.after)).toEqual([passed, passed, passed]);
    expect(output?.error).toBeUndefined();
  });

  it("stops at an error and hands it on with what was played", async () => {
    const { output } = await run((place) =>
      place.step === "2" ? Promise.reject(new Error("gone")) : Promise.resolve(),
    );
    expect(output?.played).toHaveLength(1);
    expect(output?.error).toMatchObject({ message: "gone" });
  });
});
