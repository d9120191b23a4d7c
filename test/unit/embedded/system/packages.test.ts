import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStanzas } from "../../../../src/backends/embedded/machine/system/packages/control.ts";
import { compareVersions, parseRelations } from "../../../../src/domain/debian.ts";
import { parseExecutable } from "../../../../src/backends/embedded/machine/executable.ts";
import { debBytes, deb } from "../../../../src/backends/embedded/machine/system/packages/deb.ts";
import { armored, keyring, parseKeys } from "../../../../src/backends/embedded/machine/system/packages/keys.ts";
import type { ComputerHandle } from "../../../../src/backends/embedded/machine/system/modelled-machine.ts";
import { createTestMachine, run } from "./lab.ts";

async function updated(): Promise<ComputerHandle> {
  const { machine } = createTestMachine();
  expect((await run(machine, "apt-get update")).exitCode).toBe(0);
  return machine;
}

function addKubernetes(machine: ComputerHandle, withKey: boolean): void {
  machine.rootFiles.write(
    "/etc/apt/sources.list.d/kubernetes.list",
    "deb [signed-by=/usr/share/keyrings/kubernetes-archive-keyring.gpg] https://apt.kubernetes.io/ kubernetes-xenial main\n",
  );
  const key = keyring([{ id: "B53DC80D13EDEF05", user: "Google" }]);
  if (withKey) machine.rootFiles.write("/usr/share/keyrings/kubernetes-archive-keyring.gpg", key);
}

describe("apt-get update", () => {
  test("a repository whose key is missing is refused", async () => {
    const { machine } = createTestMachine();
    addKubernetes(machine, false);
    const result = await run(machine, "apt-get update");
    expect(result.exitCode).toBe(100);
    expect(result.stdout).toContain(
      "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY B53DC80D13EDEF05",
    );
    expect(result.stderr).toContain(
      "E: The repository 'https://apt.kubernetes.io kubernetes-xenial InRelease' is not signed.\n",
    );
    expect((await run(machine, "apt-cache policy kubelet")).stderr).toBe("N: Unable to locate package kubelet\n");
  });

  test("a repository that is not there has no Release file", async () => {
    const { machine } = createTestMachine();
    machine.rootFiles.write(
      "/etc/apt/sources.list.d/x.list",
      "deb https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable:/cri-o:/1.24/xUbuntu_24.04/ /\n",
    );
    const result = await run(machine, "apt-get update");
    expect(result.exitCode).toBe(100);
    expect(result.stdout).toContain("404  Not Found");
    expect(result.stderr).toMatch(/E: The repository '\S+  ?Release' does not have a Release file\./);
  });

  test("an unreachable server is a warning", async () => {
    const { machine } = createTestMachine({ unreachable: ["security.ubuntu.com"] });
    const result = await run(machine, "apt-get update");
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain("Could not resolve 'security.ubuntu.com'");
    expect(result.stderr).toContain(
      "W: Some index files failed to download. They have been ignored, or old ones used instead.",
    );
  });

  test("what is unchanged is not fetched again, and a broken list stops apt", async () => {
    const machine = await updated();
    expect((await run(machine, "apt-get update")).stdout).toContain(
      "Hit:1 http://archive.ubuntu.com/ubuntu focal InRelease\n",
    );
    machine.rootFiles.write("/etc/apt/sources.list.d/bad.list", "deb https://example.test\n");
    expect((await run(machine, "apt-get update")).stderr).toBe(
      "E: Malformed entry 1 in list file /etc/apt/sources.list.d/bad.list (Suite)\nE: The list of sources could not be read.\n",
    );
  });
});

