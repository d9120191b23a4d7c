import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import type { Language, MachineRole, Profile } from "../domain/backend.ts";
import type { Action, Chapter, CheckSpec, Course, Hint, Lab, Prose, Step } from "../domain/course.ts";
import { exitCodes, LabError } from "../domain/errors.ts";
import { type LabProse, parseProse } from "./prose.ts";
import { type ActionData, courseSchema, type LabData, labSchema } from "./schema.ts";
import { type Components, fillVersions } from "./versions.ts";

export interface LoadOptions {
  /** Whose versions the texts and commands follow. */
  profile: Profile;
  /** The profile's components and their fields, for `{{version NAME}}` and `{{catalog NAME.FIELD}}`. */
  components: Components;
  /** For real machines instead of modelled ones: what was there in 2024 is gone. */
  real?: boolean;
  /** Checks a check's parameters; the message of what it throws becomes a problem. */
  parseCheck: (kind: string, params: unknown, where: string) => void;
}

const languages: Language[] = ["en", "de"];
const hintLevels: Hint["level"][] = ["nudge", "pointer", "command"];

/** Reads the course below `folder`. Throws one LabError `content-invalid` that lists every problem of every file. */
export function loadCourse(folder: string, options: LoadOptions): Course {
  const problems: string[] = [];
  const data = readYaml(join(folder, "course.yaml"), courseSchema, problems);
  const chapters: Chapter[] = [];
  for (const chapter of data?.chapters ?? []) {
    const labs: Lab[] = [];
    for (const id of chapter.labs) {
      const lab = loadLab(join(folder, id), id, options, problems);
      if (lab?.profiles.includes(options.profile)) labs.push(lab);
    }
    chapters.push({ id: chapter.id, title: withoutUndefined(chapter.title), labs });
  }
  checkNeeds(chapters, problems);
  if (!data || problems.length > 0) {
    throw new LabError("content-invalid", problems.join("\n"), {
      remedy: "Mend the files named above; `wasm-k8s-lab content lint` checks them again.",
      exitCode: exitCodes.wrongUse,
    });
  }
  return { title: withoutUndefined(data.title), chapters };
}

function checkNeeds(chapters: Chapter[], problems: string[]): void {
  const seen = new Map<string, Lab>();
  for (const lab of chapters.flatMap((chapter) => chapter.labs)) {
    for (const id of lab.needs) {
      const where = `labs/${lab.id}/lab.yaml: needs:`;
      const need = seen.get(id);
      if (!need) problems.push(`${where} no earlier lab of that id, got "${id}"`);
      else if (need.environment !== lab.environment) {
        problems.push(`${where} must be a lab of environment ${lab.environment}, got "${id}" of ${need.environment}`);
      }
    }
    seen.set(lab.id, lab);
  }
}

