import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "must be kebab-case: lower-case letters, digits and single hyphens");
const machine = z.enum(["master", "worker1", "worker2"]);
const profile = z.enum(["thesis", "current"]);

/** `- master: COMMAND` or `- host: COMMAND`. */
const action = z
  .strictObject({ master: z.string(), worker1: z.string(), worker2: z.string(), host: z.string() })
  .partial()
  .refine((value) => Object.keys(value).length === 1, "must name exactly one of master, worker1, worker2, host");

const check = z.looseObject({
  id,
  kind: z.string(),
  points: z.number().int().positive().default(1),
  precondition: z.boolean().default(false),
});

const mistake = z.strictObject({
  id,
  actions: z.array(action),
  /** Id of the check that must fail. */
  check: id,
  /** Id of the failure it must report. */
  failure: id,
});

const step = z.strictObject({
  id,
  machine,
  commands: z.array(action).default([]),
  checks: z.array(check).min(1),
  solution: z.array(action).min(1),
  routes: z.record(id, z.array(action)).default({}),
  mistakes: z.array(mistake).default([]),
});

const file = z.strictObject({
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
  machines: z.array(machine).min(1),
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
