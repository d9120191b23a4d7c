import {
  closeSync,
  fsyncSync,
  fchmodSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { exitCodes, type ExitCode, LabError } from "../../domain/errors.ts";
import { gradeReport } from "../../grading/grade.ts";
import type { ReportFormat } from "../../grading/writers/formats.ts";
import { reportWriters } from "../../grading/writers/index.ts";
import { svgFigure } from "../../figures/svg/index.ts";
import { textsFor } from "../../texts/texts.ts";
import { languageOf } from "../language.ts";
import { type LabArguments, profileOf, readCourse, withSession } from "../open-session.ts";

export interface ReportArguments extends LabArguments {
  format: ReportFormat;
  output?: string;
}

/** Formats that show the cluster as it is when the report is written. */
const illustrated: ReadonlySet<ReportFormat> = new Set(["html", "markdown"]);

/** Writes the graded report in a format, to standard output or into a file. Resolves with 0 whatever the grade is. */
export async function report(given: ReportArguments): Promise<ExitCode> {
  const language = languageOf(given.lang);
  const [{ report: facts }, picture] = await withSession("report", given, async (session) => [
    await session.report(),
    illustrated.has(given.format) ? await session.picture() : undefined,
  ]);
  const course = readCourse(profileOf(given.profile));
  const { figures } = textsFor(language);
  const figure = picture && { title: figures.captions.cluster, svg: svgFigure(picture, "cluster", figures) };
  const text = reportWriters[given.format](course, facts, gradeReport(course, facts), language, figure);
  if (given.output === undefined) process.stdout.write(text);
  else writeWhole(given.output, text);
  return exitCodes.passed;
}

/**
 * Writes a file that is there as a whole or not at all, readable by everybody.
 * Throws LabError `report-not-written` naming the option.
 */
export function writeWhole(path: string, text: string, option = "--output"): void {
  let next: string | undefined;
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    // A pipe or a terminal is written to; it must not be replaced by a file.
    const direct = existing !== undefined && !existing.isFile();
    const target = existing?.isFile() ? realpathSync(path) : path;
    next = direct ? undefined : `${target}.${process.pid}.next`;
    const file = openSync(next ?? target, "w", 0o644);
    try {
      if (next !== undefined) fchmodSync(file, 0o644);
      const bytes = Buffer.from(text);
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      if (next !== undefined) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (next !== undefined) renameSync(next, target);
  } catch (error) {
    if (next !== undefined) rmSync(next, { force: true });
    const reason = error instanceof Error && "code" in error ? String(error.code) : "an error";
    throw new LabError("report-not-written", `${option}: ${path} cannot be written, got ${reason}`, {
      remedy: "Give a file in a folder that exists and that you can write to.",
      cause: error,
    });
  }
}
