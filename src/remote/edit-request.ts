import type { EditRequest } from "../domain/machine.ts";
import { runRemote } from "./run-remote.ts";
import { saveScript, separator } from "./shell-init.ts";
import type { Transport } from "./transport.ts";

/** The file that an editor was started for, as it stands on the machine; undefined when it cannot be read. */
export async function openEdit(
  transport: Transport,
  payload: string,
  close: () => void,
): Promise<EditRequest | undefined> {
  const [locked = "", umask = "", user = "", file = "", path = ""] = payload.split(separator);
  const asUser = user === "ubuntu" ? [] : ["sudo", "-n", "-u", user, "--"];
  const { exitCode, stdout } = await runRemote(transport, [
    ...asUser,
    "bash",
    "-c",
    '[ ! -e "$1" ] || exec cat -- "$1"',
    "wasm-k8s-lab",
    path,
  ]);
  if (exitCode !== 0) return undefined;
  return {
    path,
    text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout),
    readOnly: locked !== "0",
    async save(text) {
      const bytes = new TextEncoder().encode(text);
      const argv = [...asUser, "bash", "-c", saveScript, "wasm-k8s-lab", umask, path, String(bytes.length)];
      const saved = await runRemote(transport, argv, { stdin: bytes });
      if (saved.exitCode === 0) return;
      const said = new TextDecoder().decode(saved.stderr).trim().split("\n").at(-1) ?? "";
      throw new Error(`Error writing ${file}: ${said.split(": ").at(-1)}`);
    },
    close,
  };
}
