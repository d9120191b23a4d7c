import * as fc from "fast-check";
import { expect, it } from "vitest";
import { EndMark } from "../../../src/backends/ssh/end-mark.ts";

const mark = "[wasm-k8s-lab 0123]";
const bytes = fc.array(
  fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constantFrom(...[mark.slice(0, 5), mark.slice(0, -1), "["].map(encode))),
  { maxLength: 8 },
);

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

it("takes its mark out of the stream, and nothing else, wherever the stream is cut", () => {
  fc.assert(
    fc.property(bytes, bytes, fc.boolean(), fc.array(fc.nat(40)), (before, after, marked, cuts) => {
      const own = Buffer.concat([...before, ...after]);
      const whole = Buffer.concat([...before, ...(marked ? [encode(mark)] : []), ...after]);
      fc.pre(!own.includes(mark));
      const end = new EndMark(mark);
      const told: Uint8Array[] = [];
      let at = 0;
      for (const cut of [...cuts, whole.length]) {
        told.push(end.feed(whole.subarray(at, at + cut)));
        at += cut;
      }
      told.push(end.rest());
      expect(end.seen).toBe(marked);
      expect(Buffer.concat(told).equals(own)).toBe(true);
    }),
  );
});
