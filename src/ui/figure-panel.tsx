import { Box, Text } from "ink";
import type { ReactElement } from "react";
import stringWidth from "string-width";
import { type FigureLine, type FigureName, figureNames, type Tone } from "../figures/figure.ts";
import { machineOf } from "../figures/node.ts";
import { needsAscii, terminalFigure } from "../figures/terminal.ts";
import type { Texts } from "../texts/en.ts";
import { fit } from "./cells.ts";
import { color } from "./color.ts";
import type { PictureView } from "./picture-view.ts";

/** Which figure is in sight, and of which machine the figure of one node is. */
export interface ShownFigure {
  name: FigureName;
  machine: string | undefined;
}

export interface FigurePanelProps {
  view: PictureView;
  shown: ShownFigure;
  columns: number;
  /** With the title line. */
  rows: number;
  focused: boolean;
  texts: Texts;
}

/** The cluster's picture, drawn anew whenever it has changed. */
export function FigurePanel({ view, shown, columns, rows, focused, texts }: FigurePanelProps): ReactElement {
  const { picture, changed, at } = view;
  const lines = picture
    ? terminalFigure(picture, {
        width: columns,
        height: rows - 1,
        figure: shown.name,
        texts: texts.figures,
        ascii: needsAscii(process.env),
        changed,
        ...(shown.machine === undefined ? {} : { machine: shown.machine }),
        ...(at === undefined ? {} : { at }),
      })
    : [[{ text: texts.ui.noFigure, dim: true }]];
  const machine = shown.name === "node" && picture ? machineOf(picture, shown.machine)?.name : undefined;
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0}>
      <Tabs shown={shown} machine={machine} columns={columns} focused={focused} texts={texts} />
      {lines.map((line, index) => (
        <FigureRow key={index} line={line} />
      ))}
    </Box>
  );
}

function Tabs({
  shown,
  machine,
  columns,
  focused,
  texts,
}: Pick<FigurePanelProps, "shown" | "columns" | "focused" | "texts"> & { machine: string | undefined }): ReactElement {
  const tabs = figureNames.map((name) => {
    const title = texts.figures.titles[name];
    const here = name === shown.name;
    return { name, here, text: here ? `[${title}]` : ` ${title} ` };
  });
  const used = tabs.reduce((sum, { text }) => sum + stringWidth(text), 2);
  const right = fit(machine === undefined ? "" : ` ${machine} `, Math.max(0, columns - used));
  return (
    <Text wrap="truncate">
      <Text dimColor>──</Text>
      {tabs.map(({ name, here, text }) => (
        <Text key={name} bold={here} inverse={here && focused}>
          {text}
        </Text>
      ))}
      <Text dimColor>{"─".repeat(Math.max(0, columns - used - stringWidth(right)))}</Text>
      <Text bold>{right}</Text>
    </Text>
  );
}

const colors: Readonly<Record<Tone, string>> = { good: "green", waiting: "yellow", bad: "red", wasm: "magenta" };

function FigureRow({ line }: { line: FigureLine }): ReactElement {
  return (
    <Text wrap="truncate">
      {line.length === 0 ? " " : null}
      {line.map(({ text, bold, dim, inverse, tone }, index) => (
        <Text
          key={index}
          bold={bold ?? false}
          dimColor={dim ?? false}
          inverse={inverse ?? false}
          {...color(tone && colors[tone])}
        >
          {text}
        </Text>
      ))}
    </Text>
  );
}

/** The figure after this one, or before it. */
export function nextFigure({ name, machine }: ShownFigure, by: number): ShownFigure {
  const at = figureNames.indexOf(name) + by + figureNames.length;
  return { name: figureNames[at % figureNames.length] ?? "cluster", machine };
}

/** The figure of the next machine that there is, or of the one before. */
export function nextMachine(shown: ShownFigure, view: PictureView, by: number): ShownFigure {
  const { picture } = view;
  const names = picture?.machines.map(({ name }) => name) ?? [];
  const here = picture ? names.indexOf(machineOf(picture, shown.machine)?.name ?? "") : -1;
  if (here < 0) return shown;
  return { name: "node", machine: names[(here + by + names.length) % names.length] };
}
