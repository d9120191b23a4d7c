/** One conversion of a printf format. */
export interface Conversion {
  flags: string;
  width: number | undefined;
  precision: number | undefined;
  letter: string;
}

const pad = (text: string, { flags, width = 0 }: Conversion): string =>
  flags.includes("-") ? text.padEnd(width) : text.padStart(width);

function signed(digits: string, negative: boolean, conversion: Conversion, prefix = "", zeroPads = true): string {
  const { flags, width = 0 } = conversion;
  const sign = negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  const lead = sign + prefix;
  if (zeroPads && flags.includes("0") && !flags.includes("-")) {
    return lead + digits.padStart(Math.max(0, width - lead.length), "0");
  }
  return pad(lead + digits, conversion);
}

/** `%d` `%i` `%u` `%o` `%x` `%X` of an integer. */
export function formatInteger(value: bigint, conversion: Conversion): string {
  const { letter, flags, precision } = conversion;
  let magnitude = value < 0n ? -value : value;
  let negative = value < 0n;
  if (!"di".includes(letter) && negative) {
    magnitude = BigInt.asUintN(64, value);
    negative = false;
  }
  const base = letter === "o" ? 8 : letter === "x" || letter === "X" ? 16 : 10;
  let digits = magnitude.toString(base);
  if (letter === "X") digits = digits.toUpperCase();
  if (precision !== undefined) digits = precision === 0 && magnitude === 0n ? "" : digits.padStart(precision, "0");
  let prefix = "";
  if (flags.includes("#")) {
    if (letter === "o" && !digits.startsWith("0")) digits = `0${digits}`;
    if (base === 16 && magnitude !== 0n) prefix = `0${letter}`;
  }
  const plain = "di".includes(letter) ? conversion : { ...conversion, flags: flags.replace(/[+ ]/g, "") };
  return signed(digits, negative, plain, prefix, precision === undefined);
}

/** `%e` `%f` `%g` and their capitals. */
export function formatFloat(value: number, conversion: Conversion): string {
  const { letter, flags } = conversion;
  const negative = value < 0 || Object.is(value, -0);
  const magnitude = Math.abs(value);
  if (!Number.isFinite(magnitude)) {
    const word = Number.isNaN(magnitude) ? "nan" : "inf";
    const text = letter === letter.toUpperCase() ? word.toUpperCase() : word;
    return signed(text, value < 0, conversion, "", false);
  }
  const precision = conversion.precision ?? 6;
  let digits: string;
  switch (letter.toLowerCase()) {
    case "f":
      digits = fixed(magnitude, precision);
      break;
    case "e":
      digits = exponent(magnitude, precision);
      break;
    default:
      digits = general(magnitude, precision === 0 ? 1 : precision, flags.includes("#"));
  }
  if (letter === letter.toUpperCase()) digits = digits.toUpperCase();
  return signed(digits, negative, conversion);
}

/** Like toFixed, but exact also above 1e21 and with many digits. */
function fixed(value: number, precision: number): string {
  if (value >= 1e21) return BigInt(value).toString() + (precision > 0 ? `.${"0".repeat(precision)}` : "");
  const text = value.toFixed(Math.min(100, precision));
  // C rounds exact halves to even, toFixed rounds them up.
  const exact = value.toFixed(Math.min(100, precision + 30));
  const at = precision === 0 ? exact.indexOf(".") + 1 : exact.indexOf(".") + 1 + precision;
  if (!/^50*$/.test(exact.slice(at))) return text;
  const down = precision === 0 ? exact.slice(0, at - 1) : exact.slice(0, at);
  return Number(down.at(-1)) % 2 === 0 ? down : text;
}

function exponent(value: number, precision: number): string {
  const [mantissa = "0", power = "+0"] = value.toExponential(Math.min(100, precision)).split("e");
  const sign = power.startsWith("-") ? "-" : "+";
  return `${mantissa}e${sign}${power.replace(/^[+-]/, "").padStart(2, "0")}`;
}

function general(value: number, precision: number, keepZeros: boolean): string {
  if (value === 0) return keepZeros ? `0.${"0".repeat(precision - 1)}` : "0";
  const power = Number(value.toExponential(precision - 1).split("e")[1]);
  const text = power < -4 || power >= precision ? exponent(value, precision - 1) : fixed(value, precision - 1 - power);
  if (keepZeros) return text;
  return text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
}

/** `%s` and `%c`. */
export function formatString(text: string, conversion: Conversion): string {
  const cut = conversion.precision === undefined ? text : [...text].slice(0, conversion.precision).join("");
  return pad(cut, conversion);
}

const simpleEscapes: Record<string, string> = {
  "\\": "\\",
  a: "\u0007",
  b: "\b",
  e: "\u001b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Expands backslash escapes of echo and printf, one character per byte above ASCII given by number.
 * `stop` tells that `\c` ended the output. With `leadingZero` octal numbers begin with 0.
 */
export function expandEscapes(text: string, leadingZero: boolean): { text: string; stop: boolean } {
  let result = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character !== "\\" || at + 1 >= text.length) {
      result += character;
      continue;
    }
    const rest = text.slice(at + 1);
    if (rest.startsWith("c")) return { text: result, stop: true };
    const simple = simpleEscapes[rest.charAt(0)];
    if (simple !== undefined) {
      result += simple;
      at += 1;
      continue;
    }
    const octal = (leadingZero ? /^0([0-7]{0,3})/ : /^([0-7]{1,3})/).exec(rest);
    const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
    const unicode = /^(?:u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest);
    const match = octal ?? hex ?? unicode;
    if (!match) {
      result += character;
      continue;
    }
    at += match[0].length;
    if (octal) result += byte(Number.parseInt(octal[1] || "0", 8) & 0xff);
    else if (hex) result += byte(Number.parseInt(hex[1] ?? "0", 16));
    else result += String.fromCodePoint(Number.parseInt(unicode?.[1] ?? unicode?.[2] ?? "0", 16));
  }
  return { text: result, stop: false };
}

/** A byte inside text: see support/text.ts. */
const byte = (code: number): string => String.fromCharCode(code < 0x80 ? code : 0xdc00 + code);

/** Splits a printf format into literal text and conversions. */
export function* splitFormat(
  format: string,
): Generator<string | { spec: string; stars: number; conversion: Conversion }> {
  let from = 0;
  const pattern = /%(?:%|([-+ #0']*)(\*|\d+)?(?:\.(\*|\d*))?(?:hh|h|ll|l|j|z|t|L|q)?([a-zA-Z]))/g;
  for (let match = pattern.exec(format); match; match = pattern.exec(format)) {
    if (match.index > from) yield format.slice(from, match.index);
    from = match.index + match[0].length;
    if (match[0] === "%%") {
      yield "%";
      continue;
    }
    const [, flags = "", width, precision, letter = ""] = match;
    const stars = (width === "*" ? 1 : 0) + (precision === "*" ? 2 : 0);
    const conversion: Conversion = {
      flags,
      width: width === undefined || width === "*" ? undefined : Number(width),
      precision: precision === undefined || precision === "*" ? undefined : Number(precision || "0"),
      letter,
    };
    yield { spec: match[0], stars, conversion };
  }
  if (from < format.length) yield format.slice(from);
}

/** Sets width and precision from the values of their stars. */
export function withStars(conversion: Conversion, stars: number, next: () => number): Conversion {
  const result = { ...conversion };
  if (stars & 1) {
    const width = next();
    result.width = Math.abs(width);
    if (width < 0) result.flags += "-";
  }
  if (stars & 2) {
    const precision = next();
    result.precision = precision < 0 ? undefined : precision;
  }
  return result;
}
