import { FileError } from "./files/errors.ts";
import type { Process } from "./process.ts";

export const dayNames = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** A moment taken apart in a time zone. */
interface BrokenTime {
  year: number;
  /** 0 to 11. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 0 is Sunday. */
  weekday: number;
  /** 0 is January 1st. */
  yearDay: number;
  /** Minutes east of Greenwich. */
  offset: number;
  zone: string;
  milliseconds: number;
}

/** The process's time zone: TZ, else the machine's /etc/timezone. */
export function zoneOf(process: Process): string {
  const wanted = process.env["TZ"];
  if (wanted !== undefined) return known(wanted.replace(/^:/, ""));
  try {
    return known(process.files.readText("/etc/timezone").trim());
  } catch (error) {
    if (error instanceof FileError) return "UTC";
    throw error;
  }
}

function known(zone: string): string {
  if (zone === "" || /^(Etc\/)?(UTC|GMT|UCT|Zulu|Universal)0?$/.test(zone)) return "UTC";
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone }).resolvedOptions().timeZone === "" ? "UTC" : zone;
  } catch {
    return "UTC";
  }
}

/** Minutes east of Greenwich at that moment. */
export function zoneOffset(zone: string, moment: number): number {
  if (zone === "UTC") return 0;
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(moment);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  const match = /GMT([+-])(\d\d):?(\d\d)/.exec(name);
  if (!match) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

function zoneName(zone: string, moment: number): string {
  if (zone === "UTC") return "UTC";
  for (const locale of ["en-GB", "en-US"]) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "short" }).formatToParts(moment);
    const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
    if (/^[A-Z]{3,5}$/.test(name)) return name;
  }
  const offset = zoneOffset(zone, moment);
  const sign = offset < 0 ? "-" : "+";
  return `${sign}${String(Math.floor(Math.abs(offset) / 60)).padStart(2, "0")}`;
}

/** The moment, milliseconds since the epoch, as a clock in that zone shows it. */
export function breakTime(moment: number, zone: string): BrokenTime {
  const offset = zoneOffset(zone, moment);
  const date = new Date(moment + offset * 60_000);
  const year = date.getUTCFullYear();
  return {
    year,
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    yearDay: Math.floor((Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000),
    offset,
    zone: zoneName(zone, moment),
    milliseconds: date.getUTCMilliseconds(),
  };
}

function offsetText(minutes: number, colons: number): string {
  const sign = minutes < 0 ? "-" : "+";
  const hour = String(Math.floor(Math.abs(minutes) / 60)).padStart(2, "0");
  const minute = String(Math.abs(minutes) % 60).padStart(2, "0");
  return colons === 0
    ? `${sign}${hour}${minute}`
    : colons === 1
      ? `${sign}${hour}:${minute}`
      : `${sign}${hour}:${minute}:00`;
}

function isoWeek(time: BrokenTime): { year: number; week: number } {
  const monday = (time.weekday + 6) % 7;
  const thursday = time.yearDay - monday + 3;
  const length = (year: number): number => ((year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 366 : 365);
  if (thursday < 0) return { year: time.year - 1, week: Math.floor((thursday + length(time.year - 1)) / 7) + 1 };
  if (thursday >= length(time.year)) return { year: time.year + 1, week: 1 };
  return { year: time.year, week: Math.floor(thursday / 7) + 1 };
}

/** strftime as GNU date extends it, in the C locale. */
export function formatTime(format: string, moment: number, zone: string): string {
  const time = breakTime(moment, zone);
  return format.replace(
    /%([-_0^#]*)(\d*)(:{0,3})([A-Za-z%+])/g,
    (whole, flags: string, width: string, colons: string, letter: string) => {
      const field = fieldOf(letter, time, moment, zone, colons.length);
      if (field === undefined) return whole;
      let { text } = field;
      let padding = field.padding;
      let size = field.size;
      if (flags.includes("-")) size = 0;
      if (flags.includes("_")) padding = " ";
      if (flags.includes("0")) padding = "0";
      if (width !== "") size = Number(width);
      if (flags.includes("^")) text = text.toUpperCase();
      if (flags.includes("#")) text = text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
      return letter === "N" ? nanoseconds(text, flags, width) : text.padStart(size, padding);
    },
  );
}

const nanoseconds = (text: string, flags: string, width: string): string => {
  const cut = width === "" ? text : text.slice(0, Number(width)).padEnd(Number(width), "0");
  return flags.includes("-") ? cut.replace(/0+$/, "") : cut;
};

interface Field {
  text: string;
  size: number;
  padding: string;
}

const number = (value: number, size: number, padding = "0"): Field => ({ text: String(value), size, padding });
const word = (text: string): Field => ({ text, size: 0, padding: " " });

function fieldOf(letter: string, time: BrokenTime, moment: number, zone: string, colons: number): Field | undefined {
  const nested = (format: string): Field => word(formatTime(format, moment, zone));
  const hour12 = time.hour % 12 === 0 ? 12 : time.hour % 12;
  switch (letter) {
    case "%":
      return word("%");
    case "a":
      return word((dayNames[time.weekday] ?? "").slice(0, 3));
    case "A":
      return word(dayNames[time.weekday] ?? "");
    case "b":
    case "h":
      return word((monthNames[time.month] ?? "").slice(0, 3));
    case "B":
      return word(monthNames[time.month] ?? "");
    case "c":
      return nested("%a %b %e %H:%M:%S %Y");
    case "C":
      return number(Math.floor(time.year / 100), 2);
    case "d":
      return number(time.day, 2);
    case "D":
    case "x":
      return nested("%m/%d/%y");
    case "e":
      return number(time.day, 2, " ");
    case "F":
      return nested("%Y-%m-%d");
    case "g":
      return number(isoWeek(time).year % 100, 2);
    case "G":
      return number(isoWeek(time).year, 4);
    case "H":
      return number(time.hour, 2);
    case "I":
      return number(hour12, 2);
    case "j":
      return number(time.yearDay + 1, 3);
    case "k":
      return number(time.hour, 2, " ");
    case "l":
      return number(hour12, 2, " ");
    case "m":
      return number(time.month + 1, 2);
    case "M":
      return number(time.minute, 2);
    case "n":
      return word("\n");
    case "N":
      return number(time.milliseconds * 1_000_000, 9).text.length > 9
        ? undefined
        : word(String(time.milliseconds * 1_000_000).padStart(9, "0"));
    case "p":
      return word(time.hour < 12 ? "AM" : "PM");
    case "P":
      return word(time.hour < 12 ? "am" : "pm");
    case "q":
      return number(Math.floor(time.month / 3) + 1, 1);
    case "r":
      return nested("%I:%M:%S %p");
    case "R":
      return nested("%H:%M");
    case "s":
      return number(Math.floor(moment / 1000), 1);
    case "S":
      return number(time.second, 2);
    case "t":
      return word("\t");
    case "T":
    case "X":
      return nested("%H:%M:%S");
    case "u":
      return number(time.weekday === 0 ? 7 : time.weekday, 1);
    case "U":
      return number(Math.floor((time.yearDay + 7 - time.weekday) / 7), 2);
    case "V":
      return number(isoWeek(time).week, 2);
    case "w":
      return number(time.weekday, 1);
    case "W":
      return number(Math.floor((time.yearDay + 7 - ((time.weekday + 6) % 7)) / 7), 2);
    case "y":
      return number(time.year % 100, 2);
    case "Y":
      return number(time.year, 4);
    case "z":
      return word(offsetText(time.offset, colons));
    case "Z":
      return word(time.zone);
    default:
      return undefined;
  }
}
