import type { Picture, PictureMachine } from "../../domain/picture.ts";
import type { FigureTexts } from "../figure.ts";
import { partsOf } from "../parts.ts";
import { byPort, nodeWords, podsOn, stateSigns } from "../words.ts";
import { drawPods, flowChain, flowChips } from "./chips.ts";
import { Drawing, shorten, textWidth } from "./draw.ts";

const width = 960;
const margin = 16;
const padding = 14;
const mostPods = 12;

/** Figure 12 as a drawing: the control plane above its workers, and the services that lead in. */
export function clusterDrawing(picture: Picture, texts: FigureTexts): Drawing {
  const drawing = new Drawing(width);
  const [first, ...workers] = picture.machines.toSorted(
    (a, b) => Number(b.role === "master") - Number(a.role === "master"),
  );
  if (!first) {
    drawing.text(margin, 40, texts.empty, ["soft"]);
    return drawing;
  }
  const below = drawMachine(drawing, picture, first, { x: margin, y: margin, width: width - 2 * margin }, texts);
  const spacing = 20;
  const each = (width - 2 * margin - spacing * Math.max(0, workers.length - 1)) / Math.max(1, workers.length);
  const top = below + (workers.length > 0 ? 36 : 0);
  const rows = workers.map((worker, index) => {
    const x = margin + index * (each + spacing);
    drawing.arrow(x + each / 2, below, x + each / 2, top, !worker.node);
    return { worker, x };
  });
  // All as high as the highest, so that they stand in a row.
  const trial = new Drawing(width);
  const heights = rows.map(({ worker, x }) => drawMachine(trial, picture, worker, { x, y: top, width: each }, texts));
  const bottom = Math.max(below, ...heights);
  for (const { worker, x } of rows) {
    drawMachine(drawing, picture, worker, { x, y: top, width: each, bottom }, texts);
  }
  drawServices(drawing, picture, bottom + 26, texts);
  drawLegend(drawing, texts);
  return drawing;
}

interface Area {
  x: number;
  y: number;
  width: number;
  /** Where the frame ends; by default below its content. */
  bottom?: number;
}

/** Returns the y of its lower edge. */
function drawMachine(
  drawing: Drawing,
  picture: Picture,
  machine: PictureMachine,
  { x, y, width: columns, bottom }: Area,
  texts: FigureTexts,
): number {
  const height = bottom ?? measure(picture, machine, columns, texts) + y;
  const { node } = machine;
  drawing.rect({ x, y, width: columns, height: height - y }, node ? "machine" : "machine absent", 10);
  const { text } = nodeWords(machine, texts);
  const right = node ? `${text} · ${node.version}` : text;
  drawing.text(x + padding, y + 22, machine.name, ["strong"]);
  drawing.text(x + padding + textWidth(machine.name) * 1.1 + 10, y + 22, machine.address, ["soft"]);
  drawing.stateSign(
    x + columns - padding - textWidth(right) - 20,
    y + 18,
    node ? (node.ready ? "running" : "failed") : "absent",
  );
  drawing.text(x + columns - padding, y + 22, right, node ? (node.ready ? [] : ["bad"]) : ["soft"], "end");
  drawInside(drawing, picture, machine, { x: x + padding, y: y + 36, width: columns - 2 * padding }, texts);
  return height;
}

/** Pixels that a machine's frame needs. */
function measure(picture: Picture, machine: PictureMachine, columns: number, texts: FigureTexts): number {
  const area = { x: padding, y: 36, width: columns - 2 * padding };
  return drawInside(new Drawing(width), picture, machine, area, texts) + padding - 4;
}

function drawInside(
  drawing: Drawing,
  picture: Picture,
  machine: PictureMachine,
  area: { x: number; y: number; width: number },
  texts: FigureTexts,
): number {
  const { services, chains, tools } = partsOf(machine);
  let y = flowChips(drawing, area, machine, services);
  for (const [index, chain] of chains.entries()) {
    y = flowChain(drawing, { ...area, y }, machine, chain, chains[index - 1]?.[0] === chain[0]);
  }
  y = flowChips(drawing, { ...area, y }, machine, tools);
  const labels = Object.entries(machine.node?.labels ?? {}).map(([name, value]) =>
    value === "" ? name : `${name}=${value}`,
  );
  if (labels.length > 0) {
    drawing.text(area.x, y + 12, shorten(labels.join("  "), area.width), ["soft"]);
    y += 22;
  }
  const pods = podsOn(picture, machine).filter((pod) => !pod.system);
  return pods.length === 0 ? y : drawPods(drawing, { ...area, y: y + 2 }, pods, mostPods, texts);
}

function drawServices(drawing: Drawing, picture: Picture, top: number, texts: FigureTexts): void {
  let y = top;
  const waiting = picture.pods.filter((pod) => pod.node === undefined).length;
  if (waiting > 0) {
    drawing.podSign(margin, y - 4, "◌", "wait");
    drawing.text(margin + 20, y, texts.unscheduled(waiting), ["wait"]);
    y += 22;
  }
  for (const { name, port, nodePort, endpoints, requests } of byPort(picture.services)) {
    const shown = `:${nodePort ?? port}`;
    drawing.text(margin, y, shown, ["strong"]);
    let x = margin + textWidth(shown) * 1.1 + 6;
    drawing.arrow(x, y - 4, x + 24, y - 4, endpoints === 0);
    x += 32;
    const service = shorten(name, 320);
    drawing.text(x, y, service);
    x += textWidth(service) + 8;
    drawing.arrow(x, y - 4, x + 24, y - 4, endpoints === 0);
    x += 32;
    const pods = texts.leadsTo(endpoints);
    drawing.text(x, y, pods, [endpoints > 0 ? "good" : "bad"]);
    if (requests > 0) drawing.text(x + textWidth(pods) + 10, y, texts.answered(requests), ["soft"]);
    y += 22;
  }
}

function drawLegend(drawing: Drawing, { states }: FigureTexts): void {
  const y = drawing.height + 24;
  let x = margin;
  for (const state of Object.keys(stateSigns) as (keyof typeof stateSigns)[]) {
    drawing.stateSign(x, y - 4, state);
    drawing.text(x + 18, y, states[state], ["soft"]);
    x += 18 + textWidth(states[state]) + 22;
  }
}
