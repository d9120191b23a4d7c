/** A size as `-h` shows it, e.g. `4.0K`: rounded up. */
export function humanSize(bytes: number, base = 1024): string {
  if (bytes < base) return String(bytes);
  const units = base === 1000 ? "kMGTPE" : "KMGTPE";
  let value = bytes;
  let unit = -1;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit += 1;
  }
  const tenths = Math.ceil(Math.round(value * 1e6) / 1e5);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)}${units.charAt(unit)}`;
  const whole = Math.ceil(value);
  return whole >= base && unit < units.length - 1 ? `1.0${units.charAt(unit + 1)}` : `${whole}${units.charAt(unit)}`;
}
