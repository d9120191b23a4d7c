import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { openGuests } from "../../guests/guests.ts";
import { installPrograms } from "../cloud-init/programs.ts";
import type { Settings } from "../settings.ts";
import type { Machines } from "./machines.ts";

const execute = promisify(execFile);

/** Machines of this computer's namespaces, with root, files, processes and addresses of their own. */
export function openNamespaced({ folder, guests: kind, tree }: Settings): Machines {
  const guests = openGuests({ folder: join(folder, "guests") });
  const copy = async (from: string, to: string): Promise<void> => {
    await execute("rm", ["-rf", "--one-file-system", to]);
    await execute("cp", ["-a", "--reflink=auto", "--sparse=never", from, to]);
  };
  return {
    start: guests.start,
    stop: guests.stop,
    remove: guests.remove,
    removeAll: guests.removeAll,
    running: guests.running,
    address: guests.address,
    moveAddress: guests.moveAddress,
    async create(name) {
      await guests.create(name, kind === "system" ? { base: { tree, boots: true } } : {});
      installPrograms(join(guests.disk(name), kind === "system" ? "root/usr/local/bin" : "local/bin"), "");
    },
    addresses(name) {
      const [file = "", ...argv] = guests.enter(name);
      const shown = execFileSync(file, [...argv, "ip", "-4", "-brief", "address", "show", "scope", "global"], {
        encoding: "utf8",
      });
      const inside = shown.match(/\d+(\.\d+){3}(?=\/)/g) ?? [];
      const own = guests.address(name);
      return [own, ...inside.filter((address) => address !== own)];
    },
    inside(name, command, user) {
      const [file = "", ...argv] = guests.enter(name);
      if (user === "root") return { file, argv: [...argv, "bash", "-c", command], env: {} };
      const etc = join(guests.disk(name), "root/etc");
      const session = [...variables(join(etc, "environment")), ...variables(join(etc, "default/locale"))];
      const gateway = guests.address(name).replace(/\d+$/, "1");
      const words =
        "setpriv --reuid 1000 --regid 1000 --init-groups " +
        "env -i -C /home/ubuntu USER=ubuntu LOGNAME=ubuntu HOME=/home/ubuntu SHELL=/bin/bash";
      argv.push(...words.split(" "), `SSH_CLIENT=${gateway} 50022 22`);
      argv.push(`SSH_CONNECTION=${gateway} 50022 ${guests.address(name)} 22`, ...session, "bash", "-c", command);
      return { file, argv, env: {} };
    },
    save: (name, to) => copy(guests.disk(name), to),
    restore: (name, from) => copy(from, guests.disk(name)),
  };
}

/** `NAME=value` of a file that PAM reads for each session. */
function variables(file: string): string[] {
  try {
    const lines = readFileSync(file, "utf8").matchAll(/^\s*(?:export\s+)?(\w+)=(["']?)(.*)\2\s*$/gm);
    return [...lines].map(([, name = "", , value = ""]) => `${name}=${value}`);
  } catch {
    return [];
  }
}
