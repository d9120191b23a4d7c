import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/domain/check.ts";
import { gradeReport } from "../../../src/grading/grade.ts";
import { check, courseOf, lab, reportOf, step } from "./course.ts";

const course = courseOf([
  lab("lab", [step("one", [check("a", 2), check("p", 1, true)]), step("two", [check("b", 3)])]),
]);

const passed: Outcome = { status: "passed" };
const failed: Outcome = { status: "failed", id: "x", observed: "", expected: "", cause: "", next: "" };
const errored: Outcome = { status: "errored", error: "no answer" };

const gradeOf = (steps: Record<string, Record<string, Outcome>>) => gradeReport(course, reportOf({ lab: steps })).grade;

describe("the grade that follows from a report", () => {
  it("counts the points of passed checks, not of preconditions", () => {
    expect(gradeOf({ one: { a: passed, p: passed }, two: { b: passed } })).toEqual({
      points: 5,
      maxPoints: 5,
      verdict: "passed",
    });
  });

  it("is keyed by id: another order, and checks nobody knows, change nothing", () => {
    const shuffled = gradeOf({ two: { zz: failed, b: passed }, one: { p: passed, a: passed } });
    expect(shuffled).toEqual({ points: 5, maxPoints: 5, verdict: "passed" });
  });

  it("fails with a failed check", () => {
    expect(gradeOf({ one: { a: failed, p: passed }, two: { b: passed } })).toEqual({
      points: 3,
      maxPoints: 5,
      verdict: "failed",
    });
  });

  it("is incomplete, not failed, when a check could not be asked or was never asked", () => {
    expect(gradeOf({ one: { a: passed, p: passed }, two: { b: errored } }).verdict).toBe("incomplete");
    expect(gradeOf({ one: { a: passed, p: passed } }).verdict).toBe("incomplete");
    expect(gradeOf({})).toEqual({ points: 0, maxPoints: 5, verdict: "incomplete" });
  });
});
