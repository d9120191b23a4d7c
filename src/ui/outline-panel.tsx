import { Box, Text, useInput } from "ink";
import { type ReactElement, useState } from "react";
import type { SessionSnapshot, StepState } from "../runner/session.ts";

const marks: Readonly<Record<StepState, string>> = { open: "○", current: "▶", attempted: "◐", solved: "✓" };

export interface OutlinePanelProps {
  snapshot: SessionSnapshot;
  rows: number;
  onChoose: (lab: string, step: string) => void;
  onLeave: () => void;
}

/** All chapters, labs and steps with their state; one is chosen with the arrows. */
export function OutlinePanel({ snapshot, rows, onChoose, onLeave }: OutlinePanelProps): ReactElement {
  const entries = snapshot.chapters.flatMap((chapter) => [
    { kind: "chapter" as const, key: chapter.id, text: chapter.title },
    ...chapter.labs.flatMap((lab) => [
      { kind: "lab" as const, key: lab.id, text: `${lab.section} ${lab.title}` },
      ...lab.steps.map((step) => ({
        kind: "step" as const,
        key: `${lab.id}/${step.id}`,
        text: `${marks[step.state]} ${step.title}`,
        lab: lab.id,
        step: step.id,
      })),
    ]),
  ]);
  const places = entries.flatMap((entry, at) => (entry.kind === "step" ? [at] : []));
  const here = entries.findIndex(
    (entry) => entry.kind === "step" && entry.lab === snapshot.step?.lab && entry.step === snapshot.step.step,
  );
  const [chosen, setChosen] = useState(Math.max(0, places.indexOf(here)));
  useInput((_, key) => {
    if (key.escape) return onLeave();
    if (key.upArrow) return setChosen(Math.max(0, chosen - 1));
    if (key.downArrow) return setChosen(Math.min(places.length - 1, chosen + 1));
    const entry = entries[places[chosen] ?? -1];
    if (key.return && entry?.kind === "step") onChoose(entry.lab, entry.step);
    return undefined;
  });
  const at = places[chosen] ?? 0;
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), entries.length - rows));
  return (
    <Box flexDirection="column" height={rows}>
      {entries.slice(first, first + rows).map((entry, index) => (
        <Text
          key={entry.key}
          wrap="truncate"
          bold={entry.kind !== "step"}
          inverse={first + index === at}
          underline={entry.kind === "chapter"}
        >
          {entry.kind === "chapter" ? entry.text : `${entry.kind === "lab" ? "  " : "    "}${entry.text}`}
        </Text>
      ))}
    </Box>
  );
}
