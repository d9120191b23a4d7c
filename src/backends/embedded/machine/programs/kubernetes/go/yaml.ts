const bestWidth = 80;

/** A value as sigs.k8s.io/yaml prints it: sorted keys, two spaces, sequences not indented, long text folded at 80. */
export function toYaml(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]\n" : sequence(value, 0);
  if (isMap(value)) return keysOf(value).length === 0 ? "{}\n" : mapping(value, 0);
  return `${scalar(value, 0, 0)}\n`;
}

type JsonMap = Record<string, unknown>;

const isMap = (value: unknown): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const keysOf = (value: JsonMap): string[] =>
  Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort(naturalOrder);

/** go-yaml's key order: digits compare as numbers, letters before other signs. */
function naturalOrder(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  let digits = false;
  for (let i = 0; i < left.length && i < right.length; i += 1) {
    const x = left[i] ?? "";
    const y = right[i] ?? "";
    if (x === y) {
      digits = isDigit(x);
      continue;
    }
    const xLetter = isLetter(x);
    const yLetter = isLetter(y);
    if (xLetter && yLetter) return x < y ? -1 : 1;
    if (xLetter || yLetter) return digits === xLetter ? -1 : 1;
    const xNumber = /^\d+/.exec(left.slice(i).join(""))?.[0];
    const yNumber = /^\d+/.exec(right.slice(i).join(""))?.[0];
    if (xNumber !== undefined && yNumber !== undefined && Number(xNumber) !== Number(yNumber)) {
      return Number(xNumber) - Number(yNumber);
    }
    return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

const isDigit = (char: string): boolean => /\d/.test(char);
const isLetter = (char: string): boolean => /\p{L}/u.test(char);

function mapping(value: JsonMap, indent: number): string {
  return keysOf(value)
    .map((key, i) => (i === 0 ? "" : " ".repeat(indent)) + entry(key, value[key], indent))
    .join("");
}

function entry(key: string, value: unknown, indent: number): string {
  const name = scalar(key, indent, indent);
  if (Array.isArray(value)) {
    return value.length === 0 ? `${name}: []\n` : `${name}:\n${" ".repeat(indent)}${sequence(value, indent)}`;
  }
  if (isMap(value)) {
    if (keysOf(value).length === 0) return `${name}: {}\n`;
    return `${name}:\n${" ".repeat(indent + 2)}${mapping(value, indent + 2)}`;
  }
  return `${name}: ${scalar(value, indent + 2, indent + name.length + 2)}\n`;
}

function sequence(value: readonly unknown[], indent: number): string {
  return value
    .map((item, i) => {
      const lead = i === 0 ? "- " : `${" ".repeat(indent)}- `;
      if (Array.isArray(item)) return lead + (item.length === 0 ? "[]\n" : sequence(item, indent + 2));
      if (isMap(item)) return lead + (keysOf(item).length === 0 ? "{}\n" : mapping(item, indent + 2));
      return `${lead}${scalar(item, indent + 2, indent + 2)}\n`;
    })
    .join("");
}

const ambiguous =
  /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N|\.nan|\.NaN|\.NAN|[-+]?\.inf|[-+]?\.Inf|[-+]?\.INF|<<|=)$/;
const numeric =
  /^[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0o?[0-7_]+|[\d_]+(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.[\d_]+(?:[eE][-+]?\d+)?)$/;
const sexagesimal = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]+\d{1,2}:\d{2}:\d{2}(?:\.\d*)?.*)?$/;

function scalar(value: unknown, indent: number, column: number): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  const text = String(value);
  if (text === "") return '""';
  const multiline = text.includes("\n");
  if (
    ambiguous.test(text) ||
    (/\d/.test(text) && (numeric.test(text) || sexagesimal.test(text) || timestamp.test(text)))
  ) {
    return doubleQuoted(text, indent, column);
  }
  const special = hasSpecial(text) || / \n/.test(text);
  if (special) return doubleQuoted(text, indent, column);
  if (multiline) return text.endsWith(" ") ? doubleQuoted(text, indent, column) : literal(text, indent);
  if (plainAllowed(text)) return folded(text, indent, column, "");
  return folded(text.replaceAll("'", "''"), indent, column + 1, "'");
}

/** Characters that YAML cannot show outside double quotes. */
function hasSpecial(text: string): boolean {
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0x0a || (code >= 0x20 && code <= 0x7e) || code === 0x85 || (code >= 0xa0 && code !== 0xfeff)) continue;
    return true;
  }
  return false;
}

function plainAllowed(text: string): boolean {
  if (/^\s|\s$/.test(text)) return false;
  if (/^(?:---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?:](?:\s|$)/.test(text)) return false;
  return !/:(?:\s|$)| #/.test(text);
}

/** Breaks at the first single space beyond the best width, as libyaml does. */
function folded(text: string, indent: number, column: number, quote: string): string {
  let output = quote;
  let at = column;
  const chars = [...text];
  chars.forEach((char, i) => {
    const inner = i > 0 && i < chars.length - 1;
    if (char === " " && inner && at > bestWidth && chars[i - 1] !== " " && chars[i + 1] !== " ") {
      output += `\n${" ".repeat(indent)}`;
      at = indent;
      return;
    }
    output += char;
    at += 1;
  });
  return output + quote;
}

function literal(text: string, indent: number): string {
  const chomp = text.endsWith("\n\n") || text === "\n" ? "+" : text.endsWith("\n") ? "" : "-";
  const hint = /^[ \n]/.test(text) ? "2" : "";
  const body = text.replace(/\n$/, "").split("\n");
  return `|${hint}${chomp}\n${body.map((line) => (line === "" ? "" : " ".repeat(indent) + line)).join("\n")}`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\0": "\\0",
  "\u0007": "\\a",
  "\b": "\\b",
  "\u000b": "\\v",
  "\f": "\\f",
  "\u001b": "\\e",
};

function doubleQuoted(text: string, indent: number, column: number): string {
  let output = '"';
  let at = column + 1;
  const chars = [...text];
  chars.forEach((char, i) => {
    if (char === " " && i > 0 && i < chars.length - 1 && at > bestWidth && chars[i - 1] !== " ") {
      output += `\n${" ".repeat(indent)}${chars[i + 1] === " " ? "\\" : ""}`;
      at = indent;
      if (chars[i + 1] !== " ") return;
    }
    const code = char.codePointAt(0) ?? 0;
    const plain = hasSpecial(char)
      ? `\\${code < 0x100 ? "x" : "u"}${code
          .toString(16)
          .toUpperCase()
          .padStart(code < 0x100 ? 2 : 4, "0")}`
      : char;
    const shown = escapes[char] ?? plain;
    output += shown;
    at += shown.length;
  });
  return `${output}"`;
}
