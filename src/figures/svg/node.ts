import type { Picture } from "../../domain/picture.ts";
import type { FigureTexts } from "../figure.ts";
import { interfaces, machineOf } from "../node.ts";
import { type Lane, lanesOf, runsAt } from "../parts.ts";
import { componentOf, nodeWords } from "../words.ts";
import { drawChip, drawPods } from "./chips.ts";
import { Drawing, textWidth } from "./draw.ts";

const width = 960;
const margin = 16;
const boxHeight = 40;
const step = boxHeight + 34;
const mostPods = 12;

/** Figures 10 and 11 as a drawing: one node from its kubelet down. */
export function nodeDrawing(picture: Picture, texts: FigureTexts, name: string | undefined): Drawing {
  const drawing = new Drawing(width);
  const machine = machineOf(picture, name);
  if (!machine) {
    drawing.text(margin, 40, texts.empty, ["soft"]);
    return drawing;
  }
  const { text } = nodeWords(machine, texts);
  drawing.text(margin, 30, machine.name, ["strong"]);
  drawing.text(margin + textWidth(machine.name) * 1.1 + 10, 30, `${machine.address} · ${text}`, ["soft"]);
  const lanes = lanesOf(picture, machine);
  const laneWidth = (width - 2 * margin) / Math.max(1, lanes.length);
  const left = (index: number): number => margin + index * laneWidth;
  const boxOf = (first: number, last: number, level: number) => ({
    x: left(first) + 4,
    y: 48 + level * step,
    width: laneWidth * (last - first + 1) - 8,
    height: boxHeight,
  });
  drawChip(drawing, boxOf(0, Math.max(0, lanes.length - 1), 0), machine, "kubelet");
  const depth = Math.max(0, ...lanes.map(({ chain }) => chain.length));
  for (let level = 0; level < depth; level += 1) {
    for (const run of runsAt(lanes, level)) {
      const first = run[0] ?? 0;
      const last = run.at(-1) ?? first;
      const id = lanes[first]?.chain[level];
      const box = boxOf(first, last, level + 1);
      const middle = box.x + box.width / 2;
      if (id === undefined) {
        drawing.line(middle, box.y - 34, middle, box.y + boxHeight);
        continue;
      }
      drawing.arrow(middle, box.y - 34, middle, box.y, componentOf(machine, id).state === "absent");
      drawing.text(middle + 10, box.y - 13, interfaces[id] ?? "", ["soft"]);
      drawChip(drawing, box, machine, id);
    }
  }
  const ground = 48 + (depth + 1) * step;
  for (const [index, lane] of lanes.entries())
    drawLane(drawing, lane, { x: left(index), y: ground, width: laneWidth }, texts);
  return drawing;
}

function drawLane(
  drawing: Drawing,
  { pods, wasm }: Lane,
  { x, y, width: columns }: { x: number; y: number; width: number },
  texts: FigureTexts,
): void {
  const middle = x + columns / 2;
  drawing.arrow(middle, y - 34, middle, y - 4, pods.length === 0);
  const name = wasm ? texts.wasmModule : texts.container;
  const ready = pods.filter((pod) => pod.ready).length;
  drawing.podSign(x + 8, y + 10, wasm ? "◆" : "■", wasm ? "wasm" : "good");
  drawing.text(x + 28, y + 14, name, ["strong"]);
  drawing.text(
    x + 36 + textWidth(name) * 1.1,
    y + 14,
    pods.length === 0 ? texts.noPods : texts.pods(ready, pods.length),
    ["soft"],
  );
  const sorted = pods.toSorted((a, b) => Number(a.system) - Number(b.system));
  drawPods(drawing, { x: x + 8, y: y + 24, width: columns - 24 }, sorted, mostPods, texts);
}
