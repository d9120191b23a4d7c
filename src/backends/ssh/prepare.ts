import { LabError } from "../../domain/errors.ts";
import { runRemote } from "../../remote/run-remote.ts";
import type { SshConnection } from "./connection.ts";

const runAsRoot = `
script=$(mktemp) || exit 1
trap 'rm -f -- "$script"' EXIT
cat >"$script"
if [ "$(id -u)" -eq 0 ]; then bash "$script" </dev/null; else sudo -n -- bash "$script" </dev/null; fi
`;

/**
 * Runs the recipe's script on a machine as root; it returns at once where it has run before. Rejects with LabError
 * `machine-not-prepared` with the end of what it printed.
 */
export async function prepare(connection: SshConnection, script: string): Promise<void> {
  let output = "";
  const { exitCode } = await runRemote(connection.transport("login"), ["bash", "-c", runAsRoot], {
    stdin: script,
    onOutput: ({ bytes }) => (output = (output + new TextDecoder().decode(bytes)).slice(-4_000)),
  });
  if (exitCode === 0) return;
  throw new LabError(
    "machine-not-prepared",
    `${connection.name}: it could not be prepared for the lab, got exit code ${exitCode}\n${output.trim().split("\n").slice(-12).join("\n")}`,
    { remedy: `Mend what it says on ${connection.name}, and run the command again: it goes on where it ended.` },
  );
}
