import { describe, expect, it } from "vitest";
import type { Backend } from "../../../src/domain/backend.ts";
import type { Course } from "../../../src/domain/course.ts";
import type { Machine } from "../../../src/domain/machine.ts";
import { type FaultOptions, injectFault, mendFault } from "../../../src/runner/faults.ts";
import { lab, step } from "../grading/course.ts";

const place = (id: string) => ({ lab: "faults", step: id });

const course: Course = {
  title: { en: "" },
  chapters: [
    {
      id: "c",
      title: { en: "" },
      labs: [
        {
          ...lab("faults", [
            {
              ...step("one", []),
              fault: [{ machine: "master", run: "break one" }],
              solution: [{ machine: "master", run: "repair one" }],
            },
          ]),
          scenario: "break-fix",
          environment: "faults",
        },
      ],
    },
  ],
};

/** A backend that writes down what it is asked for. */
function open(options: { snapshots: boolean; environment?: string }) {
  const told: string[] = [];
  const kept = new Set<string>();
  const tell = (what: string): Promise<void> => Promise.resolve(void told.push(what));
  const machine: Partial<Machine> = {
    exec: async (argv) => {
      await tell(argv.at(-1) ?? "");
      return { exitCode: 0, stdout: "", stderr: "", durationMs: 0 };
    },
  };
  const backend: Partial<Backend> = {
    machine: () => Promise.resolve(machine as Machine),
    list: () => Promise.resolve([]),
    hostAccess: () => Promise.resolve({ nodePorts: {} }),
    ...(options.snapshots
      ? {
          renew: () => tell("renew"),
          snapshots: {
            per: "step" as const,
            save: (id) => (kept.add(id), tell(`save ${id}`)),
            restore: (id) => tell(`restore ${id}`),
            list: () => Promise.resolve([...kept]),
            remove: (id) => (kept.delete(id), tell(`remove ${id}`)),
          },
        }
      : {}),
  };
  const holds: FaultOptions["holds"] = { prepared: [], environment: options.environment ?? "faults" };
  const faults: FaultOptions = {
    backend: backend as Backend,
    course,
    holds,
    runOnHost: () => Promise.reject(new Error("nothing is typed on this computer")),
    signal: new AbortController().signal,
  };
  return { told, holds, faults };
}

describe("a fault", () => {
  it("is typed at the machines after a snapshot of them, and written down", async () => {
    const { told, holds, faults } = open({ snapshots: true });
    await injectFault(place("one"), faults);
    expect(told).toEqual(["save faults without faults", "break one"]);
    expect(holds.broken).toEqual(place("one"));
  });

  it("that nobody repaired goes with the snapshot from before it", async () => {
    const { told, holds, faults } = open({ snapshots: true });
    await injectFault(place("one"), faults);
    await mendFault(place("one"), faults);
    expect(told.at(-1)).toBe("restore faults without faults");
    expect(holds.broken).toBeUndefined();
    const before = told.length;
    await mendFault(place("one"), faults);
    expect(told).toHaveLength(before);
  });

  it("is repaired by its solution where there are no snapshots", async () => {
    const { told, faults } = open({ snapshots: false });
    await injectFault(place("one"), faults);
    await mendFault(place("one"), faults);
    expect(told).toEqual(["break one", "repair one"]);
  });

  it("of other machines is mended there, and what is in use now is kept", async () => {
    const { told, holds, faults } = open({ snapshots: true });
    await injectFault(place("one"), faults);
    holds.environment = "course";
    await mendFault(place("one"), faults);
    expect(told.slice(-2)).toEqual(["save environment course", "restore faults without faults"]);
    expect(holds.environment).toBe("faults");
  });
});
