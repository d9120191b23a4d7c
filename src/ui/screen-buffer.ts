import xterm from "@xterm/headless";

export interface Segment {
  text: string;
  bold: boolean;
  dim: boolean;
  inverse: boolean;
  underline: boolean;
  /** ANSI name or `#rrggbb`; undefined is the terminal's own. */
  color: string | undefined;
}

const scrollback = 2_000;
const ansiNames = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** What a shell has printed: carriage returns, cursor moves and colours resolved to lines. */
export class ScreenBuffer {
  #terminal: xterm.Terminal;
  #onChange: () => void;

  constructor(columns: number, rows: number, onChange: () => void) {
    this.#terminal = new xterm.Terminal({ cols: columns, rows, scrollback, allowProposedApi: true, convertEol: true });
    this.#onChange = onChange;
  }

  write(text: string): void {
    this.#terminal.write(text, this.#onChange);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(Math.max(2, columns), Math.max(1, rows));
  }

  clear(): void {
    this.#terminal.reset();
    this.#onChange();
  }

  /** True while a program shows a screen of its own (a pager, watch). */
  get fullScreen(): boolean {
    return this.#terminal.buffer.active.type === "alternate";
  }

  get columns(): number {
    return this.#terminal.cols;
  }

  /** All rows of the screen that a program shows for itself. */
  ownRows(): Segment[][] {
    const buffer = this.#terminal.buffer.active;
    return Array.from({ length: this.#terminal.rows }, (_, y) => {
      const line = buffer.getLine(buffer.baseY + y);
      return line ? segmentsOf(line) : [];
    });
  }

  /** What stands on the cursor's line before it: output that has not ended its line. */
  unfinished(): string {
    const { baseY, cursorY, cursorX } = this.#terminal.buffer.active;
    return (this.#terminal.buffer.active.getLine(baseY + cursorY)?.translateToString(false, 0, cursorX) ?? "").slice(
      0,
      cursorX,
    );
  }

  /** The last `count` lines above the cursor's, `above` lines further up. */
  lines(count: number, above = 0): Segment[][] {
    const buffer = this.#terminal.buffer.active;
    const last = buffer.baseY + buffer.cursorY - 1 - above;
    const first = Math.max(0, last - count + 1);
    const lines: Segment[][] = [];
    for (let y = first; y <= last; y += 1) {
      const line = buffer.getLine(y);
      lines.push(line ? segmentsOf(line) : []);
    }
    return lines;
  }

  /** How many lines can be scrolled up to. */
  get height(): number {
    const buffer = this.#terminal.buffer.active;
    return buffer.baseY + buffer.cursorY + 1;
  }

  /** All text as it was printed, lines that the screen broke joined again. */
  logicalLines(): string[] {
    const buffer = this.#terminal.buffer.normal;
    const lines: string[] = [];
    for (let y = 0; y <= buffer.baseY + buffer.cursorY; y += 1) {
      const line = buffer.getLine(y);
      if (!line) continue;
      const text = line.translateToString(true);
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines;
  }
}

function segmentsOf(line: xterm.IBufferLine): Segment[] {
  const segments: Segment[] = [];
  const end = line.translateToString(true).length;
  let last: Segment | undefined;
  for (let x = 0, taken = 0; taken < end && x < line.length; x += 1) {
    const cell = line.getCell(x);
    if (!cell || cell.getWidth() === 0) continue;
    const text = cell.getChars() || " ";
    taken += text.length;
    const style = {
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      inverse: cell.isInverse() !== 0,
      underline: cell.isUnderline() !== 0,
      color: colorOf(cell),
    };
    if (last && sameStyle(last, style)) last.text += text;
    else {
      last = { text, ...style };
      segments.push(last);
    }
  }
  return segments;
}

function sameStyle(a: Segment, b: Omit<Segment, "text">): boolean {
  return (
    a.bold === b.bold &&
    a.dim === b.dim &&
    a.inverse === b.inverse &&
    a.underline === b.underline &&
    a.color === b.color
  );
}

function colorOf(cell: xterm.IBufferCell): string | undefined {
  if (cell.isFgRGB()) return `#${cell.getFgColor().toString(16).padStart(6, "0")}`;
  if (!cell.isFgPalette()) return undefined;
  const index = cell.getFgColor();
  return index < 8 ? ansiNames[index] : index < 16 ? `${ansiNames[index - 8] ?? "white"}Bright` : undefined;
}
