import type { Profile } from "../domain/backend.ts";
import type { Hint } from "../domain/course.ts";

export interface StepProse {
  title: string;
  text: string;
  hints: Map<Hint["level"], string>;
  /** What is told once the step is solved. */
  afterwards: string;
  /** Overrides of a check's words, by `check-id/failure-id`, `check-id/cause` or `check-id/expected`. */
  causes: Map<string, string>;
}

export interface LabProse {
  title: string;
  summary: string;
  steps: Map<string, StepProse>;
  /** `line N: what is wrong`. */
  problems: string[];
}

/**
 * Reads a lab's prose file: `# Title`, a summary, then `## step-id: Title` per step with its text and, at its end,
 * optional `### Hints` (`- nudge: …`, `- pointer: …`, `- command: …`) and `### Causes` (`- check/failure: …`) lists and
 * `### Afterwards`, a text for who has solved it.
 * Lines between `<!-- profile: NAME -->` and `<!-- /profile -->` stand only in that profile.
 */
export function parseProse(markdown: string, profile: Profile): LabProse {
  const prose: LabProse = { title: "", summary: "", steps: new Map(), problems: [] };
  let step: StepProse | undefined;
  let list: "hints" | "causes" | "afterwards" | undefined;
  let fenced = false;
  let lastItem: ((more: string) => void) | undefined;
  let only: string | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    const where = `line ${index + 1}`;
    const mark = /^<!-- (?:profile: (thesis|current)|(\/)profile) -->$/.exec(line);
    if (mark) {
      if (mark[2] ? only === undefined : only !== undefined) {
        prose.problems.push(`${where}: profile blocks open and close in turn, got "${line}"`);
      }
      only = mark[1];
      continue;
    }
    if (only !== undefined && only !== profile) continue;
    if (line.startsWith("```")) fenced = !fenced;
    const heading = fenced ? undefined : /^(#{1,3}) (.*)$/.exec(line);
    if (heading) {
      const [, marks = "", title = ""] = heading;
      lastItem = undefined;
      if (marks === "#") prose.title = title;
      else if (marks === "##") {
        const named = /^([a-z0-9-]+): (.+)$/.exec(title);
        if (!named) {
          prose.problems.push(`${where}: a step's heading must read "## step-id: Title", got "${title}"`);
          continue;
        }
        step = { title: named[2] ?? "", text: "", hints: new Map(), afterwards: "", causes: new Map() };
        list = undefined;
        if (prose.steps.has(named[1] ?? "")) prose.problems.push(`${where}: step "${named[1]}" stands here twice`);
        prose.steps.set(named[1] ?? "", step);
      } else if (title === "Hints") list = "hints";
      else if (title === "Causes") list = "causes";
      else if (title === "Afterwards") list = "afterwards";
      else prose.problems.push(`${where}: unknown section, got "${title}"; use "Hints", "Afterwards" or "Causes"`);
      continue;
    }
    if (!step) prose.summary += `${line}\n`;
    else if (!list) step.text += `${line}\n`;
    else if (list === "afterwards") step.afterwards += `${line}\n`;
    else if (line.trim() !== "") {
      const item = /^- ([a-z0-9/-]+): (.*)$/.exec(line);
      if (!item) {
        if (lastItem && /^\s+\S/.test(line)) lastItem(line.trim());
        else prose.problems.push(`${where}: a list item must read "- name: text", got "${line}"`);
        continue;
      }
      const [, name = "", text = ""] = item;
      const target: Map<string, string> = list === "hints" ? step.hints : step.causes;
      if (list === "hints" && name !== "nudge" && name !== "pointer" && name !== "command") {
        prose.problems.push(`${where}: a hint is a nudge, a pointer or a command, got "${name}"`);
        continue;
      }
      target.set(name, text);
      lastItem = (more) => target.set(name, `${target.get(name) ?? ""} ${more}`);
    }
  }
  if (only !== undefined) prose.problems.push(`the end: a block of profile ${only} is not closed`);
  prose.summary = prose.summary.trim();
  for (const each of prose.steps.values()) {
    each.text = each.text.trim();
    each.afterwards = each.afterwards.trim();
  }
  return prose;
}
