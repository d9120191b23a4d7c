/** `!!`, `!n`, `!-n`, `!text`, `!$` and `^old^new`, outside single quotes. */
export function expandHistory(line: string, history: readonly string[]): { text: string } | { problem: string } {
  const quick = /^\^([^^]+)\^([^^]*)\^?$/.exec(line);
  if (quick?.[1] !== undefined) {
    const last = history.at(-1);
    if (last === undefined || !last.includes(quick[1])) return { problem: `:s${line}: substitution failed` };
    return { text: last.replace(quick[1], () => quick[2] ?? "") };
  }
  if (!line.includes("!")) return { text: line };
  let text = "";
  let quoted = false;
  for (let at = 0; at < line.length;) {
    const char = line[at] ?? "";
    const next = line[at + 1] ?? "";
    if (char === "'" && !isInDouble(line, at)) quoted = !quoted;
    if (char === "\\" && next !== "") {
      text += char + next;
      at += 2;
      continue;
    }
    if (
      char !== "!" ||
      quoted ||
      next === "" ||
      ' \t\n=("'.includes(next) ||
      line[at - 1] === "$" ||
      line[at - 1] === "{" ||
      line[at - 1] === "["
    ) {
      text += char;
      at += 1;
      continue;
    }
    const event = /!(!|-?\d+|\$|\*|\^|[^\s!;|&<>()"':]+)/y;
    event.lastIndex = at;
    const match = event.exec(line);
    const designator = match?.[1];
    if (!match || designator === undefined) {
      text += char;
      at += 1;
      continue;
    }
    const found = eventText(designator, history);
    if (found === undefined) return { problem: `${match[0]}: event not found` };
    text += found;
    at += match[0].length;
  }
  return { text };
}

function eventText(designator: string, history: readonly string[]): string | undefined {
  const last = history.at(-1);
  if (designator === "!") return last;
  if (designator === "$") return last?.split(/\s+/).at(-1);
  if (designator === "*") return last?.split(/\s+/).slice(1).join(" ");
  if (designator === "^") return last?.split(/\s+/)[1];
  if (/^-?\d+$/.test(designator)) {
    const number = Number(designator);
    return number < 0 ? history.at(number) : history[number - 1];
  }
  return history.findLast((entry) => entry.startsWith(designator));
}

function isInDouble(line: string, position: number): boolean {
  let inside = false;
  for (let at = 0; at < position; at += 1) {
    if (line[at] === "\\") at += 1;
    else if (line[at] === '"') inside = !inside;
  }
  return inside;
}
