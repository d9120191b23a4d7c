import { expect, test } from "vitest";
import * as fc from "fast-check";
import { measureModule } from "../../../../src/backends/embedded/measure/measure.ts";
import { ratioOf, spreadOf } from "../../../../src/backends/embedded/measure/statistics.ts";
import { workloadModule } from "../../../../src/backends/embedded/wasm/workloads.ts";
import { systemClock } from "../../../../src/cli/system-clock.ts";

const amounts = { starts: 1, replicas: 1, rounds: 1, roundMs: 30, atOnce: 2 };

test.each([
  ["http-server", "socket"],
  ["spin-http-server/thesis", "http"],
  ["spin-http-server/current", "http"],
] as const)("the module of %s is measured by real requests that it answers", async (name, kind) => {
  const module = workloadModule(name);
  const found = await measureModule(module, { clock: systemClock, amounts });
  expect(found).toMatchObject({ kind, moduleBytes: module.length, failed: 0 });
  expect(found.requests).toBeGreaterThan(4);
  for (const { least, median, most } of [found.start, found.latency, found.requestsPerSecond]) {
    expect(0 < least && least <= median && median <= most).toBe(true);
  }
});

test("what is no server is refused and not measured", async () => {
  const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  await expect(measureModule(empty, { clock: systemClock, amounts })).rejects.toMatchObject({ code: "not-a-server" });
  await expect(measureModule(new Uint8Array(3), { clock: systemClock })).rejects.toMatchObject({
    code: "not-a-server",
  });
});

const rounds = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1 });

test("a median lies within its range, and a ratio within what the rounds allow", () => {
  fc.assert(
    fc.property(rounds, rounds, (one, other) => {
      const [first, second] = [spreadOf(one), spreadOf(other)];
      expect(first.least).toBeLessThanOrEqual(first.median);
      expect(first.median).toBeLessThanOrEqual(first.most);
      const ratio = ratioOf(first, second);
      expect(ratio.least).toBeLessThanOrEqual(ratio.median);
      expect(ratio.median).toBeLessThanOrEqual(ratio.most);
    }),
  );
  expect(spreadOf([3, 1, 2, 10])).toEqual({ median: 2.5, least: 1, most: 10 });
});
