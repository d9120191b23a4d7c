import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import type { Profile } from "../domain/backend.ts";

/** A profile's components by name, each with its fields, such as `version`. */
export type Components = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const catalogSchema = z.looseObject({
  profiles: z.record(
    z.string(),
    z.looseObject({ components: z.record(z.string(), z.record(z.string(), z.unknown())) }),
  ),
});

/** The components of a profile in the catalogue at `path`. Throws where it is not such a catalogue. */
export function readComponents(path: string, profile: Profile): Components {
  const { profiles } = catalogSchema.parse(parse(readFileSync(path, "utf8"), { schema: "failsafe" }));
  return profiles[profile]?.components ?? {};
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
