/** A structured klog line: severity, date, source, message, key-value pairs. */
export function klogLine(
  ms: number,
  pid: number,
  severity: "I" | "W" | "E",
  source: string,
  message: string,
  values: Readonly<Record<string, string>> = {},
): string {
  const time = new Date(ms).toISOString();
  const stamp = `${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000`;
  const pairs = Object.entries(values).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${severity}${stamp} ${String(pid).padStart(7)} ${source}] ${JSON.stringify(message)}${pairs.join("")}\n`;
}
