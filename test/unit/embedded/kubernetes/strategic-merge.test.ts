import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../../src/backends/embedded/machine/programs/kubernetes/client/json.ts";
import { threeWayPatch } from "../../../../src/backends/embedded/machine/programs/kubernetes/kubectl/strategic-merge.ts";

const container = fc.record({ name: fc.constantFrom("a", "b", "c"), image: fc.constantFrom("x:1", "x:2") });
const document = fc.record(
  {
    replicas: fc.integer({ min: 0, max: 3 }),
    labels: fc.dictionary(fc.constantFrom("k", "l", "m"), fc.constantFrom("1", "2")),
    containers: fc.uniqueArray(container, { selector: (item) => item.name, maxLength: 3 }),
    args: fc.array(fc.constantFrom("p", "q"), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const json = (value: object): Json => ({ ...value });

describe("the three-way patch of apply", () => {
  it("is empty when nothing changed", () => {
    fc.assert(
      fc.property(document, (value) => {
        expect(threeWayPatch(json(value), json(value), json(value))).toEqual({});
      }),
    );
  });

  it("leaves alone what others set and the file never named", () => {
    const original = { spec: { replicas: 1 } };
    const current = { spec: { replicas: 5, paused: true }, status: { replicas: 5 } };
    expect(threeWayPatch(original, { spec: { replicas: 2 } }, current)).toEqual({ spec: { replicas: 2 } });
  });

  it("removes what the file named before and names no more", () => {
    const original = {
      labels: { a: "1", b: "2" },
      containers: [
        { name: "x", image: "i" },
        { name: "y", image: "j" },
      ],
    };
    const modified = { labels: { a: "1" }, containers: [{ name: "x", image: "k" }] };
    expect(threeWayPatch(original, modified, original)).toEqual({
      labels: { b: null },
      containers: [
        { $patch: "delete", name: "y" },
        { name: "x", image: "k" },
      ],
      "$setElementOrder/containers": [{ name: "x" }],
    });
  });

  it("never deletes what only the server has", () => {
    fc.assert(
      fc.property(document, document, (applied, current) => {
        const patch = threeWayPatch({}, json(applied), json(current));
        for (const key of Object.keys(current)) if (!(key in applied)) expect(patch).not.toHaveProperty(key);
      }),
    );
  });
});
