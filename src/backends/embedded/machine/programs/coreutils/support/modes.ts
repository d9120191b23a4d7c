import type { FileType, Stat } from "../../../files/file-system.ts";

const typeLetters: Record<FileType, string> = { file: "-", directory: "d", symlink: "l", socket: "s", device: "c" };

/** `drwxr-xr-x` as ls shows it. */
export function modeText(stat: Pick<Stat, "type" | "mode">): string {
  const { mode } = stat;
  const triple = (shift: number, special: number, letter: string): string => {
    const bits = mode >> shift;
    const execute = bits & 1;
    const marked = (mode & special) !== 0;
    const last = marked ? (execute ? letter : letter.toUpperCase()) : execute ? "x" : "-";
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${last}`;
  };
  return typeLetters[stat.type] + triple(6, 0o4000, "s") + triple(3, 0o2000, "s") + triple(0, 0o1000, "t");
}

/** How a mode changes; undefined when `text` is no mode. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

/** Reads an octal or symbolic mode as chmod takes it; without `ugoa` the umask limits it. */
export function parseMode(text: string, umask: number): ModeChange | undefined {
  if (/^[0-7]{1,5}$/.test(text)) {
    const value = Number.parseInt(text, 8);
    if (value > 0o7777) return undefined;
    const short = text.length <= 4;
    return (mode, isDirectory) => (isDirectory && short ? value | (mode & 0o6000) : value);
  }
  const clauses: ModeChange[] = [];
  for (const clause of text.split(",")) {
    const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]|[0-7]+))+)$/.exec(clause);
    if (!match) return undefined;
    const who = match[1] ?? "";
    for (const [, operator = "", permissions = ""] of (match[2] ?? "").matchAll(/([-+=])([^-+=]*)/g)) {
      clauses.push((mode, isDirectory) => applyClause(mode, isDirectory, who, operator, permissions, umask));
    }
  }
  if (clauses.length === 0) return undefined;
  return (mode, isDirectory) => clauses.reduce((current, change) => change(current, isDirectory), mode);
}

function applyClause(
  mode: number,
  isDirectory: boolean,
  who: string,
  operator: string,
  permissions: string,
  umask: number,
): number {
  const all = who === "" || who.includes("a");
  const user = all || who.includes("u");
  const group = all || who.includes("g");
  const other = all || who.includes("o");
  let triple = 0;
  let special = 0;
  if (/^[ugo]$/.test(permissions)) triple = (mode >> (permissions === "u" ? 6 : permissions === "g" ? 3 : 0)) & 7;
  else {
    if (permissions.includes("r")) triple |= 4;
    if (permissions.includes("w")) triple |= 2;
    if (permissions.includes("x")) triple |= 1;
    if (permissions.includes("X") && (isDirectory || (mode & 0o111) !== 0)) triple |= 1;
    if (permissions.includes("s")) special |= (user ? 0o4000 : 0) | (group ? 0o2000 : 0);
    if (permissions.includes("t") && (all || other)) special |= 0o1000;
  }
  let bits = (user ? triple << 6 : 0) | (group ? triple << 3 : 0) | (other ? triple : 0);
  if (who === "") bits &= ~umask;
  bits |= special;
  if (operator === "+") return mode | bits;
  if (operator === "-") return mode & ~bits;
  const cleared = (user ? 0o700 : 0) | (group ? 0o070 : 0) | (other ? 0o007 : 0);
  const clearedSpecial = isDirectory
    ? all
      ? 0o1000
      : 0
    : (user ? 0o4000 : 0) | (group ? 0o2000 : 0) | (all || other ? 0o1000 : 0);
  return (mode & ~(cleared | clearedSpecial)) | bits;
}
