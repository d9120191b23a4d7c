import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Profile } from "../domain/backend.ts";

/** A profile's components by name, each with its fields, such as `version`. */
export type Components = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const catalogSchema = z.looseObject({
  profiles: z.record(
    z.string(),
    z.looseObject({
      components: z.record(z.string(), z.record(z.string(), z.unknown())),
      real: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
    }),
  ),
});

/**
 * The components of a profile in the catalogue at `path`, as modelled machines find them or, where asked for, real ones.
 * Throws where it is not such a catalogue.
 */
export function readComponents(path: string, profile: Profile, real = false): Components {
  const { profiles } = catalogSchema.parse(parse(readFileSync(path, "utf8"), { schema: "failsafe" }));
  const { components = {}, real: other = {} } = profiles[profile] ?? {};
  if (!real) return components;
  return Object.fromEntries(
    Object.entries(components).map(([name, component]) => [name, { ...component, ...other[name] }]),
  );
}

/** Replaces `{{version NAME}}` and `{{catalog NAME.FIELD}}`; tells of each that the catalogue does not have. */
export function fillVersions(text: string, components: Components, onProblem: (problem: string) => void): string {
  return text.replaceAll(/\{\{(?:version ([a-z0-9-]+)|catalog ([a-z0-9-]+)\.(\w+))\}\}/g, (whole, ...groups) => {
    const [name, owner, field] = groups as (string | undefined)[];
    const value = components[name ?? owner ?? ""]?.[field ?? "version"];
    if (typeof value === "string") return value;
    onProblem(`the catalogue has no such component or field, got "${whole}"`);
    return whole;
  });
}
