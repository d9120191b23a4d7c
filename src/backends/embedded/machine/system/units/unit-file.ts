/** Settings of a unit: section, key, and every assignment in order. An empty assignment starts the list anew. */
export type UnitSettings = Map<string, Map<string, string[]>>;

/** Parses unit file text into `into`, so that drop-ins add to what is there. Returns lines that are not settings. */
export function parseUnitFile(text: string, into: UnitSettings): string[] {
  const problems: string[] = [];
  let section: Map<string, string[]> | undefined;
  let pending = "";
  for (const [index, raw] of text.split("\n").entries()) {
    const trimmed = raw.trim();
    if (pending === "" && (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith(";"))) continue;
    if (pending !== "" && (trimmed.startsWith("#") || trimmed.startsWith(";"))) continue;
    if (raw.trimEnd().endsWith("\\")) {
      pending += `${raw.trimEnd().slice(0, -1)} `;
      continue;
    }
    const line = (pending + raw).trim();
    pending = "";
    const header = /^\[(.+)\]$/.exec(line);
    if (header?.[1] !== undefined) {
      section = into.get(header[1]) ?? new Map<string, string[]>();
      into.set(header[1], section);
      continue;
    }
    const at = line.indexOf("=");
    if (at < 1) {
      if (line !== "") problems.push(`${index + 1}: Missing '=', ignoring line.`);
      continue;
    }
    if (!section) {
      problems.push(`${index + 1}: Assignment outside of section. Ignoring.`);
      continue;
    }
    const key = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    if (value === "") section.set(key, []);
    else section.set(key, [...(section.get(key) ?? []), value]);
  }
  return problems;
}

export const setting = (settings: UnitSettings, section: string, key: string): string | undefined =>
  settings.get(section)?.get(key)?.at(-1);

/** All words of a list setting such as `WantedBy=`. */
export const words = (settings: UnitSettings, section: string, key: string): string[] =>
  (settings.get(section)?.get(key) ?? []).flatMap((value) => value.split(/\s+/).filter(Boolean));

/** systemd's yes and no. */
export const truthy = (value: string | undefined): boolean => /^(1|yes|true|on)$/i.test(value ?? "");

/** A time span such as `5`, `500ms`, `1min 30s`, `infinity`, in milliseconds; undefined when it is none. */
export function timeSpan(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === "infinity") return Number.POSITIVE_INFINITY;
  const units: Record<string, number> = {
    "": 1000,
    s: 1000,
    sec: 1000,
    second: 1000,
    seconds: 1000,
    ms: 1,
    msec: 1,
    us: 0.001,
    m: 60_000,
    min: 60_000,
    minutes: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  };
  let total = 0;
  for (const match of text.trim().matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)\s*/gi)) {
    const factor = units[(match[2] ?? "").toLowerCase()];
    if (factor === undefined) return undefined;
    total += Number(match[1]) * factor;
  }
  return /^\s*\d/.test(text) ? total : undefined;
}

export interface UnitCommand {
  /** `-`: failure does not matter. */
  ignoreFailure: boolean;
  argv: string[];
}

/** Splits an `Exec...=` value as systemd does: prefixes, quotes, `$VAR`, `${VAR}` and the specifiers %n %i %%. */
export function parseCommand(value: string, env: Readonly<Record<string, string>>, unit: string): UnitCommand {
  const prefix = /^[-@:+!]*/.exec(value)?.[0] ?? "";
  const instance = /@(.*)\.[a-z]+$/.exec(unit)?.[1] ?? "";
  const text = value.slice(prefix.length).replaceAll(/%([ni%pHm])/g, (_, letter: string) => {
    if (letter === "n") return unit;
    if (letter === "p") return unit.replace(/(@.*)?\.[a-z]+$/, "");
    return letter === "i" ? instance : letter === "%" ? "%" : "";
  });
  const argv: string[] = [];
  for (const word of splitWords(text)) {
    const alone = /^\$([A-Za-z_]\w*)$/.exec(word);
    if (alone?.[1] !== undefined) argv.push(...splitWords(env[alone[1]] ?? ""));
    else {
      argv.push(
        word.replaceAll(/\$\$|\$\{(\w+)\}|\$([A-Za-z_]\w*)/g, (whole, braced?: string, bare?: string) =>
          whole === "$$" ? "$" : (env[braced ?? bare ?? ""] ?? ""),
        ),
      );
    }
  }
  return { ignoreFailure: prefix.includes("-"), argv };
}

/** Words of a line, with single and double quotes and backslash escapes. */
export function splitWords(text: string): string[] {
  const result: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index] ?? "";
    if (quote !== "") {
      if (letter === quote) quote = "";
      else if (letter === "\\" && quote === '"') word = (word ?? "") + (text[++index] ?? "");
      else word = (word ?? "") + letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= "";
    } else if (letter === "\\") word = (word ?? "") + (text[++index] ?? "");
    else if (/\s/.test(letter)) {
      if (word !== undefined) result.push(word);
      word = undefined;
    } else word = (word ?? "") + letter;
  }
  if (word !== undefined) result.push(word);
  return result;
}
