import { decode } from "../io.ts";
import { ShellFailure } from "./failures.ts";
import type { Shell } from "./shell.ts";

interface ReadOptions {
  /** Backslashes stand for themselves. */
  raw: boolean;
  delimiter?: string;
  /** Stop after so many characters; `exact` also across delimiters. */
  count?: number;
  exact?: boolean;
  signal?: AbortSignal;
}

/** One line of a descriptor; what follows it stays for the next reader. A backslash that joins lines is resolved unless raw. */
export async function readLine(
  shell: Shell,
  descriptor: number,
  options: ReadOptions,
): Promise<{ line: string; ended: boolean }> {
  const source = shell.descriptors.get(descriptor)?.source;
  if (!source) throw new ShellFailure(`${descriptor}: invalid file descriptor: Bad file descriptor`);
  const stop = (options.delimiter ?? "\n").charCodeAt(0) || 0;
  const signal = options.signal ? AbortSignal.any([shell.childSignal(), options.signal]) : shell.childSignal();
  const bytes: number[] = [];
  const finish = (ended: boolean) => ({ line: decode(Uint8Array.from(bytes)), ended });
  let escaped = false;
  for (;;) {
    const chunk = await source.read(signal);
    if (!chunk) {
      const wait = shell.tick();
      if (wait) await wait;
      return finish(true);
    }
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (!options.raw && escaped) {
        escaped = false;
        if (byte === 10) bytes.pop();
        else bytes.push(byte);
        continue;
      }
      if (byte === stop && !options.exact) {
        source.unread(chunk.subarray(at + 1));
        return finish(false);
      }
      if (!options.raw && byte === 0x5c) escaped = true;
      bytes.push(byte);
      if (options.count !== undefined && bytes.length >= options.count && (byte & 0x80) === 0) {
        source.unread(chunk.subarray(at + 1));
        return finish(false);
      }
    }
  }
}

/** Splits a line into `count` fields as `read` does: the last one takes the rest. */
export function splitFields(line: string, count: number, separators: string, raw: boolean): string[] {
  // Characters after a backslash are no separators; without raw the backslash itself goes away.
  const chars: { char: string; plain: boolean }[] = [];
  for (let at = 0; at < line.length; at += 1) {
    if (!raw && line[at] === "\\" && at + 1 < line.length) chars.push({ char: line[(at += 1)] ?? "", plain: true });
    else if (raw || line[at] !== "\\") chars.push({ char: line[at] ?? "", plain: false });
  }
  const separator = (index: number) => {
    const item = chars[index];
    return item !== undefined && !item.plain && separators.includes(item.char);
  };
  const space = (index: number) => separator(index) && " \t\n".includes(chars[index]?.char ?? "");
  const text = (from: number, to: number) =>
    chars
      .slice(from, to)
      .map((item) => item.char)
      .join("");
  let at = 0;
  let end = chars.length;
  while (at < end && space(at)) at += 1;
  while (end > at && space(end - 1)) end -= 1;
  const fields: string[] = [];
  while (fields.length < count - 1 && at < end) {
    const from = at;
    while (at < end && !separator(at)) at += 1;
    fields.push(text(from, at));
    while (at < end && space(at)) at += 1;
    if (at < end && separator(at) && !space(at)) {
      at += 1;
      while (at < end && space(at)) at += 1;
    }
  }
  if (at < end || fields.length < count) {
    let rest = text(at, end);
    // One separator that ends the last field is dropped with it.
    const trailing = end - 1;
    if (rest !== "" && separator(trailing) && !space(trailing)) {
      const inner = Array.from({ length: trailing - at }, (_, index) => separator(at + index)).some(Boolean);
      if (!inner) rest = text(at, trailing);
    }
    fields.push(rest);
  }
  return fields;
}
