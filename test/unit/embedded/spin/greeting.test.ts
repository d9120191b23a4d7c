import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { withGreeting } from "../../../../src/backends/embedded/wasm/greeting.ts";
import { workloadGreeting, workloadModule } from "../../../../src/backends/embedded/wasm/workloads.ts";
import { closeAll, openProbe } from "./applications.ts";

afterEach(closeAll);

test.each(["spin-http-server/thesis", "spin-http-server/current"] as const)(
  "%s says any greeting that is put into it",
  async (name) => {
    const module = workloadModule(name);
    const slots = workloadGreeting(name);
    // As long as one application is open, the workers stay.
    openProbe(module);
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 1500, unit: "grapheme" }), async (greeting) => {
        const { ask } = openProbe(withGreeting(module, slots, greeting));
        expect((await ask("/")).body).toBe(greeting);
      }),
      { numRuns: 10, examples: [[""], ["x".repeat(508)], ["x".repeat(509)], ["x".repeat(510)], ["ä".repeat(70_000)]] },
    );
  },
);
