import type { ComponentState } from "../../domain/picture.ts";

/** Pixels of a character at the size of ordinary text, as of a wide font, so that no text leaves its box. */
function characterWidth(character: string): number {
  if (/[iljtfrI.,:;'|!()[\] /]/.test(character)) return 5;
  if (/[mwMW@+→×]/.test(character)) return 12.5;
  if (/[A-Z]/.test(character)) return 9.4;
  return character <= "\u{24F}" ? 8.3 : 13;
}

const widthOf = (characters: readonly string[]): number =>
  characters.reduce((sum, character) => sum + characterWidth(character), 0);

export const textWidth = (text: string): number => Math.ceil(widthOf([...text]));

/** Characters that XML may not hold are left out, the others that mean something to it are written as entities. */
function escapeText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Cuts a text to a width in pixels; of a long name its middle goes. */
export function shorten(text: string, pixels: number): string {
  const head = [...text];
  if (widthOf(head) <= pixels) return text;
  const tail = head.splice(Math.max(1, head.length - 5));
  while (head.length > 1 && widthOf([...head, "…", ...tail]) > pixels) head.pop();
  return `${head.join("")}…${tail.join("")}`;
}

const style = `
.fig { --bg: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #8c959f; --panel: #f6f8fa; --good: #1a7f37; --wait: #9a6700; --bad: #cf222e; --wasm: #8250df; font: 13px system-ui, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) {
  .fig { --bg: #0d1117; --ink: #e6edf3; --soft: #9198a1; --line: #656c76; --panel: #151b23; --good: #3fb950; --wait: #d29922; --bad: #f85149; --wasm: #ab7df8; }
}
.fig .bg { fill: var(--bg); }
.fig text { fill: var(--ink); }
.fig .soft { fill: var(--soft); }
.fig .strong { font-weight: 600; }
.fig .machine { fill: var(--panel); stroke: var(--line); }
.fig .box { fill: var(--bg); stroke: var(--line); }
.fig .absent { fill: none; stroke-dasharray: 4 4; }
.fig .line { stroke: var(--line); fill: none; }
.fig .gone { stroke-dasharray: 3 4; }
.fig .tip { fill: var(--line); }
.fig .good { fill: var(--good); } .fig .wait { fill: var(--wait); } .fig .bad { fill: var(--bad); } .fig .wasm { fill: var(--wasm); }
.fig .ring { fill: none; stroke: var(--wait); stroke-width: 2; }
.fig .cross { fill: none; stroke: var(--bad); stroke-width: 2.5; }
.fig .none { fill: none; stroke: var(--soft); stroke-dasharray: 2 2; }
`;

export type TextClass = "soft" | "strong" | "good" | "wait" | "bad" | "wasm";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An SVG document that grows as it is drawn on. */
export class Drawing {
  readonly width: number;
  #parts: string[] = [];
  #height = 0;

  constructor(width: number) {
    this.width = width;
  }

  /** The lowest pixel that was drawn. */
  get height(): number {
    return this.#height;
  }

  rect({ x, y, width, height }: Box, name: string, radius = 6): void {
    this.#add(
      `<rect class="${name}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(height)}" rx="${radius}"/>`,
    );
    this.#reach(y + height);
  }

  /** `y` is the base line. */
  text(x: number, y: number, text: string, names: readonly TextClass[] = [], anchor?: "middle" | "end"): void {
    const name = names.length === 0 ? "" : ` class="${names.join(" ")}"`;
    const where = anchor === undefined ? "" : ` text-anchor="${anchor}"`;
    this.#add(`<text x="${round(x)}" y="${round(y)}"${name}${where}>${escapeText(text)}</text>`);
    this.#reach(y + 4);
  }

  line(x1: number, y1: number, x2: number, y2: number, gone = false): void {
    const name = gone ? "line gone" : "line";
    this.#add(`<path class="${name}" d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}"/>`);
    this.#reach(Math.max(y1, y2));
  }

  /** A line with a point at its end; straight down, or to the right. */
  arrow(x1: number, y1: number, x2: number, y2: number, gone = false): void {
    this.line(x1, y1, x2, y2, gone);
    if (gone) return;
    const [x, y] = [round(x2), round(y2)];
    const tip = y2 > y1 ? `M${x} ${y}l-4 -7h8z` : x2 > x1 ? `M${x} ${y}l-7 -4v8z` : `M${x} ${y}l7 -4v8z`;
    this.#add(`<path class="tip" d="${tip}"/>`);
  }

  /** The sign of a component's state, 12 pixels wide; it differs in shape and not only in colour. */
  stateSign(x: number, y: number, state: ComponentState): void {
    const [cx, cy] = [round(x + 6), round(y)];
    if (state === "running") this.#add(`<circle class="good" cx="${cx}" cy="${cy}" r="5"/>`);
    else if (state === "installed") this.#add(`<circle class="ring" cx="${cx}" cy="${cy}" r="4.5"/>`);
    else if (state === "failed") this.#add(`<path class="cross" d="M${cx - 4} ${cy - 4}l8 8m0 -8l-8 8"/>`);
    else this.#add(`<circle class="none" cx="${cx}" cy="${cy}" r="4.5"/>`);
  }

  /** A pod's sign: a diamond for a module, a square for a container, a ring for neither yet. */
  podSign(x: number, y: number, sign: string, tone: TextClass): void {
    const [cx, cy] = [round(x + 6), round(y)];
    if (sign === "◆") this.#add(`<path class="${tone}" d="M${cx} ${cy - 6}l6 6l-6 6l-6 -6z"/>`);
    else if (sign === "■")
      this.#add(`<rect class="${tone}" x="${cx - 5}" y="${cy - 5}" width="10" height="10" rx="1"/>`);
    else this.#add(`<circle class="none" cx="${cx}" cy="${cy}" r="5"/>`);
  }

  /** The whole document; `id` keeps several on one page apart. */
  svg(id: string, title: string, description: string): string {
    const height = Math.ceil(this.#height + 12);
    return `<svg xmlns="http://www.w3.org/2000/svg" class="fig" role="img" aria-labelledby="${id}-title ${id}-desc" width="${this.width}" height="${height}" viewBox="0 0 ${this.width} ${height}">
<title id="${id}-title">${escapeText(title)}</title>
<desc id="${id}-desc">${escapeText(description)}</desc>
<style>${style}</style>
<rect class="bg" width="${this.width}" height="${height}"/>
${this.#parts.join("\n")}
</svg>
`;
  }

  #add(part: string): void {
    this.#parts.push(part);
  }

  #reach(y: number): void {
    this.#height = Math.max(this.#height, y);
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
