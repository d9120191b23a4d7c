import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { LaunchRequest } from "./messages.ts";
import { Failure, type Session } from "./session.ts";

/** What the file of an instance's user-data is called in the state folder. */
export function userDataFile(folder: string, name: string): string {
  return join(folder, "user-data", `${name}.yaml`);
}

/** Makes the machine of an instance that the client has registered, and boots it. Goes on when the client has gone. */
export async function launch(session: Session, request: LaunchRequest): Promise<void> {
  const { settings, store, machines, tell, update, pass } = session;
  const { name, userData } = request;
  const rollBack = async (): Promise<void> => {
    await machines.remove(name);
    store.change((state) => delete state.instances[name]);
  };
  try {
    tell({ say: `Creating ${name}` });
    const { instances, images } = store.read();
    const { hash = "" } = instances[name] ?? {};
    if (!images.includes(hash)) {
      await pass("download", name);
      store.change((state) => state.images.push(hash));
      tell({ progress: "Extracting image: 100%" });
      tell({ progress: "Verifying image: 100%" });
    }
    tell({ say: `Preparing image for ${name}` });
    await pass("create", name);
    tell({ say: `Configuring ${name}` });
    mkdirSync(join(settings.folder, "user-data"), { recursive: true });
    writeFileSync(userDataFile(settings.folder, name), userData, { mode: 0o600 });
    await machines.create(name);
    tell({ say: `Starting ${name}` });
    if (!update(name, (instance) => void (instance.preparing = false))) return await machines.remove(name);
    await machines.start(name);
    await pass("boot", name, { message: `${name}: timed out waiting for response`, state: "Unknown" });
    if (!update(name, (instance) => void (instance.state = "Running"))) return await machines.remove(name);
    tell({ say: "Waiting for initialization to complete" });
    const message = "timed out waiting for initialization to complete";
    await pass("cloud-init", name, { message, goesOn: true });
    if (machines.prepared !== true) {
      const { applyUserData } = await import("../cloud-init/apply.ts");
      await applyUserData(machines, name, userData, { firstBoot: true });
    }
    const zone = settings.atLeast("1.17") ? ` in ${store.read().instances[name]?.zone ?? "zone1"}` : "";
    tell({ done: { code: 0, stdout: `Launched: ${name}${zone}\n`, stderr: "" } });
  } catch (error) {
    if (!(error instanceof Failure) || error.rollBack) await rollBack();
    const message = error instanceof Error ? error.message : String(error);
    tell({ done: { code: 2, stdout: "", stderr: `launch failed: ${message}\n` } });
  }
}