function loadLab(folder: string, id: string, options: LoadOptions, problems: string[]): Lab | undefined {
  const path = join(folder, "lab.yaml");
  const whole = readYaml(path, labSchema, problems);
  if (!whole) return undefined;
  const filled = (text: string, where: string): string => {
    const whole = fillVersions(text, options.components, (problem) => problems.push(`${where}: ${problem}`));
    return options.real === true ? forAnyProcessor(whole) : whole;
  };
  const data = onlyOf(
    options,
    mapStrings(whole, (text) => filled(text, path)),
  );
  if (data.id !== id) problems.push(`${path}: id: must be the folder's name "${id}", got "${data.id}"`);
  const prose = new Map<Language, LabProse>();
  for (const language of languages) {
    const file = join(folder, `${language}.md`);
    if (!existsSync(file)) continue;
    const parsed = parseProse(filled(readFileSync(file, "utf8"), file), options.profile);
    problems.push(...parsed.problems.map((problem) => `${file}: ${problem}`));
    for (const step of data.steps) {
      if (!parsed.steps.has(step.id)) problems.push(`${file}: no section "## ${step.id}: …" for that step`);
    }
    for (const step of parsed.steps.keys()) {
      if (!whole.steps.some((each) => each.id === step)) problems.push(`${file}: no step of that id, got "${step}"`);
    }
    prose.set(language, parsed);
  }
  if (!prose.has("en")) {
    problems.push(`${join(folder, "en.md")}: missing; every lab has English prose`);
    return undefined;
  }
  const inLanguages = (pick: (of: LabProse) => string | undefined): Prose => {
    const texts: { en: string } & Partial<Record<Language, string>> = { en: "" };
    for (const [language, parsed] of prose) {
      const text = pick(parsed);
      if (text !== undefined) texts[language] = text;
    }
    return texts;
  };
  duplicates(data, path, problems);
  for (const file of data.files) {
    if (!labFileSource(dirname(folder), id, file.source)) {
      problems.push(`${path}: files: no such file below files/ or labs/shared/, got "${file.source}"`);
    }
  }
  return {
    id: data.id,
    section: data.section,
    title: inLanguages((of) => of.title),
    summary: inLanguages((of) => of.summary),
    scenario: data.scenario,
    environment: data.environment,
    machines: data.machines,
    setup: data.setup.map(toAction),
    needs: data.needs,
    profiles: data.profiles,
    files: data.files.map(({ machine, path, owner, mode, source }) => ({
      machine,
      path,
      owner,
      mode: Number.parseInt(mode, 8),
      source,
    })),
    steps: data.steps.map((step) => toStep(step, path, inLanguages, options, problems)),
  };
}

function toStep(
  step: LabData["steps"][number],
  path: string,
  inLanguages: (pick: (of: LabProse) => string | undefined) => Prose,
  options: LoadOptions,
  problems: string[],
): Step {
  const checks = step.checks.map((check): CheckSpec => {
    const { id, kind, points, precondition, profile: _profile, on: _on, ...params } = check;
    try {
      options.parseCheck(kind, params, `${path}: steps.${step.id}.checks.${id}`);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      problems.push(error.message);
    }
    const prefix = `${id}/`;
    const causes: Record<string, Prose> = {};
    const names = new Set<string>();
    inLanguages((of) => {
      for (const key of of.steps.get(step.id)?.causes.keys() ?? []) if (key.startsWith(prefix)) names.add(key);
      return undefined;
    });
    for (const name of names) {
      causes[name.slice(prefix.length)] = inLanguages((of) => of.steps.get(step.id)?.causes.get(name));
    }
    return { id, kind, params, points, precondition, causes };
  });
  if (checks.every((check) => check.precondition)) {
    problems.push(`${path}: steps.${step.id}.checks: at least one must not be a precondition`);
  }
  for (const mistake of step.mistakes) {
    if (!checks.some((check) => check.id === mistake.check)) {
      problems.push(`${path}: steps.${step.id}.mistakes.${mistake.id}: no check of that id, got "${mistake.check}"`);
    }
  }
  const hints: Hint[] = [];
  for (const level of hintLevels) {
    const text = inLanguages((of) => of.steps.get(step.id)?.hints.get(level));
    if (text.en !== "") hints.push({ level, text });
  }
  return {
    id: step.id,
    title: inLanguages((of) => of.steps.get(step.id)?.title),
    text: inLanguages((of) => of.steps.get(step.id)?.text),
    machine: step.machine,
    covers: step.covers,
    fault: step.fault.map(toAction),
    commands: step.commands.map(toAction),
    checks,
    hints,
    afterwards: inLanguages((of) => of.steps.get(step.id)?.afterwards),
    solution: step.solution.map(toAction),
    routes: Object.fromEntries(Object.entries(step.routes).map(([name, actions]) => [name, actions.map(toAction)])),
    mistakes: step.mistakes.map(({ id, check, failure, actions, after }) => ({
      id,
      check,
      failure,
      actions: actions.map(toAction),
      on: after === "solution" ? "solved" : "unsolved",
    })),
  };
}

