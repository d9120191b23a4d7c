import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { userDataFile } from "./launch.ts";
import { defaultWait, type StartRequest } from "./messages.ts";
import { Failure, type Session } from "./session.ts";

/** Boots stopped instances, and waits for those that boot already. */
export async function start(session: Session, request: StartRequest): Promise<void> {
  const { tell } = session;
  const errors: string[] = [];
  for (const name of request.names) {
    try {
      await startOne(session, name, request.operation);
    } catch (error) {
      errors.push(
        error instanceof Error ? error.message.replace(/^The following errors occurred:\n/, "") : String(error),
      );
    }
  }
  const stderr = `${request.operation} failed: The following errors occurred:\n${errors.join("\n")}\n`;
  tell({ done: errors.length > 0 ? { code: 2, stdout: "", stderr } : { code: 0, stdout: "", stderr: "" } });
}

const timedOut = (name: string): string => `${name}: timed out waiting for response`;

/** Waits for what another client has begun. */
async function becomesRunning({ store, settings }: Session, name: string): Promise<void> {
  const interval = 20;
  for (let waited = 0; waited < Math.max(10_000, settings.scaled(defaultWait * 1000)); waited += interval) {
    const state = store.read().instances[name]?.state;
    if (state === "Running") return;
    if (state !== "Starting" && state !== "Restarting") break;
    await sleep(interval);
  }
  throw new Failure(timedOut(name), { rollBack: false });
}

async function startOne(session: Session, name: string, operation: StartRequest["operation"]): Promise<void> {
  const { settings, store, machines, tell, update, pass } = session;
  tell({ say: operation === "start" ? `Starting ${name}` : `Restarting ${name}` });
  const before = store.change((state) => {
    const instance = state.instances[name];
    const { state: before } = instance ?? {};
    if (instance && (before === "Stopped" || before === "Suspended" || operation === "restart")) {
      instance.state = operation === "start" ? "Starting" : "Restarting";
    } else if (instance && before === "Delayed Shutdown") {
      instance.state = "Running";
    }
    return before;
  });
  if (before === "Unknown") {
    throw new Failure(`Instance '${name}' is already running, but in an unknown state.\nTry to stop it first.`, {
      rollBack: false,
    });
  }
  if (before === "Starting" || before === "Restarting") {
    return becomesRunning(session, name);
  }
  if (operation === "start" && before !== "Stopped" && before !== "Suspended") return;
  if (operation === "restart") await machines.stop(name);
  // The addresses of macOS and Windows change with their DHCP leases; those of Linux are kept for ever.
  if (settings.platform !== "linux" && before !== "Suspended") machines.moveAddress(name);
  try {
    await machines.start(name);
    await pass("boot", name, { message: timedOut(name), state: "Unknown" });
  } catch (error) {
    if (!(error instanceof Failure) || error.rollBack) {
      await machines.stop(name);
      update(name, (instance) => void (instance.state = "Stopped"));
    }
    throw error;
  }
  update(name, (instance) => {
    instance.state = "Running";
    instance.otherAddresses = before === "Suspended" ? instance.otherAddresses : [];
  });
  const file = userDataFile(settings.folder, name);
  if (machines.prepared === true || !existsSync(file)) return;
  const { applyUserData } = await import("../cloud-init/apply.ts");
  await applyUserData(machines, name, readFileSync(file, "utf8"), { firstBoot: false });
}
