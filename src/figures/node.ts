import type { ComponentId, Picture, PictureMachine } from "../domain/picture.ts";
import { type Canvas, cutMiddle, lineWidth, widthOf } from "./canvas.ts";
import { changeOf } from "./changes.ts";
import { chipOf, type DrawOptions } from "./cluster.ts";
import type { FigureLine, FigureSpan, FigureTexts } from "./figure.ts";
import { type Lane, lanesOf, runsAt } from "./parts.ts";
import { componentOf, nodeWords, podSign, podTone, podTrouble } from "./words.ts";

/** The interfaces between a component and the one below it. */
export const interfaces: Partial<Record<ComponentId, string>> = {
  "cri-o": "CRI",
  containerd: "CRI",
  "shim-spin": "shim API",
  "shim-runc": "shim API",
  crun: "OCI",
  runc: "OCI",
};

export interface NodeOptions extends DrawOptions {
  machine: string | undefined;
}

/** The machine that a figure of one node is about: the one asked for, else the first worker, else any. */
export function machineOf(picture: Picture, name: string | undefined): PictureMachine | undefined {
  const { machines } = picture;
  return machines.find((each) => each.name === name) ?? machines.find(({ role }) => role !== "master") ?? machines[0];
}

const leastLane = 15;

/** Figures 10 and 11: one node from its kubelet down to the modules, beside the way of an ordinary container. */
export function drawNode(canvas: Canvas, picture: Picture, options: NodeOptions): void {
  const machine = machineOf(picture, options.machine);
  if (!machine) {
    canvas.put(0, 0, options.texts.empty, { dim: true });
    return;
  }
  canvas.putLine(0, 0, titleOf(machine, options.texts));
  const lanes = lanesOf(picture, machine);
  const depth = Math.max(0, ...lanes.map(({ chain }) => chain.length));
  const tall = 4 + 4 * depth + 3;
  const flat = 2 + 2 * depth + 3;
  if (lanes.length === 0 || canvas.width / lanes.length < leastLane || canvas.height < flat) {
    return drawList(canvas, machine, lanes, options);
  }
  drawTree(canvas, machine, lanes, options, canvas.height >= tall ? 3 : 1);
}

function titleOf(machine: PictureMachine, texts: FigureTexts): FigureLine {
  const { sign, text, tone } = nodeWords(machine, texts);
  const { node } = machine;
  const labels = Object.entries(node?.labels ?? {}).map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  return [
    { text: machine.name, bold: true },
    { text: ` ${machine.address}  `, dim: true },
    { text: sign, ...(tone ? { tone } : { dim: true }) },
    { text: ` ${text}`, dim: !node },
    { text: node ? `  ${node.version}` : "", dim: true },
    { text: labels.length === 0 ? "" : `  ${labels.join(" ")}`, dim: true },
    { text: node?.reason === undefined ? "" : `  ${node.reason}`, tone: "bad" },
  ];
}

function drawTree(
  canvas: Canvas,
  machine: PictureMachine,
  lanes: readonly Lane[],
  options: NodeOptions,
  boxRows: 1 | 3,
): void {
  const { width, height } = canvas;
  const left = (index: number): number => Math.floor((width * index) / lanes.length);
  const right = (index: number): number => Math.floor((width * (index + 1)) / lanes.length) - 1;
  const middle = (index: number): number => Math.floor((left(index) + right(index) - 1) / 2);
  const depth = Math.max(...lanes.map(({ chain }) => chain.length));
  const step = boxRows + 1;
  const rowOf = (level: number): number => 1 + level * step;
  const ground = rowOf(depth + 1);
  drawBox(canvas, { x: 0, y: rowOf(0), width: right(lanes.length - 1), rows: boxRows }, machine, "kubelet", options);
  for (let level = 0; level < depth; level += 1) {
    for (const group of runsAt(lanes, level)) {
      const [first = 0] = group;
      const last = group.at(-1) ?? first;
      const id = lanes[first]?.chain[level];
      const y = rowOf(level + 1);
      if (id === undefined) {
        for (let row = y - 1; row < y + boxRows; row += 1) canvas.put(middle(first), row, "│", { dim: true });
        continue;
      }
      const at = Math.floor((left(first) + right(last) - 1) / 2);
      const isThere = componentOf(machine, id).state !== "absent";
      canvas.put(at, y - 1, isThere ? "▼" : "┊", { dim: !isThere });
      canvas.put(at + 2, y - 1, interfaces[id] ?? "", { dim: true }, right(last));
      const place = { x: left(first), y, width: right(last) - left(first), rows: boxRows };
      drawBox(canvas, place, machine, id, options);
    }
  }
  for (const [index, lane] of lanes.entries()) {
    const at = middle(index);
    const hasPods = lane.pods.length > 0;
    canvas.put(at, ground - 1, hasPods ? "▼" : "┊", { dim: !hasPods });
    const columns = right(index) - left(index);
    const lines = laneLines(lane, columns, height - ground, options);
    for (const [row, line] of lines.entries()) canvas.putLine(left(index), ground + row, line, columns);
  }
}

