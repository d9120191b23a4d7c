import type { LabelSelector, SelectorRequirement } from "./types.ts";

const has = (labels: Readonly<Record<string, string>>, key: string): boolean => Object.hasOwn(labels, key);

/** One requirement of a label or node selector. */
export function requirementMatches(
  requirement: SelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const values = requirement.values ?? [];
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && has(labels, requirement.key) && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return has(labels, requirement.key);
    case "DoesNotExist":
      return !has(labels, requirement.key);
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** An absent selector matches nothing, an empty one everything. */
export function selectorMatches(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (!selector) return false;
  return (
    labelsMatch(selector.matchLabels ?? {}, labels) &&
    (selector.matchExpressions ?? []).every((requirement) => requirementMatches(requirement, labels ?? {}))
  );
}

/** True when every wanted label is there with that value. */
export function labelsMatch(
  wanted: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value);
}
