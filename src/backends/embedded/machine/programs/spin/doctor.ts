import { decode, nullSink } from "../../io.ts";
import type { Process } from "../../process.ts";
import { findManifest, readApplication } from "./application.ts";
import type { LocalApplication } from "./application.ts";
import { parseArguments } from "./arguments.ts";

/** `spin doctor`: what is wrong with an application. Simplified: it tells, but does not offer to repair. */
export async function doctor(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("doctor", args, {
    values: { "-f": "from", "--from": "from", "--file": "from" },
    switches: { "-h": "help", "--help": "help" },
  });
  if (given.has("help")) {
    await process.out("Detect and fix problems with Spin applications\n\nUSAGE:\n    spin doctor [OPTIONS]\n");
    return 0;
  }
  const path = findManifest(process, given.value("from"));
  await process.out(`The Spin Doctor is in.\nChecking ${path}...\n`);
  const application = readApplication(process, path);
  const found = [
    ...manifestProblems(application),
    ...(await rustProblems(process, application)),
    ...missing(process, application),
  ];
  for (const problem of found) await process.out(`\nDiagnosis: ${problem}\n`);
  if (found.length === 0) await process.out("No problems found.\n");
  return 0;
}

const manifestProblems = ({ manifest }: LocalApplication): string[] =>
  manifest.version === 1 ? ["Version 1 manifest can be upgraded to version 2"] : [];

function missing(process: Process, { manifest, folder }: LocalApplication): string[] {
  return manifest.components.flatMap(({ id, source }) => {
    if (source.kind !== "file" || process.files.exists(`${folder}/${source.path}`)) return [];
    return [`Component "${id}" source "${folder}/${source.path}" is missing`];
  });
}

/** Only for applications that cargo builds. */
async function rustProblems(process: Process, { manifest }: LocalApplication): Promise<string[]> {
  const commands = manifest.components.flatMap(({ build }) => build?.commands ?? []);
  if (!commands.some((command) => command.startsWith("cargo"))) return [];
  const target = process.executable.version.startsWith("2.") ? "wasm32-wasi" : "wasm32-wasip1";
  let listed = "";
  const stdout = {
    write(bytes: Uint8Array): Promise<void> {
      listed += decode(bytes);
      return Promise.resolve();
    },
  };
  const status = await process.run(["rustup", "target", "list", "--installed"], { stdout, stderr: nullSink });
  if (status === 127) return ["The Rust compiler isn't installed"];
  return listed.split("\n").includes(target) ? [] : [`The required Rust target '${target}' isn't installed`];
}
