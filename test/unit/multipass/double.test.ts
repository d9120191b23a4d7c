import { spawn, spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { guestSupport } from "../../support/guests/guests.ts";
import { type Double, type DoubleOptions, openDouble } from "../../support/multipass/double.ts";

let double: Double;
afterEach(() => double.dispose());

const open = (options: DoubleOptions = {}): void => {
  double = openDouble(options);
};

/** One call of the client; `all` is what it says of its end in one line. */
function multipass(line: string, input = ""): { code: number | null; stdout: string; stderr: string } {
  const words = line.match(/"[^"]*"|\S+/g) ?? [];
  const argv = words.map((word) => word.replaceAll('"', ""));
  const { status, stdout, stderr } = spawnSync(double.path, argv, {
    env: { ...process.env, ...double.env, HOST_SECRET: "1" },
    input,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

const failed = (stderr: string) => ({ code: 2, stdout: expect.any(String) as string, stderr });
const states = (): Record<string, string> =>
  Object.fromEntries(double.instances().map(({ name, state }) => [name, state]));

describe("the double of multipass", () => {
  test("reads a command line as Qt does", () => {
    open();
    expect(multipass("frobnicate")).toEqual({
      code: 1,
      stdout: 'Error: Unknown command or alias \'frobnicate\' (try "multipass help" or "multipass aliases")\n',
      stderr: "",
    });
    expect(multipass("")).toMatchObject({ code: 2, stderr: "" });
    expect(multipass("list -la --foo")).toEqual({ code: 1, stdout: "", stderr: "Unknown options: l, a, foo.\n" });
    expect(multipass("launch --cpus")).toEqual({ code: 1, stdout: "", stderr: "Missing value after '--cpus'.\n" });
    expect(multipass("exec one ls -x").stderr).toBe(
      "Unknown option 'x'.\n\nOptions to the inner command should come after \"--\", like this:\n" +
        "multipass exec <instance> -- <command> <arguments>\n",
    );
    expect(multipass("exec one ls")).toEqual(
      failed('exec failed: The following errors occurred:\ninstance "one" does not exist\n'.repeat(2)),
    );
    expect(multipass("launch -m 2X").stderr).toContain("unhandled exception: 2X is not a valid memory size");
    expect(multipass("launch -n 1bad").stderr).toBe(
      "launch failed: Invalid arguments supplied\nInvalid instance name supplied: 1bad\n",
    );
    expect(multipass("launch --cloud-init -", "a: [")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Could not load cloud-init configuration: yaml-cpp: error at line 1/) as string,
    });
  });

  test("prints bytes as the real one does, each version its own", () => {
    open();
    expect(multipass("list --format json").stdout).toBe('{\n    "list": [\n    ]\n}\n');
    expect(multipass("version").stdout).toBe("multipass   1.16.3\nmultipassd  1.16.3\n");
    expect(multipass("wait-ready").code).toBe(1);
    const launched = multipass("launch 24.04 -n one -d 10G").stdout;
    const start = "\x1b[2K\x1b[0A\x1b[0E";
    expect(launched.startsWith(`${start}${start}Creating one  \b/`)).toBe(true);
    expect(launched).toContain("\rRetrieving image: 37%");
    expect(launched.endsWith(`\b ${start}Launched: one\n`)).toBe(true);
    expect(Object.keys(JSON.parse(multipass("list --format=json").stdout).list[0])).toEqual([
      "ipv4",
      "name",
      "release",
      "state",
    ]);
    double.env["MP_FAKE_VERSION"] = "1.17.0";
    expect(Object.keys(JSON.parse(multipass("list --format=json").stdout).list[0])).toEqual([
      "name",
      "state",
      "ipv4",
      "release",
      "zone",
    ]);
    expect(multipass("help launch").stdout).toContain("--zone");
    double.env["MP_FAKE_VERSION"] = "1.12.2";
    expect(multipass("snapshot one").stdout).toContain("Unknown command");
  });

  test("keeps instances through their states", () => {
    open();
    multipass("launch 24.04 -n one -d 10G");
    expect(multipass("snapshot one").stderr).toBe(
      "snapshot failed: Multipass can only take snapshots of stopped instances.\n",
    );
    multipass("stop one");
    expect(multipass("transfer one:x -")).toEqual(failed('transfer failed: instance "one" is not running\n'));
    expect(multipass("exec -n one -- echo hi").stdout).toMatch(/Starting one .*hi\n$/s);
    double.change("one", { otherAddresses: ["10.244.0.1"], management: "unknown" });
    expect(JSON.parse(multipass("list --format json").stdout).list[0].ipv4).toEqual(["10.244.0.1"]);
    multipass("delete one");
    expect(multipass("launch -n one")).toEqual(failed('launch failed: instance "one" already exists\n'));
    expect(multipass("start one").stderr).toMatch(/^start failed: instance\(s\) missing\nInstance 'one' is deleted\./);
    multipass("recover one");
    expect(states()).toEqual({ one: "Stopped" });
    multipass("delete --purge one");
    expect(states()).toEqual({});
  });

  test("passes words, bytes and exit codes of exec, but for 4, and not the environment", () => {
    open();
    multipass("launch 24.04 -n one -d 10G");
    expect(multipass('exec -n one -- sh -c "cat; echo $HOST_SECRET; exit 7" -', "é\n")).toEqual({
      code: 7,
      stdout: "é\n\n",
      stderr: "",
    });
    expect(multipass('exec -n one -- sh -c "kill -9 $$"').code).toBe(255);
    const repeated = multipass('exec -n one -- sh -c "echo again; exit 4"');
    expect(repeated.stdout.split("\n").length).toBeGreaterThan(10);
    double.env["MP_FAKE_VERSION"] = "1.17.0";
    expect(multipass('exec -n one -- sh -c "exit 4"').code).toBe(4);
    expect(multipass("transfer - one:/usr/x", "data").stderr).toMatch(
      /^\[.*\] \[error\] \[sftp\] cannot open remote file .*: Permission denied\n$/,
    );
  });

  test("fails as it is told to, and keeps what the real one keeps", async () => {
    open({
      faults: [
        { command: "launch", instance: "one", phase: "download", stderr: "Hash of F does not match H" },
        { command: "launch", instance: "two", phase: "boot", never: true },
        { command: "launch", instance: "three", phase: "cloud-init", delayMs: 400_000 },
        { command: "launch", instance: "four", phase: "boot", signal: "SIGTERM" },
        { command: "list", nth: 2, daemon: "no-socket" },
        { command: "list", nth: 2, partialBytes: 3, code: 1 },
      ],
    });
    expect(multipass("launch -n one")).toEqual(failed("launch failed: Hash of F does not match H\n"));
    const timedOut = "launch failed: The following errors occurred:\n";
    expect(multipass("launch -n two")).toEqual(failed(`${timedOut}two: timed out waiting for response\n`));
    expect(multipass("launch -n three --timeout 350")).toEqual({
      code: 5,
      stdout: expect.any(String) as string,
      stderr: "Timed out waiting for instance launch.\n",
    });
    const [, signal] = await once(spawn(double.path, ["launch", "-n", "four"], { env: double.env }), "exit");
    expect(signal).toBe("SIGTERM");
    await expect.poll(states).toEqual({ two: "Unknown", three: "Running", four: "Running" });
    expect(multipass("exec -n four -- cloud-init status --wait").stdout).toMatch(/status: done\n$/);
    expect(multipass("list").code).toBe(0);
    expect(multipass("list")).toEqual(failed("list failed: cannot connect to the multipass socket\n"));
    expect(multipass("list")).toMatchObject({ code: 1, stdout: "Nam" });
  });

  const support = guestSupport();
  test.skipIf(!support.possible)("applies user-data to a machine with root", () => {
    open({ guests: "namespace", platform: "mac" });
    const userData = `
hostname: master
manage_etc_hosts: false
write_files:
  - {path: /opt/prepare, permissions: "0755", content: "#!/bin/sh\\nid -un >/var/lib/prepared"}
runcmd:
  - [/opt/prepare]
`;
    multipass("launch 24.04 -n one -d 10G --cloud-init -", userData);
    const address = multipass("exec -n one -- hostname -I").stdout;
    const script = "hostname; cat /var/lib/prepared; pwd; sudo id -u; cloud-init status";
    expect(multipass(`exec -n one -- sh -c "${script}"`).stdout).toBe("master\nroot\n/home/ubuntu\n0\nstatus: done\n");
    multipass("launch 24.04 -n two -d 10G --cloud-init -", "runcmd: ['false']");
    expect(states()).toEqual({ one: "Running", two: "Running" });
    const broken = multipass("exec -n two -- cloud-init status --wait --long");
    expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining("status: error") as string });
    multipass("stop one");
    multipass("exec -n one -- sudo touch /srv/later");
    expect(multipass("exec -n one -- hostname -I").stdout).not.toBe(address);
    multipass("stop one");
    multipass("snapshot one --name before --comment a/b");
    multipass("exec -n one -- sudo rm /srv/later");
    multipass("stop one");
    multipass("restore --destructive one.before");
    expect(multipass("exec -n one -- ls /srv").stdout).toMatch(/later\n$/);
  });

  test("leaves nothing", async () => {
    open({ faults: [{ command: "launch", phase: "cloud-init", delayMs: 1e9 }] });
    expect(multipass("launch -n one --timeout 60").code).toBe(5);
    await double.dispose();
    expect(existsSync(double.state)).toBe(false);
    rmSync(double.state, { recursive: true, force: true });
  });
});
