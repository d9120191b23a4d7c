import stringWidth from "string-width";

export interface Span {
  text: string;
  bold?: boolean;
  code?: boolean;
}

export type StyledLine = Span[];

/** A step's Markdown as styled lines of at most `width` columns: paragraphs, lists, bold, code and fenced code. */
export function layoutMarkdown(markdown: string, width: number): StyledLine[] {
  const lines: StyledLine[] = [];
  let paragraph: string[] = [];
  let fenced = false;
  const flush = (): void => {
    if (paragraph.length > 0) lines.push(...wrap(spansOf(paragraph.join(" ")), width, ""));
    paragraph = [];
  };
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) {
      flush();
      fenced = !fenced;
    } else if (fenced) lines.push(...breakLong(`  ${line}`, width));
    else if (line.trim() === "") {
      flush();
      if (lines.length > 0 && (lines.at(-1)?.length ?? 0) > 0) lines.push([]);
    } else if (line.startsWith("- ")) {
      flush();
      lines.push(...wrap([{ text: "• " }, ...spansOf(line.slice(2))], width, "  "));
    } else paragraph.push(line.trim());
  }
  flush();
  return lines;
}

function spansOf(text: string): Span[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).flatMap((part): Span[] => {
    if (part === "") return [];
    if (part.startsWith("**")) return [{ text: part.slice(2, -2), bold: true }];
    if (part.startsWith("`")) return [{ text: part.slice(1, -1), code: true }];
    return [{ text: part }];
  });
}

function breakLong(text: string, width: number): StyledLine[] {
  const lines: StyledLine[] = [];
  for (let at = 0; at < Math.max(1, text.length); at += width)
    lines.push([{ text: text.slice(at, at + width), code: true }]);
  return lines;
}

/** Breaks at spaces; a word longer than the line is cut, so that nothing is ever lost at the edge. */
function wrap(spans: readonly Span[], width: number, indent: string): StyledLine[] {
  const lines: StyledLine[] = [];
  let line: StyledLine = [];
  let used = 0;
  const next = (): void => {
    lines.push(line);
    line = indent === "" ? [] : [{ text: indent }];
    used = indent.length;
  };
  for (const span of spans) {
    for (const word of span.text.split(/(\s+)/)) {
      if (word === "") continue;
      let rest = word;
      if (used + stringWidth(rest) > width && used > indent.length) {
        next();
        rest = rest.trimStart();
      }
      while (stringWidth(rest) > width - indent.length) {
        const room = Math.max(1, width - used);
        line.push({ ...span, text: rest.slice(0, room) });
        rest = rest.slice(room);
        next();
      }
      if (rest === "") continue;
      line.push({ ...span, text: rest });
      used += stringWidth(rest);
    }
  }
  if (line.length > 0) lines.push(line);
  return lines;
}
