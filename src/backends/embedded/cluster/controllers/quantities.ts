const binary: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 };
const decimal: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
};

/** A resource quantity as a number of base units; 0 for what is no quantity. */
export function quantity(value: string | number | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)$/.exec(value.trim());
  if (!match) return 0;
  const suffix = match[2] ?? "";
  const factor = suffix === "" ? 1 : (binary[suffix] ?? decimal[suffix]);
  return factor === undefined ? 0 : Number(match[1]) * factor;
}
