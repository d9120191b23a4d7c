import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEmbeddedBackend } from "../../../src/backends/embedded/backend.ts";
import { openKube } from "../../../src/cli/open-session.ts";
import { systemClock, systemRandom } from "../../../src/cli/system-clock.ts";
import type { Backend, MachineSpec, SnapshotStore } from "../../../src/domain/backend.ts";
import type { CheckSpec, Course, Lab } from "../../../src/domain/course.ts";
import { runOnHost } from "../../../src/process/host-command.ts";
import { Progress } from "../../../src/progress/progress.ts";
import { LocalSession } from "../../../src/runner/local-session.ts";
import { lab, step } from "../grading/course.ts";

const exists = (path: string): CheckSpec => ({
  id: "there",
  kind: "file",
  params: { machine: "master", path, cause: "nobody made it", next: `touch ${path}` },
  points: 1,
  precondition: false,
  causes: {},
});

const labOf = (id: string, environment: string, steps: string[], rest: Partial<Lab> = {}): Lab => ({
  ...lab(
    id,
    steps.map((name) => ({
      ...step(name, [exists(`/home/ubuntu/${name}`)]),
      solution: [{ machine: "master", run: `touch ~/${name}` }],
    })),
  ),
  environment,
  ...rest,
});

const course: Course = {
  title: { en: "" },
  chapters: [
    {
      id: "c",
      title: { en: "" },
      labs: [
        labOf("theory", "theory", ["one"], { setup: [{ machine: "master", run: "touch ~/set-up" }] }),
        labOf("practice", "course", ["two", "three"]),
        labOf("more", "course", ["four"], { needs: ["practice"] }),
      ],
    },
  ],
};

let folder: string;
let backend: Backend;
let session: LocalSession;

const open = async (): Promise<LocalSession> =>
  LocalSession.open({
    backend,
    course,
    labsFolder: folder,
    progress: new Progress(join(folder, "progress.json"), "embedded", "thesis"),
    profile: "thesis",
    language: "en",
    clock: systemClock,
    openKube,
    runOnHost,
    notices: [],
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "session-"));
  backend = await openEmbeddedBackend({
    folder: join(folder, "embedded"),
    profile: "thesis",
    pace: "instant",
    clock: systemClock,
    random: systemRandom,
  });
  session = await open();
});
afterEach(async () => {
  await session.close();
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
});

const files = async (): Promise<string[]> =>
  (await session.exec("master", ["ls", "/home/ubuntu"])).stdout.trim().split("\n").filter(Boolean);

async function solve(name: string): Promise<void> {
  await session.exec("master", ["touch", `/home/ubuntu/${name}`]);
  await session.send({ type: "check" });
  expect(session.snapshot().step?.solved, name).toBe(true);
}

const solvedSteps = (): string[] =>
  session
    .snapshot()
    .chapters.flatMap((chapter) => chapter.labs)
    .flatMap(({ id, steps }) => steps.filter(({ state }) => state === "solved").map((each) => `${id}/${each.id}`));