interface BoxPlace {
  x: number;
  y: number;
  width: number;
  rows: 1 | 3;
}

function drawBox(
  canvas: Canvas,
  { x, y, width, rows }: BoxPlace,
  machine: PictureMachine,
  id: ComponentId,
  options: NodeOptions,
): void {
  const isThere = componentOf(machine, id).state !== "absent";
  const room = width - 4;
  const detailed = chipOf(machine, id, true, options);
  const chip = lineWidth(detailed) <= room ? detailed : chipOf(machine, id, false, options);
  const start = x + Math.max(2, Math.floor((width - lineWidth(chip)) / 2));
  if (rows === 3) canvas.box(x, y, width, 3, { dotted: !isThere, dim: !isThere });
  else {
    canvas.put(x, y, "[", { dim: !isThere });
    canvas.put(x + width - 1, y, "]", { dim: !isThere });
  }
  canvas.putLine(start, y + (rows === 3 ? 1 : 0), chip, x + width - 1 - start);
}

function laneLines(lane: Lane, columns: number, rows: number, { texts, changed }: NodeOptions): FigureLine[] {
  const { pods, wasm } = lane;
  const name = wasm ? texts.wasmModule : texts.container;
  if (pods.length === 0) return [[{ text: `${wasm ? "◆" : "■"} ${name}`, dim: true }]];
  const ready = pods.filter((pod) => pod.ready).length;
  const lines: FigureLine[] = [
    [
      { text: wasm ? "◆" : "■", tone: wasm ? "wasm" : "good" },
      { text: ` ${name} `, bold: true },
      { text: texts.pods(ready, pods.length), dim: true },
    ],
  ];
  const sorted = pods.toSorted((a, b) => Number(a.system) - Number(b.system));
  const hidden = pods.length > rows - 1 ? pods.length - Math.max(0, rows - 2) : 0;
  for (const pod of sorted.slice(0, hidden > 0 ? Math.max(0, rows - 2) : rows - 1)) {
    const trouble = podTrouble(pod);
    const tail = trouble === "" ? (pod.requests > 0 ? ` ${pod.requests}` : "") : ` ${trouble}`;
    const tone = podTone(pod);
    const isNew = changed.has(changeOf.pod(pod));
    const span: FigureSpan[] = [
      { text: podSign(pod), ...(tone ? { tone } : {}), inverse: isNew },
      { text: ` ${cutMiddle(pod.name, Math.max(6, columns - 2 - widthOf(tail)))}`, dim: pod.system, inverse: isNew },
      { text: tail, bold: trouble === "", inverse: changed.has(changeOf.requests(pod)) },
    ];
    lines.push(span);
  }
  if (hidden > 0) lines.push([{ text: texts.more(hidden), dim: true }]);
  return lines.slice(0, Math.max(1, rows));
}

/** The same as a list, where there is no room for boxes. */
function drawList(canvas: Canvas, machine: PictureMachine, lanes: readonly Lane[], options: NodeOptions): void {
  let y = 1;
  canvas.putLine(0, y, chipOf(machine, "kubelet", true, options));
  y += 1;
  for (const lane of lanes) {
    const chips = lane.chain.flatMap((id): FigureSpan[] => [
      { text: " → ", dim: true },
      ...chipOf(machine, id, false, options),
    ]);
    canvas.putLine(0, y, chips);
    y += 1;
    for (const line of laneLines(lane, canvas.width - 4, Math.max(1, Math.floor(canvas.height / 4)), options)) {
      canvas.putLine(4, y, line, canvas.width - 4);
      y += 1;
    }
  }
}
