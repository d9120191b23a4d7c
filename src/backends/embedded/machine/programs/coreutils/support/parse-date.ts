import { breakTime, dayNames, monthNames, zoneOffset } from "../../../strftime.ts";

/** The moment of a local time in a zone, milliseconds since the epoch. */
function momentOf(
  zone: string,
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const utc = Date.UTC(year, month, day, hour, minute, second);
  const guess = utc - zoneOffset(zone, utc) * 60_000;
  return utc - zoneOffset(zone, guess) * 60_000;
}

const unitNames: Record<string, "year" | "month" | "day" | "hour" | "minute" | "second"> = {
  year: "year",
  month: "month",
  fortnight: "day",
  week: "day",
  day: "day",
  hour: "hour",
  minute: "minute",
  min: "minute",
  second: "second",
  sec: "second",
};

const unitFactors: Record<string, number> = { week: 7, fortnight: 14 };

/** Reads what `date -d` accepts, in its common forms; undefined for anything else. */
export function parseDate(text: string, now: number, zone: string): number | undefined {
  const at = /^\s*@(-?\d+)(?:\.(\d{1,9}))?\s*$/.exec(text);
  if (at) return Number(at[1]) * 1000 + Number((at[2] ?? "").padEnd(3, "0").slice(0, 3));
  let rest = text.trim().toLowerCase();
  let useZone = zone;
  const start = breakTime(now, zone);
  const date = { year: start.year, month: start.month, day: start.day };
  let time: { hour: number; minute: number; second: number; milliseconds: number } | undefined;
  let dateSeen = false;
  let fixedOffset: number | undefined;
  const shifts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  let weekday: number | undefined;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const match = pattern.exec(rest);
    if (!match) return undefined;
    rest = rest.slice(match[0].length).trimStart();
    return match;
  };
  const monthIndex = (name: string): number =>
    monthNames.findIndex((month) => month.toLowerCase().startsWith(name.slice(0, 3)));
  const months = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
  for (;;) {
    if (rest === "") break;
    let match: RegExpExecArray | undefined;
    if (
      (match = take(/^(\d{4})-(\d{1,2})-(\d{1,2})(?:t(?=\d)|(?!\d))/)) ||
      (match = take(/^(\d{4})(\d{2})(\d{2})(?=\s|$|t)t?/))
    ) {
      date.year = Number(match[1]);
      date.month = Number(match[2]) - 1;
      date.day = Number(match[3]);
      if (date.month > 11 || date.month < 0 || date.day > 31 || date.day < 1) return undefined;
      dateSeen = true;
    } else if ((match = take(/^(\d{1,2})\/(\d{1,2})(?:\/(\d{4}|\d{2}))?(?!\d)/))) {
      date.month = Number(match[1]) - 1;
      date.day = Number(match[2]);
      if (match[3]) date.year = match[3].length === 2 ? 2000 + Number(match[3]) : Number(match[3]);
      dateSeen = true;
    } else if ((match = take(/^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(am|pm)?/))) {
      let hour = Number(match[1]);
      if (match[5] === "pm" && hour < 12) hour += 12;
      if (match[5] === "am" && hour === 12) hour = 0;
      if (hour > 24 || Number(match[2]) > 59 || Number(match[3] ?? 0) > 60) return undefined;
      const milliseconds = Number((match[4] ?? "").padEnd(3, "0").slice(0, 3));
      time = { hour, minute: Number(match[2]), second: Number(match[3] ?? 0), milliseconds };
      const offset = take(/^([+-])(\d{2}):?(\d{2})?(?!\d)/);
      if (offset) fixedOffset = (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0));
    } else if ((match = take(new RegExp(`^(\\d{1,2})[ -]?${months}\\.?(?:[ ,-]+(\\d{4})(?!:))?(?![a-z\\d])`)))) {
      date.day = Number(match[1]);
      date.month = monthIndex(match[2] ?? "");
      if (match[3]) date.year = Number(match[3]);
      dateSeen = true;
    } else if ((match = take(new RegExp(`^${months}\\.? +(\\d{1,2})(?![\\d:])(?:,? +(\\d{4})(?!\\d|:))?`)))) {
      date.month = monthIndex(match[1] ?? "");
      date.day = Number(match[2]);
      if (match[3]) date.year = Number(match[3]);
      dateSeen = true;
    } else if ((match = take(/^(sun|mon|tue|wed|thu|fri|sat)[a-z]*\.?,?(?![a-z])/))) {
      weekday = dayNames.findIndex((name) => name.toLowerCase().startsWith(match?.[1] ?? " "));
    } else if (take(/^(z|utc|gmt)(?![a-z])/)) {
      useZone = "UTC";
      fixedOffset = 0;
    } else if (take(/^(now|today)(?![a-z])/)) {
      continue;
    } else if (take(/^yesterday(?![a-z])/)) {
      shifts.day -= 1;
    } else if (take(/^tomorrow(?![a-z])/)) {
      shifts.day += 1;
    } else if (take(/^midnight(?![a-z])/)) {
      time = { hour: 0, minute: 0, second: 0, milliseconds: 0 };
    } else if (take(/^noon(?![a-z])/)) {
      time = { hour: 12, minute: 0, second: 0, milliseconds: 0 };
    } else if (
      (match = take(
        /^(?:([+-]?)\s*(\d+)|(next|last|a|an))?\s*(year|month|fortnight|week|day|hour|minute|min|second|sec)s?(\s+ago)?(?![a-z])/,
      ))
    ) {
      const word = match[3];
      const count = word === "next" ? 1 : word === "last" ? -1 : Number(match[2] ?? 1);
      const sign = (match[1] === "-" ? -1 : 1) * (match[5] ? -1 : 1);
      const unit = match[4] ?? "day";
      const kind = unitNames[unit] ?? "day";
      shifts[kind] += sign * count * (unitFactors[unit] ?? 1);
    } else if ((match = take(/^(next|last)\s+(sun|mon|tue|wed|thu|fri|sat)[a-z]*/))) {
      weekday = dayNames.findIndex((name) => name.toLowerCase().startsWith(match?.[2] ?? " "));
      shifts.day += match[1] === "next" ? 0 : -7;
    } else if ((match = take(/^(\d{4})$/)) && dateSeen) {
      date.year = Number(match[1]);
    } else return undefined;
  }
  const clock =
    time ??
    (dateSeen || weekday !== undefined
      ? { hour: 0, minute: 0, second: 0, milliseconds: 0 }
      : { hour: start.hour, minute: start.minute, second: start.second, milliseconds: start.milliseconds });
  if (dateSeen && new Date(Date.UTC(date.year, date.month, date.day)).getUTCMonth() !== date.month) return undefined;
  const year = date.year + shifts.year;
  const month = date.month + shifts.month;
  let day = date.day + shifts.day;
  if (weekday !== undefined && !dateSeen) day += (weekday - start.weekday + 7) % 7;
  const base =
    fixedOffset === undefined
      ? momentOf(useZone, year, month, day, clock.hour, clock.minute, clock.second)
      : Date.UTC(year, month, day, clock.hour, clock.minute, clock.second) - fixedOffset * 60_000;
  return base + clock.milliseconds + ((shifts.hour * 60 + shifts.minute) * 60 + shifts.second) * 1000;
}
