import fc from "fast-check";
import { expect, test } from "vitest";
import { withGreeting } from "../../../../src/backends/embedded/wasm/greeting.ts";
import {
  readSigned,
  readUnsigned,
  sectionsOf,
  signed,
  unsigned,
  withMemoryLimit,
} from "../../../../src/backends/embedded/wasm/sections.ts";
import { webAssembly } from "../../../../src/backends/embedded/wasm/web-assembly.ts";
import { greetingSlots, workload } from "./workloads.ts";

test("numbers are read as they were written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      expect(readUnsigned(unsigned(value), 0)).toEqual({ value, next: unsigned(value).length });
    }),
  );
  fc.assert(
    fc.property(fc.integer(), (value) => {
      expect(readSigned(signed(value), 0)).toEqual({ value, next: signed(value).length });
    }),
  );
});

test("a module with any greeting is valid", () => {
  const module = workload("http-server");
  const slots = greetingSlots();
  fc.assert(
    fc.property(fc.string({ maxLength: 2000, unit: "grapheme" }), (greeting) => {
      expect(webAssembly.validate(withGreeting(module, slots, greeting))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("damaged bytes are refused with a RangeError or read", () => {
  const module = workload("http-server");
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }), fc.nat(2000), (changes, length) => {
      const bytes = module.slice(0, module.length - length);
      for (const [at, value] of changes) bytes[8 + at] = value;
      try {
        sectionsOf(bytes);
        withMemoryLimit(bytes, 1024);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
});
