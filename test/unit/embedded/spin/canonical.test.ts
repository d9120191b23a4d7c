import fc from "fast-check";
import { expect, test } from "vitest";
import {
  GuestError,
  list,
  lowered,
  option,
  result,
  tuple,
  variant,
} from "../../../../src/backends/embedded/wasm/spin/canonical.ts";
import type { Guest, Type } from "../../../../src/backends/embedded/wasm/spin/canonical.ts";

/** A guest with a bump allocator. */
function guest(): Guest & { place(type: Type, value: unknown): number } {
  let memory = new ArrayBuffer(65_536);
  let free = 8;
  const own: Guest = {
    memory: () => memory,
    allocate(alignment, size) {
      free = Math.ceil(free / alignment) * alignment;
      const at = free;
      free += size;
      // Growing replaces the memory, as a real one does.
      while (free > memory.byteLength) memory = memory.transfer(memory.byteLength * 2);
      return at;
    },
  };
  return {
    ...own,
    place(type, value) {
      const at = own.allocate(8, 4096);
      lowered(own, { parameters: [], result: tuple(type, "u64", "u64") }, () => [value, 0n, 0n])(at);
      return at;
    },
  };
}

const scalars: readonly (readonly [Type, fc.Arbitrary<unknown>])[] = [
  ["bool", fc.boolean()],
  ["u8", fc.nat(255)],
  ["u16", fc.nat(65_535)],
  ["u32", fc.nat(2 ** 31 - 1)],
  ["u64", fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  ["string", fc.string({ unit: "grapheme", maxLength: 20 })],
];

const { typed } = fc.letrec<{ typed: readonly [Type, fc.Arbitrary<unknown>] }>((tie) => ({
  typed: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...scalars),
    tie("typed").map(([type, values]): readonly [Type, fc.Arbitrary<unknown>] => [
      list(type),
      type === "u8" ? fc.uint8Array({ maxLength: 9 }) : fc.array(values, { maxLength: 4 }),
    ]),
    fc
      .tuple(tie("typed"), tie("typed"))
      .map(([[one, ones], [other, others]]): readonly [Type, fc.Arbitrary<unknown>] => [
        tuple(one, other),
        fc.tuple(ones, others),
      ]),
    fc
      .tuple(tie("typed"), tie("typed"))
      .map(([[one, ones], [other, others]]): readonly [Type, fc.Arbitrary<unknown>] => [
        variant(["a", one], ["b"], ["c", other]),
        fc.oneof(
          ones.map((value) => ({ case: "a", value })),
          fc.constant({ case: "b" }),
          others.map((value) => ({ case: "c", value })),
        ),
      ]),
  ),
}));

test("a value that the host stores in a guest's memory is read back as it was", () => {
  fc.assert(
    fc.property(
      typed.chain(([type, values]) => fc.tuple(fc.constant(type), values)),
      ([type, value]) => {
        const own = guest();
        // Seventeen parameters go through memory, from where they are lifted.
        const types: Type[] = [type, ...Array.from({ length: 17 }, (): Type => "u8")];
        const at = own.place(tuple(...types), [value, ...Array.from({ length: 17 }, () => 1)]);
        let seen: unknown;
        lowered(own, { parameters: types, result: undefined }, (...given) => {
          [seen] = given;
          return undefined;
        })(at);
        expect(seen).toEqual(value);
      },
    ),
    { numRuns: 300 },
  );
});

test("flat parameters come in the places that the ABI gives them", () => {
  const own = guest();
  const seen: unknown[] = [];
  const error = variant(["none"], ["size", option("u64")], ["text", option("string")]);
  const set = lowered(own, { parameters: ["own", result("own", error)], result: undefined }, (...given) => {
    seen.push(given);
    return undefined;
  });
  set(7, 0, 9, 0, 0n, 0);
  set(7, 1, 1, 1, 2n ** 40n, 0);
  new Uint8Array(own.memory()).set(Buffer.from("hi"), 100);
  set(7, 1, 2, 1, 100n, 2);
  expect(seen).toEqual([
    [7, { case: "ok", value: 9 }],
    [7, { case: "error", value: { case: "size", value: { case: "some", value: 2n ** 40n } } }],
    [7, { case: "error", value: { case: "text", value: { case: "some", value: "hi" } } }],
  ]);
});

test("a result of one core value is returned, a larger one is stored", () => {
  const own = guest();
  expect(lowered(own, { parameters: [], result: "u64" }, () => 5n)()).toBe(5n);
  expect(lowered(own, { parameters: [], result: result() }, () => ({ case: "error" }))()).toBe(1);
  expect(
    lowered(own, { parameters: [], result: option("u32") }, () => ({ case: "some", value: 6 }))(64),
  ).toBeUndefined();
  expect([...new Uint8Array(own.memory(), 64, 8)]).toEqual([1, 0, 0, 0, 6, 0, 0, 0]);
});

test.each<[string, Type, number[]]>([
  ["a text beyond the memory", "string", [65_530, 100]],
  ["a text that is not UTF-8", "string", [0, 1]],
  ["a list beyond the memory", list("u32"), [0, 1_000_000]],
  ["an unknown case", option("u8"), [9, 0]],
])("%s is the guest's fault", (_name, type, core) => {
  const own = guest();
  new Uint8Array(own.memory())[0] = 0xff;
  expect(() => lowered(own, { parameters: [type], result: undefined }, () => undefined)(...core)).toThrow(GuestError);
});
