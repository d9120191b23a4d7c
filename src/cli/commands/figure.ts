import { styleText } from "node:util";
import { exitCodes, type ExitCode, LabError } from "../../domain/errors.ts";
import type { Picture } from "../../domain/picture.ts";
import { describeFigure } from "../../figures/describe.ts";
import type { FigureLine, FigureName, FigureSpan, Tone } from "../../figures/figure.ts";
import { svgFigure } from "../../figures/svg/index.ts";
import { needsAscii, terminalFigure } from "../../figures/terminal.ts";
import type { Session } from "../../runner/session.ts";
import { textsFor } from "../../texts/texts.ts";
import { languageOf } from "../language.ts";
import { type LabArguments, withSession } from "../open-session.ts";
import { print, printJson } from "../output.ts";
import { writeWhole } from "./report.ts";

export interface FigureArguments extends LabArguments {
  machine?: string;
  /** A file; `-` is standard output. */
  svg?: string;
  words?: boolean;
  json?: boolean;
}

/** Cells of a figure where the terminal does not say how wide it is, and the most that it fills. */
const usualWidth = 100;
const mostWidth = 120;
const mostHeight: Readonly<Record<FigureName, number>> = { cluster: 80, node: 44, flow: 36 };

/** Prints the cluster as it is now, or writes it as SVG. */
export async function figure(name: FigureName, given: FigureArguments): Promise<ExitCode> {
  const texts = textsFor(languageOf(given.lang)).figures;
  const picture = await withSession("figure", given, pictureOf);
  if (given.machine !== undefined && !picture.machines.some((machine) => machine.name === given.machine)) {
    throw new LabError("machine-unknown", `--machine: there is no such machine (yet), got "${given.machine}"`, {
      remedy: `Use one of: ${picture.machines.map((machine) => machine.name).join(", ")}.`,
      exitCode: exitCodes.wrongUse,
    });
  }
  if (given.json) printJson(picture);
  else if (given.words) for (const line of describeFigure(picture, name, texts, given.machine)) print(line);
  else if (given.svg === "-") process.stdout.write(svgFigure(picture, name, texts, given.machine));
  else if (given.svg !== undefined) writeWhole(given.svg, svgFigure(picture, name, texts, given.machine), "--svg");
  else printFigure(picture, name, texts, given.machine);
  return exitCodes.passed;
}

/** The present picture. Rejects with LabError `no-picture` where the backend cannot look. */
export async function pictureOf(session: Pick<Session, "picture">): Promise<Picture> {
  const picture = await session.picture();
  if (picture) return picture;
  throw new LabError("no-picture", "this backend cannot show figures of its machines", {
    remedy: "Use the embedded backend, or look with `kubectl get nodes,pods -o wide`.",
  });
}

function printFigure(
  picture: Picture,
  figureName: FigureName,
  texts: Parameters<typeof terminalFigure>[1]["texts"],
  machine: string | undefined,
): void {
  const width = Math.min(mostWidth, process.stdout.columns || usualWidth);
  const lines = terminalFigure(picture, {
    width,
    height: mostHeight[figureName],
    figure: figureName,
    texts,
    ascii: needsAscii(process.env),
    ...(machine === undefined ? {} : { machine }),
  });
  const last = lines.findLastIndex((line) => line.length > 0);
  const isPlain = !process.stdout.isTTY || (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  for (const line of lines.slice(0, last + 1)) print(shown(line, isPlain));
}

const colors: Readonly<Record<Tone, "green" | "yellow" | "red" | "magenta">> = {
  good: "green",
  waiting: "yellow",
  bad: "red",
  wasm: "magenta",
};

const shown = (line: FigureLine, isPlain: boolean): string =>
  line.map((span) => (isPlain ? span.text : styled(span))).join("");

function styled({ text, bold, dim, inverse, tone }: FigureSpan): string {
  const formats = [
    ...(bold === true ? (["bold"] as const) : []),
    ...(dim === true ? (["dim"] as const) : []),
    ...(inverse === true ? (["inverse"] as const) : []),
    ...(tone ? [colors[tone]] : []),
  ];
  return formats.length === 0 ? text : styleText(formats, text, { validateStream: false });
}
