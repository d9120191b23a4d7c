import { Box, Text } from "ink";
import type { ReactElement } from "react";
import stringWidth from "string-width";
import type { MachineSummary } from "../domain/backend.ts";
import type { Texts } from "../texts/en.ts";
import { breakAtEdge, charactersOf, fit } from "./cells.ts";
import type { Pane } from "./pane.ts";
import { ShellLine } from "./styled-text.tsx";

export interface ShellPanelProps {
  panes: readonly Pane[];
  current: Pane;
  machines: readonly MachineSummary[];
  columns: number;
  /** Without the title line. */
  rows: number;
  focused: boolean;
  texts: Texts;
}

/** A machine's shell: its tabs, what was printed, and the line being typed. */
export function ShellPanel({ panes, current, machines, columns, rows, focused, texts }: ShellPanelProps): ReactElement {
  return (
    <Box flexDirection="column" width={columns} height={rows + 1} flexShrink={0}>
      <Tabs panes={panes} current={current} machines={machines} columns={columns} focused={focused} texts={texts} />
      <Screen pane={current} columns={columns} rows={rows} focused={focused} />
    </Box>
  );
}

/** `[master]` is the one in sight, `worker1*` runs a command. */
function Tabs({ panes, current, machines, columns, focused, texts }: Omit<ShellPanelProps, "rows">): ReactElement {
  const opened = panes.map((pane) => ({
    key: `${pane.machine}${pane.number}`,
    text: `${pane.machine}${pane.number > 1 ? `·${pane.number}` : ""}${pane.busy() ? "*" : ""}${pane.waiting > 0 ? `+${pane.waiting}` : ""}${stateOf(machines, pane.machine, texts)}`,
    here: pane === current,
    open: true,
  }));
  const others = machines
    .filter(({ name, state }) => state !== "absent" && !panes.some((pane) => pane.machine === name))
    .map(({ name }) => ({
      key: name,
      text: `${name}${stateOf(machines, name, texts)}`,
      here: false,
      open: false,
    }));
  let room = columns - 2;
  const tabs = [...opened, ...others].flatMap((tab) => {
    const text = tab.here ? `[${tab.text}]` : ` ${tab.text} `;
    if (stringWidth(text) > room) return [];
    room -= stringWidth(text);
    return [{ ...tab, text }];
  });
  const scrolled = current.scrolled > 0 ? fit(` ↑${current.scrolled} `, room) : "";
  const rule = Math.max(0, room - stringWidth(scrolled));
  return (
    <Text wrap="truncate">
      <Text dimColor>──</Text>
      {tabs.map((tab) => (
        <Text key={tab.key} bold={tab.here} inverse={tab.here && focused} dimColor={!tab.open}>
          {tab.text}
        </Text>
      ))}
      <Text dimColor>{"─".repeat(rule)}</Text>
      <Text bold>{scrolled}</Text>
    </Text>
  );
}

function stateOf(machines: readonly MachineSummary[], name: string, texts: Texts): string {
  const state = machines.find((machine) => machine.name === name)?.state ?? "running";
  return state === "running" ? "" : ` (${texts.ui.states[state]})`;
}

function Screen({
  pane,
  columns,
  rows,
  focused,
}: Pick<ShellPanelProps, "columns" | "rows" | "focused"> & { pane: Pane }): ReactElement[] {
  if (pane.screen.fullScreen) {
    // While the learner reads there is less room than the program believes; its last rows matter most.
    return pane.screen
      .ownRows()
      .slice(-rows)
      .map((segments, index) => <ShellLine key={index} segments={segments} />);
  }
  if (pane.scrolled > 0) {
    return pane.screen
      .lines(rows, pane.scrolled - 1)
      .map((segments, index) => <ShellLine key={index} segments={segments} />);
  }
  const typed = typedRows(pane, columns);
  const at = typed.findIndex((row) => row.cursor >= 0);
  const end = Math.max(rows, at + 1);
  const seen = typed.slice(Math.max(0, end - rows), end);
  const printed = pane.screen.lines(rows - Math.min(rows, typed.length));
  return [
    ...printed.map((segments, index) => <ShellLine key={index} segments={segments} />),
    ...seen.map((row, index) => (
      <Text key={`typed${index}`} wrap="truncate">
        {row.before}
        {row.cursor < 0 ? null : <Text inverse={focused}>{row.under}</Text>}
        {row.after}
        {row.before + row.after === "" && row.cursor < 0 ? " " : null}
      </Text>
    )),
  ];
}

interface TypedRow {
  before: string;
  under: string;
  after: string;
  /** -1 on rows without it. */
  cursor: number;
}

/** Unfinished output, prompt and typed text, broken at the edge as a terminal does. */
function typedRows(pane: Pane, columns: number): TypedRow[] {
  const before = pane.screen.unfinished() + pane.prompt();
  const text = (before + (pane.echo() ? pane.line.text : "")).replaceAll("\t", " ");
  const cursor = before.length + (pane.echo() ? pane.line.cursor : 0);
  const rows = breakAtEdge(text, columns);
  const last = rows.at(-1);
  if (cursor === text.length && last && stringWidth(last.text) >= columns) rows.push({ text: "", start: text.length });
  const at = rows.findLastIndex((row) => row.start <= cursor);
  return rows.map((row, index) => {
    if (index !== at) return { before: row.text, under: "", after: "", cursor: -1 };
    const column = cursor - row.start;
    const under = charactersOf(row.text.slice(column))[0]?.text ?? "";
    return {
      before: row.text.slice(0, column),
      under: under === "" ? " " : under,
      after: row.text.slice(column + under.length),
      cursor: column,
    };
  });
}
