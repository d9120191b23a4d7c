import type { Process } from "../../process.ts";
import { parseArguments } from "./arguments.ts";
import { findManifest, readApplication } from "./application.ts";
import { SpinFailure } from "./failure.ts";
import { up } from "./up.ts";

const usage = `Build the Spin application

USAGE:
    spin build [OPTIONS] [UP_ARGS]...

OPTIONS:
    -c, --component-id <COMPONENT_ID>    Component ID to build. This can be specified multiple times
    -f, --from <APP_MANIFEST_FILE>       The application to build [default: spin.toml]
    -h, --help                           Print help information
    -u, --up                             Run the application after building
`;

/** `spin build`: runs the components' build commands through the machine's shell. */
export async function build(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("build", args, {
    values: { "-f": "from", "--from": "from", "--file": "from", "-c": "component", "--component-id": "component" },
    switches: { "-u": "up", "--up": "up", "-h": "help", "--help": "help" },
  });
  if (given.has("help")) {
    await process.out(usage);
    return 0;
  }
  const path = findManifest(process, given.value("from"));
  await buildApplication(process, path, given.all("component"));
  return given.has("up") ? up(process, ["--from", path, ...given.operands]) : 0;
}

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
