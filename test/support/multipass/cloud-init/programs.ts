import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes `cloud-init` for a machine whose files begin at `root`; a machine without root of its own also gets `sudo`. */
export function installPrograms(folder: string, root: string): void {
  mkdirSync(folder, { recursive: true });
  const install = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text.replace("@root@", root), { mode: 0o755 });
  };
  install("cloud-init", readFileSync(join(import.meta.dirname, "cloud-init.sh"), "utf8"));
  if (root === "") return;
  // Nobody gains anything by it: a command that needs more than the machine's own files fails in its own words.
  install("sudo", '#!/bin/bash\nwhile [[ ${1-} == -* ]]; do [[ $1 == -u ]] && shift; shift; done\nexec "$@"\n');
  install("hostname", '#!/bin/bash\nroot="@root@"\ncat "$root/etc/hostname"\n');
}
