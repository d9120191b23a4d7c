import type { ComponentId, Picture, PictureMachine, PicturePod, PictureService } from "../domain/picture.ts";
import { type Canvas, cutMiddle, lineWidth, widthOf } from "./canvas.ts";
import { changeOf } from "./changes.ts";
import type { FigureLine, FigureSpan, FigureTexts } from "./figure.ts";
import { partsOf } from "./parts.ts";
import {
  byPort,
  componentNames,
  componentOf,
  nodeWords,
  podSign,
  podsOn,
  podTone,
  podTrouble,
  stateSigns,
  stateTones,
} from "./words.ts";

export interface DrawOptions {
  texts: FigureTexts;
  /** What changed since the last frames, by `changeOf`. */
  changed: ReadonlySet<string>;
}

/** Widths below which workers stand one below the other, and below which nothing is framed. */
const sideBySide = 56;
const framed = { width: 24, height: 9 };

/** Figure 12: the control plane above its workers, with what is installed, the pods and who reaches them. */
export function drawCluster(canvas: Canvas, picture: Picture, options: DrawOptions): void {
  const { width, height } = canvas;
  const { machines } = picture;
  if (machines.length === 0) {
    canvas.put(0, 0, options.texts.empty, { dim: true });
    return;
  }
  const below = belowLines(picture, width, options);
  const connectorRows = 1;
  const [first, ...workers] = machines.toSorted((a, b) => Number(b.role === "master") - Number(a.role === "master"));
  if (!first || width < framed.width || height < framed.height) return drawShort(canvas, picture, options);
  const legendRows = height >= 20 ? 1 : 0;
  const belowRows = Math.min(below.length, Math.max(1, Math.floor(height / 7)));
  const room = height - belowRows - legendRows;
  const isBeside = width >= sideBySide && workers.length > 1;
  const workerWidth = isBeside ? Math.floor(width / workers.length) - 1 : width;
  const wanted = (machine: PictureMachine, columns: number, detail: Detail): number =>
    2 + contentOf(picture, machine, { ...options, columns: columns - 4, rows: 99, detail }).length;
  const together = (all: readonly number[]): number =>
    isBeside ? Math.max(...all) : all.reduce((sum, rows) => sum + rows, 0);
  const wantedBelow = (detail: Detail): number =>
    together(workers.map((worker) => wanted(worker, workerWidth, detail)));
  const least = (machine: PictureMachine, columns: number): number => leastRows(picture, machine, columns, options);
  if (least(first, width) + together(workers.map((worker) => least(worker, workerWidth))) > room) {
    return drawShort(canvas, picture, options);
  }
  // The most detailed that has room, and of that the workers' part first: there is where things happen.
  const details: readonly (readonly [Detail, Detail])[] = [
    [0, 0],
    [1, 0],
    [1, 1],
    [2, 1],
  ];
  const [topDetail, detail] = details.find(
    ([top, bottom]) =>
      wanted(first, width, top) + (workers.length > 0 ? connectorRows + wantedBelow(bottom) : 0) <= room,
  ) ?? [2, 2];
  const rest = workers.length > 0 ? together(workers.map((worker) => least(worker, workerWidth))) : 0;
  const gap = workers.length > 0 && least(first, width) + connectorRows + rest <= room ? connectorRows : 0;
  const top = Math.min(wanted(first, width, topDetail), room - gap - rest);
  drawMachine(canvas, picture, first, { ...options, detail: topDetail, x: 0, y: 0, width, height: top });
  let y = top + gap;
  if (isBeside) {
    const rows = Math.min(room - y, wantedBelow(detail));
    for (const [index, worker] of workers.entries()) {
      const x = Math.floor((width * index) / workers.length) + (index > 0 ? 1 : 0);
      const end = Math.floor((width * (index + 1)) / workers.length);
      if (gap > 0) drawConnector(canvas, top, Math.floor((x + end) / 2), worker);
      drawMachine(canvas, picture, worker, { ...options, detail, x, y, width: end - x, height: rows });
    }
    y += rows;
  } else {
    if (gap > 0 && workers[0]) drawConnector(canvas, top, Math.floor(width / 2), workers[0]);
    for (const [index, worker] of workers.entries()) {
      const others = together(workers.slice(index + 1).map((other) => least(other, width)));
      const rows = Math.min(room - y - others, wanted(worker, width, detail));
      drawMachine(canvas, picture, worker, { ...options, detail, x: 0, y, width, height: rows });
      y += rows;
    }
  }
  drawBelow(canvas, below, belowRows, y, legendRows, options);
}

/** 0 tells versions, 1 only names, 2 only names and no ways. */
type Detail = 0 | 1 | 2;

