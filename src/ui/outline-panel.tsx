import { Box, Text } from "ink";
import { type ReactElement, useState } from "react";
import type { LabOutline, SessionSnapshot, StepState } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { fit } from "./cells.ts";
import { bar } from "./frame.tsx";
import { useKeys } from "./use-keys.ts";

const marks: Readonly<Record<StepState, string>> = { open: "○", current: "▶", attempted: "◐", solved: "✓" };

export interface OutlinePanelProps {
  snapshot: SessionSnapshot;
  columns: number;
  rows: number;
  texts: Texts;
  onChoose: (lab: string, step: string) => void;
  onLeave: () => void;
}

/** All chapters, labs and steps with their state, and the points; one is chosen with the arrows. */
export function OutlinePanel({ snapshot, columns, rows, texts, onChoose, onLeave }: OutlinePanelProps): ReactElement {
  const entries = snapshot.chapters.flatMap((chapter) => [
    { kind: "chapter" as const, key: chapter.id, text: chapter.title },
    ...chapter.labs.flatMap((lab) => [
      { kind: "lab" as const, key: lab.id, text: `  ${solvedOf(lab, texts)} ${lab.section} ${lab.title}` },
      ...lab.steps.map((step) => ({
        kind: "step" as const,
        key: `${lab.id}/${step.id}`,
        text: `    ${marks[isHere(snapshot, lab.id, step.id) ? "current" : step.state]} ${step.title}${
          isHere(snapshot, lab.id, step.id) && step.state === "solved" ? ` ${marks.solved}` : ""
        }`,
        lab: lab.id,
        step: step.id,
      })),
    ]),
  ]);
  const places = entries.flatMap((entry, at) => (entry.kind === "step" ? [at] : []));
  const here = entries.findIndex((entry) => entry.kind === "step" && isHere(snapshot, entry.lab, entry.step));
  const [chosen, setChosen] = useState(Math.max(0, places.indexOf(here)));
  const room = rows - 1;
  useKeys({
    onKey: (input, key) => {
      const move = (by: number): void => setChosen((current) => Math.max(0, Math.min(places.length - 1, current + by)));
      if (key.escape || input === "l" || input === "q") return onLeave();
      if (key.upArrow || input === "k") return move(-1);
      if (key.downArrow || input === "j") return move(1);
      if (key.pageUp) return move(-room);
      if (key.pageDown) return move(room);
      const entry = entries[places[chosen] ?? -1];
      if (key.return && entry?.kind === "step") onChoose(entry.lab, entry.step);
      return undefined;
    },
  });
  const at = places[chosen] ?? 0;
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), entries.length - room));
  const labs = snapshot.chapters.flatMap((chapter) => chapter.labs);
  const steps = labs.flatMap((lab) => lab.steps);
  const solved = steps.filter((step) => step.state === "solved").length;
  const { points, maxPoints } = snapshot.grade;
  return (
    <Box flexDirection="column" height={rows}>
      <Text wrap="truncate" bold>
        {`${bar(solved, steps.length)} ${texts.ui.progress(solved, steps.length)} · ${texts.common.points(points, maxPoints)}`}
      </Text>
      {entries.slice(first, first + room).map((entry, index) => (
        <Text
          key={entry.key}
          wrap="truncate"
          bold={entry.kind !== "step"}
          inverse={first + index === at}
          underline={entry.kind === "chapter"}
        >
          {fit(first + index === at ? entry.text.replace(/^ {2}/, "> ") : entry.text, columns)}
        </Text>
      ))}
    </Box>
  );
}

const isHere = ({ step }: SessionSnapshot, lab: string, id: string): boolean => step?.lab === lab && step.step === id;

function solvedOf(lab: LabOutline, texts: Texts): string {
  const solved = lab.steps.filter((step) => step.state === "solved").length;
  return `${solved === lab.steps.length ? marks.solved : " "} ${texts.ui.progress(solved, lab.steps.length).padStart(5)}`;
}
