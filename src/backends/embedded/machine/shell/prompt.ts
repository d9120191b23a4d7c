import { basename } from "../files/paths.ts";
import { Parser } from "./parser.ts";
import type { Shell } from "./shell.ts";
import { formatTime } from "../strftime.ts";

/** PS1 as shown; what stands between `\[` and `\]` (colours, titles) is left out. */
export async function expandPrompt(shell: Shell, text: string): Promise<string> {
  const decoded = text
    .replace(/\\\[[\s\S]*?\\\]/g, "")
    .replace(/\\(0[0-7]{1,3}|[0-7]{3}|D\{[^}]*\}|.)/g, (_, code: string) => one(shell, code));
  const status = shell.lastStatus;
  try {
    return await shell.expander.text(new Parser(decoded).wholeWord());
  } catch {
    return decoded;
  } finally {
    shell.lastStatus = status;
  }
}

function one(shell: Shell, code: string): string {
  const now = shell.machine.environment.clock.now();
  const home = shell.variables.get("HOME") ?? "";
  const folder =
    home !== "" && (shell.cwd === home || shell.cwd.startsWith(`${home}/`))
      ? `~${shell.cwd.slice(home.length)}`
      : shell.cwd;
  if (code.startsWith("D{")) return formatTime(code.slice(2, -1) || "%X", now, "UTC");
  if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
  switch (code) {
    case "u":
      return shell.machine.users.byId(shell.credentials.uid)?.name ?? "I have no name!";
    case "h":
    case "H":
      return shell.machine.name;
    case "w":
      return folder;
    case "W":
      return folder === "~" ? "~" : basename(folder);
    case "$":
      return shell.credentials.uid === 0 ? "#" : "\\$";
    case "s":
      return shell.name.replace(/^-/, "");
    case "v":
      return "5.0";
    case "V":
      return "5.0.17";
    case "n":
      return "\n";
    case "r":
      return "\r";
    case "t":
      return formatTime("%H:%M:%S", now, "UTC");
    case "T":
      return formatTime("%I:%M:%S", now, "UTC");
    case "A":
      return formatTime("%H:%M", now, "UTC");
    case "d":
      return formatTime("%a %b %d", now, "UTC");
    case "j":
      return String(shell.jobs.all().length);
    case "!":
    case "#":
      return String(shell.history.length + 1);
    case "e":
      return "\u001b";
    case "a":
      return "";
    case "\\":
      return "\\\\";
    default:
      return `\\${code}`;
  }
}
