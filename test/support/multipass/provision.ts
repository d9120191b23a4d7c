import { openMultipassBackend } from "../../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../../src/cli/system-clock.ts";
import { recipe } from "./recipe.ts";

// A process that makes the lab's machines, keeps, brings back or removes them, until it is done or killed:
// FOLDER up|save|restore|renew|down.
const [folder = "", action = ""] = process.argv.slice(2);
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
const roles = ["master", "worker1", "worker2"] as const;
switch (action) {
  case "up":
    await Promise.all(roles.map((role) => backend.ensure({ name: role, role })));
    break;
  case "save":
  case "restore":
    await backend.snapshots?.[action]("lab/step");
    break;
  case "renew":
    await backend.renew?.();
    break;
  case "down":
    await backend.removeAll?.();
    break;
  default:
    throw new Error(`no such action: ${action}`);
}
await backend.close();
