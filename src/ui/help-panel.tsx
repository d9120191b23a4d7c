import { Box } from "ink";
import { type ReactElement, useState } from "react";
import stringWidth from "string-width";
import type { SessionSnapshot } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { layoutMarkdown, type StyledLine } from "./markdown.ts";
import { Line } from "./styled-text.tsx";
import { useKeys } from "./use-keys.ts";

export interface HelpPanelProps {
  snapshot: SessionSnapshot;
  columns: number;
  rows: number;
  texts: Texts;
  onLeave: () => void;
}

/** Every key, the machines, and what the learner was told. */
export function HelpPanel({ snapshot, columns, rows, texts, onLeave }: HelpPanelProps): ReactElement {
  const [scroll, setScroll] = useState(0);
  const { ui } = texts;
  const lines: StyledLine[] = [[{ text: ui.helpTitle, bold: true }]];
  const keyColumns = 1 + Math.max(...ui.help.map(([key = ""]) => stringWidth(key)));
  for (const [key = "", meaning = ""] of ui.help) {
    for (const [index, line] of layoutMarkdown(meaning, columns - keyColumns - 1).entries()) {
      lines.push([{ text: ` ${(index === 0 ? key : "").padEnd(keyColumns)}`, bold: true }, ...line]);
    }
  }
  lines.push([], [{ text: ui.machines, bold: true }]);
  for (const { name, state, address } of snapshot.machines) {
    lines.push([{ text: ` ${[name, ui.states[state], address ?? ""].join("  ").trimEnd()}` }]);
  }
  if (snapshot.notices.length > 0) {
    lines.push([], [{ text: ui.notices, bold: true }]);
    for (const notice of snapshot.notices) lines.push(...layoutMarkdown(`- ${texts.said(notice)}`, columns));
  }
  const last = Math.max(0, lines.length - rows);
  useKeys({
    onKey: (input, key) => {
      if (key.escape || key.return || input === "?" || input === "q") return onLeave();
      if (key.upArrow) return setScroll((at) => Math.max(0, at - 1));
      if (key.downArrow) return setScroll((at) => Math.min(last, at + 1));
      if (key.pageUp) return setScroll((at) => Math.max(0, at - rows));
      if (key.pageDown || input === " ") return setScroll((at) => Math.min(last, at + rows));
      return undefined;
    },
  });
  return (
    <Box flexDirection="column" height={rows}>
      {lines.slice(Math.min(scroll, last), Math.min(scroll, last) + rows).map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </Box>
  );
}
