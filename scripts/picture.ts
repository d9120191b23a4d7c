import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import xterm from "@xterm/headless";
import { TerminalWindow } from "../test/support/tmux.ts";

// Draws docs/start.svg from a real run: the course at the step that deploys method 1, in a terminal of 100 x 30.
const columns = 100;
const rows = 30;
const cell = { width: 8.4, height: 18, size: 14 };
const margin = 14;
const titleHeight = 26;

// Its own ground, so that it reads on a light page and on a dark one.
const ground = "#16202c";
const foreground = "#d8dee6";
const palette = ["#3b4654", "#ff7b72", "#7ee787", "#f2cc60", "#79c0ff", "#d2a8ff", "#76e3ea", "#d8dee6"];

const root = join(import.meta.dirname, "..");
const program = join(root, "bin/wasm-k8s-lab.cjs");
const home = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-picture-"));
const window = new TerminalWindow(`picture-${process.pid}`);

try {
  const env = { ...process.env, WASM_K8S_LAB_HOME: home };
  const labs = ["control-plane", "crun-build", "crun-node"];
  const prepared = spawnSync(process.execPath, [program, "run", ...labs, "--json"], { env, stdio: "ignore" });
  if (prepared.status !== 0) throw new Error(`the labs before did not pass: exit code ${prepared.status}`);
  window.open(columns, rows, { WASM_K8S_LAB_HOME: home });
  window.type(`'${process.execPath}' '${program}' start crun-deploy --pace instant 2> /dev/null`);
  window.press("Enter");
  await window.shows("ubuntu@master");
  await type("kubectl label nodes worker1 wasmedge=true", "labeled");
  await keys("c");
  await window.shows("Step solved");
  window.press("n");
  await window.shows("Esc keys");
  await type("kubectl apply -f ~/wasmedge-app-manifest.yml", "created");
  await type("kubectl rollout status deployment/wasmedge-deploy", "successfully rolled out");
  await type("clear", "^ubuntu@master[^$]*[$]$");
  await type("kubectl get deployments,pods", "3/3");
  await keys("c");
  await window.shows("Step solved");
  window.press("Escape");
  await window.shows("Esc keys");
  writeFileSync(join(root, "docs/start.svg"), svgOf(await cellsOf(window.coloured())));
} finally {
  window.close();
  rmSync(home, { recursive: true, force: true });
}

async function type(command: string, answer: string): Promise<void> {
  window.type(command);
  window.press("Enter");
  await window.until(answer, (screen) => screen.some((row) => new RegExp(answer).test(row)));
}

async function keys(...names: string[]): Promise<void> {
  window.press("Escape");
  await window.shows("c check");
  window.press(...names);
}

interface Run {
  text: string;
  column: number;
  color: string;
  background: string | undefined;
  bold: boolean;
  dim: boolean;
}

/** Reads the escape sequences of a captured screen as runs of equally drawn cells. */
async function cellsOf(captured: string): Promise<Run[][]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(captured.replace(/\n$/, "").replaceAll("\n", "\r\n"), resolve));
  return Array.from({ length: rows }, (_, y) => {
    const line = terminal.buffer.active.getLine(y);
    const runs: Run[] = [];
    for (let x = 0; x < columns; x += 1) {
      const at = line?.getCell(x);
      if (!at || at.getWidth() === 0) continue;
      const inverse = at.isInverse() !== 0;
      const own = at.isFgPalette() ? (palette[at.getFgColor()] ?? foreground) : foreground;
      const style = {
        color: inverse ? ground : own,
        background: inverse ? own : undefined,
        bold: at.isBold() !== 0,
        dim: at.isDim() !== 0,
      };
      const last = runs.at(-1);
      const same = last && Object.entries(style).every(([name, value]) => last[name as keyof Run] === value);
      if (same) last.text += at.getChars() || " ";
      else runs.push({ text: at.getChars() || " ", column: x, ...style });
    }
    return runs;
  });
}

function svgOf(screen: readonly (readonly Run[])[]): string {
  const width = columns * cell.width + 2 * margin;
  const height = rows * cell.height + 2 * margin + titleHeight;
  const parts: string[] = [];
  for (const [y, runs] of screen.entries()) {
    const top = titleHeight + margin + y * cell.height;
    for (const run of runs) {
      const x = margin + run.column * cell.width;
      const length = run.text.length * cell.width;
      if (run.background !== undefined) {
        parts.push(rectangle(x, top, length, cell.height, run.background));
      }
      // Spaces in a row are not drawn everywhere, so every part between them has its own place.
      for (const { 0: text, index } of run.text.matchAll(/█+|░+|[^█░\s]+(?: [^█░\s]+)*/g)) {
        if (/[█░]/.test(text)) {
          const left = x + index * cell.width;
          parts.push(
            rectangle(left, top + 3, text.length * cell.width, cell.height - 6, run.color, text[0] === "█" ? 1 : 0.3),
          );
          continue;
        }
        parts.push(
          `<text x="${(x + index * cell.width).toFixed(1)}" y="${(top + 13.5).toFixed(1)}" ` +
            `textLength="${(text.length * cell.width).toFixed(1)}" lengthAdjust="spacingAndGlyphs" ` +
            `fill="${run.color}"${run.bold ? ' font-weight="bold"' : ""}${run.dim ? ' opacity="0.65"' : ""}>` +
            `${escape(text)}</text>`,
        );
      }
    }
  }
  const dots = ["#ff7b72", "#f2cc60", "#7ee787"].map(
    (color, index) => `<circle cx="${margin + 8 + index * 18}" cy="17" r="5" fill="${color}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `role="img" aria-label="wasm-k8s-lab in a terminal: three WebAssembly pods run on worker1 and the check has passed">`,
    `<rect width="100%" height="100%" rx="8" fill="${ground}"/>`,
    ...dots,
    `<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${cell.size}">`,
    ...parts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function rectangle(x: number, y: number, width: number, height: number, fill: string, opacity = 1): string {
  const seen = opacity === 1 ? "" : ` opacity="${opacity}"`;
  return `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${height}" fill="${fill}"${seen}/>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
