import { exitCodes } from "../../domain/errors.ts";
import { allLabs } from "../../runner/prepare.ts";
import { readCourse } from "../open-session.ts";
import { print } from "../output.ts";

/** Reads the whole course; a problem is thrown as one LabError that lists them all. */
export function lint(): number {
  readCourse("current");
  const labs = allLabs(readCourse("thesis"));
  const steps = labs.flatMap((lab) => lab.steps);
  print(
    `${labs.length} labs, ${steps.length} steps, ${steps.flatMap((step) => step.checks).length} checks: no problems`,
  );
  return exitCodes.passed;
}
