import { openMultipassBackend } from "../../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../../src/cli/system-clock.ts";
import { recipe } from "./recipe.ts";

// A process that makes the lab's three machines, or removes them, until it is done or killed: FOLDER up|down.
const [folder = "", action = "up"] = process.argv.slice(2);
const executable = process.env["WASM_K8S_LAB_MULTIPASS"] ?? "";
const backend = await openMultipassBackend({
  folder,
  clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) },
  random: systemRandom,
  recipe: () => recipe,
  onNotice: (text) => process.stderr.write(`${text}\n`),
  onProgress: () => undefined,
  executable,
  overcommit: true,
});
if (action === "down") await backend.removeAll?.();
else {
  const roles = ["master", "worker1", "worker2"] as const;
  await Promise.all(roles.map((role) => backend.ensure({ name: role, role })));
}
await backend.close();
