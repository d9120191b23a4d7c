import { Text } from "ink";
import type { ReactElement } from "react";
import stringWidth from "string-width";
import type { SessionSnapshot } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { fill } from "./cells.ts";
import { color } from "./color.ts";
import { layoutMarkdown } from "./markdown.ts";

export interface HeaderProps {
  snapshot: SessionSnapshot;
  columns: number;
  texts: Texts;
}

/** Where the learner is, and how far. */
export function Header({ snapshot, columns, texts }: HeaderProps): ReactElement {
  const steps = snapshot.chapters.flatMap((chapter) => chapter.labs.flatMap((lab) => lab.steps));
  const solved = steps.filter((step) => step.state === "solved").length;
  const notices = snapshot.notices.length === 0 ? "" : `!${snapshot.notices.length} `;
  const right = ` ${notices}${texts.ui.progress(solved, steps.length)} ${bar(solved, steps.length)} `;
  const room = columns - stringWidth(right);
  return (
    <Text inverse bold wrap="truncate">
      {fill(` ${placeOf(snapshot, room - 2)} `, room)}
      {right}
    </Text>
  );
}

/** Lab and step; the lab's name is left out where both do not fit. */
function placeOf({ step, courseTitle }: SessionSnapshot, room: number): string {
  if (!step) return courseTitle;
  const whole = `${step.section} ${step.labTitle} › ${step.title}`;
  return stringWidth(whole) <= room ? whole : `${step.section} › ${step.title}`;
}

/** Eight cells that fill up. */
export const bar = (done: number, total: number): string => {
  const filled = total === 0 ? 0 : Math.floor((done / total) * 8);
  return "█".repeat(filled) + "░".repeat(8 - filled);
};

export type Keys = readonly (readonly string[])[];

/** A message as it stands at the bottom, whole. */
export const footerMessage = (message: string, columns: number): string[] =>
  layoutMarkdown(message, columns).map((line) => line.map((span) => span.text).join(""));

/** The keys that work now, as many as fit into `most` lines. */
export function footerKeys(keys: Keys, columns: number, most: number): string[] {
  const lines = [""];
  for (const [key, meaning] of keys) {
    const text = `${key} ${meaning}`;
    const last = lines.at(-1) ?? "";
    const joined = last === "" ? text : `${last} · ${text}`;
    if (stringWidth(joined) <= columns) lines[lines.length - 1] = joined;
    else if (lines.length < most) lines.push(text);
    else break;
  }
  return lines;
}

export interface FooterProps {
  message: readonly string[];
  keys: readonly string[];
}

export function Footer({ message, keys }: FooterProps): ReactElement {
  return (
    <>
      {message.map((line, index) => (
        <Text key={`m${index}`} wrap="truncate" bold {...color("yellow")}>
          {line === "" ? " " : line}
        </Text>
      ))}
      {keys.map((line, index) => (
        <Text key={`k${index}`} wrap="truncate" dimColor>
          {line}
        </Text>
      ))}
    </>
  );
}
