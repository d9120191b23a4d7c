import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be kebab-case: lower-case letters, digits and single hyphens");
const machine = z.enum(["master", "worker1", "worker2"]);
const profile = z.enum(["thesis", "current"]);
/** What belongs to one kind of machines alone. */
const on = z.enum(["modelled", "real"]);

/** `- master: COMMAND` or `- host: COMMAND`; with `profile:` or `on:` beside it, only there. */
const action = z
  .strictObject({
    master: z.string(),
    worker1: z.string(),
    worker2: z.string(),
    host: z.string(),
    profile,
    on,
  })
  .partial()
  .refine(
    (value) => Object.keys(value).filter((key) => key !== "profile" && key !== "on").length === 1,
    "must name exactly one of master, worker1, worker2, host",
  );

const check = z.looseObject({
  id,
  kind: z.string(),
  points: z.number().int().positive().default(1),
  precondition: z.boolean().default(false),
  profile: profile.optional(),
  on: on.optional(),
});

const mistake = z.strictObject({
  id,
  profile: profile.optional(),
  actions: z.array(action),
  /** Played on the solved step instead of the unsolved one. */
  after: z.literal("solution").optional(),
  /** Id of the check that must fail. */
  check: id,
  /** Id of the failure it must report. */
  failure: id,
});

/** What of the thesis a step teaches, e.g. `section-3.2.1`, `figure-13`. */
const covered = z
  .string()
  .regex(
    /^(section-[234](\.[0-9]+)*|(figure|table|listing)-[0-9]+|appendix-[abc])$/,
    "must name a section, figure, table, listing or appendix of the thesis",
  );

const step = z.strictObject({
  id,
  profile: profile.optional(),
  machine,
  covers: z.array(covered).default([]),
  /** Breaks the machines when a step of a break-fix lab begins. */
  fault: z.array(action).default([]),
  commands: z.array(action).default([]),
  checks: z.array(check).min(1),
  solution: z.array(action).min(1),
  routes: z.record(id, z.array(action)).default({}),
  mistakes: z.array(mistake).default([]),
});

const file = z.strictObject({
  profile: profile.optional(),
  on: on.optional(),
  machine,
  path: z.string().startsWith("/"),
  owner: z.string().default("ubuntu:ubuntu"),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'must be an octal string such as "0644"')
    .default("0644"),
  source: z.string(),
});

export const labSchema = z.strictObject({
  formatVersion: z.literal(1),
  id,
  section: z.string(),
  scenario: z.enum(["guided", "break-fix"]).default("guided"),
  environment: id.default("course"),
  machines: z.array(machine).min(1),
  setup: z.array(action).default([]),
  needs: z.array(id).default([]),
  profiles: z.array(profile).min(1),
  files: z.array(file).default([]),
  steps: z.array(step).min(1),
});

const prose = z.strictObject({ en: z.string(), de: z.string().optional() });

export const courseSchema = z.strictObject({
  formatVersion: z.literal(1),
  title: prose,
  chapters: z.array(z.strictObject({ id, title: prose, labs: z.array(id).min(1) })).min(1),
});

export type LabData = z.output<typeof labSchema>;
export type ActionData = z.output<typeof action>;
