import { decodeEscape } from "./words.ts";
import { quoteBackslash } from "./encoding.ts";

interface Formatted {
  text: string;
  /** Complaints without the prefix. */
  problems: string[];
}

/** Backslash sequences of `echo -e` and `%b`; `stopped` after `\c`. */
export function decodeEscapes(text: string): { text: string; stopped: boolean } {
  let result = "";
  for (let at = 0; at < text.length;) {
    if (text[at] !== "\\") {
      result += text[at++];
      continue;
    }
    if (text[at + 1] === "c") return { text: result, stopped: true };
    const next = text[at + 1] ?? "";
    const decoded = "'\"?".includes(next) || /[1-7]/.test(next) ? undefined : decodeEscape(text, at + 1, true);
    result += decoded ? decoded.value : text.slice(at, at + 2);
    at = decoded ? decoded.end : at + 2;
  }
  return { text: result, stopped: false };
}

/** The `printf` of bash. `time` formats seconds since the epoch with a strftime format; -1 is now. */
export function formatPrintf(
  format: string,
  args: readonly string[],
  time: (format: string, seconds: number) => string,
): Formatted {
  const problems: string[] = [];
  let text = "";
  let next = 0;
  do {
    const before = next;
    const pass = onePass(format, () => args[next++], problems, time);
    text += pass.text;
    if (pass.stopped || next === before) break;
  } while (next < args.length);
  return { text, problems };
}

function onePass(
  format: string,
  take: () => string | undefined,
  problems: string[],
  time: (format: string, seconds: number) => string,
): { text: string; stopped: boolean } {
  let text = "";
  for (let at = 0; at < format.length;) {
    const char = format[at] ?? "";
    if (char === "\\") {
      const decoded = decodeEscape(format, at + 1);
      text += decoded ? decoded.value : format.slice(at, at + 2);
      at = decoded ? decoded.end : at + 2;
      continue;
    }
    if (char !== "%") {
      text += char;
      at += 1;
      continue;
    }
    if (format[at + 1] === "%") {
      text += "%";
      at += 2;
      continue;
    }
    const directive = /%([-+ #0']*)(\*|\d+)?(?:\.(\*|-?\d*))?(?:[hlLjzt]*)(\([^)]*\)T|[a-zA-Z])?/y;
    directive.lastIndex = at;
    const match = directive.exec(format);
    const kind = match?.[4];
    if (!match || !kind || !/^(?:\(.*\)T|[sdiouxXcbqeEfFgGQ])$/.test(kind)) {
      problems.push(`\`${format[at + (match?.[0].length ?? 1) - (kind ? 1 : 0)] ?? "%"}': invalid format character`);
      return { text, stopped: true };
    }
    at += match[0].length;
    let flags = match[1] ?? "";
    let width = match[2] === "*" ? Number(take() ?? 0) : Number(match[2] ?? 0);
    if (width < 0) {
      flags += "-";
      width = -width;
    }
    const precision =
      match[3] === undefined ? undefined : match[3] === "*" ? Number(take() ?? 0) : Number(match[3] || 0);
    const piece = one(kind, flags, precision, take(), problems, time);
    text += pad(piece.text, flags, width, piece.numeric);
    if (piece.stopped) return { text, stopped: true };
  }
  return { text, stopped: false };
}

function pad(text: string, flags: string, width: number, numeric: boolean): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0") || !numeric) return " ".repeat(missing) + text;
  const sign = /^(?:[-+ ]|0[xX])?/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function one(
  kind: string,
  flags: string,
  precision: number | undefined,
  arg: string | undefined,
  problems: string[],
  time: (format: string, seconds: number) => string,
): { text: string; numeric: boolean; stopped?: boolean } {
  const value = arg ?? "";
  const cut = (text: string) => (precision === undefined || precision < 0 ? text : text.slice(0, precision));
  if (kind.startsWith("("))
    return { text: time(kind.slice(1, -2), arg === undefined ? -1 : Number(value)), numeric: false };
  switch (kind) {
    case "s":
      return { text: cut(value), numeric: false };
    case "c":
      return { text: value.slice(0, 1), numeric: false };
    case "b": {
      const decoded = decodeEscapes(value);
      return { text: cut(decoded.text), numeric: false, stopped: decoded.stopped };
    }
    case "q":
    case "Q":
      return { text: quoteBackslash(value), numeric: false };
  }
  if (/[eEfFgG]/.test(kind)) return { text: float(kind, flags, precision ?? 6, value, problems), numeric: true };
  const number = integerValue(value, problems);
  const negative = number < 0n;
  let digits: string;
  if (kind === "d" || kind === "i") digits = (negative ? -number : number).toString();
  else {
    const unsigned = BigInt.asUintN(64, number);
    digits = unsigned.toString(kind === "o" ? 8 : kind === "u" ? 10 : 16);
    if (kind === "X") digits = digits.toUpperCase();
    if (flags.includes("#") && unsigned !== 0n) digits = (kind === "o" ? "0" : kind === "u" ? "" : `0${kind}`) + digits;
  }
  if (precision !== undefined) digits = digits.padStart(precision, "0");
  const sign =
    kind === "d" || kind === "i" ? (negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") : "";
  return { text: sign + digits, numeric: precision === undefined };
}

function integerValue(text: string, problems: string[]): bigint {
  if (text === "") return 0n;
  if (text.startsWith("'") || text.startsWith('"')) return BigInt(text.codePointAt(1) ?? 0);
  const match = /^\s*([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]+|\d+)/.exec(text);
  if (!match?.[2]) {
    problems.push(`${text}: invalid number`);
    return 0n;
  }
  if (match[0].length !== text.length) problems.push(`${text}: invalid number`);
  const digits = /^0\d/.test(match[2]) ? `0o${match[2].slice(1)}` : match[2];
  const value = BigInt(digits);
  return match[1] === "-" ? -value : value;
}

function float(kind: string, flags: string, precision: number, text: string, problems: string[]): string {
  const value = text === "" ? 0 : Number(text);
  if (Number.isNaN(value)) problems.push(`${text}: invalid number`);
  const number = Number.isNaN(value) ? 0 : value;
  const exponent = (shown: string) => shown.replace(/e([-+])(\d)$/, "e$10$2");
  let result: string;
  if (kind === "f" || kind === "F") result = number.toFixed(Math.min(precision, 100));
  else if (kind === "e" || kind === "E") result = exponent(number.toExponential(Math.min(precision, 100)));
  else {
    const digits = Math.max(1, precision);
    const power = number === 0 ? 0 : Math.floor(Math.log10(Math.abs(number)));
    result =
      power < -4 || power >= digits
        ? exponent(number.toExponential(digits - 1))
        : number.toFixed(Math.max(0, digits - 1 - power));
    if (!flags.includes("#") && result.includes(".")) result = result.replace(/\.?0+(?=e|$)/, "");
  }
  if (/[EG]/.test(kind)) result = result.toUpperCase();
  return number >= 0 && flags.includes("+") ? `+${result}` : result;
}
