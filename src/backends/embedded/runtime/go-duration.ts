/** Milliseconds in Go's words, as `1.234s` or `56ms`. */
export function goDuration(ms: number): string {
  if (ms < 1) return `${Math.max(1, Math.round(ms * 1_000))}µs`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  return `${(ms / 1_000).toFixed(3).replace(/\.?0+$/, "")}s`;
}
