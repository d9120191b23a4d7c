import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { openSshBackend } from "../../src/backends/ssh/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import { recipe } from "../support/multipass/recipe.ts";
import { openSshGuests, sshGuestSupport } from "../support/ssh/ssh-guests.ts";
import { type BackendPlace, describeBackend } from "./suite.ts";

const support = sshGuestSupport();
const features = { lifecycle: false, snapshots: false, interactiveShell: true, hostPorts: false, simulated: false };

if (support.possible) {
  describeBackend("ssh", features, (): BackendPlace => {
    const ssh = openSshGuests();
    const inventory = join(ssh.folder, "lab.yaml");
    let made = false;
    const make = async (): Promise<void> => {
      await ssh.add("master");
      const { hostKey } = await ssh.listen("master");
      ssh.trust("master", hostKey);
      writeFileSync(inventory, `sshConfig: ssh_config\nmachines:\n  master: ${ssh.guests.address("master")}\n`);
    };
    return {
      async open() {
        const known = made;
        if (!made) await make();
        made = true;
        return openSshBackend({
          folder: join(ssh.folder, "state"),
          clock: systemClock,
          random: systemRandom,
          recipe: () => recipe,
          onNotice: () => undefined,
          onProgress: () => undefined,
          // Later commands find the one that was kept.
          ...(known ? {} : { inventory }),
        });
      },
      dispose: () => ssh.dispose(),
    };
  });
} else {
  describe("ssh", () => {
    it.skip(`needs machines with sshd: ${support.reason}`, () => undefined);
  });
}
