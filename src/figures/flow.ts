import type { ComponentId, Pass, Picture, PictureMachine } from "../domain/picture.ts";
import { type Canvas, cut, cutMiddle, widthOf } from "./canvas.ts";
import type { DrawOptions } from "./cluster.ts";
import type { FigureLine, FigureSpan, FigureStyle, FigureTexts } from "./figure.ts";
import { partsOf } from "./parts.ts";
import { componentNames, componentOf, partyName, stateSigns, stateTones } from "./words.ts";

export interface FlowOptions extends DrawOptions {
  at: number | undefined;
}

/** The pass that the figure is at: the one of that number, or the last before it. */
export const passAt = ({ passes }: Picture, at: number | undefined): Pass | undefined =>
  at === undefined ? passes.at(-1) : passes.findLast(({ sequence }) => sequence <= at);

/** Cells of an arrow that can carry a label. */
const leastLabelled = 13;

/** Least width of the diagram, and its rows without those of the machines. */
const diagram = { width: 50, rows: 8 };

/** Figures 5 and 6: from kubectl through the API server and etcd to the kubelets and down to the modules, and what passes. */
export function drawFlow(canvas: Canvas, picture: Picture, options: FlowOptions): void {
  const { texts } = options;
  const now = passAt(picture, options.at);
  const chains = picture.machines.flatMap((machine) => chainRows(machine).map((chain) => ({ machine, chain })));
  const rows = diagram.rows + chains.length;
  let y = 0;
  if (canvas.width >= diagram.width && canvas.height >= rows + 4) {
    drawHub(canvas, picture, now, options);
    for (const [index, { machine, chain }] of chains.entries()) {
      const before = chains[index - 1];
      const isContinued = before?.machine === machine && before.chain[0] === chain[0];
      drawChain(canvas, 7 + index, machine, chain, now, isContinued);
    }
    y = rows;
  }
  if (y < canvas.height) {
    const title = ` ${texts.latest} `;
    canvas.put(0, y, `─${title}${"─".repeat(Math.max(0, canvas.width - widthOf(title) - 1))}`, { dim: true });
    y += 1;
  }
  const lines = passLines(picture, options, canvas.width, canvas.height - y);
  for (const [index, line] of lines.entries()) canvas.putLine(0, y + index, line);
}

/** The ways down a machine, from its high-level runtime. */
const chainRows = (machine: PictureMachine): ComponentId[][] => {
  const { chains } = partsOf(machine);
  return chains.length === 0 ? [[]] : chains;
};

const sides: readonly { id: "kubectl" | ComponentId; name: string }[] = [
  { id: "kubectl", name: "kubectl" },
  { id: "kube-scheduler", name: "scheduler" },
  { id: "kube-controller-manager", name: "controller manager" },
  { id: "kube-proxy", name: "kube-proxy" },
];

/** The API server in the middle, those who talk to it around it. */
function drawHub(canvas: Canvas, picture: Picture, now: Pass | undefined, { texts }: FlowOptions): void {
  const { width } = canvas;
  const nameWidth = width >= 70 ? 21 : 14;
  const boxWidth = 16;
  const arrow = Math.min(22, Math.floor((width - nameWidth - boxWidth - 8) / 2));
  const boxAt = nameWidth + arrow;
  const states = (id: ComponentId): PictureMachine | undefined =>
    picture.machines.find((machine) => componentOf(machine, id).state !== "absent");
  const server = states("kube-apiserver");
  const isServer = now !== undefined && touches(now, "kube-apiserver");
  canvas.box(boxAt, 0, boxWidth, 6, { dim: !server, dotted: !server, bold: isServer });
  canvas.putLine(boxAt + 2, 2, nameOf(server, "kube-apiserver", isServer), boxWidth - 3);
  canvas.put(boxAt + 4, 3, server ? texts.states[componentOf(server, "kube-apiserver").state] : "", { dim: true });
  for (const [index, { id, name }] of sides.entries()) {
    const y = 1 + index;
    const part = partOf(now, id, "kube-apiserver");
    const outsider = id === "kubectl" && part ? partyName(part.outward ? part.pass.to : part.pass.from) : name;
    const isActive = part !== undefined;
    const where = id === "kubectl" ? undefined : states(id);
    const short = id === "kube-controller-manager" && nameWidth < 20 ? "controllers" : outsider;
    const label = cut(short, nameWidth - 3);
    if (id === "kubectl") canvas.put(2, y, label, { inverse: isActive, bold: isActive });
    else canvas.putLine(0, y, nameOf(where, id, isActive, label), nameWidth);
    drawArrow(canvas, { from: nameWidth, to: boxAt, y }, part && { ...part, outward: !part.outward });
  }
  const etcd = partOf(now, "etcd", "kube-apiserver");
  drawArrow(canvas, { from: boxAt + boxWidth, to: boxAt + boxWidth + arrow, y: 2 }, etcd);
  canvas.putLine(boxAt + boxWidth + arrow + 1, 2, nameOf(states("etcd"), "etcd", etcd !== undefined));
  const kubelet = partOf(now, "kubelet", "kube-apiserver");
  // An arrow that is too short to carry it leaves it with the server.
  const isCarried = kubelet !== undefined || arrow >= leastLabelled;
  if (isServer && !isCarried) canvas.put(boxAt + 2, 4, cut(now.what, boxWidth - 4), { inverse: true });
  const middle = boxAt + Math.floor(boxWidth / 2);
  const sign = kubelet === undefined ? "│" : kubelet.outward ? "▼" : "▲";
  canvas.put(middle, 6, sign, kubelet ? { bold: true } : { dim: true });
  if (kubelet) canvas.put(middle + 2, 6, ` ${kubelet.pass.what} `, { inverse: true });
}

