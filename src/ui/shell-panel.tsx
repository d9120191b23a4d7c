import { Box, Text } from "ink";
import type { ReactElement } from "react";
import type { Pane } from "./pane.ts";
import { ShellLine } from "./styled-text.tsx";

export interface ShellPanelProps {
  panes: readonly Pane[];
  current: Pane;
  columns: number;
  /** Without the title line. */
  rows: number;
  focused: boolean;
}

/** A machine's shell: its tabs, what was printed, and the line being typed. */
export function ShellPanel({ panes, current, columns, rows, focused }: ShellPanelProps): ReactElement {
  const typed = typedRows(current, columns);
  const ownScreen = current.screen.fullScreen;
  const room = Math.max(0, rows - (ownScreen || current.scrolled > 0 ? 0 : typed.length));
  // While a command runs the cursor's line goes on with what is typed, so it is drawn with it.
  const above = current.scrolled > 0 ? current.scrolled : ownScreen ? 0 : 1;
  const printed = current.screen.lines(room, above);
  return (
    <Box flexDirection="column" width={columns} height={rows + 1} flexShrink={0}>
      <Text wrap="truncate">
        <Text dimColor>──</Text>
        {panes.map((pane) => (
          <Text key={`${pane.machine}${pane.number}`} bold={pane === current} inverse={pane === current && focused}>
            {` ${pane.machine}${pane.number > 1 ? `·${pane.number}` : ""} `}
          </Text>
        ))}
        <Text dimColor>{"─".repeat(columns)}</Text>
      </Text>
      {printed.map((segments, index) => (
        <ShellLine key={index} segments={segments} />
      ))}
      {ownScreen || current.scrolled > 0
        ? null
        : typed.map((row, index) => (
            <Text key={`typed${index}`} wrap="truncate">
              {row.text.slice(0, row.cursor)}
              {row.cursor < 0 ? row.text : null}
              {row.cursor < 0 ? null : <Text inverse={focused}>{row.text[row.cursor] ?? " "}</Text>}
              {row.cursor < 0 ? null : row.text.slice(row.cursor + 1)}
            </Text>
          ))}
    </Box>
  );
}

/** Prompt and typed text broken at the edge, as a terminal does; `cursor` is -1 on rows without it. */
function typedRows(pane: Pane, columns: number): { text: string; cursor: number }[] {
  const unfinished = pane.busy() ? (pane.screen.lines(1)[0] ?? []).map((segment) => segment.text).join("") : "";
  const before = pane.busy() ? unfinished.padEnd(pane.screen.cursorColumn) : pane.prompt();
  const text = before + (pane.echo() ? pane.line.text : "");
  const cursor = before.length + (pane.echo() ? pane.line.cursor : 0);
  const rows: { text: string; cursor: number }[] = [];
  for (let at = 0; at === 0 || at < text.length + (cursor === text.length ? 1 : 0); at += columns) {
    const here = cursor >= at && cursor < at + columns ? cursor - at : -1;
    rows.push({ text: text.slice(at, at + columns), cursor: here });
  }
  return rows;
}