/** Names of downloads that are written for amd64, as a machine of any architecture has to ask for them. */
function forAnyProcessor(text: string): string {
  return text
    .replaceAll(/\b(spin-v[\d.]+-linux-)amd64\b/g, "$1$(uname -m | sed s/x86_64/amd64/)")
    .replaceAll(/\b(linux-|runc\.)amd64\b/g, "$1$(dpkg --print-architecture)")
    .replaceAll(/\b(linux-|ubuntu20\.04_)x86_64\b/g, "$1$(uname -m)");
}

/** The lab without what belongs to the other profile, or to the other kind of machines. */
function onlyOf({ profile, real }: LoadOptions, data: LabData): LabData {
  const kind = real === true ? "real" : "modelled";
  const keep = <T extends { profile?: Profile | undefined; on?: string | undefined }>(items: readonly T[]): T[] =>
    items.filter(
      (item) => (item.profile === undefined || item.profile === profile) && (item.on === undefined || item.on === kind),
    );
  return {
    ...data,
    setup: keep(data.setup),
    files: keep(data.files),
    steps: keep(data.steps).map((step) => ({
      ...step,
      fault: keep(step.fault),
      commands: keep(step.commands),
      checks: keep(step.checks),
      solution: keep(step.solution),
      routes: Object.fromEntries(Object.entries(step.routes).map(([name, actions]) => [name, keep(actions)])),
      mistakes: keep(step.mistakes).map((mistake) => ({ ...mistake, actions: keep(mistake.actions) })),
    })),
  };
}

/** The same value with every string in it changed. */
function mapStrings<T>(value: T, change: (text: string) => string): T;
function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapStrings(item, change));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)]));
}

function toAction(data: ActionData): Action {
  const roles: MachineRole[] = ["master", "worker1", "worker2"];
  for (const machine of roles) {
    const run = data[machine];
    if (run !== undefined) return { machine, run: run.replace(/\n$/, "") };
  }
  return { host: (data.host ?? "").replace(/\n$/, "") };
}

function duplicates(data: LabData, path: string, problems: string[]): void {
  const report = (ids: string[], where: string): void => {
    for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
      problems.push(`${path}: ${where}: this id stands here twice, got "${id}"`);
    }
  };
  report(
    data.steps.map((step) => step.id),
    "steps",
  );
  for (const step of data.steps) {
    report(
      step.checks.map((check) => check.id),
      `steps.${step.id}.checks`,
    );
  }
}

function readYaml<T extends z.ZodType>(path: string, schema: T, problems: string[]): z.output<T> | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    problems.push(`${path}: cannot be read; is the file there?`);
    return undefined;
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  for (const error of document.errors) {
    problems.push(`${path}:${counter.linePos(error.pos[0]).line}: not YAML, ${error.message}`);
  }
  if (document.errors.length > 0) return undefined;
  const value: unknown = document.toJS();
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const node = document.getIn(issue.path, true);
    const offset = hasRange(node) ? node.range[0] : undefined;
    const line = offset === undefined ? "" : `:${counter.linePos(offset).line}`;
    const got = issue.path.reduce<unknown>((at, key) => (isRecord(at) ? at[String(key)] : undefined), value);
    problems.push(`${path}${line}: ${issue.path.join(".") || "(top)"}: ${issue.message}, got ${JSON.stringify(got)}`);
  }
  return undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const hasRange = (node: unknown): node is { range: [number, number, number] } =>
  isRecord(node) && Array.isArray(node["range"]);

function withoutUndefined(prose: { en: string; de?: string | undefined }): Prose {
  return prose.de === undefined ? { en: prose.en } : { en: prose.en, de: prose.de };
}

/** Where a file that a lab puts on machines lies: in the lab's `files/`, or in `shared/` or `workloads/` beside the labs. */
export function labFileSource(labsFolder: string, lab: string, source: string): string | undefined {
  return ["shared", "workloads", join(lab, "files")]
    .map((folder) => join(labsFolder, folder, source))
    .find((path) => existsSync(path));
}
