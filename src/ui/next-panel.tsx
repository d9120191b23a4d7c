import { Box, Text } from "ink";
import type { ReactElement } from "react";
import stringWidth from "string-width";
import type { SessionSnapshot } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { fit } from "./cells.ts";
import { layoutMarkdown, type StyledLine } from "./markdown.ts";
import { type CommandProgress, linesOf } from "./next-command.ts";
import { shownCommand } from "./step-lines.ts";
import { Line } from "./styled-text.tsx";

/** What to do next: the command to type, the check to ask for, or the way on. */
export interface NextStep {
  title: string;
  /** What stands below the title at a given width. */
  lines(width: number): StyledLine[];
}

export function nextStepOf(
  snapshot: SessionSnapshot,
  progress: CommandProgress,
  machine: string,
  reading: boolean,
  texts: Texts,
): NextStep {
  const press = (key: string): string => (reading ? key : `Esc ${key}`);
  const { step, phase } = snapshot;
  const { ui } = texts;
  const said = (title: string, ...rest: string[]): NextStep => ({
    title,
    lines: (width) => rest.flatMap((text) => layoutMarkdown(text, width)),
  });
  if (!step) return said("");
  if (phase.name === "preparing") return said(ui.preparing(phase.detail));
  if (phase.name === "checking") return said(ui.checking);
  if (step.solved) {
    const after = stepAfter(snapshot);
    if (after !== undefined) return said(ui.stepSolved, `**${ui.nextStep(press("n"), after)}**`);
    const open = snapshot.chapters.some((chapter) =>
      chapter.labs.some((lab) => lab.steps.some((each) => each.state !== "solved")),
    );
    return said(ui.stepSolved, ui.courseSolved, ...(open ? [ui.unsolvedLeft(press("l"))] : []));
  }
  const asked = step.checks.some(({ outcome }) => outcome);
  if (step.needs.length > 0 && progress.command === 0 && !asked) {
    return said(ui.needsTitle, ui.needs(step.needs.join(", "), press("a")));
  }
  const failed = step.checks.filter(({ outcome }) => outcome && outcome.status !== "passed").length;
  const command = step.commands[progress.command];
  if (!command) {
    const title = failed > 0 ? ui.failedChecks(failed) : step.commands.length > 0 ? ui.typed : ui.noCommands;
    return said(title, failed > 0 ? ui.checkAgain(press("c")) : ui.checkNow(press("c")));
  }
  const host = command.on === "host";
  const [number, total] = [progress.command + 1, step.commands.length];
  const title = host ? ui.nextOnHost(number, total) : ui.next(number, total, command.on);
  const remark = host
    ? ui.ownTerminal
    : command.on !== machine
      ? ui.otherMachine(press("m"))
      : command.text.includes("…")
        ? ui.fillIn(press("p"))
        : "";
  return {
    title: [title, remark].filter(Boolean).join(" · "),
    lines: (width) => shownCommand(command, width, Math.min(progress.line, linesOf(command).length - 1)),
  };
}

/** Title of the step after the current one. */
function stepAfter(snapshot: SessionSnapshot): string | undefined {
  const steps = snapshot.chapters.flatMap((chapter) =>
    chapter.labs.flatMap((lab) => lab.steps.map((step) => ({ lab: lab.id, step }))),
  );
  const at = steps.findIndex(({ lab, step }) => lab === snapshot.step?.lab && step.id === snapshot.step.step);
  return steps[at + 1]?.step.title;
}

export interface NextPanelProps {
  next: NextStep;
  columns: number;
  /** With the title. */
  rows: number;
  /** What stands at the right end of the title: how much text is below the edge. */
  remark: string;
  texts: Texts;
}

/** Always in sight: the next command whole, however narrow the screen is. */
export function NextPanel({ next, columns, rows, remark, texts }: NextPanelProps): ReactElement {
  const lines = next.lines(columns);
  const shown = lines.slice(0, rows - 1);
  const hidden = lines.length - shown.length;
  const rest = hidden > 0 ? texts.ui.moreLines(hidden) : "";
  const both = [rest, remark].filter(Boolean).join(" · ");
  // The title matters more than how much text there is.
  const right = stringWidth(next.title) + stringWidth(both) + 4 <= columns ? both : rest;
  const room = columns - (right === "" ? 0 : stringWidth(right) + 1);
  const title = fit(`▸ ${next.title} `, room);
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0}>
      <Text wrap="truncate">
        <Text bold>{title}</Text>
        <Text dimColor>{"─".repeat(Math.max(0, room - stringWidth(title)))}</Text>
        {right === "" ? null : <Text dimColor>{` ${right}`}</Text>}
      </Text>
      {shown.map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </Box>
  );
}
