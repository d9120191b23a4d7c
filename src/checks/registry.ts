import { exitCodes, LabError } from "../domain/errors.ts";
import type { CheckKind, WrongAnswer } from "../domain/check.ts";
import { binary } from "./binary.ts";
import { command } from "./command.ts";
import { deployment } from "./deployment.ts";
import { file } from "./file.ts";
import { http } from "./http.ts";
import { node } from "./node.ts";
import { service } from "./service.ts";
import { unit } from "./unit.ts";

/** A check kind whose parameters are already read. */
export interface BoundCheck {
  readonly failures: readonly string[];
  /** What breaks it once it passes. */
  readonly wrongAnswers: readonly WrongAnswer[];
  run: CheckKind<unknown>["run"] extends (params: unknown, ...rest: infer R) => infer O ? (...rest: R) => O : never;
}

function binder<P>(kind: CheckKind<P>): (params: unknown, where: string) => BoundCheck {
  return (params, where) => {
    const parsed = kind.parse(params, where);
    const wrongAnswers = kind.wrongAnswers?.(parsed) ?? [];
    return { failures: kind.failures, wrongAnswers, run: (context) => kind.run(parsed, context) };
  };
}

const kinds = new Map([
  [binary.kind, binder(binary)],
  [command.kind, binder(command)],
  [deployment.kind, binder(deployment)],
  [file.kind, binder(file)],
  [http.kind, binder(http)],
  [node.kind, binder(node)],
  [service.kind, binder(service)],
  [unit.kind, binder(unit)],
]);

/** The check of that kind with these parameters. Throws LabError `check-kind` or `check-params` naming `where`. */
export function bindCheck(kind: string, params: unknown, where: string): BoundCheck {
  const bind = kinds.get(kind);
  if (!bind) {
    throw new LabError("check-kind", `${where}: unknown kind of check, got "${kind}"`, {
      remedy: `Use one of ${[...kinds.keys()].join(", ")}.`,
      exitCode: exitCodes.wrongUse,
    });
  }
  return bind(params, where);
}
