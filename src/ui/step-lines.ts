import type { Outcome } from "../domain/check.ts";
import { type KnownFailure, matchFailures } from "../failures/catalogue.ts";
import type { CommandView, Phase, SessionSnapshot, StepView } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { breakAtSpaces } from "./cells.ts";
import { layoutMarkdown, type StyledLine } from "./markdown.ts";
import { linesOf } from "./next-command.ts";

export interface StepLinesOptions {
  width: number;
  texts: Texts;
  /** How many of the shown commands were typed. */
  typed: number;
  /** True when outcomes, hints and solution were just asked for: they come first then. */
  told: boolean;
  /** What was asked about and is known: it comes before everything else. */
  known: readonly KnownFailure[];
  /** False where the title stands elsewhere. */
  title: boolean;
}

/** Everything the text panel shows of a step, as lines: outcomes, hints, solution, text, commands. */
export function stepLines(snapshot: SessionSnapshot, options: StepLinesOptions): StyledLine[] {
  const { step, phase } = snapshot;
  const { said } = options.texts;
  if (!step) return [];
  const trouble =
    phase.name === "failed"
      ? [
          ...layoutMarkdown(`**✗** ${said(phase.message)}\n\n${said(phase.remedy)}`, options.width),
          [],
          ...matchFailures(phase.message).flatMap((known) => [...knownLines(known, options), []]),
        ]
      : [];
  const first = [...trouble, ...options.known.flatMap((known) => [...knownLines(known, options), []])];
  const text = textLines(step, options);
  const told = toldLines(step, phase, options);
  if (told.length === 0) return [...first, ...text];
  return options.told ? [...first, ...told, [], ...text] : [...first, ...text, [], ...told];
}

function knownLines({ meaning, remedy, discussion }: KnownFailure, { width, texts }: StepLinesOptions): StyledLine[] {
  const { explain, language, ui } = texts;
  const link = discussion ? `\n- ${explain.discussed}: ${discussion.url}` : "";
  const words = `${meaning[language]}\n\n- ${explain.helps}: ${remedy[language]}${link}`;
  return [[{ text: ui.knownTitle, bold: true }], ...layoutMarkdown(words, width)];
}

function textLines(step: StepView, options: StepLinesOptions): StyledLine[] {
  const lines: StyledLine[] = options.title ? [[{ text: step.title, bold: true }], []] : [];
  lines.push(...layoutMarkdown(step.text, options.width));
  if (step.commands.length === 0) return lines;
  lines.push([], [{ text: options.texts.ui.commands, bold: true }]);
  return [...lines, ...commandLines(step.commands, options.typed, options)];
}

/** Outcomes, hints and solution, apart by empty lines. */
function toldLines(step: StepView, phase: Phase, options: StepLinesOptions): StyledLine[] {
  const { width, texts } = options;
  const results =
    phase.name === "checking"
      ? [[{ text: texts.ui.checking, bold: true }]]
      : step.checks.flatMap(({ id, outcome }) => (outcome ? outcomeLines(id, outcome, width, texts) : []));
  const hints = step.hints.map((hint, index) =>
    layoutMarkdown(`**${texts.ui.hint(index + 1, step.hintsTotal)}:** ${hint.text}`, width),
  );
  const solution: StyledLine[] = step.solution
    ? [[{ text: texts.ui.solution, bold: true }], ...commandLines(step.solution, 0, options)]
    : [];
  const afterwards = step.afterwards === undefined ? [] : layoutMarkdown(step.afterwards, width);
  return [results, afterwards, ...hints, solution]
    .filter((part) => part.length > 0)
    .flatMap((part, index): StyledLine[] => (index === 0 ? part : [[], ...part]));
}

function commandLines(commands: StepView["commands"], typed: number, options: StepLinesOptions): StyledLine[] {
  return commands.flatMap((command, index): StyledLine[] => {
    const where = command.on === "host" ? options.texts.ui.onHost : command.on;
    const mark = index < typed ? "✓ " : "";
    return [[{ text: `${mark}${where}` }], ...shownCommand(command, options.width, 0)];
  });
}

/** A command from one of its lines on, whole: `$` begins it, `>` each further line, and a row without either goes on. */
export function shownCommand(command: CommandView, width: number, firstLine: number): StyledLine[] {
  return linesOf(command)
    .slice(firstLine)
    .flatMap((line, index) =>
      breakAtSpaces(line, width - 2).map((row, at): StyledLine => {
        const gutter = at > 0 ? "  " : index + firstLine > 0 ? "> " : "$ ";
        return [{ text: gutter }, { text: row, code: true }];
      }),
    );
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
