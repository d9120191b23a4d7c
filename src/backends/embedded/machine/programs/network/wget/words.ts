import type { ExchangeResponse } from "../transfer/exchange.ts";

const standardReasons: Readonly<Record<number, string>> = {
  200: "OK",
  301: "Moved Permanently",
  302: "Found",
  307: "Temporary Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** wget speaks HTTP/1.1, so that there is always a reason. */
export const reasonOf = (response: ExchangeResponse): string =>
  response.reason === "" && response.version === "2" ? (standardReasons[response.status] ?? "") : response.reason;

/** `2024-02-28 12:00:00` in UTC, the zone of the machines. */
export function stamp(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replace("T", " ");
}

/** `195K`, with one digit below ten. */
export function human(bytes: number): string {
  if (bytes < 1024) return String(bytes);
  const units = ["K", "M", "G"];
  let value = bytes / 1024;
  let unit = 0;
  for (; value >= 1024 && unit < 2; unit += 1) value /= 1024;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}${units[unit]}`;
}