function drawConnector(canvas: Canvas, y: number, x: number, worker: PictureMachine): void {
  if (worker.node) canvas.put(x, y, "│", {});
  else canvas.put(x, y, "┊", { dim: true });
}

function drawBelow(
  canvas: Canvas,
  below: readonly FigureLine[],
  rows: number,
  y: number,
  legendRows: number,
  options: DrawOptions,
): void {
  const shown = below.slice(0, rows);
  for (const [index, line] of shown.entries()) canvas.putLine(1, y + index, line);
  if (legendRows > 0) canvas.putLine(1, Math.min(canvas.height - 1, y + shown.length + 1), legend(options.texts));
}

function legend({ states }: FigureTexts): FigureLine {
  const order = ["running", "installed", "absent", "failed"] as const;
  return order.flatMap((state): FigureSpan[] => [
    { text: stateSigns[state], dim: true },
    { text: ` ${states[state]}   `, dim: true },
  ]);
}

interface Place extends DrawOptions {
  detail: Detail;
  x: number;
  y: number;
  width: number;
  height: number;
}

function drawMachine(canvas: Canvas, picture: Picture, machine: PictureMachine, place: Place): void {
  const { x, y, width, height } = place;
  if (width < 4 || height < 2) return;
  const isThere = machine.node !== undefined;
  canvas.box(x, y, width, height, { dotted: !isThere, dim: !isThere });
  const right = titleRight(machine, width, place);
  const rightWidth = lineWidth(right);
  const name = ` ${machine.name} `;
  canvas.put(x + 2, y, name, { bold: true }, x + width - 2);
  const address = `${machine.address} `;
  const after = x + 2 + widthOf(name);
  const rightAt = x + width - 2 - rightWidth;
  if (rightAt > after) canvas.putLine(rightAt, y, right);
  if (after + widthOf(address) + 1 < rightAt) canvas.put(after, y, address, { dim: true });
  const lines = contentOf(picture, machine, { ...place, columns: width - 4, rows: height - 2 });
  for (const [index, line] of lines.entries()) canvas.putLine(x + 2, y + 1 + index, line, width - 4);
}

function titleRight(machine: PictureMachine, width: number, { texts, changed }: DrawOptions): FigureLine {
  const { sign, text, tone } = nodeWords(machine, texts);
  const inverse = changed.has(changeOf.node(machine));
  const version = machine.node && width >= 44 ? `${machine.node.version} ` : "";
  return [
    { text: " " },
    { text: sign, ...(tone ? { tone } : { dim: true }), inverse },
    { text: ` ${text} `, dim: !machine.node, inverse },
    { text: version, dim: true },
  ];
}

/** Rows that a machine needs at least, with its frame, so that nothing of it is left out. */
function leastRows(picture: Picture, machine: PictureMachine, columns: number, options: DrawOptions): number {
  const pods = podsOn(picture, machine).filter((pod) => !pod.system).length;
  return 2 + flow(chipsOf(machine, options), columns - 4).length + Math.min(pods, 1);
}

/** Every component of a machine by its name. */
function chipsOf(machine: PictureMachine, options: Pick<DrawOptions, "changed">): FigureLine[] {
  const { services, chains, tools } = partsOf(machine);
  return [...new Set([...services, ...chains.flat(), ...tools])].map((id) => chipOf(machine, id, false, options));
}

interface Content extends DrawOptions {
  detail: Detail;
  columns: number;
  rows: number;
}

/** Components, labels and pods of a machine in at most `rows` lines, as detailed as there is room. */
function contentOf(picture: Picture, machine: PictureMachine, content: Content): FigureLine[] {
  const { columns, rows, texts, detail } = content;
  if (rows <= 0) return [];
  const { services, chains, tools } = partsOf(machine);
  const chip = (id: ComponentId, detailed: boolean): FigureLine => chipOf(machine, id, detailed, content);
  const pods = podsOn(picture, machine).filter((pod) => !pod.system);
  const variants = [
    (): FigureLine[] => [
      ...flow(
        services.map((id) => chip(id, true)),
        columns,
      ),
      ...chains.flatMap((chain, index) => chainLines(chain, chains[index - 1], columns, (id) => chip(id, true))),
      ...flow(
        tools.map((id) => chip(id, true)),
        columns,
      ),
    ],
    (): FigureLine[] => [
      ...flow(
        services.map((id) => chip(id, false)),
        columns,
      ),
      ...chains.flatMap((chain, index) => chainLines(chain, chains[index - 1], columns, (id) => chip(id, false))),
      ...flow(
        tools.map((id) => chip(id, false)),
        columns,
      ),
    ],
    (): FigureLine[] => flow(chipsOf(machine, content), columns),
  ];
  const podRows = pods.length === 0 ? 0 : 1 + Math.min(pods.length, 3);
  const labels = labelLine(machine, texts);
  let parts: FigureLine[] = [];
  for (const variant of variants.slice(detail)) {
    parts = variant();
    if (parts.length + podRows <= rows) break;
  }
  const lines = parts.slice(0, Math.max(1, rows - Math.min(pods.length, 1)));
  if (labels && detail < 2 && lines.length + podRows < rows) lines.push(labels);
  return [...lines, ...podLines(pods, rows - lines.length, content)].slice(0, rows);
}

