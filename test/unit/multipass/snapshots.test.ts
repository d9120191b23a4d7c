import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  commentOf,
  type MachineSnapshot,
  nameOf,
  sortSnapshots,
  type Take,
  takeIn,
} from "../../../src/backends/multipass/snapshot-comment.ts";

const names = ["master", "worker1", "worker2"];

const partsOf = (take: Take, on: readonly string[] = take.machines): MachineSnapshot[] =>
  on.map((machine) => ({ machine, name: nameOf(take), comment: commentOf(take) }));

test("any id is kept in the comment, and its name is one that Multipass takes", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.subarray(names), (id, take, machines) => {
      expect(takeIn(commentOf({ id, take, machines }))).toEqual({ id, take, machines });
      const name = nameOf({ id, take, machines });
      expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9]$/);
      expect(name.length).toBeLessThan(64);
    }),
  );
});

test("comments of others are nobody's taking", () => {
  for (const comment of ["", "before the update", "{}", "[1]", "null", '{"wasm-k8s-lab":1,"take":2,"machines":[]}']) {
    expect(takeIn(comment)).toBeUndefined();
  }
});

test("only what all machines have is listed; the newest of an id counts; the rest is stale", () => {
  const old: Take = { id: "crun-node/wasmedge", take: 1, machines: names };
  const renewed: Take = { ...old, take: 2 };
  const broken: Take = { id: "spin-node/shim", take: 3, machines: names };
  const alone: Take = { id: "environment course", take: 4, machines: ["master"] };
  const sorted = sortSnapshots([
    ...partsOf(old),
    ...partsOf(renewed),
    ...partsOf(broken, ["master", "worker1"]),
    ...partsOf(alone),
    { machine: "master", name: "fresh", comment: "" },
    { machine: "master", name: "mine", comment: "made by hand" },
  ]);
  expect(sorted.whole).toEqual([renewed, alone]);
  expect(sorted.stale).toEqual([...partsOf(old), ...partsOf(broken, ["master", "worker1"])]);
  expect(sorted.next).toBe(5);
});

test("what was dropped is not listed any more, and its number is not used again", () => {
  const kept: Take = { id: "a/b", take: 1, machines: names };
  const dropped: Take = { id: "c/d", take: 2, machines: names };
  const sorted = sortSnapshots([...partsOf(kept), ...partsOf(dropped)], [2, 7]);
  expect(sorted.whole).toEqual([kept]);
  expect(sorted.stale).toEqual(partsOf(dropped));
  expect(sorted.next).toBe(8);
});

test("an interrupted renewal of a taking leaves the one before", () => {
  fc.assert(
    fc.property(fc.subarray(names, { maxLength: 2 }), (done) => {
      const old: Take = { id: "a/b", take: 7, machines: names };
      const sorted = sortSnapshots([...partsOf(old), ...partsOf({ ...old, take: 8 }, done)]);
      expect(sorted.whole).toEqual([old]);
      expect(sorted.stale).toHaveLength(done.length);
    }),
  );
});
