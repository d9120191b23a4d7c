import type { Grade } from "../../domain/report.ts";
import type { Texts } from "../../texts/en.ts";
import { textsFor } from "../../texts/texts.ts";
import { inLanguage, labRows, type LabRows, type ReportWriter } from "./rows.ts";
import { escapeAttribute, escapeMarkup, outcomeDetails } from "./text.ts";

/** Signs beside the words, so that a status is never told by colour alone. */
const signs = { passed: "✓", failed: "✗", errored: "?", skipped: "–" } as const;

const style = `
:root { color-scheme: light dark; --line: #d0d7de; --passed: #1a7f37; --failed: #cf222e; --errored: #9a6700; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --passed: #3fb950; --failed: #f85149; --errored: #d29922; }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: 0.4rem 0.6rem; text-align: left; vertical-align: top; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; }
dl { margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.status { white-space: nowrap; }
.passed { color: var(--passed); }
.failed { color: var(--failed); }
.errored { color: var(--errored); }
`;

/** One HTML page that loads nothing and runs nothing. */
export const writeHtml: ReportWriter = (course, report, graded, language, figure) => {
  const title = escapeMarkup(inLanguage(course.title, language));
  const { points, maxPoints, verdict } = graded.grade;
  const texts = textsFor(language);
  const from = escapeMarkup(texts.report.from(report.backend, report.profile));
  return `<!doctype html>
<html lang="${escapeAttribute(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
<p><strong>${pointsOf({ points, maxPoints, verdict }, texts)}</strong> (${from})</p>
${figure ? `<figure>\n${figure.svg}</figure>\n` : ""}${labRows(course, report, graded, language)
    .map((lab) => section(lab, texts))
    .join("\n")}
</body>
</html>
`;
};

const pointsOf = ({ points, maxPoints, verdict }: Grade, { common }: Texts): string =>
  `${common.points(points, maxPoints)}, ${common.verdicts[verdict]}`;

function section({ title, grade, checks }: LabRows, texts: Texts): string {
  const { report: words } = texts;
  const rows = checks.map(({ stepTitle, check, outcome, points, maxPoints }) => {
    const status = `<td class="status ${outcome.status}">${signs[outcome.status]} ${words.statuses[outcome.status]}</td>`;
    const details = outcomeDetails(outcome, texts).map(
      ([name, text]) => `<dt>${name}</dt><dd>${escapeMarkup(text)}</dd>`,
    );
    const list = details.length === 0 ? "" : `<dl>${details.join("")}</dl>`;
    const place = `<td>${escapeMarkup(stepTitle)}</td><th scope="row">${escapeMarkup(check)}</th>`;
    return `<tr>${place}${status}<td>${points}/${maxPoints}</td><td>${list}</td></tr>`;
  });
  const names = [words.step, words.check, words.status, words.points, words.details];
  const columns = names.map((name) => `<th scope="col">${name}</th>`);
  return `<section>
<h2>${escapeMarkup(title)}</h2>
<p>${pointsOf(grade, texts)}</p>
<table>
<thead><tr>${columns.join("")}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</section>`;
}