function labelLine({ node }: PictureMachine, _texts: FigureTexts): FigureLine | undefined {
  const labels = Object.entries(node?.labels ?? {}).map(([name, value]) => (value === "" ? name : `${name}=${value}`));
  return labels.length === 0 ? undefined : [{ text: labels.join(" "), dim: true }];
}

/** A component with the sign of its state; what is not there is dim. */
export function chipOf(
  machine: PictureMachine,
  id: ComponentId,
  detailed: boolean,
  { changed }: Pick<DrawOptions, "changed">,
): FigureLine {
  const { state, version, detail } = componentOf(machine, id);
  const tone = stateTones[state];
  const dim = state === "absent";
  const more = [detailed ? version : undefined, state === "failed" || detailed ? detail : undefined];
  const words = more.filter((word) => word !== undefined && word !== "").join(" ");
  const inverse = changed.has(changeOf.component(machine, id));
  return [
    { text: stateSigns[state], ...(tone ? { tone } : {}), dim, inverse },
    { text: ` ${componentNames[id]}`, dim, inverse },
    ...(words === "" ? [] : [{ text: ` ${words}`, dim: true }]),
  ];
}

/** One after the other, as many as fit into each line. */
function flow(chips: readonly FigureLine[], columns: number): FigureLine[] {
  const lines: FigureSpan[][] = [];
  for (const chip of chips) {
    const last = lines.at(-1);
    if (last && lineWidth(last) + 2 + lineWidth(chip) <= columns) last.push({ text: "  " }, ...chip);
    else lines.push([...chip]);
  }
  return lines;
}

/** `CRI-O → crun → WasmEdge` in one line where it fits, else as a stair. What the chain before has shown is not repeated. */
function chainLines(
  chain: readonly ComponentId[],
  before: readonly ComponentId[] | undefined,
  columns: number,
  chip: (id: ComponentId) => FigureLine,
): FigureLine[] {
  const isContinued = before?.[0] === chain[0];
  const shown = isContinued ? chain.slice(1) : chain;
  const arrow: FigureSpan = { text: " → ", dim: true };
  const row = shown.flatMap((id, index): FigureSpan[] => (index === 0 ? [...chip(id)] : [arrow, ...chip(id)]));
  const lead: FigureSpan[] = isContinued ? [{ text: "└→ ", dim: true }] : [];
  if (lineWidth([...lead, ...row]) <= columns) return [[...lead, ...row]];
  return shown.map((id, index): FigureLine => {
    const depth = index + (isContinued ? 1 : 0);
    return depth === 0 ? chip(id) : [{ text: `${"  ".repeat(depth - 1)}└→ `, dim: true }, ...chip(id)];
  });
}

function podLines(pods: readonly PicturePod[], rows: number, content: Content): FigureLine[] {
  const { texts, columns } = content;
  if (pods.length === 0 || rows <= 0) return [];
  const ready = pods.filter((pod) => pod.ready).length;
  if (rows < Math.min(3, pods.length + 1)) return [podRow(pods, ready, content)];
  const head = ` ${texts.pods(ready, pods.length)} `;
  const tail = pods.some((pod) => pod.requests > 0) ? ` ${texts.answeredTitle} ` : "";
  const spare = columns - 1 - widthOf(head) - widthOf(tail) - 1;
  const rule = spare < 0 ? "─".repeat(Math.max(0, spare + widthOf(tail))) : "─".repeat(spare) + tail;
  const lines: FigureLine[] = [[{ text: `─${head}${rule}─`, dim: true }]];
  // What changed last, and what is in trouble, is what a person looks for.
  const sorted = pods.toSorted((a, b) => Number(podTrouble(b) !== "") - Number(podTrouble(a) !== ""));
  const hidden = pods.length > rows - 1 ? pods.length - (rows - 2) : 0;
  for (const pod of sorted.slice(0, hidden > 0 ? rows - 2 : rows - 1)) lines.push(podLine(pod, content));
  if (hidden > 0 && rows > 1) lines.push([{ text: texts.more(hidden), dim: true }]);
  return lines;
}

