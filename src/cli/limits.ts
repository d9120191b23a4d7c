import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { packageFolder } from "./home.ts";

/** Where the model differs from the real thing, as the source says at that place. */
export interface Limit {
  /** Path of the source below `src/`, with slashes. */
  file: string;
  line: number;
  /** What a real one does. */
  text: string;
}

/** Reads every `Simplified:` comment below a source folder, in the order of files and lines. */
export function gatherLimits(folder: string): Limit[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return files.flatMap((path) =>
    limitsIn(readFileSync(path, "utf8")).map(({ line, text }) => ({
      file: relative(folder, path).split(sep).join("/"),
      line,
      text,
    })),
  );
}

/** The limits of this program: from its source where that is there, else as they were when it was built. */
export function readLimits(): Limit[] {
  const root = packageFolder();
  const source = join(root, "src");
  if (existsSync(source)) return gatherLimits(source);
  return JSON.parse(readFileSync(join(root, "dist", "limits.json"), "utf8")) as Limit[];
}

/** The text after each `Simplified:` in a comment, with the comment's following lines until it ends. */
function limitsIn(source: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  const lines = source.split("\n");
  for (const [index, line] of lines.entries()) {
    const begin = /^(?<lead>.*?(?:\/\/|\/?\*+)(?:.*\s)?)Simplified:\s*(?<text>.*)$/.exec(line)?.groups;
    if (!begin) continue;
    const lead = (begin["lead"] ?? "").includes("//") ? /^\s*\/\/\s?(?<text>.*)$/ : /^\s*\*(?!\/)\s?(?<text>.*)$/;
    const parts = [begin["text"] ?? ""];
    for (let next = index + 1; !parts.at(-1)?.includes("*/"); next += 1) {
      const more = lead.exec(lines[next] ?? "")?.groups?.["text"];
      if (more === undefined || more.trim() === "" || more.startsWith("@") || more.includes("Simplified:")) break;
      parts.push(more);
    }
    const text = parts
      .join(" ")
      .replace(/\s*\*\/.*$/, "")
      .replaceAll(/\s+/g, " ")
      .trim();
    found.push({ line: index + 1, text });
  }
  return found;
}