describe("a session", () => {
  it("plays a lab's setup once, and begins a lab of another environment on fresh machines", async () => {
    expect(await files()).toEqual(["set-up"]);
    await session.exec("master", ["rm", "/home/ubuntu/set-up"]);
    await solve("one");
    await session.send({ type: "next" });
    expect(session.snapshot().step?.lab).toBe("practice");
    expect(await files()).toEqual([]);
    await solve("two");
    await session.send({ type: "goto", lab: "theory" });
    expect(await files()).toEqual(["one"]);
    await session.send({ type: "goto", lab: "practice" });
    expect(await files()).toEqual(["two"]);
  });

  it("tries again, when asked to check, what could not be prepared", async () => {
    await session.close();
    let broken = true;
    const ensure = backend.ensure.bind(backend);
    backend.ensure = (spec: MachineSpec) => (broken ? Promise.reject(new Error("no daemon")) : ensure(spec));
    session = await open();
    await session.send({ type: "goto", lab: "practice" });
    expect(session.snapshot().phase).toMatchObject({ name: "failed", message: "no daemon" });
    await session.send({ type: "check" });
    expect(session.snapshot().phase).toMatchObject({ name: "failed" });
    broken = false;
    await session.send({ type: "check" });
    expect(session.snapshot()).toMatchObject({ phase: { name: "ready" }, step: { lab: "practice", solved: false } });
    expect(session.snapshot().step?.checks[0]?.outcome).toMatchObject({ status: "failed" });
  });

  it("begins where the machines can stay as they are, where nobody can make them fresh", async () => {
    await session.close();
    for (const name of ["progress.json", "progress.json.previous"]) rmSync(join(folder, name));
    Object.defineProperty(backend, "renew", { value: undefined });
    session = await open();
    expect(session.snapshot().step).toMatchObject({ lab: "practice", step: "two" });
    expect(session.snapshot().notices).toEqual([expect.stringContaining("The course begins with practice")]);
  });

  it("goes back to where the lab began when snapshots are dear", async () => {
    await session.close();
    const saved: string[] = [];
    const { snapshots } = backend;
    if (!snapshots) throw new Error("the embedded backend keeps snapshots");
    const dear: SnapshotStore = { ...snapshots, per: "lab", save: (id) => (saved.push(id), snapshots.save(id)) };
    Object.defineProperty(backend, "snapshots", { value: dear });
    session = await open();
    await session.send({ type: "goto", lab: "practice" });
    await solve("two");
    await session.send({ type: "next" });
    await solve("three");
    expect(saved.filter((id) => !id.startsWith("environment"))).toEqual(["practice/two"]);
    await session.send({ type: "undo" });
    expect(session.snapshot().step).toMatchObject({ lab: "practice", step: "two" });
    expect(await files()).toEqual([]);
    expect(solvedSteps()).toEqual([]);
  });

  it("asks no checks on the machines of another environment", async () => {
    await expect(session.ask("practice")).rejects.toMatchObject({ code: "environment-differs" });
    expect((await session.ask("theory")).steps.map(({ id }) => id)).toEqual(["one"]);
  });

  it("goes back to where a step began, and forth again with what was solved there", async () => {
    await session.send({ type: "goto", lab: "practice" });
    await solve("two");
    await session.send({ type: "next" });
    await solve("three");
    await session.send({ type: "next" });
    await solve("four");
    await session.send({ type: "restore", lab: "practice", step: "two" });
    expect(await files()).toEqual([]);
    expect(solvedSteps()).toEqual([]);
    await session.send({ type: "restore", lab: "more", step: "four" });
    expect(await files()).toEqual(["three", "two"]);
    expect(solvedSteps()).toEqual(["practice/two", "practice/three"]);
  });

  it("does a step anew after going back: its old snapshot is no longer where it begins", async () => {
    await session.send({ type: "goto", lab: "practice" });
    await solve("two");
    await session.send({ type: "next" });
    await solve("three");
    await session.send({ type: "restore", lab: "practice", step: "two" });
    await session.exec("master", ["touch", "/home/ubuntu/otherwise"]);
    await solve("two");
    await session.send({ type: "next" });
    await session.send({ type: "undo" });
    expect(await files()).toEqual(["otherwise", "two"]);
    expect(solvedSteps()).toEqual(["practice/two"]);
  });

  it("plays what the labs before would have left, from where the learner is", async () => {
    await session.send({ type: "goto", lab: "practice" });
    await solve("two");
    await session.send({ type: "goto", lab: "more" });
    expect(session.snapshot().step?.needs.length).toBe(1);
    await session.send({ type: "catchUp" });
    expect(await files()).toEqual(["three", "two"]);
    expect(session.snapshot().step).toMatchObject({ lab: "more", step: "four", needs: [] });
    expect(solvedSteps()).toEqual(["practice/two", "practice/three"]);
    await session.exec("master", ["rm", "/home/ubuntu/three"]);
    await session.send({ type: "undo" });
    expect(await files()).toEqual(["three", "two"]);
    const { report } = await session.report();
    const practice = report.labs.find(({ id }) => id === "practice")?.steps;
    expect(practice?.map(({ solutionShown }) => solutionShown)).toEqual([false, true]);
  });

  it("comes back to a step of another environment, and keeps the one it leaves", async () => {
    await solve("one");
    await session.send({ type: "goto", lab: "practice" });
    await solve("two");
    await session.send({ type: "restore", lab: "theory", step: "one" });
    expect(await files()).toEqual(["set-up"]);
    expect(solvedSteps()).toEqual(["practice/two"]);
    await session.send({ type: "goto", lab: "practice" });
    expect(await files()).toEqual(["two"]);
  });

  it("goes on in the same environment after it was closed", async () => {
    await session.send({ type: "goto", lab: "practice" });
    await solve("two");
    await session.close();
    session = await open();
    expect(session.snapshot().step?.lab).toBe("practice");
    expect(await files()).toEqual(["two"]);
    await session.send({ type: "goto", lab: "theory" });
    expect(await files()).toEqual(["set-up"]);
  });
});
