import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedBackend } from "../src/backends/embedded/backend.ts";
import { readCourse } from "../src/cli/open-session.ts";
import { systemClock, systemRandom } from "../src/cli/system-clock.ts";
import type { Machine } from "../src/domain/machine.ts";
import { runOnHost } from "../src/process/host-command.ts";
import { findLab, prepareLab } from "../src/runner/prepare.ts";
import { ActionPlayer } from "../src/runner/solution.ts";

// Plays the solutions of method 1 without checks and prints, as JSON, the milliseconds of the two steps with a budget.
// A process of its own for each measurement, so that every one begins as cold as a learner's.
const root = join(import.meta.dirname, "..");

/** Milliseconds that a line takes at a machine's prompt. */
async function atPrompt(machine: Machine, text: string): Promise<number> {
  const begin = performance.now();
  const { exitCode, stderr } = await machine.exec(["bash", "-lc", text]);
  if (exitCode !== 0) throw new Error(`${text}: ended with ${exitCode}: ${stderr}`);
  return performance.now() - begin;
}

const folder = mkdtempSync(join(tmpdir(), "bench-cluster-"));
const backend = await openEmbeddedBackend({
  folder,
  profile: "thesis",
  pace: "instant",
  clock: systemClock,
  random: systemRandom,
});
const course = readCourse("thesis");
const player = new ActionPlayer({ backend, runOnHost });
const { signal } = new AbortController();
const times = { controlPlane: Number.NaN, apply: Number.NaN, undo: Number.NaN };
const holds = { prepared: [] };
for (const id of ["control-plane", "crun-build", "crun-node", "crun-deploy"]) {
  const lab = findLab(course, id);
  await prepareLab(lab, { backend, labsFolder: join(root, "labs"), holds, runOnHost, signal });
  const master = await backend.machine("master");
  for (const step of lab.steps) {
    const commands = step.solution.flatMap((action) => ("run" in action ? [action.run] : []));
    const begin = performance.now();
    if (`${id}/${step.id}` === "control-plane/init") {
      await atPrompt(master, commands.join("\n"));
      const admin = "sudo kubectl --kubeconfig /etc/kubernetes/admin.conf";
      await atPrompt(master, `${admin} get --raw /readyz && ${admin} wait --for=condition=Ready node/master`);
      times.controlPlane = performance.now() - begin;
    } else if (`${id}/${step.id}` === "crun-deploy/apply") {
      times.apply = await atPrompt(master, `${commands.join("\n")}\nkubectl rollout status deployment/wasmedge-deploy`);
    } else await player.play(step.solution, signal);
  }
}
await player.close();
await backend.snapshots?.save("bench");
const restores: number[] = [];
for (let round = 0; round < 5; round += 1) {
  const begin = performance.now();
  await backend.snapshots?.restore("bench");
  restores.push(performance.now() - begin);
}
times.undo = restores.sort((a, b) => a - b)[2] ?? Number.NaN;
await backend.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(times));
process.exit(0);
