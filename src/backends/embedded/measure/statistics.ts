/** What several rounds of one measurement gave. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** Median and range; throws RangeError for no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) throw new RangeError("a measurement has at least one round");
  return { median: quantile(sorted, 0.5), least, most };
}

/** The value below which that share of the sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? 0;
  return below + (above - below) * (at - Math.floor(at));
}

/** How one measurement relates to another: of the medians, and the range that the rounds allow. */
export const ratioOf = (one: Spread, other: Spread): Spread => ({
  median: one.median / other.median,
  least: one.least / other.most,
  most: one.most / other.least,
});
