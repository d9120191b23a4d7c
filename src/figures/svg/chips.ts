import type { ComponentId, PictureMachine, PicturePod } from "../../domain/picture.ts";
import type { FigureTexts } from "../figure.ts";
import { componentNames, componentOf, podSign, podTone, podTrouble } from "../words.ts";
import { type Box, type Drawing, shorten, type TextClass, textWidth } from "./draw.ts";

const chipHeight = 26;
const gap = 8;

const toneClasses = { good: "good", waiting: "wait", bad: "bad", wasm: "wasm" } as const;

const wordsOf = (machine: PictureMachine, id: ComponentId): { name: string; more: string } => {
  const { version, detail } = componentOf(machine, id);
  return {
    name: componentNames[id],
    more: [version, detail].filter((word) => word !== undefined && word !== "").join(" "),
  };
};

/** Pixels that a component's chip needs. */
function chipWidth(machine: PictureMachine, id: ComponentId): number {
  const { name, more } = wordsOf(machine, id);
  return 36 + textWidth(name) + (more === "" ? 0 : 6 + textWidth(more));
}

/** A component in a box: the sign of its state, its name and version, centred where the box is wider. */
export function drawChip(drawing: Drawing, box: Box, machine: PictureMachine, id: ComponentId): void {
  const { state } = componentOf(machine, id);
  const { name, more } = wordsOf(machine, id);
  drawing.rect(box, state === "absent" ? "box absent" : "box");
  const room = box.width - 36;
  const shown = shorten(name, room);
  const rest = room - textWidth(shown) - 6;
  const version = more !== "" && rest > 20 ? shorten(more, rest) : "";
  const used = textWidth(shown) + (version === "" ? 0 : 6 + textWidth(version));
  const x = box.x + 10 + Math.max(0, (room - used) / 2);
  const middle = box.y + box.height / 2;
  drawing.stateSign(x, middle, state);
  drawing.text(x + 18, middle + 4.5, shown, state === "absent" ? ["soft"] : []);
  if (version !== "") drawing.text(x + 18 + textWidth(shown) + 6, middle + 4.5, version, ["soft"]);
}

/** Chips one after the other in lines; returns the y below them. */
export function flowChips(
  drawing: Drawing,
  area: Omit<Box, "height">,
  machine: PictureMachine,
  ids: readonly ComponentId[],
): number {
  let { x, y } = area;
  for (const id of ids) {
    const width = Math.min(area.width, chipWidth(machine, id));
    if (x > area.x && x + width > area.x + area.width) {
      x = area.x;
      y += chipHeight + gap;
    }
    drawChip(drawing, { x, y, width, height: chipHeight }, machine, id);
    x += width + gap;
  }
  return ids.length === 0 ? y : y + chipHeight + gap;
}

/** A chain of chips with arrows between them, broken where it does not fit; returns the y below it. */
export function flowChain(
  drawing: Drawing,
  area: Omit<Box, "height">,
  machine: PictureMachine,
  chain: readonly ComponentId[],
  isContinued: boolean,
): number {
  const indent = isContinued ? 26 : 0;
  let x = area.x + indent;
  let { y } = area;
  if (isContinued) drawing.arrow(area.x + 8, y + chipHeight / 2, x - 2, y + chipHeight / 2);
  for (const [index, id] of (isContinued ? chain.slice(1) : chain).entries()) {
    // What begins a line stands the further in the deeper it is.
    const depth = 26 * (index + (isContinued ? 1 : 0));
    const width = Math.min(area.width - depth, chipWidth(machine, id));
    if (index > 0) {
      if (x + 26 + width > area.x + area.width) {
        x = area.x + depth;
        y += chipHeight + gap;
        drawing.arrow(x - 18, y + chipHeight / 2, x - 2, y + chipHeight / 2);
      } else {
        drawing.arrow(x + 3, y + chipHeight / 2, x + 22, y + chipHeight / 2);
        x += 26;
      }
    }
    drawChip(drawing, { x, y, width, height: chipHeight }, machine, id);
    x += width;
  }
  return y + chipHeight + gap;
}

const podHeight = 22;

/** Pods one below the other; returns the y below them. */
export function drawPods(
  drawing: Drawing,
  area: Omit<Box, "height">,
  pods: readonly PicturePod[],
  most: number,
  texts: FigureTexts,
): number {
  let { y } = area;
  for (const pod of pods.slice(0, most)) {
    const trouble = podTrouble(pod);
    const tone: TextClass = toneClasses[podTone(pod) ?? "waiting"];
    const right = trouble === "" ? (pod.requests > 0 ? texts.answered(pod.requests) : "") : trouble;
    drawing.podSign(area.x, y + podHeight / 2, podSign(pod), tone);
    const room = area.width - 20 - (right === "" ? 0 : textWidth(right) + 8);
    drawing.text(area.x + 20, y + 15, shorten(pod.name, room), pod.system ? ["soft"] : []);
    if (right !== "") {
      drawing.text(area.x + area.width, y + 15, right, [trouble === "" ? "soft" : tone], "end");
    }
    y += podHeight;
  }
  if (pods.length > most) {
    drawing.text(area.x + 20, y + 15, texts.more(pods.length - most), ["soft"]);
    y += podHeight;
  }
  return y;
}
