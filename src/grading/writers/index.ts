import { writeCsv } from "./csv.ts";
import type { ReportFormat } from "./formats.ts";
import { writeGradescope } from "./gradescope.ts";
import { writeHtml } from "./html.ts";
import { writeJson } from "./json.ts";
import { writeJunit } from "./junit.ts";
import { writeMarkdown } from "./markdown.ts";
import type { ReportWriter } from "./rows.ts";

/** The report's writers by format. */
export const reportWriters: Readonly<Record<ReportFormat, ReportWriter>> = {
  json: writeJson,
  junit: writeJunit,
  gradescope: writeGradescope,
  csv: writeCsv,
  markdown: writeMarkdown,
  html: writeHtml,
};
