import type { ComponentId, Pass, Picture, PictureMachine } from "../../domain/picture.ts";
import type { FigureTexts } from "../figure.ts";
import { hopWords, kindOf, toldPasses } from "../flow.ts";
import { partsOf } from "../parts.ts";
import { componentOf } from "../words.ts";
import { drawChip, flowChain } from "./chips.ts";
import { Drawing, shorten } from "./draw.ts";

const width = 960;
const margin = 16;
const boxHeight = 34;
const listed = 16;

const askers: readonly ("kubectl" | ComponentId)[] = [
  "kubectl",
  "kube-scheduler",
  "kube-controller-manager",
  "kube-proxy",
];

/** Figures 5 and 6 as a drawing: who talks to the API server, the ways down the nodes, and what passed last. */
export function flowDrawing(picture: Picture, texts: FigureTexts): Drawing {
  const drawing = new Drawing(width);
  const master = holderOf(picture, "kube-apiserver") ?? picture.machines[0];
  if (!master) {
    drawing.text(margin, 40, texts.empty, ["soft"]);
    return drawing;
  }
  const hub = { x: 400, y: margin + 10, width: 200, height: askers.length * 44 - 10 };
  drawChip(drawing, hub, master, "kube-apiserver");
  for (const [index, id] of askers.entries()) {
    const box = { x: margin, y: margin + 10 + index * 44, width: 240, height: boxHeight };
    const middle = box.y + boxHeight / 2;
    if (id === "kubectl") {
      drawing.rect(box, "box");
      drawing.text(box.x + box.width / 2, middle + 4.5, "kubectl", [], "middle");
    } else drawChip(drawing, box, holderOf(picture, id) ?? master, id);
    drawing.arrow(box.x + box.width + 4, middle, hub.x - 4, middle, false);
    const carried = latestBetween(picture.passes, id);
    if (carried)
      drawing.text((box.x + box.width + hub.x) / 2, middle - 6, shorten(kindOf(carried), 130), ["soft"], "middle");
  }
  const etcd = { x: 740, y: hub.y + hub.height / 2 - boxHeight / 2, width: 190, height: boxHeight };
  drawing.arrow(hub.x + hub.width + 4, hub.y + hub.height / 2, etcd.x - 4, hub.y + hub.height / 2, false);
  const stored = latestBetween(picture.passes, "etcd");
  if (stored) drawing.text(670, hub.y + hub.height / 2 - 6, shorten(kindOf(stored), 120), ["soft"], "middle");
  drawChip(drawing, etcd, holderOf(picture, "etcd") ?? master, "etcd");
  let y = hub.y + hub.height + 34;
  drawing.arrow(hub.x + hub.width / 2, hub.y + hub.height, hub.x + hub.width / 2, y - 4);
  for (const machine of picture.machines) y = drawWays(drawing, machine, y);
  y += 20;
  drawing.text(margin, y, texts.latest, ["strong"]);
  drawing.line(margin, y + 8, width - margin, y + 8);
  y += 28;
  if (picture.passes.length === 0) drawing.text(margin, y, texts.quiet, ["soft"]);
  for (const told of toldPasses(picture.passes, listed)) {
    const { name, count } = told.pass;
    const { hop, words } = hopWords(told, texts);
    const times = count > 1 ? ` ×${count}` : "";
    const more = told.others > 0 ? ` +${told.others}` : "";
    drawing.text(margin, y, shorten(hop, 330), ["soft"]);
    drawing.text(360, y, shorten(`${words}${times} ${name}${more}`, width - 360 - margin));
    y += 21;
  }
  return drawing;
}

function drawWays(drawing: Drawing, machine: PictureMachine, top: number): number {
  const { chains } = partsOf(machine);
  drawing.text(margin, top + 18, machine.name, ["strong"]);
  let y = top;
  const x = margin + 90;
  for (const [index, chain] of chains.entries()) {
    const isContinued = index > 0 && chains[index - 1]?.[0] === chain[0];
    const way: ComponentId[] = isContinued ? chain : ["kubelet", ...chain];
    y = flowChain(drawing, { x, y, width: width - x - margin }, machine, way, isContinued);
  }
  return chains.length === 0 ? flowChain(drawing, { x, y, width: 400 }, machine, ["kubelet"], false) : y;
}

const holderOf = (picture: Picture, id: ComponentId): PictureMachine | undefined =>
  picture.machines.find((machine) => componentOf(machine, id).state !== "absent");

const latestBetween = (passes: readonly Pass[], id: string): Pass | undefined =>
  passes.findLast(({ from, to }) => from.component === id || to.component === id);