interface Part {
  pass: Pass;
  /** Away from the hub. */
  outward: boolean;
}

/** The pass when it goes between a component and the hub. */
function partOf(now: Pass | undefined, id: ComponentId | "kubectl", hub: ComponentId): Part | undefined {
  if (!now) return undefined;
  const isOne = (component: string): boolean =>
    component === id || (id === "kubectl" && ["kubeadm", "client"].includes(component));
  if (now.from.component === hub && isOne(now.to.component)) return { pass: now, outward: true };
  if (now.to.component === hub && isOne(now.from.component)) return { pass: now, outward: false };
  return undefined;
}

const touches = ({ from, to }: Pass, id: ComponentId): boolean => from.component === id || to.component === id;

function nameOf(
  machine: PictureMachine | undefined,
  id: ComponentId,
  isActive: boolean,
  name = componentNames[id],
): FigureLine {
  const state = machine ? componentOf(machine, id).state : "absent";
  const tone = stateTones[state];
  return [
    { text: `${stateSigns[state]} `, ...(tone ? { tone } : {}), dim: state === "absent" },
    { text: name, dim: state === "absent", inverse: isActive, bold: isActive },
  ];
}

/** A line between two columns; what passes stands on it, and the arrow shows where it goes. */
function drawArrow(
  canvas: Canvas,
  { from, to, y }: { from: number; to: number; y: number },
  part: Part | undefined,
): void {
  const length = to - from - 1;
  if (length < 2) return;
  if (!part) {
    canvas.put(from, y, ` ${"┄".repeat(length - 1)}`, { dim: true });
    return;
  }
  const style: FigureStyle = { bold: true };
  if (length < leastLabelled - 1) {
    canvas.put(from, y, part.outward ? ` ${"─".repeat(length - 1)}▶` : ` ◀${"─".repeat(length - 1)}`, style, to);
    return;
  }
  const label = cut(part.pass.what, length - 5);
  const rest = length - 2 - widthOf(label) - 2;
  const before = Math.max(0, Math.floor(rest / 2));
  const after = Math.max(0, rest - before);
  let at = canvas.put(from, y, part.outward ? ` ${"─".repeat(before)}` : ` ◀${"─".repeat(before)}`, style);
  at = canvas.put(at, y, ` ${label} `, { inverse: true });
  canvas.put(at, y, part.outward ? `${"─".repeat(after)}▶` : "─".repeat(after + 1), style, to);
}

/** `worker1 kubelet → CRI-O → crun → WasmEdge → pod`, with the pass that is on its way. */
function drawChain(
  canvas: Canvas,
  y: number,
  machine: PictureMachine,
  chain: readonly ComponentId[],
  now: Pass | undefined,
  isContinued: boolean,
): void {
  const isHere = now !== undefined && (now.from.machine === machine.name || now.to.machine === machine.name);
  const ids: ComponentId[] = ["kubelet", ...chain];
  // Where it is narrow, names matter more than the space between them.
  const isNarrow = canvas.width < 56;
  const margin = Math.max(isNarrow ? 8 : 9, widthOf(machine.name) + 1);
  const spans: FigureSpan[] = [{ text: isContinued ? "" : cut(machine.name, margin - 1).padEnd(margin), bold: true }];
  const fits = now === undefined || isOnChain(now, chain);
  for (const [index, id] of ids.entries()) {
    const above = ids[index - 1];
    const isPassing = isHere && fits && above !== undefined && now.from.component === above && now.to.component === id;
    // A second way of the same runtime begins below the first one's.
    if (isContinued && index < 2) continue;
    const isBranch = isContinued && index === 2;
    const arrow = `${isNarrow ? "" : " "}${isPassing ? "▶" : "→"}${isNarrow ? "" : " "}`;
    const branch = `${" ".repeat(margin + (isNarrow ? 10 : 12))}└${isPassing ? "▶" : "→"} `;
    if (index > 0) spans.push({ text: isBranch ? branch : arrow, dim: !isPassing, bold: isPassing });
    const isActive = isHere && fits && touches(now, id);
    spans.push(...nameOf(machine, id, isActive));
  }
  const isPod = now?.to.component === "pod" && now.to.machine === machine.name && !isContinued;
  if (isPod) spans.push({ text: " ◆ ", tone: "wasm" }, { text: ` ${now.what} `, inverse: true });
  canvas.putLine(0, y, spans);
}

