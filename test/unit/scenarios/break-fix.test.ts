import { describe, expect, it } from "vitest";
import { createActor, fromPromise, waitFor } from "xstate";
import { breakFix } from "../../../scenarios/break-fix.ts";
import { type Place, placeAt } from "../../../scenarios/guided.ts";
import type { CheckReport } from "../../../src/domain/report.ts";

const place = (step: string): Place => ({ lab: "challenges", step });
const path = ["one", "two", "three"].map(place);

/** Machines that count their faults, as a repair that the checks then see. */
function play(options: { start?: Place; broken?: Place; solved?: string[] } = {}) {
  const faults = new Set<string>(options.broken ? [options.broken.step] : []);
  const solved = new Set(options.solved);
  const told: string[] = [];
  const failing = { inject: false, mend: false };
  const report = (step: string): CheckReport[] => [
    {
      id: "answers",
      outcome: solved.has(step)
        ? { status: "passed" }
        : { status: "failed", id: "http-unreachable", observed: "no", expected: "yes", cause: "a fault", next: "look" },
    },
  ];
  const does = (what: string, step: string, change: () => void, fails = false): Promise<void> => {
    told.push(`${what} ${step}`);
    change();
    return fails ? Promise.reject(new Error(`cannot ${what}`)) : Promise.resolve();
  };
  const actor = createActor(
    breakFix.provide({
      actors: {
        prepare: fromPromise(({ input }) => Promise.resolve(solved.has(input.step) ? report(input.step) : [])),
        inject: fromPromise(({ input }) => does("inject", input.step, () => faults.add(input.step), failing.inject)),
        mend: fromPromise(({ input }) => does("mend", input.step, () => faults.delete(input.step), failing.mend)),
        check: fromPromise(({ input }) => Promise.resolve(report(input.step))),
      },
    }),
    { input: { path, start: options.start, broken: options.broken } },
  );
  actor.start();
  const settled = () => waitFor(actor, (state) => state.matches("ready") || state.matches("failed"));
  const repair = (step: string): void => {
    faults.delete(step);
    solved.add(step);
  };
  return { actor, faults, told, failing, settled, repair, context: () => actor.getSnapshot().context };
}

describe("a break-fix scenario", () => {
  it("plays the fault when its step is begun, once", async () => {
    const { actor, told, settled, context } = play();
    await settled();
    expect(told).toEqual(["inject one"]);
    expect(context().broken).toEqual(place("one"));
    actor.send({ type: "CHECK" });
    await settled();
    actor.send({ type: "GOTO", place: place("one") });
    await settled();
    expect(told).toEqual(["inject one"]);
  });

  it("goes on to the next fault when the first is repaired, and mends nothing then", async () => {
    const { actor, told, settled, repair, context } = play();
    await settled();
    repair("one");
    actor.send({ type: "CHECK" });
    await settled();
    expect(context().broken).toBeUndefined();
    actor.send({ type: "NEXT" });
    await settled();
    expect(told).toEqual(["inject one", "inject two"]);
  });

  it("mends a fault that is left unrepaired before it plays another: never two at once", async () => {
    const { actor, told, settled, faults } = play();
    await settled();
    for (const event of [{ type: "NEXT" }, { type: "GOTO", place: place("three") }, { type: "BACK" }] as const) {
      actor.send(event);
      await settled();
      expect(faults.size).toBe(1);
    }
    expect(told).toEqual([
      "inject one",
      "mend one",
      "inject two",
      "mend two",
      "inject three",
      "mend three",
      "inject two",
    ]);
  });

  it("does not break again what is solved", async () => {
    const { actor, told, settled, context } = play({ solved: ["one", "two"], start: place("two") });
    await settled();
    expect(told).toEqual([]);
    expect(context().checks).toHaveLength(1);
    actor.send({ type: "NEXT" });
    await settled();
    expect(told).toEqual(["inject three"]);
  });

  it("knows on coming back which fault is there", async () => {
    const same = play({ start: place("two"), broken: place("two") });
    await same.settled();
    expect(same.told).toEqual([]);
    const other = play({ start: place("three"), broken: place("two") });
    await other.settled();
    expect(other.told).toEqual(["mend two", "inject three"]);
    expect(placeAt(other.context())).toEqual(place("three"));
  });

  it("counts a fault that could not be played to its end as there, and can try again", async () => {
    const { actor, told, failing, settled, context } = play();
    await settled();
    failing.mend = true;
    actor.send({ type: "NEXT" });
    await settled();
    expect(actor.getSnapshot()).toMatchObject({ value: "failed", context: { message: "cannot mend" } });
    failing.mend = false;
    failing.inject = true;
    actor.send({ type: "RETRY" });
    await settled();
    expect(actor.getSnapshot().value).toBe("failed");
    expect(context().broken).toEqual(place("two"));
    actor.send({ type: "BACK" });
    failing.inject = false;
    await settled();
    expect(told.slice(-2)).toEqual(["mend two", "inject one"]);
  });
});