/** All pods in one line: a sign for each. */
function podRow(pods: readonly PicturePod[], ready: number, { changed }: Content): FigureLine {
  const requests = pods.reduce((sum, pod) => sum + pod.requests, 0);
  const signs = pods.map((pod): FigureSpan => {
    const tone = podTone(pod);
    return { text: podSign(pod), ...(tone ? { tone } : {}), inverse: changed.has(changeOf.pod(pod)) };
  });
  const isCounted = pods.some((pod) => changed.has(changeOf.requests(pod)));
  return [
    ...signs,
    { text: ` ${ready}/${pods.length}`, dim: true },
    { text: requests > 0 ? ` ${requests}` : "", bold: true, inverse: isCounted },
  ];
}

function podLine(pod: PicturePod, { columns, changed }: Content): FigureLine {
  const trouble = podTrouble(pod);
  const right = pod.requests > 0 ? String(pod.requests) : "";
  const tone = podTone(pod);
  const isNew = changed.has(changeOf.pod(pod));
  const taken = 2 + (right === "" ? 0 : widthOf(right) + 1);
  const state = trouble === "" ? "" : ` ${trouble}`;
  const name = cutMiddle(pod.name, Math.max(8, columns - taken - widthOf(state)));
  const gap = Math.max(0, columns - 2 - widthOf(name) - widthOf(state) - widthOf(right));
  return [
    { text: podSign(pod), ...(tone ? { tone } : {}), inverse: isNew },
    { text: ` ${name}`, inverse: isNew },
    { text: state, ...(tone === "bad" ? { tone } : {}), dim: tone !== "bad" },
    { text: " ".repeat(right === "" ? 0 : gap) },
    { text: right, bold: true, inverse: changed.has(changeOf.requests(pod)) },
  ];
}

/** Services, and pods that no node was given. */
function belowLines(picture: Picture, width: number, options: DrawOptions): FigureLine[] {
  const { texts } = options;
  const lines = byPort(picture.services).map((service) => serviceLine(service, width, options));
  const waiting = picture.pods.filter((pod) => pod.node === undefined).length;
  if (waiting > 0) lines.unshift([{ text: "◌", tone: "waiting" }, { text: ` ${texts.unscheduled(waiting)}` }]);
  return lines;
}

function serviceLine(service: PictureService, width: number, { texts, changed }: DrawOptions): FigureLine {
  const { name, port, nodePort, endpoints, requests } = service;
  const at = nodePort === undefined ? `:${port}` : `:${nodePort}`;
  const tone = endpoints > 0 ? ("good" as const) : ("bad" as const);
  const answered = requests > 0 ? ` · ${texts.answered(requests)}` : "";
  const room = width - 2 - widthOf(`${at} → `) - widthOf(` → ${texts.leadsTo(endpoints)}${answered}`);
  return [
    { text: `${at} `, bold: true },
    { text: "→ ", dim: true },
    { text: cutMiddle(name, Math.max(10, room)) },
    { text: " → ", dim: true },
    { text: texts.leadsTo(endpoints), tone },
    { text: answered, inverse: changed.has(changeOf.service(service)) },
  ];
}

/** One line per machine, for a place too small for frames. */
function drawShort(canvas: Canvas, picture: Picture, options: DrawOptions): void {
  const { width, height } = canvas;
  let y = 0;
  for (const [index, machine] of picture.machines.entries()) {
    const left = picture.machines.length - index;
    const rows = Math.max(1, Math.floor((height - y) / left));
    const { sign, text, tone } = nodeWords(machine, options.texts);
    const title: FigureLine = [
      { text: sign, ...(tone ? { tone } : { dim: true }) },
      { text: ` ${machine.name} `, bold: true },
      { text: text, dim: true },
    ];
    canvas.putLine(0, y, title, width);
    const pods = podsOn(picture, machine).filter((pod) => !pod.system);
    const chips = chipsOf(machine, options);
    const ready = pods.filter((pod) => pod.ready).length;
    const row = podRow(pods, ready, { ...options, columns: width, rows, detail: 2 });
    const lines = [...(pods.length === 0 ? [] : [row]), ...flow(chips, Math.max(4, width - 2))];
    for (const [row, line] of lines.slice(0, rows - 1).entries()) canvas.putLine(2, y + 1 + row, line, width - 2);
    y += Math.min(rows, 1 + lines.length);
  }
  for (const line of belowLines(picture, width, options)) {
    if (y >= height) return;
    canvas.putLine(0, y, line);
    y += 1;
  }
}
