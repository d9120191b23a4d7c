import type { Process } from "../../process.ts";
import { readApplication } from "./application.ts";
import { SpinFailure } from "./failure.ts";

/** Builds all components, or those that are named. Rejects with SpinFailure. */
export async function buildApplication(process: Process, path: string, wanted: readonly string[] = []): Promise<void> {
  const { manifest, folder } = readApplication(process, path);
  const unknown = wanted.filter((id) => !manifest.components.some((component) => component.id === id));
  if (unknown.length > 0) throw new SpinFailure(`Unknown component(s) ${unknown.join(", ")}`);
  const components = manifest.components.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
  if (components.every((component) => component.build === undefined)) {
    await process.out("None of the components have a build command.\n");
    return;
  }
  for (const { id, build: own } of components) {
    if (!own) continue;
    if (own.workdir?.startsWith("/")) {
      throw new SpinFailure("The workdir specified in the application file must be relative.");
    }
    const cwd = own.workdir === undefined ? folder : `${folder}/${own.workdir}`;
    for (const command of own.commands) {
      await process.out(`Building component ${id} with \`${command}\`\n`);
      if (own.workdir !== undefined) await process.out(`Working directory: "${cwd}"\n`);
      const status = await process.run(["sh", "-c", command], { cwd });
      process.signal.throwIfAborted();
      if (status !== 0) {
        throw new SpinFailure(`Build command for component ${id} failed with status Exited(${status})`);
      }
    }
  }
  await process.out("Finished building all Spin components\n");
}
