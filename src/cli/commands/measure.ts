import { cpus } from "node:os";
import type { ModuleMeasurement } from "../../backends/embedded/measure/measure.ts";
import { ratioOf, type Spread } from "../../backends/embedded/measure/statistics.ts";
import { exitCodes, type ExitCode, LabError } from "../../domain/errors.ts";
import { runOwnCommand } from "../../process/own-command.ts";
import type { Texts } from "../../texts/en.ts";
import { textsFor } from "../../texts/texts.ts";
import { languageOf } from "../language.ts";
import { type LabArguments, withMachines } from "../open-session.ts";
import { print, printJson } from "../output.ts";
import { deployedImages, type ModuleImage, readModuleImage } from "../registry-image.ts";
import { systemClock } from "../system-clock.ts";

export interface MeasureArguments extends LabArguments {
  json?: boolean;
}

interface Measured extends ModuleMeasurement {
  image: string;
  layerBytes: number;
}

/** Milliseconds one module may take; usually it is four seconds. */
const patienceMs = 60_000;

/**
 * Measures the modules of images (those that Deployments run, when none is named) on this computer, each in a process
 * of its own, and prints a table. Only what really runs is measured; nothing modelled is in the numbers.
 */
export async function measure(images: readonly string[], given: MeasureArguments): Promise<ExitCode> {
  const texts = textsFor(languageOf(given.lang));
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new LabError("interrupted", "interrupted", { remedy: "", exitCode: 130 }));
  process.once("SIGINT", interrupt);
  try {
    const found = await withMachines("measure", given, (machines) => findModules(machines, images));
    const measured: Measured[] = [];
    for (const { image, layerBytes, module } of found) {
      process.stderr.write(`${texts.measure.measuring(image)}\n`);
      measured.push({ image, layerBytes, ...(await measureApart(module, abort.signal)) });
    }
    const engine = { name: "V8", version: process.versions.v8, node: process.versions.node };
    const computer = { processor: cpus()[0]?.model ?? "?", cores: cpus().length };
    if (given.json) printJson({ formatVersion: 1, engine, computer, modules: measured });
    else {
      print(
        texts.measure.what(`V8 ${engine.version}`, `Node ${engine.node}`, `${computer.cores} x ${computer.processor}`),
      );
      print("");
      for (const line of table(measured, texts)) print(line);
    }
    return exitCodes.passed;
  } finally {
    process.off("SIGINT", interrupt);
  }
}

async function findModules(
  machines: Parameters<typeof readModuleImage>[0],
  images: readonly string[],
): Promise<ModuleImage[]> {
  const wanted = images.length > 0 ? images : await deployedImages(machines);
  const found: ModuleImage[] = [];
  for (const image of wanted) {
    const read = await readModuleImage(machines, image);
    if (read) found.push(read);
  }
  if (found.length > 0) return found;
  throw new LabError("nothing-to-measure", "measure: no Deployment runs a module from the lab's registry", {
    remedy: "Deploy one first, or name images, such as `registry.lab:5000/http-server:v1`.",
  });
}

/** In a process of its own, so that neither the lab nor another module is in the numbers. */
async function measureApart(module: Uint8Array, signal: AbortSignal): Promise<ModuleMeasurement> {
  const result = await runOwnCommand(["measure-module"], { stdin: module, signal, timeoutMs: patienceMs });
  signal.throwIfAborted();
  if (result.exitCode !== 0) {
    const [message = "", remedy = ""] = result.stderr.split("\n");
    throw new LabError("not-measured", message || "measure: the module's process ended early", {
      remedy: remedy || "Try again.",
      exitCode: exitCodes.couldNotCheck,
    });
  }
  return JSON.parse(result.stdout) as ModuleMeasurement;
}

/** Measures the module that comes on standard input, and prints what it found as JSON. */
export async function measureStdin(): Promise<ExitCode> {
  const { measureModule } = await import("../../backends/embedded/measure/measure.ts");
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  printJson(await measureModule(Uint8Array.from(Buffer.concat(chunks)), { clock: systemClock }));
  return exitCodes.passed;
}

/** A Markdown table: a column for each module and, for two of them, how the second relates to the first. */
function table(measured: readonly Measured[], { measure: words }: Texts): string[] {
  const rows: [string, (of: Measured) => Spread, number][] = [
    [words.image, ({ layerBytes }) => exactly(layerBytes), 0],
    [words.module, ({ moduleBytes }) => exactly(moduleBytes), 0],
    [words.start, ({ start }) => start, 1],
    [words.memory, ({ replicaMemory }) => scaled(replicaMemory, 2 ** -20), 1],
    [words.latency, ({ latency }) => latency, 2],
    [words.slowest, ({ slowLatency }) => slowLatency, 2],
    [words.requests, ({ requestsPerSecond }) => requestsPerSecond, 0],
    [words.atOnce, ({ requestsPerSecondAtOnce }) => requestsPerSecondAtOnce, 0],
    [words.failed, ({ failed, requests }) => exactly((failed / Math.max(1, requests)) * 100), 1],
  ];
  const [first, second] = measured;
  const both = first && second && measured.length === 2 ? { first, second } : undefined;
  const names = measured.map(({ image }) => image.slice(image.lastIndexOf("/") + 1));
  const header = ["", ...names, ...(both ? [words.ratio] : [])];
  const body = rows.map(([name, of, digits]) => [
    name,
    ...measured.map((each) => spreadText(of(each), digits)),
    ...(both ? [ratioText(of(both.second), of(both.first))] : []),
  ]);
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...body].map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}

const exactly = (value: number): Spread => ({ median: value, least: value, most: value });

const scaled = ({ median, least, most }: Spread, by: number): Spread => ({
  median: median * by,
  least: least * by,
  most: most * by,
});

function spreadText({ median, least, most }: Spread, digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  return least === most ? text(median) : `${text(median)} (${text(least)}–${text(most)})`;
}

function ratioText(second: Spread, first: Spread): string {
  if (first.least <= 0) return "";
  const ratio = ratioOf(second, first);
  return `× ${spreadText(ratio, 2)}`;
}
