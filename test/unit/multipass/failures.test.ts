import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type MultipassBackendOptions, openMultipassBackend } from "../../../src/backends/multipass/backend.ts";
import { systemClock, systemRandom } from "../../../src/cli/system-clock.ts";
import type { Backend, MachineSpec } from "../../../src/domain/backend.ts";
import type { Clock } from "../../../src/domain/clock.ts";
import { LabError } from "../../../src/domain/errors.ts";
import { type Double, type DoubleOptions, openDouble } from "../../support/multipass/double.ts";
import type { Fault } from "../../support/multipass/faults.ts";
import { recipe } from "../../support/multipass/recipe.ts";

const master: MachineSpec = { name: "master", role: "master" };

/** Waits a hundredth of what it is told to; what it did not wait has passed all the same. */
function quickClock(): Clock {
  let skipped = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + skipped,
    sleep(ms, signal) {
      skipped += ms;
      return systemClock.sleep(ms / 100, signal);
    },
  };
}

interface Lab {
  folder: string;
  double: Double;
  notices: string[];
  open(options?: Partial<MultipassBackendOptions>): Promise<Backend>;
  dispose(): Promise<void>;
}

function newLab(options: DoubleOptions = {}): Lab {
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-failures-"));
  const double = openDouble(options);
  const notices: string[] = [];
  const opened: Backend[] = [];
  return {
    folder,
    double,
    notices,
    async open(given = {}) {
      for (const before of opened.splice(0)) await before.close();
      const backend = await openMultipassBackend({
        folder,
        clock: quickClock(),
        random: systemRandom,
        recipe: () => recipe,
        onNotice: (text) => notices.push(text),
        onProgress: () => undefined,
        executable: double.path,
        env: double.env,
        overcommit: true,
        ...given,
      });
      opened.push(backend);
      return backend;
    },
    async dispose() {
      for (const backend of opened) await backend.close();
      await double.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What was told of each fault: printed at the end, so that one can read the matrix. */
const rows: string[] = [];
const row = (fault: string, outcome: string, told: string): void => {
  rows.push(`${fault.padEnd(48)} ${outcome.padEnd(26)} ${told}`);
};

afterAll(() => {
  const head = `${"fault".padEnd(48)} ${"what the backend does".padEnd(26)} what it tells`;
  process.stdout.write(`\n${[head, ...rows.toSorted()].join("\n")}\n\n`);
});

async function failureOf(action: Promise<unknown>): Promise<LabError> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof LabError) return error;
  throw new Error("a LabError was expected", { cause: error });
}

const words = (command: string, text: string): Fault => ({ command, code: 2, stderr: `${command} failed: ${text}\n` });

interface Stop {
  fault: string;
  double?: DoubleOptions;
  backend?: Partial<MultipassBackendOptions>;
  code: string;
  exitCode: 4 | 5;
  /** A part of the way out. */
  remedy: string;
  /** Instances that are there afterwards; default none. */
  left?: number;
  /** Once the fault is gone, the same call goes on. */
  thenGoesOn?: boolean;
}

const launchFails = (text: string): DoubleOptions => ({ faults: [words("launch", text)] });

const noMemory = { architecture: "amd64", totalMemoryMiB: 16_384, freeMemoryMiB: 1_000, freeDiskGiB: 100 };

const stops: Stop[] = [
  {
    fault: "Multipass is not installed",
    backend: { executable: "/nonexistent/multipass" },
    code: "multipass-missing",
    exitCode: 4,
    remedy: "Install it",
  },
  {
    fault: "Multipass 1.12",
    double: { version: "1.12.2" },
    code: "multipass-too-old",
    exitCode: 4,
    remedy: "Update",
  },
  {
    fault: "no daemon",
    double: { faults: [{ command: "*", daemon: "no-socket" }] },
    code: "multipass-daemon",
    exitCode: 4,
    remedy: "Start the service",
  },
  {
    fault: "the socket is not for this user",
    double: { faults: [{ command: "*", daemon: "denied" }] },
    code: "multipass-access",
    exitCode: 5,
    remedy: "administrator",
  },
  {
    fault: "not authenticated",
    double: { faults: [{ command: "*", daemon: "unauthenticated" }] },
    code: "multipass-authentication",
    exitCode: 4,
    remedy: "multipass authenticate",
  },
  {
    fault: "no KVM",
    double: launchFails(
      "KVM support is not enabled on this machine.\nPlease ensure the following:\n1. The system's CPU supports virtualization.",
    ),
    code: "no-virtualization",
    exitCode: 5,
    remedy: "BIOS",
  },
  {
    fault: "KVM is not for the snap",
    double: launchFails("The KVM device cannot be opened for reading and writing."),
    code: "virtualization-denied",
    exitCode: 4,
    remedy: "snap connect multipass:kvm",
  },
  {
    fault: "VirtualBox is running",
    double: launchFails("Another virtual machine manager is currently running. Please shut it down before starting."),
    code: "virtualization-busy",
    exitCode: 4,
    remedy: "Shut",
  },
  {
    fault: "no Hyper-V",
    double: launchFails("The Hyper-V Windows feature is disabled."),
    code: "no-virtualization",
    exitCode: 5,
    remedy: "virtualization",
  },
  {
    fault: "the image is gone",
    double: launchFails('Unable to find an image matching "20.04" in remote "".'),
    code: "image-unknown",
    exitCode: 4,
    remedy: "multipass find",
  },
  {
    fault: "the image server is out of reach",
    double: launchFails('Remote "" is unknown or unreachable. If image mirror is enabled, please confirm it is valid.'),
    code: "image-download",
    exitCode: 4,
    remedy: "proxy",
  },
  {
    fault: "downloads fail again and again",
    double: launchFails("failed to download from 'https://example.test/image': Network timeout"),
    code: "image-download",
    exitCode: 4,
    remedy: "network",
    thenGoesOn: true,
  },
  {
    fault: "the image's hash is wrong again and again",
    double: launchFails("Hash of image does not match 00"),
    code: "image-download",
    exitCode: 4,
    remedy: "--force-update",
  },
  {
    fault: "the disk is full",
    double: launchFails("Available disk (1 bytes) below minimum for this image (2 bytes)"),
    code: "host-disk",
    exitCode: 4,
    remedy: "Free some space",
  },
  {
    fault: "too little free memory",
    backend: { overcommit: false, host: () => Promise.resolve(noMemory) },
    code: "host-memory",
    exitCode: 4,
    remedy: "Close programs",
  },
  {
    fault: "words nobody has heard before",
    double: launchFails("the moon is in the wrong place"),
    code: "multipass-failed",
    exitCode: 4,
    remedy: "doctor",
  },
  {
    fault: "the preparation fails twice",
    backend: { recipe: () => ({ ...recipe, prepare: () => "echo E: Could not get lock >&2; exit 100\n" }) },
    code: "prepare-failed",
    exitCode: 4,
    remedy: "same command again",
    left: 1,
  },
];

describe("stops and says why", () => {
  test.concurrent.each(stops)("$fault", { timeout: 120_000 }, async (stop) => {
    const lab = newLab(stop.double);
    try {
      const backend = await lab.open(stop.backend);
      const error = await failureOf(backend.ensure(master));
      expect(error).toMatchObject({ code: stop.code, exitCode: stop.exitCode });
      expect(error.remedy).toContain(stop.remedy);
      expect(lab.double.instances()).toHaveLength(stop.left ?? 0);
      row(stop.fault, `stops: ${error.code} (${error.exitCode})`, error.remedy);
      if (!stop.thenGoesOn) return;
      lab.double.setFaults([]);
      await backend.ensure(master);
      expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running"]);
    } finally {
      await lab.dispose();
    }
  });
});

interface GoesOn {
  fault: string;
  double?: DoubleOptions;
  backend?: Partial<MultipassBackendOptions>;
  slow?: boolean;
}

/** What takes long is left to those who have asked for more kills, too. */
const left = ({ slow = false }: GoesOn): boolean => slow && process.env["WASM_K8S_LAB_KILLS"] === undefined;

const once = (fault: Fault, times = 1): DoubleOptions => ({ faults: [{ ...fault, nth: 1, times }] });

const goesOn: GoesOn[] = [
  {
    slow: true,
    fault: "a download breaks off once",
    double: once(words("launch", "failed to download from 'https://example.test/image': Network timeout")),
  },
  {
    slow: true,
    fault: "the image's hash is wrong once",
    double: once(words("launch", "Hash of image does not match 00")),
  },
  { fault: "the daemon comes up late", double: { faults: [{ command: "*", daemon: "no-socket", nth: 1, times: 3 }] } },
  {
    slow: true,
    fault: "the client dies while it downloads",
    double: once({ command: "launch", phase: "download", signal: "SIGKILL" }),
  },
  { fault: "the client dies while it boots", double: once({ command: "launch", phase: "boot", signal: "SIGKILL" }) },
  {
    slow: true,
    fault: "SSH does not come up in time",
    double: once({ command: "launch", phase: "boot", delayMs: 4_000_000 }),
  },
  {
    slow: true,
    fault: "cloud-init takes longer than Multipass waits",
    double: once({ command: "launch", phase: "cloud-init", delayMs: 2_000_000 }),
  },
  {
    fault: "cloud-init fails, launch says nothing of it",
    backend: { recipe: () => ({ ...recipe, userData: () => "#cloud-config\nruncmd:\n  - exit 1\n" }) },
  },
  {
    fault: "the connection is lost while it is prepared",
    double: {
      faults: [{ ...words("exec", "ssh connection failed: 'No route to host'"), nth: 2, times: 2 }],
    },
  },
  {
    fault: "it does not stop for its first snapshot",
    double: once(words("stop", "Cannot shut down instance x while starting.\nUse --force to power it off.")),
  },
  { fault: "Multipass 1.13", double: { version: "1.13.1" } },
  { fault: "Multipass 1.17 with zones", double: { version: "1.17.0" } },
];

describe("goes on", () => {
  // What the client overcomes by itself is tried in its own tests, too.
  for (const { fault } of goesOn.filter(left)) {
    row(fault, "goes on", "(tried by `npm run test:host`)");
    test.skip(fault, () => undefined);
  }

  test.concurrent.each(goesOn.filter((each) => !left(each)))(
    "$fault",
    { timeout: 120_000 },
    async ({ fault, double, backend: given }) => {
      const lab = newLab(double);
      try {
        const backend = await lab.open(given);
        await backend.ensure(master);
        expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running"]);
        const found = await backend.machine("master");
        expect((await found.exec(["echo", "on"])).stdout).toBe("on\n");
        expect(lab.notices).toEqual([]);
        row(fault, "goes on", "");
      } finally {
        await lab.dispose();
      }
    },
  );
});

interface Later {
  fault: string;
  /** Strikes the machine that has been made. */
  strike(lab: Lab, instance: string, address: string): void;
  /** Part of what is told, when it is. */
  notice?: string;
  /** What the machine held is gone. */
  lost?: boolean;
  /** It is reached by the address it had. */
  stays?: boolean;
  /** The LabError it ends with; the machine stays. */
  code?: string;
}

const becomes =
  (state: Parameters<Double["change"]>[1]["state"] & string): Later["strike"] =>
  ({ double }, instance) =>
    double.change(instance, { state });

const run = ({ path, env }: Double, ...argv: readonly string[]): void =>
  void execFileSync(path, argv, { env: { ...process.env, ...env }, stdio: "ignore" });

const multipass =
  (...argv: readonly string[]): Later["strike"] =>
  ({ double }, instance) =>
    run(double, ...argv, instance);

const boots: Fault = words("start", "qemu quit unexpectedly with exit code 1, check logs for more details");

const later: Later[] = [
  { fault: "stopped by hand, or by a boot of this computer", strike: multipass("stop") },
  { fault: "suspended", strike: multipass("suspend") },
  { fault: "unknown, as after a crash of this computer", strike: becomes("Unknown") },
  { fault: "deleted by hand", strike: multipass("delete"), notice: "taken back" },
  { fault: "its zone is turned off", strike: becomes("Unavailable"), code: "zone-unavailable" },
  {
    fault: "unknown, and does not start again",
    strike(lab, instance, address) {
      becomes("Unknown")(lab, instance, address);
      lab.double.setFaults([boots]);
    },
    code: "machine-silent",
  },
  {
    fault: "a pod network's address comes first",
    strike: ({ double }, instance, address) =>
      double.change(instance, { management: "unknown", otherAddresses: ["10.244.0.1", address] }),
    stays: true,
  },
  { fault: "purged by hand", strike: multipass("delete", "--purge"), notice: "nothing on it", lost: true },
];

describe("later", () => {
  const lab = newLab({ platform: "mac" });
  let backend: Backend;
  const look = async (): Promise<string> =>
    (await (await backend.machine("master")).exec(["bash", "-c", "cat /home/ubuntu/kept"])).stdout;

  beforeAll(async () => {
    backend = await lab.open();
    const machine = await backend.ensure(master);
    await machine.exec(["bash", "-c", "echo work >/home/ubuntu/kept"]);
  }, 120_000);
  afterAll(() => lab.dispose());

  test.each(later)("$fault", { timeout: 120_000 }, async ({ fault, strike, notice, lost, stays, code }) => {
    const [instance] = lab.double.instances();
    lab.notices.length = 0;
    const address = (await backend.list())[0]?.address ?? "";
    strike(lab, instance?.name ?? "", address);
    backend = await lab.open();
    if (code !== undefined) {
      const error = await failureOf(backend.ensure(master));
      expect(error.code).toBe(code);
      row(fault, `stops: ${error.code} (${error.exitCode})`, error.remedy);
      lab.double.setFaults([]);
      // Nothing is thrown away that holds a learner's work.
      expect(lab.double.instances().map(({ name }) => name)).toEqual([instance?.name]);
      lab.double.change(instance?.name ?? "", { state: "Stopped" });
      backend = await lab.open();
      await backend.ensure(master);
      expect(await look()).toBe("work\n");
      return;
    }
    await backend.ensure(master);
    expect(await look()).toBe(lost ? "" : "work\n");
    expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running"]);
    expect((await backend.list())[0]?.address).toMatch(/^10\.\d+\.\d+\.\d+$/);
    if (stays) expect((await backend.list())[0]?.address).toBe(address);
    expect(lab.notices.join(" ")).toContain(notice ?? "");
    if (notice === undefined) expect(lab.notices).toEqual([]);
    row(fault, "goes on", lab.notices.join(" "));
  });

  test("its address changes while there is a cluster", { timeout: 120_000 }, async () => {
    const machine = await backend.machine("master");
    const before = await machine.address();
    const instance = lab.double.instances()[0]?.name ?? "";
    const init = ["bash", "-c", "mkdir -p /etc/kubernetes; echo x >/etc/kubernetes/admin.conf"];
    run(lab.double, "exec", "-n", instance, "--", ...init);
    run(lab.double, "stop", instance);
    backend = await lab.open();
    const after = await (await backend.ensure(master)).address();
    expect(after).not.toBe(before);
    expect(lab.notices.join(" ")).toContain(`from ${before} to ${after}`);
    expect(lab.notices.join(" ")).toContain("wasm-k8s-lab reset control-plane");
    row("its address changes while there is a cluster", "goes on", lab.notices.join(" "));
  });

  test("another folder uses the same names", { timeout: 120_000 }, async () => {
    await backend.removeAll?.();
    const { id } = JSON.parse(readFileSync(join(lab.folder, "multipass.json"), "utf8")) as { id: string };
    const other = `wasm-k8s-lab-${id}-worker2`;
    run(lab.double, "launch", "--name", other, "24.04");
    backend = await lab.open();
    await backend.ensure(master);
    expect((await backend.list()).map(({ name }) => name)).toEqual(["master"]);
    await backend.removeAll?.();
    expect(lab.double.instances().map(({ name }) => name)).toEqual([other]);
    row("another folder uses the same names", "goes on", "");
    await backend.ensure(master);
    run(lab.double, "delete", "--purge", other);
  });

  test("a snapshot fails in the middle", { timeout: 120_000 }, async () => {
    lab.double.setFaults([words("snapshot", "No space left on device")]);
    const { snapshots } = backend;
    if (!snapshots) throw new Error("there are snapshots since 1.13");
    const error = await failureOf(snapshots.save("lab/step"));
    lab.double.setFaults([]);
    expect(await snapshots.list()).toEqual([]);
    expect(lab.double.instances().map(({ state }) => state)).toEqual(["Running"]);
    await snapshots.save("lab/step");
    lab.double.setFaults([words("delete", "Snapshots of running instances cannot be deleted")]);
    await snapshots.remove("lab/step");
    lab.double.setFaults([]);
    expect(await snapshots.list()).toEqual([]);
    await snapshots.save("lab/next");
    expect(await snapshots.list()).toEqual(["lab/next"]);
    const kept = lab.double
      .instances()[0]
      ?.snapshots.map(({ comment }) => comment)
      .join(" ");
    expect(kept).toContain("lab/next");
    expect(kept).not.toContain("lab/step");
    row("a snapshot cannot be deleted while machines run", "goes on", "");
    row("a snapshot fails in the middle", `stops: ${error.code} (${error.exitCode})`, error.remedy);
  });
});
