/**
 * WasmEdge's words and codes for what can go wrong with a module.
 * Simplified: the codes are those of versions before 0.14; later ones number anew.
 */
export const engineErrors = {
  "unexpected end": 0x22,
  "magic header not detected": 0x23,
  "unknown binary version": 0x24,
  "malformed section id": 0x25,
  "type mismatch": 0x41,
  "incompatible import type": 0x61,
  "unknown import": 0x62,
  "integer divide by zero": 0x84,
  "integer overflow": 0x85,
  "invalid conversion to integer": 0x86,
  "out of bounds table access": 0x87,
  "out of bounds memory access": 0x88,
  unreachable: 0x89,
  "uninitialized element": 0x8a,
  "undefined element": 0x8b,
  "indirect call type mismatch": 0x8c,
  "host function failed": 0x8d,
  "wasm function not found": 0x06,
} as const;

export type EngineError = keyof typeof engineErrors;

const trapWords: readonly (readonly [RegExp, EngineError])[] = [
  [/unreachable/, "unreachable"],
  [/memory access out of bounds/, "out of bounds memory access"],
  [/table index is out of bounds|table access out of bounds/, "undefined element"],
  [/null function|dereferencing a null/, "uninitialized element"],
  [/signature mismatch/, "indirect call type mismatch"],
  [/divide by zero|remainder by zero/, "integer divide by zero"],
  [/divide result unrepresentable/, "integer overflow"],
  [/float unrepresentable/, "invalid conversion to integer"],
  // Simplified: WasmEdge itself dies of a segmentation fault when a guest recurses without end.
  [/Maximum call stack size exceeded/, "unreachable"],
];

/** The engine's words for an error that the JavaScript engine threw while a module ran. */
export function trapOf(error: unknown): EngineError {
  const message = error instanceof Error ? error.message : String(error);
  return trapWords.find(([pattern]) => pattern.test(message))?.[1] ?? "host function failed";
}
