import type { Process } from "../../process.ts";
import { parseArguments } from "./arguments.ts";
import { findManifest } from "./application.ts";
import { buildApplication } from "./build-application.ts";
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
