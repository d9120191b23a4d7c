import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Double, openDouble } from "../../support/multipass/double.ts";
import { seeded } from "../../support/seeded.ts";

/** `npm run test:host` asks for more of them. */
const kills = Number(process.env["WASM_K8S_LAB_KILLS"] ?? "5");
const together = 5;
const names = ["master", "worker1", "worker2"];

let lab: ReturnType<typeof newLab>;
afterEach(() => lab.dispose());

function newLab() {
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-kills-"));
  const double: Double = openDouble();
  const calls = join(folder, "calls");
  const counted = join(folder, "multipass");
  writeFileSync(counted, `#!/bin/sh\necho >>'${calls}'\nexec '${double.path}' "$@"\n`, { mode: 0o755 });
  const count = (): number => (existsSync(calls) ? readFileSync(calls, "utf8").length : 0);
  const program = join(import.meta.dirname, "../../support/multipass/provision.ts");
  /** Makes or removes the machines; killed `afterMs` after so many calls of Multipass, or once `when` holds. */
  const run = async (
    action: "up" | "save" | "restore" | "renew" | "down",
    killed?: { calls?: number; when?: () => boolean; afterMs: number },
  ): Promise<unknown> => {
    const child = spawn(process.execPath, [program, join(folder, "state"), action], {
      env: { ...process.env, ...double.env, WASM_K8S_LAB_MULTIPASS: counted },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const begun = count();
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    if (killed) {
      const due = killed.when ?? (() => count() >= begun + (killed.calls ?? 0));
      while (!due() && child.exitCode === null) await sleep(5);
      await sleep(killed.afterMs);
      child.kill("SIGKILL");
    }
    return ended;
  };
  const file = join(folder, "state/multipass.json");
  const own = (): { id: string; machines: Record<string, unknown> } =>
    existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ReturnType<typeof own>) : { id: "", machines: {} };
  return {
    run,
    /** Machines that Multipass has, by the names of those who made them; one that is not written down is named in full. */
    machines(): string[] {
      const { id, machines } = own();
      const short = double.instances().map(({ name }) => name.replace(`wasm-k8s-lab-${id}-`, ""));
      return short.map((name) => (name in machines ? name : `orphan ${name}`)).toSorted();
    },
    double,
    /** What a command on a machine prints. */
    inside(name: string, command: string): string {
      const argv = ["exec", "-n", name, "--", "bash", "-c", `${command} 2>/dev/null; true`];
      return execFileSync(double.path, argv, { env: { ...process.env, ...double.env }, encoding: "utf8" });
    },
    async dispose() {
      await double.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test(
  `killed ${together} times on the way, opened again each time: three machines at the end, no orphan at any time`,
  { timeout: 240_000 },
  async () => {
    lab = newLab();
    const random = seeded(1);
    for (let kill = 0; kill < together; kill += 1) {
      const point = { calls: 4 + Math.floor(random() * 14), afterMs: Math.floor(random() * 200) };
      expect(await lab.run("up", point)).toBe("SIGKILL");
      expect(lab.machines().filter((name) => !names.includes(name))).toEqual([]);
    }
    expect(await lab.run("up")).toBe(0);
    expect(lab.machines()).toEqual(names);
    expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running", "Running", "Running"]);
    expect(await lab.run("down", { calls: 4 + Math.floor(random() * 4), afterMs: 50 })).toBe("SIGKILL");
    expect(await lab.run("down")).toBe(0);
    expect(lab.double.instances()).toEqual([]);
  },
);

test.runIf(kills > together).each(Array.from({ length: kills }, (_, index) => index + 1))(
  "killed once and opened again: three machines, no orphan (seed %i)",
  { timeout: 240_000 },
  async (seed) => {
    lab = newLab();
    const random = seeded(seed);
    const point = { calls: 1 + Math.floor(random() * 44), afterMs: Math.floor(random() * 200) };
    // The last points are near the end: a quick computer is there before it is killed.
    expect(["SIGKILL", 0]).toContain(await lab.run("up", point));
    expect(lab.machines().filter((name) => !names.includes(name))).toEqual([]);
    expect(await lab.run("up")).toBe(0);
    expect(lab.machines()).toEqual(names);
    expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running", "Running", "Running"]);
  },
);

test.runIf(kills > together)(
  "killed while all machines go forth and back: what was begun is finished, and all are in one state",
  { timeout: 600_000 },
  async () => {
    lab = newLab();
    const random = seeded(1);
    const marked = (): string[] => lab.double.instances().map(({ name }) => lab.inside(name, "cat /home/ubuntu/mark"));
    const mark = (text: string): void => {
      for (const { name } of lab.double.instances()) lab.inside(name, `echo ${text} >/home/ubuntu/mark`);
    };
    const point = () => ({ calls: 4 + Math.floor(random() * 12), afterMs: Math.floor(random() * 200) });
    expect(await lab.run("up")).toBe(0);
    mark("before");
    await lab.run("save", point());
    expect(await lab.run("up")).toBe(0);
    expect(await lab.run("save")).toBe(0);
    const kept = lab.double.instances().map(({ snapshots }) => snapshots.map(({ name }) => name));
    // One of each: `fresh`, and what was saved at last.
    expect(kept.map((names_) => names_.length)).toEqual([2, 2, 2]);
    expect(new Set(kept.flat()).size).toBe(2);
    for (const [action, expected] of [
      ["restore", "before"],
      ["renew", ""],
    ] as const) {
      mark("after");
      await lab.run(action, point());
      expect(await lab.run("up")).toBe(0);
      expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running", "Running", "Running"]);
      const found = new Set(marked());
      expect(found.size).toBe(1);
      expect([`${expected}\n`, expected, "after\n"]).toContain([...found][0]);
    }
    expect(await lab.run("restore")).toBe(0);
    expect(new Set(marked())).toEqual(new Set(["before\n"]));
  },
);

test("a launch that nobody waits for any more is found and removed", { timeout: 60_000 }, async () => {
  lab = newLab();
  lab.double.setFaults([{ command: "launch", phase: "download", delayMs: 2_000_000 }]);
  const preparing = (): boolean => lab.double.instances().some((instance) => instance.preparing);
  expect(await lab.run("up", { when: preparing, afterMs: 0 })).toBe("SIGKILL");
  expect(preparing()).toBe(true);
  expect(await lab.run("down")).toBe(0);
  expect(lab.double.instances()).toEqual([]);
});
