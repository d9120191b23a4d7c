import type { Failure, Outcome } from "../domain/check.ts";

export const passed: Outcome = { status: "passed" };

export function failed(id: string, failure: Omit<Failure, "id">): Outcome {
  return { status: "failed", id, ...failure };
}

/** A text short enough for one line of a report; `nothing` where there is none. */
export function excerpt(text: string, nothing: string, limit = 160): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, " ⏎ ");
  return line === "" ? nothing : line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
