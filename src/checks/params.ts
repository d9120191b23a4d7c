import { exitCodes, LabError } from "../domain/errors.ts";

/** Reads one parameter; `problem` throws with the parameter's place. */
type Reader<T> = (value: unknown, problem: (wanted: string) => never) => T;

type Shape = Record<string, Reader<unknown>>;

type Params<S extends Shape> = { [K in keyof S]: ReturnType<S[K]> };

/** Makes the `parse` of a check kind: every parameter is read, and nothing else may stand there. */
export function paramsOf<S extends Shape>(shape: S): (params: unknown, where: string) => Params<S> {
  return (params, where) => {
    if (typeof params !== "object" || params === null) throw wrong(where, "must be a mapping", params);
    for (const key of Object.keys(params)) {
      if (!(key in shape)) {
        throw wrong(`${where}.${key}`, `unknown parameter; known are ${Object.keys(shape).join(", ")}`, key);
      }
    }
    const given = new Map<string, unknown>(Object.entries(params));
    const result: Record<string, unknown> = {};
    for (const [key, read] of Object.entries(shape)) {
      result[key] = read(given.get(key), (wanted) => {
        throw wrong(`${where}.${key}`, wanted, given.get(key));
      });
    }
    return result as Params<S>;
  };
}

function wrong(where: string, wanted: string, got: unknown): LabError {
  return new LabError("check-params", `${where}: ${wanted}, got ${JSON.stringify(got) ?? "nothing"}`, {
    remedy: "Mend the check in lab.yaml.",
    exitCode: exitCodes.wrongUse,
  });
}

export const text: Reader<string> = (value, problem) =>
  typeof value === "string" && value !== "" ? value : problem("must be a text");

export const number: Reader<number> = (value, problem) =>
  typeof value === "number" ? value : problem("must be a number");

export const flag: Reader<boolean> = (value, problem) =>
  value === undefined ? false : typeof value === "boolean" ? value : problem("must be true or false");

export const pattern: Reader<RegExp> = (value, problem) => {
  if (typeof value !== "string") return problem("must be a regular expression");
  try {
    return new RegExp(value, "m");
  } catch {
    return problem("must be a regular expression");
  }
};

export const labels: Reader<Record<string, string>> = (value, problem) => {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : problem("must be a mapping");
  const result: Record<string, string> = {};
  for (const [key, each] of entries) result[key] = typeof each === "string" ? each : problem("must hold texts");
  return result;
};

export const texts: Reader<string[]> = (value, problem) => {
  if (!Array.isArray(value)) return problem("must be a list of texts");
  return value.map((each: unknown) => (typeof each === "string" ? each : problem("must be a list of texts")));
};

export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, problem) => (value === undefined ? undefined : read(value, problem));
}