describe("apt-get install", () => {
  test("without lists nothing but the image is known", async () => {
    const { machine } = createTestMachine();
    expect(await run(machine, "apt-get install -y jq")).toMatchObject({
      exitCode: 100,
      stderr: "E: Unable to locate package jq\n",
    });
  });

  test("brings dependencies, files and the database's entries; removal takes them away", async () => {
    const machine = await updated();
    const result = await run(machine, "apt-get install -y jq");
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toContain("The following additional packages will be installed:\n  libjq1\n");
    expect(result.stdout).toContain("0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.\n");
    expect(result.stdout).toContain("Setting up jq (1.6-1ubuntu0.20.04.1) ...\n");
    expect(parseExecutable(machine.rootFiles.readBytes("/usr/bin/jq"))).toMatchObject({
      program: "jq",
      version: "1.6",
    });
    expect((await run(machine, "dpkg -S /usr/bin/jq")).stdout).toBe("jq: /usr/bin/jq\n");
    expect(machine.packages.get("jq")?.version).toBe("1.6-1ubuntu0.20.04.1");
    expect((await run(machine, "apt-get install -y jq")).stdout).toContain(
      "jq is already the newest version (1.6-1ubuntu0.20.04.1).\n",
    );
    await run(machine, "apt-get remove -y jq");
    expect(machine.rootFiles.exists("/usr/bin/jq")).toBe(false);
    const cleaned = await run(machine, "apt-get autoremove -y");
    expect(cleaned.stdout).toContain("Removing libjq1");
    expect(machine.packages.get("libjq1")).toBeUndefined();
  });

  test("asks before it brings more than was asked for", async () => {
    const machine = await updated();
    const refused = await run(machine, "apt-get install jq", { stdin: "n\n" });
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stdout.endsWith("Do you want to continue? [Y/n] Abort.\n")).toBe(true);
    expect((await run(machine, "apt-get install jq", { stdin: "\n" })).exitCode).toBe(0);
    expect((await run(machine, "apt-get install tree")).stdout).not.toContain("[Y/n]");
  });

  test("pinned versions, missing versions and held packages", async () => {
    const { machine } = createTestMachine();
    addKubernetes(machine, true);
    await run(machine, "apt-get update");
    expect((await run(machine, "apt-get install -y kubelet=1.99.0-00")).stderr).toBe(
      "E: Version '1.99.0-00' for 'kubelet' was not found\n",
    );
    const pinned = await run(machine, "apt-get install -y kubelet=1.28.1-00 kubeadm=1.28.1-00");
    expect(pinned.exitCode).toBe(0);
    expect(machine.packages.get("kubeadm")?.version).toBe("1.28.1-00");
    expect(machine.packages.get("conntrack")).toBeDefined();
    expect(pinned.stdout).toContain(
      "Created symlink /etc/systemd/system/multi-user.target.wants/kubelet.service → /lib/systemd/system/kubelet.service.\n",
    );
    expect((await run(machine, "apt-mark hold kubelet kubeadm")).stdout).toBe(
      "kubelet set on hold.\nkubeadm set on hold.\n",
    );
    expect((await run(machine, "apt-mark showhold")).stdout).toBe("kubeadm\nkubelet\n");
    expect((await run(machine, "apt-get upgrade -y")).stdout).toContain(
      "The following packages have been kept back:\n  kubeadm kubelet\n",
    );
    const changed = await run(machine, "apt-get install -y kubelet=1.28.2-00");
    expect(changed).toMatchObject({
      exitCode: 100,
      stderr: "E: Held packages were changed and -y was used without --allow-change-held-packages.\n",
    });
    const down = await run(machine, "apt-get install -y --allow-change-held-packages kubelet=1.28.0-00");
    expect(down.stderr).toBe("E: Packages were downgraded and -y was used without --allow-downgrades.\n");
    await machine.shutdown();
  });

  test("is for root alone, and for one at a time", async () => {
    const machine = await updated();
    expect((await run(machine, "apt-get install jq", { user: "ubuntu" })).stderr).toBe(
      "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n",
    );
    expect((await run(machine, "fuser /var/lib/dpkg/lock-frontend")).exitCode).toBe(1);
    const both = await Promise.all([run(machine, "apt-get install -y jq"), run(machine, "apt-get install -y tree")]);
    expect(both.map((result) => result.exitCode).toSorted((a, b) => a - b)).toEqual([0, 100]);
    expect(both.find((result) => result.exitCode === 100)?.stderr).toMatch(
      /^E: Could not get lock \/var\/lib\/dpkg\/lock-frontend\. It is held by process \d+ \(apt-get\)\n/,
    );
  });

  test("a configuration file that the administrator made is kept", async () => {
    const machine = await updated();
    machine.rootFiles.makeDirectories("/etc/nginx");
    machine.rootFiles.write("/etc/nginx/nginx.conf", "mine\n");
    await run(machine, "apt-get install -y nginx");
    expect(machine.rootFiles.readText("/etc/nginx/nginx.conf")).toBe("mine\n");
    await run(machine, "apt-get purge -y nginx-core");
    expect(machine.rootFiles.exists("/etc/nginx/nginx.conf")).toBe(false);
  });

  test("without dpkg's status file nothing is installed any more", async () => {
    const machine = await updated();
    machine.rootFiles.unlink("/var/lib/dpkg/status");
    expect(machine.packages.list()).toEqual([]);
    expect((await run(machine, "dpkg -l bash")).stderr).toBe("dpkg-query: no packages found matching bash\n");
  });
});

describe("dpkg", () => {
  test("keeps what the system cannot do without", async () => {
    const { machine } = createTestMachine();
    expect((await run(machine, "dpkg -r bash")).stderr).toContain(
      "this is an essential package; it should not be removed",
    );
    expect((await run(machine, "apt-get remove -y coreutils")).exitCode).toBe(100);
    expect(machine.rootFiles.exists("/bin/ls")).toBe(true);
  });

  test("installs a local package and says what is missing", async () => {
    const { machine } = createTestMachine();
    const value = deb({
      name: "hello",
      version: "1.0",
      depends: "socat",
      files: [{ path: "/usr/bin/hello", program: { program: "hello", version: "1.0" } }],
    });
    machine.rootFiles.write("/root/hello.deb", debBytes(value));
    const result = await run(machine, "dpkg -i /root/hello.deb");
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(
      "dpkg: dependency problems prevent configuration of hello:\n hello depends on socat; however:\n",
    );
    machine.rootFiles.write("/root/text.deb", "no package");
    expect((await run(machine, "dpkg -i /root/text.deb")).stderr).toContain("is not a Debian format archive");
  });
});

describe("formats", () => {
  test("Debian's order of versions", () => {
    const ordered = [
      "0~rc1",
      "0",
      "1.0~beta",
      "1.0",
      "1.0-1",
      "1.0-1ubuntu1",
      "1.0.1",
      "1.9",
      "1.28.1-00",
      "1.28.2-00",
      "1.28.10-00",
      "1:0.1",
    ];
    for (let index = 1; index < ordered.length; index += 1) {
      expect(compareVersions(ordered[index - 1] ?? "", ordered[index] ?? "")).toBeLessThan(0);
    }
  });

  test("the order of versions is an order", () => {
    const version = fc.string({ unit: fc.constantFrom(..."0129.~-+ab:"), maxLength: 8 });
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("no text breaks the parsers", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        parseStanzas(text);
        parseRelations(text);
        parseKeys(new TextEncoder().encode(text));
      }),
    );
  });

  test("keys survive armoring", () => {
    const keys = [
      { id: "4D64390375060AA4", user: "someone" },
      { id: "234654DA9A296436", user: "else", expires: 5 },
    ];
    expect(parseKeys(new TextEncoder().encode(armored(keys)))).toEqual(keys);
  });
});
