import type { Picture } from "../../domain/picture.ts";
import { describeFigure } from "../describe.ts";
import type { FigureName, FigureTexts } from "../figure.ts";
import { clusterDrawing } from "./cluster.ts";
import { flowDrawing } from "./flow.ts";
import { nodeDrawing } from "./node.ts";

/** A figure as one SVG document that needs nothing else, light and dark, with its description in words. Pure. */
export function svgFigure(picture: Picture, figure: FigureName, texts: FigureTexts, machine?: string): string {
  const drawing =
    figure === "cluster"
      ? clusterDrawing(picture, texts)
      : figure === "node"
        ? nodeDrawing(picture, texts, machine)
        : flowDrawing(picture, texts);
  return drawing.svg(
    `figure-${figure}`,
    texts.captions[figure],
    describeFigure(picture, figure, texts, machine).join("\n"),
  );
}
