import { expect, test } from "vitest";
import type { Provisioning } from "../../../src/domain/backend.ts";
import type { LabError } from "../../../src/domain/errors.ts";
import { LaunchGate } from "../../../src/backends/multipass/launch-gate.ts";
import { ProvisioningProgress } from "../../../src/backends/multipass/progress.ts";
import { requireResources } from "../../../src/backends/multipass/resources.ts";
import { recipe } from "../../support/multipass/recipe.ts";

const roomy = { architecture: "amd64", totalMemoryMiB: 16_384, freeMemoryMiB: 12_000, freeDiskGiB: 100 };
const all = ["master", "worker1", "worker2"] as const;

const refusal = (host: typeof roomy, roles: readonly (typeof all)[number][] = all): LabError | undefined => {
  try {
    requireResources(recipe, roles, host);
    return undefined;
  } catch (error) {
    return error as LabError;
  }
};

test("a computer with room for all machines is taken", () => {
  expect(refusal(roomy)).toBeUndefined();
  expect(refusal({ ...roomy, architecture: "arm64" })).toBeUndefined();
});

test("what is missing is named with what is needed, what was found and the way out", () => {
  expect(refusal({ ...roomy, architecture: "riscv64" })).toMatchObject({ code: "host-architecture", exitCode: 5 });
  const memory = refusal({ ...roomy, totalMemoryMiB: 6_000 });
  expect(memory).toMatchObject({ code: "host-memory", exitCode: 5 });
  expect(memory?.message).toContain("8192 MiB");
  expect(memory?.message).toContain("6000 MiB");
  const free = refusal({ ...roomy, freeMemoryMiB: 3_000 });
  expect(free).toMatchObject({ code: "host-memory", exitCode: 4 });
  expect(free?.remedy).toContain("Close");
  expect(refusal({ ...roomy, freeMemoryMiB: 3_000 }, ["worker2"])).toBeUndefined();
  const disk = refusal({ ...roomy, freeDiskGiB: 12 });
  expect(disk).toMatchObject({ code: "host-disk", exitCode: 4 });
  expect(disk?.message).toContain("50 GiB");
});

test("one machine is made alone until the image is here, then two at a time", async () => {
  const gate = new LaunchGate();
  const inside: string[] = [];
  const ends = new Map<string, () => void>();
  const make = (name: string): Promise<void> =>
    gate.pass(async () => {
      inside.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      inside.splice(inside.indexOf(name), 1);
    });
  const made = all.map(make);
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(inside).toEqual(["master"]);
  gate.imageIsHere();
  await settle();
  expect(inside).toEqual(["master", "worker1"]);
  ends.get("master")?.();
  await settle();
  expect(inside).toEqual(["worker1", "worker2"]);
  ends.get("worker1")?.();
  ends.get("worker2")?.();
  await Promise.all(made);
});

test("the estimate counts down with the phases, from how long they took before", () => {
  let now = 0;
  const told: Provisioning[] = [];
  const measured: Record<string, number> = {};
  const progress = new ProvisioningProgress({
    clock: {
      now: () => now,
      monotonic: () => now,
      sleep: () => Promise.resolve(),
      after: () => () => undefined,
    },
    onProgress: (each) => told.push(each),
    durations: () => ({ download: 100, create: 10, boot: 20, prepare: 30 }),
    onMeasured: (phase, ms) => (measured[phase] = ms),
  });
  progress.begin("master", "download");
  progress.at("master", "download", 50);
  now = 100;
  progress.at("master", "create");
  progress.at("master", "boot");
  now = 115;
  progress.at("master", "prepare");
  progress.end("master", true);
  expect(told.map(({ phase, remainingMs }) => [phase, remainingMs])).toEqual([
    ["download", 160],
    ["download", 110],
    ["create", 60],
    ["boot", 50],
    ["prepare", 30],
    ["ready", 0],
  ]);
  expect(measured).toMatchObject({ download: 100, boot: 15 });
});
