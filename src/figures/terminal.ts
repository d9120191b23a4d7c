import type { Picture } from "../domain/picture.ts";
import { Canvas } from "./canvas.ts";
import { drawCluster } from "./cluster.ts";
import type { FigureLine, FigureName, FigureTexts } from "./figure.ts";
import { drawFlow } from "./flow.ts";
import { drawNode } from "./node.ts";

export interface FigureOptions {
  /** Cells of the terminal that the figure may fill. */
  width: number;
  height: number;
  figure: FigureName;
  texts: FigureTexts;
  /** The machine that the figure `node` shows; without it the first worker that there is. */
  machine?: string;
  /** Show nothing but ASCII. */
  ascii?: boolean;
  /** What changed since the last frames, by `changesBetween`. */
  changed?: ReadonlySet<string>;
  /** Sequence number of the pass that the figure `flow` is at; without it the latest. */
  at?: number;
}

/** A figure as lines for a terminal: at most `height` of them, none wider than `width` cells. Pure. */
export function terminalFigure(picture: Picture, options: FigureOptions): FigureLine[] {
  const { width, height, figure, texts, ascii = false, changed = new Set<string>() } = options;
  const canvas = new Canvas(width, height, ascii);
  if (figure === "cluster") drawCluster(canvas, picture, { texts, changed });
  else if (figure === "node") drawNode(canvas, picture, { texts, changed, machine: options.machine });
  else drawFlow(canvas, picture, { texts, changed, at: options.at });
  return canvas.lines();
}

/** True where a terminal may not show more than ASCII: a dumb one, or one whose locale is not UTF-8. */
export function needsAscii(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return env["TERM"] === "dumb" || (locale !== "" && !/utf-?8/i.test(locale));
}