/** True where a pass goes along a chain, or above it. */
const isOnChain = ({ from, to }: Pass, chain: readonly ComponentId[]): boolean =>
  [from.component, to.component].every(
    (component) => component === "kubelet" || component === "kube-apiserver" || chain.some((id) => id === component),
  );

/** Passes that are told in one line: the same to or about several, and what the API server stored at once. */
export interface Told {
  pass: Pass;
  /** It went on into etcd. */
  isStored: boolean;
  others: number;
}

/** Passes, newest first. */
function passLines(picture: Picture, { texts, at }: FlowOptions, width: number, rows: number): FigureLine[] {
  if (rows <= 0) return [];
  const seen = picture.passes.filter(({ sequence }) => at === undefined || sequence <= at);
  if (seen.length === 0) return [[{ text: texts.quiet, dim: true }]];
  const isTwoLined = width < 70 && rows >= 12;
  const all = toldPasses(seen, isTwoLined ? Math.floor(rows / 2) : rows);
  return all.flatMap((told, index) => passLine(told, index === 0, { width, isTwoLined, texts })).slice(0, rows);
}

/** The latest passes as lines of a list, newest first; at most `most`. */
export function toldPasses(seen: readonly Pass[], most: number): Told[] {
  const told: Told[] = [];
  let stored: Pass | undefined;
  for (const pass of seen.toReversed()) {
    const isStored = stored !== undefined && isSameObject(stored, pass) && pass.to.component === "kube-apiserver";
    if (stored && !isStored) told.push({ pass: stored, isStored: false, others: 0 });
    stored = undefined;
    if (!isStored && pass.from.component === "kube-apiserver" && pass.to.component === "etcd") {
      stored = pass;
      continue;
    }
    const last = told.at(-1);
    if (last && last.isStored === isStored && isAlike(last.pass, pass)) last.others += 1;
    else if (told.length === most) return told;
    else told.push({ pass, isStored, others: 0 });
  }
  if (stored) told.push({ pass: stored, isStored: false, others: 0 });
  return told.slice(0, most);
}

/** The kind of the object, without its part. */
export const kindOf = ({ what }: Pass): string => what.split("/")[0] ?? "";

const isSameObject = (a: Pass, b: Pass): boolean => a.name === b.name && kindOf(a) === kindOf(b);

const isAlike = (a: Pass, b: Pass): boolean =>
  a.action === b.action &&
  a.what === b.what &&
  partyName(a.from) === partyName(b.from) &&
  partyName(a.to) === partyName(b.to);

/** Between whom a pass goes, and what it is. */
export function hopWords(
  { pass: { from, to, action, what }, isStored }: Pick<Told, "pass" | "isStored">,
  texts: FigureTexts,
): { hop: string; words: string } {
  // Machines of one hop are the same; said once is enough.
  const isLocal = to.machine !== undefined && from.machine === to.machine;
  const start = isLocal ? partyName({ component: from.component }) : partyName(from);
  const verb = texts.actions[action];
  return {
    hop: `${start} → ${partyName(to)}${isStored ? " → etcd" : ""}`,
    words: verb === "" ? what : `${verb} ${what}`,
  };
}

interface LineOptions {
  width: number;
  isTwoLined: boolean;
  texts: FigureTexts;
}

function passLine({ pass, isStored, others }: Told, isNewest: boolean, options: LineOptions): FigureLine[] {
  const { width, isTwoLined, texts } = options;
  const { name, count } = pass;
  const { hop, words } = hopWords({ pass, isStored }, texts);
  const hopWidth = isTwoLined ? width - 2 : Math.min(43, Math.floor(width * 0.52));
  const times = count > 1 ? ` ×${count}` : "";
  const more = others > 0 ? ` +${others}` : "";
  const used = (isTwoLined ? 4 : hopWidth + 3) + widthOf(words) + widthOf(times) + widthOf(more) + 1;
  const room = width - used;
  const lead: FigureSpan = { text: isNewest ? "▶ " : "  ", bold: true };
  const shownHop: FigureSpan = {
    text: isTwoLined ? cut(hop, hopWidth) : cut(hop, hopWidth).padEnd(hopWidth),
    bold: isNewest,
    dim: !isNewest,
  };
  const rest: FigureSpan[] = [
    { text: words, bold: isNewest },
    { text: times, bold: true },
    { text: room >= 6 && name !== "" ? ` ${cutMiddle(name, room)}` : "", dim: true },
    { text: more, dim: true },
  ];
  return isTwoLined
    ? [
        [lead, shownHop],
        [{ text: "    " }, ...rest],
      ]
    : [[lead, shownHop, { text: " " }, ...rest]];
}
