import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend, BackendFeatures } from "../../src/domain/backend.ts";
import type { LabError } from "../../src/domain/errors.ts";
import type { ExecResult, Machine, MachineShell } from "../../src/domain/machine.ts";

/** A place where a backend keeps its machines: empty at first, or with those that are there without `lifecycle`. */
export interface BackendPlace {
  /** Opens the backend on this place, with whatever it held when it was closed. */
  open(): Promise<Backend>;
  /** Removes the machines and all that is left of them. */
  dispose(): Promise<void>;
}

const unknownMachine = expect.objectContaining({ name: "LabError", code: "machine-unknown" }) as LabError;
const missingFile = expect.objectContaining({ name: "LabError", code: "file-not-found" }) as LabError;

/**
 * What every backend promises to those who use its machines: `master` at least. What depends on an ability is asked of
 * those that have it. The tests of one suite share its machines, in order.
 */
export function describeBackend(name: string, features: BackendFeatures, newPlace: () => BackendPlace): void {
  const { lifecycle, hostPorts } = features;
  describe(name, () => {
    const place = newPlace();
    let backend: Backend;
    let machine: Machine;

    beforeAll(async () => {
      backend = await place.open();
    });
    afterAll(async () => {
      await backend.close();
      await place.dispose();
    });

    it("says what it is and whether it can be used here", async () => {
      expect(backend.info.id).toBe(name);
      expect(backend.info.title).not.toBe("");
      expect(backend.info.features).toEqual(features);
      expect(backend.snapshots !== undefined).toBe(features.snapshots);
      const probe = await backend.probe();
      expect(probe.detail).not.toBe("");
      expect(probe.usable).toBe(true);
    });

    it("makes a machine once, however often it is asked", async () => {
      if (lifecycle) expect(await backend.list()).toEqual([]);
      machine = await backend.ensure({ name: "master", role: "master" });
      await machine.writeFile("/srv/kept", "first");
      const again = await backend.ensure({ name: "master", role: "master" });
      expect(again.name).toBe("master");
      expect(text(await again.readFile("/srv/kept"))).toBe("first");
      const states = (await backend.list()).map((each) => [each.name, each.state]);
      if (lifecycle) expect(states).toEqual([["master", "running"]]);
      else expect(states).toContainEqual(["master", "running"]);
    });

    it("names the machine's state and address", async () => {
      expect(await machine.state()).toBe("running");
      const address = await machine.address();
      expect(address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect((await backend.list()).find((each) => each.name === "master")?.address).toBe(address);
      expect((await machine.exec(["hostname", "-I"])).stdout.split(/\s+/)).toContain(address);
    });

    it("rejects a machine that there is not", async () => {
      await expect(backend.machine("elsewhere")).rejects.toEqual(unknownMachine);
    });

    it.runIf(lifecycle)("removes a machine once, however often it is asked", async () => {
      const worker = await backend.ensure({ name: "worker1", role: "worker1" });
      expect((await backend.list()).map((each) => each.name).sort()).toEqual(["master", "worker1"]);
      await backend.remove("worker1");
      await backend.remove("worker1");
      expect((await backend.list()).map((each) => each.name)).toEqual(["master"]);
      expect(await worker.state()).toBe("absent");
      await expect(backend.machine("worker1")).rejects.toEqual(unknownMachine);
    });

    describe("exec", () => {
      it("passes each argument on as it is", async () => {
        const arguments_ = ["$HOME", "a  b", "'", '"', "*", "; false", "`id`", "", "ü\n€", "-n", "\\"];
        const result = await machine.exec(["printf", "%s|", ...arguments_]);
        expect(result).toMatchObject({ exitCode: 0, stdout: `${arguments_.join("|")}|`, stderr: "" });
      });

      it("runs as ubuntu in a fresh login environment", async () => {
        await machine.exec(["bash", "-c", "cd /tmp; export LEFT=over"]);
        const result = await machine.exec(["bash", "-c", 'echo "$(id -un) $HOME $PWD [$LEFT]"']);
        expect(result.stdout).toBe("ubuntu /home/ubuntu /home/ubuntu []\n");
      });

      it("gives standard input and variables", async () => {
        const bytes = new TextEncoder().encode("one\ntwo\n");
        expect((await machine.exec(["cat"], { stdin: "one\ntwo\n" })).stdout).toBe("one\ntwo\n");
        expect((await machine.exec(["wc", "-c"], { stdin: bytes })).stdout.trim()).toBe("8");
        expect((await machine.exec(["cat"])).stdout).toBe("");
        const named = await machine.exec(["printenv", "GREETING"], { env: { GREETING: "Moin, $USER" } });
        expect(named.stdout).toBe("Moin, $USER\n");
      });

      it("keeps exit codes and the two outputs apart", async () => {
        const result = await machine.exec(["bash", "-c", "echo out; echo err >&2; exit 42"]);
        expect(result).toMatchObject({ exitCode: 42, stdout: "out\n", stderr: "err\n" });
        expect((await machine.exec(["true"])).exitCode).toBe(0);
        expect((await machine.exec(["false"])).exitCode).toBe(1);
        expect((await machine.exec(["bash", "-c", "kill -9 $$"])).exitCode).toBe(137);
        expect((await machine.exec(["no-such-command"])).exitCode).toBe(127);
        expect((await machine.exec(["/etc/passwd"])).exitCode).toBe(126);
      });

      it("tells the output in order while the command runs", async () => {
        const told: string[] = [];
        const result = await machine.exec(["bash", "-c", "for n in 1 2 3; do echo o$n; echo e$n >&2; done; exit 3"], {
          onOutput: ({ stream, bytes }) => told.push(`${stream} ${text(bytes)}`),
        });
        expect(result.exitCode).toBe(3);
        const only = (stream: string): string =>
          told
            .filter((each) => each.startsWith(stream))
            .map((each) => each.slice(stream.length + 1))
            .join("");
        expect(only("stdout")).toBe("o1\no2\no3\n");
        expect(only("stderr")).toBe("e1\ne2\ne3\n");
        expect(result).toMatchObject({ stdout: only("stdout"), stderr: only("stderr") });
      });

      it("ends a command that takes too long with 124", async () => {
        const result = await machine.exec(["bash", "-c", "echo begun; sleep 1000; echo never"], { timeoutMs: 3_000 });
        expect(result).toMatchObject({ exitCode: 124, stdout: "begun\n" });
      });

      it("ends a command when the caller no longer wants it", async () => {
        // A machine may have sleepers of its own.
        const sleepers = await machine.exec(["pgrep", "-x", "sleep"]);
        const abort = new AbortController();
        const outcome = machine
          .exec(["bash", "-c", "echo begun; sleep 1000"], { signal: abort.signal, onOutput: () => abort.abort() })
          .then(
            (result: ExecResult) => result.exitCode,
            () => "rejected",
          );
        expect(await outcome).not.toBe(0);
        expect((await machine.exec(["pgrep", "-x", "sleep"])).stdout).toBe(sleepers.stdout);
        expect((await machine.exec(["echo", "on"])).stdout).toBe("on\n");
      });
    });

    describe("files", () => {
      it("come back byte for byte", async () => {
        const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
        await machine.writeFile("/srv/a/new/folder/bytes", bytes);
        expect(Buffer.from(await machine.readFile("/srv/a/new/folder/bytes")).equals(bytes)).toBe(true);
        await machine.writeFile("/srv/a/new/folder/bytes", "");
        expect(await machine.readFile("/srv/a/new/folder/bytes")).toHaveLength(0);
      });

      it("have the owner and the mode they were given", async () => {
        const facts = async (path: string): Promise<string> =>
          (await machine.exec(["stat", "-c", "%U:%G %a", path])).stdout.trim();
        await machine.writeFile("/srv/plain", "x");
        expect(await facts("/srv/plain")).toBe("root:root 644");
        await machine.writeFile("/home/ubuntu/run.sh", "#!/bin/sh\necho ran\n", { owner: "ubuntu", mode: 0o755 });
        expect(await facts("/home/ubuntu/run.sh")).toBe("ubuntu:ubuntu 755");
        expect((await machine.exec(["./run.sh"])).stdout).toBe("ran\n");
        await machine.writeFile("/srv/secret", "s3", { owner: "root:ubuntu", mode: 0o600 });
        expect(await facts("/srv/secret")).toBe("root:ubuntu 600");
        expect((await machine.exec(["cat", "/srv/secret"])).exitCode).toBe(1);
        expect(text(await machine.readFile("/srv/secret"))).toBe("s3");
      });

      it("that are not there are named by a LabError", async () => {
        await expect(machine.readFile("/srv/missing")).rejects.toEqual(missingFile);
        await expect(machine.readFile("/srv/plain/below")).rejects.toEqual(missingFile);
      });
    });

    describe.runIf(features.interactiveShell)("openShell", () => {
      let shown = "";
      let shell: MachineShell;
      const type = async (line: string): Promise<string> => {
        shown = "";
        await shell.run(line);
        return shown.replaceAll("\r", "");
      };

      it("keeps directory, variables, functions and history between lines", async () => {
        expect(backend.info.features.interactiveShell).toBe(true);
        shell = await openShell(machine, (output) => (shown += output));
        expect(shell.prompt()).toContain("ubuntu@master:~$");
        await type("cd /var/log; NOTE='a b'; greet() { echo Moin $1; }");
        expect(shell.prompt()).toContain("ubuntu@master:/var/log$");
        expect(await type('echo "$PWD $NOTE"; greet you')).toBe("/var/log a b\nMoin you\n");
        expect(shell.history().at(-1)).toBe('echo "$PWD $NOTE"; greet you');
        expect(await shell.run("(exit 7)")).toEqual({ exitCode: 7, incomplete: false, exited: false });
      });

      it("waits for the rest of an incomplete command", async () => {
        expect(await shell.run("cat <<END")).toMatchObject({ incomplete: true });
        expect(shell.prompt()).toBe("> ");
        expect(await shell.run("text")).toMatchObject({ incomplete: true });
        expect(await type("END")).toBe("text\n");
        expect(await shell.run("echo 'open")).toMatchObject({ incomplete: true });
        shell.signal("SIGINT");
        expect(await type("echo closed")).toContain("closed\n");
      });

      it("ends the command at Ctrl-C, and not itself", async () => {
        const interrupted = { exitCode: 130, incomplete: false, exited: false };
        shown = "";
        let running = shell.run("echo begun; sleep 1000");
        await until(() => shown.includes("begun"));
        expect(shell.busy()).toBe(true);
        shell.signal("SIGINT");
        expect(await running).toEqual(interrupted);
        running = shell.run("sleep 1000");
        shell.signal("SIGINT");
        expect(await running).toEqual(interrupted);
        expect(shell.busy()).toBe(false);
        expect(await type('echo "$NOTE $?"')).toBe("a b 130\n");
      });

      it("hands what is typed to the running command", async () => {
        shown = "";
        const running = shell.run("cat > /tmp/typed; wc -l < /tmp/typed");
        shell.input("one\n");
        shell.input("two\n");
        shell.input(null);
        expect((await running).exitCode).toBe(0);
        expect(text(await machine.readFile("/tmp/typed"))).toBe("one\ntwo\n");
      });

      it("completes commands, files and variables", async () => {
        expect(await complete(shell, "cat /etc/hostn")).toEqual({ start: 4, candidates: ["/etc/hostname "] });
        expect((await complete(shell, "hostnam")).candidates).toContain("hostname ");
        expect(await complete(shell, "cat /no/such/fol")).toMatchObject({ candidates: [] });
      });

      it("ends at exit with that code", async () => {
        expect(await shell.run("exit 5")).toMatchObject({ exitCode: 5, exited: true });
        await shell.close();
      });

      it("belongs to the user it was opened for", async () => {
        shell = await openShell(machine, (output) => (shown += output), "root");
        expect(shell.prompt()).toMatch(/root@master:.*# $/);
        expect(await type("id -u")).toBe("0\n");
        await shell.run("exit");
        await shell.close();
      });
    });

    it.runIf(features.snapshots)("brings a snapshot back, and forgets it when told", async () => {
      expect(backend.info.features.snapshots).toBe(true);
      const { snapshots } = backend;
      if (!snapshots) throw new Error(`${name} offers no snapshots`);
      expect(await snapshots.list()).toEqual([]);
      await machine.writeFile("/srv/kept", "before");
      await snapshots.save("before");
      await machine.writeFile("/srv/kept", "after");
      await machine.writeFile("/srv/later", "x");
      await snapshots.save("after");
      expect((await snapshots.list()).sort()).toEqual(["after", "before"]);

      await snapshots.restore("before");
      expect(text(await machine.readFile("/srv/kept"))).toBe("before");
      await expect(machine.readFile("/srv/later")).rejects.toEqual(missingFile);
      await snapshots.restore("after");
      expect(text(await machine.readFile("/srv/kept"))).toBe("after");

      await snapshots.remove("before");
      await snapshots.remove("before");
      expect(await snapshots.list()).toEqual(["after"]);
      await expect(snapshots.restore("before")).rejects.toMatchObject({ name: "LabError", code: "snapshot-unknown" });
      expect(text(await machine.readFile("/srv/kept"))).toBe("after");
      await snapshots.remove("after");
    });

    it("tells how this computer reaches the machines", async () => {
      const access = await backend.hostAccess();
      expect(access.kubeconfig).toBeUndefined();
      expect(access.clusterId).toBeUndefined();
      const own = (await backend.list()).map((each) => each.address);
      for (const target of Object.values(access.nodePorts)) {
        if (hostPorts) expect(target.address).toBe("127.0.0.1");
        else expect(own).toContain(target.address);
        expect(target.port).toBeGreaterThan(0);
      }
      const workers = (await backend.list()).filter((each) => each.name.startsWith("worker"));
      expect(Object.keys(access.nodePorts).length > 0).toBe(hostPorts || workers.length > 0);
    });

    it("has files and shells again after it was closed", async () => {
      if (!features.snapshots) await machine.writeFile("/srv/kept", "after");
      const shell = await openShell(machine, () => {});
      await shell.run("cd /srv; COLOUR='dark blue'; say() { echo said; }");
      await machine.writeFile("/srv/script", "#!/bin/sh\n", { owner: "ubuntu", mode: 0o700 });
      const address = await machine.address();
      await backend.save();
      await backend.close();

      backend = await place.open();
      expect((await backend.list()).map((each) => [each.name, each.state])).toContainEqual(["master", "running"]);
      if (lifecycle) expect(await backend.list()).toHaveLength(1);
      machine = await backend.machine("master");
      expect(await machine.address()).toBe(address);
      expect(text(await machine.readFile("/srv/kept"))).toBe("after");
      expect((await machine.exec(["stat", "-c", "%U %a", "/srv/script"])).stdout).toBe("ubuntu 700\n");
      let shown = "";
      const again = await openShell(machine, (output) => (shown += output));
      await again.run('echo "$PWD $COLOUR"; say');
      expect(shown.replaceAll("\r", "")).toBe("/srv dark blue\nsaid\n");
      expect(again.history()).toContain("cd /srv; COLOUR='dark blue'; say() { echo said; }");
      await again.close();
    });

    it.runIf(lifecycle)("begins again from the image when it is told", async () => {
      const { renew } = backend;
      if (!renew) throw new Error(`${name} cannot renew`);
      await renew.call(backend);
      expect((await backend.list()).map((each) => [each.name, each.state])).toEqual([["master", "running"]]);
      machine = await backend.machine("master");
      await expect(machine.readFile("/srv/kept")).rejects.toEqual(missingFile);
      expect((await machine.exec(["hostname"])).stdout).toBe("master\n");
    });

    it.runIf(lifecycle)("removes all that it has made, once, however often it is asked", async ({ skip }) => {
      if (!backend.removeAll) skip("its machines are nowhere but in its folder");
      await backend.removeAll?.();
      await backend.removeAll?.();
      expect(await backend.list()).toEqual([]);
      expect(await machine.state()).toBe("absent");
      expect((await backend.hostAccess()).kubeconfig).toBeUndefined();
    });
  });
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function openShell(machine: Machine, onOutput: (output: string) => void, user?: string): Promise<MachineShell> {
  const shell = await machine.openShell?.({ columns: 80, rows: 24, onOutput, ...(user === undefined ? {} : { user }) });
  if (!shell) throw new Error(`${machine.name} offers no shell`);
  return shell;
}

const complete = (shell: MachineShell, line: string): ReturnType<MachineShell["complete"]> =>
  shell.complete(line, line.length);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
