import type { Outcome } from "../domain/check.ts";
import type { SessionSnapshot, StepView } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { layoutMarkdown, type StyledLine } from "./markdown.ts";

/** Everything the text panel shows of a step, as lines: text, commands, outcomes, hints, solution. */
export function stepLines(snapshot: SessionSnapshot, width: number, texts: Texts): StyledLine[] {
  const { step, phase } = snapshot;
  const lines: StyledLine[] = [];
  const markdown = (text: string): void => void lines.push(...layoutMarkdown(text, width));
  for (const notice of snapshot.notices) markdown(`**!** ${notice}`);
  if (!step) return lines;
  const results = resultLines(step, width, texts);
  if (phase.name === "failed") markdown(`**✗** ${phase.message}\n\n${phase.remedy}`);
  if (phase.name === "checking") lines.push([{ text: texts.ui.checking, bold: true }], []);
  else if (results.length > 0) lines.push(...results, []);
  for (const [index, hint] of step.hints.entries()) {
    markdown(`**${texts.ui.hint(index + 1, step.hintsTotal)}:** ${hint.text}`);
    lines.push([]);
  }
  if (step.solution) {
    lines.push([{ text: texts.ui.solution, bold: true }]);
    lines.push(...commandLines(step.solution, width, texts), []);
  }
  lines.push([{ text: step.title, bold: true }], []);
  markdown(step.text);
  if (step.commands.length > 0) {
    lines.push([], [{ text: texts.ui.commands, bold: true }]);
    lines.push(...commandLines(step.commands, width, texts));
  }
  return lines;
}

function commandLines(commands: StepView["commands"], width: number, texts: Texts): StyledLine[] {
  return commands.flatMap(({ on, text }): StyledLine[] => {
    const where = on === "host" ? texts.ui.onHost : on;
    const wrapped = text.split("\n").flatMap((line) => chunks(line, width - 2));
    return [[{ text: `${where} $` }], ...wrapped.map((line): StyledLine => [{ text: `  ${line}`, code: true }])];
  });
}

/** Cuts without adding anything, so that what stands there can be typed as it is. */
function chunks(text: string, width: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > width / 2 ? space + 1 : width;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at);
  }
  return [...parts, rest];
}

function resultLines(step: StepView, width: number, texts: Texts): StyledLine[] {
  const asked = step.checks.filter((check) => check.outcome);
  if (asked.length === 0) return [];
  const lines = asked.flatMap(({ id, outcome }) => (outcome ? outcomeLines(id, outcome, width, texts) : []));
  if (step.solved) lines.push([{ text: `✓ ${texts.ui.solved}`, bold: true }]);
  return lines;
}

function outcomeLines(id: string, outcome: Outcome, width: number, texts: Texts): StyledLine[] {
  const { common } = texts;
  switch (outcome.status) {
    case "passed":
      return [[{ text: `✓ ${id}` }]];
    case "failed":
      return [
        [{ text: `✗ ${id}`, bold: true }],
        ...layoutMarkdown(`- ${common.observed}: ${outcome.observed}`, width),
        ...layoutMarkdown(`- ${common.expected}: ${outcome.expected}`, width),
        ...layoutMarkdown(`- ${common.cause}: ${outcome.cause}`, width),
        ...layoutMarkdown(`- ${common.next}: \`${outcome.next}\``, width),
      ];
    case "errored":
      return layoutMarkdown(`? ${id} — ${common.errored}: ${outcome.error}`, width);
    case "skipped":
      return layoutMarkdown(`- ${id} — ${common.skipped}: ${outcome.reason}`, width);
  }
}
