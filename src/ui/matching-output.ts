/**
 * Fills the `…` of a shown command from what the machines printed: the latest output line, continuation lines joined,
 * that reads like the command. Undefined when nothing printed so far does.
 */
export function fromOutput(command: string, output: readonly string[]): string | undefined {
  if (!command.includes("…")) return command;
  const wanted = command.replace(/^sudo /, "");
  const source = wanted
    .split("…")
    .map((part) => part.trim().split(/\s+/).map(escape).join("\\s+"))
    .join("\\s*\\S+\\s*");
  const pattern = new RegExp(source);
  const found = joinContinuations(output).findLast((line) => !line.includes("…") && pattern.test(line));
  const match = found && pattern.exec(found);
  if (!match) return undefined;
  const text = match[0].trim().replaceAll(/\s+/g, " ");
  return command.startsWith("sudo ") ? `sudo ${text}` : text;
}

function joinContinuations(lines: readonly string[]): string[] {
  const joined: string[] = [];
  let open = false;
  for (const line of lines) {
    const continues = /\\\s*$/.test(line);
    const text = line.replace(/\\\s*$/, " ").trim();
    if (open) joined.push(`${joined.pop() ?? ""} ${text}`);
    else joined.push(text);
    open = continues;
  }
  return joined;
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
