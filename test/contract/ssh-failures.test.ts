import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSshBackend } from "../../src/backends/ssh/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import type { Backend } from "../../src/domain/backend.ts";
import type { LabError } from "../../src/domain/errors.ts";
import { recipe } from "../support/multipass/recipe.ts";
import { openSshGuests, type SshGuests, sshGuestSupport } from "../support/ssh/ssh-guests.ts";

const support = sshGuestSupport();
const master = { name: "master", role: "master" } as const;
const worker1 = { name: "worker1", role: "worker1" } as const;

describe.skipIf(!support.possible)(
  `what ssh meets${support.possible ? "" : ` (needs machines with sshd: ${support.reason})`}`,
  () => {
    let ssh: SshGuests;
    let places = 0;
    const opened: Backend[] = [];
    const notices: string[] = [];

    /** A backend of its own for an inventory. */
    const open = async (
      machines: string,
      extra: Partial<Parameters<typeof openSshBackend>[0]> = {},
    ): Promise<Backend> => {
      places += 1;
      const folder = join(ssh.folder, `state-${places}`);
      const inventory = join(ssh.folder, `lab-${places}.yaml`);
      writeFileSync(inventory, `sshConfig: ssh_config\nmachines:\n${machines}`);
      const backend = await openSshBackend({
        folder,
        clock: systemClock,
        random: systemRandom,
        recipe: () => recipe,
        onNotice: (text) => void notices.push(text),
        onProgress: () => undefined,
        inventory,
        ...extra,
      });
      opened.push(backend);
      return backend;
    };
    const at = (port = 22): string => `  master: { host: ${ssh.guests.address("master")}, port: ${port} }\n`;
    const failure = (code: string, message: RegExp, remedy: RegExp): LabError =>
      expect.objectContaining({
        name: "LabError",
        code,
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      }) as LabError;

    beforeAll(async () => {
      ssh = openSshGuests();
      await ssh.add("master");
      ssh.trust("master", (await ssh.listen("master")).hostKey);
    });
    afterAll(async () => {
      for (const backend of opened) await backend.close();
      await ssh.dispose();
    });

    it("refuses a host key that is not known, and one that has changed, and says how to look at it", async () => {
      const { hostKey } = await ssh.listen("master", { port: 2201 });
      const address = ssh.guests.address("master");
      await expect((await open(at(2201))).ensure(master)).rejects.toEqual(
        failure(
          "host-key-unknown",
          /^master: the host key of 10\.\S+ port 2201 is not known/,
          new RegExp(`ssh -F \\S+ -p 2201 ${address}.*ssh-keyscan -p 2201 ${address} \\| ssh-keygen -lf -`),
        ),
      );
      expect(readFileSync(ssh.knownHosts, "utf8")).not.toContain(":2201");
      await ssh.listen("master", { port: 2202 });
      ssh.trust("master", hostKey, 2202);
      await expect((await open(at(2202))).ensure(master)).rejects.toEqual(
        failure("host-key-changed", /another host key/, new RegExp(`ssh-keygen -R '\\[${address}\\]:2202'`)),
      );
    });

    it("tells a login that is refused from a machine that is not there", async () => {
      const { hostKey } = await ssh.listen("master", {
        port: 2203,
        config: ["PubkeyAuthentication no", "PasswordAuthentication yes"],
      });
      ssh.trust("master", hostKey, 2203);
      await expect((await open(at(2203))).ensure(master)).rejects.toEqual(
        failure("ssh-login-refused", /refuses the login as ubuntu by a key/, /ssh-copy-id -p 2203 ubuntu@/),
      );
      await expect((await open(at(2299))).ensure(master)).rejects.toEqual(
        failure(
          "machine-unreachable",
          /port 2299 cannot be reached, got .*Connection refused/,
          /sudo systemctl start ssh/,
        ),
      );
      const nowhere = await open("  master: no-such-host.invalid\n");
      await expect(nowhere.ensure(master)).rejects.toEqual(
        failure("machine-unreachable", /Could not resolve hostname/, /Check the name/),
      );
      expect(await nowhere.list()).toEqual([{ name: "master", state: "stopped" }]);
      expect(await nowhere.probe()).toMatchObject({ usable: false, remedy: expect.stringContaining("Check the name") });
      expect(await nowhere.hostAccess()).toEqual({ nodePorts: {} });
    });

    it("knows one computer under two names", async () => {
      const { hostKey } = await ssh.listen("master", { port: 2204 });
      ssh.trust("master", hostKey, 2204);
      const twice = await open(`${at()}  worker1: { host: ${ssh.guests.address("master")}, port: 2204 }\n`);
      const error = failure("machine-twice", /^worker1: is the same computer as master/, /a computer of its own/);
      await expect(twice.ensure(worker1)).rejects.toEqual(error);
      expect(await twice.probe()).toMatchObject({ usable: false });
    });

    it("prepares a machine once, and shows what went wrong there", async () => {
      const script = (body: string): typeof recipe => ({ ...recipe, prepare: () => `#!/bin/bash\n${body}\n` });
      const good = await open(at(), { recipe: () => script("id -un >>/srv/prepared") });
      await good.ensure(master);
      await good.ensure(master);
      const machine = await good.machine("master");
      expect(new TextDecoder().decode(await machine.readFile("/srv/prepared"))).toBe("root\n");
      const hosts = new TextDecoder().decode(await machine.readFile("/etc/hosts"));
      expect(hosts).toContain(`${ssh.guests.address("master")} master registry.lab\n`);
      await expect(
        (await open(at(), { recipe: () => script("echo no network >&2; exit 3") })).ensure(master),
      ).rejects.toEqual(failure("machine-not-prepared", /got exit code 3\nno network$/, /run the command again/));
      const other = await open(at(), { recipe: () => ({ ...recipe, architectures: ["riscv64"] }) });
      await expect(other.ensure(master)).rejects.toEqual(failure("machine-architecture", /got \w+/, /riscv64/));
      await (await open(at(), { recipe: () => ({ ...recipe, release: "26.04" }) })).ensure(master);
      expect(notices.at(-1)).toBe("master: runs Ubuntu 24.04; this profile is made for 26.04");
    });

    it("works as ubuntu whoever logs in, and says so where sudo asks", async () => {
      const run = async (command: string): Promise<void> => {
        const result = await (await opened[0]?.machine("master"))?.exec(["sudo", "bash", "-ec", command]);
        expect(result).toMatchObject({ exitCode: 0 });
      };
      opened.unshift(await open(at()));
      await run(
        "useradd -m -s /bin/bash admin; cp -r /home/ubuntu/.ssh /home/admin; chown -R admin: /home/admin/.ssh; " +
          "usermod -p '*' admin",
      );
      const inventory = `  master: { host: ${ssh.guests.address("master")}, user: admin }\n`;
      await expect((await open(inventory)).ensure(master)).rejects.toEqual(
        failure("machine-sudo", /^master: admin may not use sudo/, /NOPASSWD/),
      );
      await run("echo 'admin ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/admin");
      const machine = await (await open(inventory)).ensure(master);
      expect(await machine.exec(["bash", "-c", 'echo "$(id -un) $PWD"; exit 255'], { stdin: "x" })).toMatchObject({
        stdout: "ubuntu /home/ubuntu\n",
        stderr: "",
        exitCode: 255,
      });
      const shell = await machine.openShell?.({ columns: 80, rows: 24, onOutput: () => undefined });
      expect(shell?.prompt()).toContain("ubuntu@");
      await shell?.close();
      expect(machine.terminal?.()).toMatchObject({ file: "ssh", argv: expect.arrayContaining(["-l", "admin", "-t"]) });
    });

    it("tells a connection that is lost in the middle of a command from a command that fails", async () => {
      const { hostKey } = await ssh.listen("master", { port: 2205 });
      ssh.trust("master", hostKey, 2205);
      const backend = await open(at(2205));
      const machine = await backend.ensure(master);
      const { stdout } = await machine.exec(["bash", "-c", 'tr " " "\\n" <<<"$SSH_CONNECTION"; ps -o ppid= -p $PPID']);
      expect(stdout).not.toBe("");
      const cut = machine.exec(["bash", "-c", "echo begun; exec sleep 1000"], {
        onOutput: () => {
          // The server's process for this connection, as an administrator or a power cut would end it.
          void machine.exec(["sudo", "pkill", "-KILL", "-f", "^sshd: ubuntu"]).catch(() => undefined);
        },
      });
      await expect(cut).rejects.toEqual(failure("machine-unreachable", /^master: /, /run the command again/));
      expect((await machine.exec(["echo", "back"])).stdout).toBe("back\n");
    });

    it("keeps its sockets and copies to itself, and leaves nothing behind", async () => {
      const backend = await open(at());
      const machine = await backend.ensure(master);
      const folder = join(ssh.folder, `state-${places}`);
      expect(statSync(join(folder, "ssh")).mode & 0o777).toBe(0o700);
      expect(readdirSync(join(folder, "ssh"))).toHaveLength(1);
      await machine.writeFile(
        "/etc/kubernetes/admin.conf",
        "clusters:\n- cluster:\n    certificate-authority-data: QUJD\n    server: https://192.0.2.1:6443\n",
        { mode: 0o600 },
      );
      const { kubeconfig = "", clusterId } = await backend.hostAccess();
      expect(clusterId).toMatch(/^[0-9a-f]{16}$/);
      expect(statSync(kubeconfig).mode & 0o777).toBe(0o600);
      expect(readFileSync(kubeconfig, "utf8")).toContain(`server: https://${ssh.guests.address("master")}:6443\n`);
      mkdirSync(join(folder, "kept"));
      await backend.remove("master");
      await backend.close();
      expect(readdirSync(join(folder, "ssh"))).toEqual([]);
      expect(existsSync(join(folder, "inventory.yaml"))).toBe(true);
    });
  },
);
