import { afterEach, describe, expect, it } from "vitest";
import { type Multipass, openMultipass } from "../../../../src/backends/multipass/client/index.ts";
import { type Double, type DoubleOptions, openDouble } from "../../../support/multipass/double.ts";
import { failureOf } from "./scripted.ts";

let double: Double;
afterEach(() => double.dispose());

/** The client's time passes only while it sleeps, so that no slow computer decides who is too late. */
function open(options: DoubleOptions = {}): Multipass {
  double = openDouble(options);
  let now = 0;
  const sleep = async (ms: number): Promise<void> => {
    now += 10 * ms;
    await new Promise((resolve) => void setTimeout(resolve, ms / 1000));
  };
  return openMultipass({
    executable: double.path,
    env: double.env,
    platform: "linux",
    system: { now: () => now, sleep },
  });
}

const request = { name: "web", image: "24.04", cpus: 1, memory: "1G", disk: "10G" };
const sh = (script: string): string[] => ["sh", "-c", script];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("with the executable's double", () => {
  it.each([
    ["1.13.1", { snapshots: true, forcedStop: false, zones: false, waitReady: false }],
    ["1.17.0", { snapshots: true, forcedStop: true, zones: true, waitReady: true }],
  ])("what %s can do is used", async (version, features) => {
    const client = open({ version });
    expect(await client.features()).toMatchObject(features);
    await client.waitReady();
    const { zone } = await client.launch({ ...request, zone: "zone1" });
    expect(zone).toBe(features.zones ? "zone1" : undefined);
    const [listed] = await client.list();
    expect(await client.info("web")).toMatchObject({
      ...listed,
      release: expect.stringMatching(/^Ubuntu 24/) as string,
      cpus: 1,
      snapshotCount: 0,
    });
    expect(await client.exec("web", ["sh", "-c", "exit 4"])).toMatchObject({ exitCode: 4 });
  });

  it("an instance lives from launch to purge", async () => {
    const client = open();
    const cloudInit = "#cloud-config\nwrite_files:\n  - path: /home/ubuntu/hello\n    content: hi\n";
    const launched = await client.launch({ ...request, cloudInit });
    expect(launched).toMatchObject({ ended: "launched", cloudInit: { outcome: "done" } });
    expect(await client.exec("web", sh("cat hello; echo err >&2; exit 4"))).toEqual({
      exitCode: 4,
      stdout: Buffer.from("hi"),
      stderr: Buffer.from("err\n"),
    });
    expect(text((await client.exec("web", ["printf", "<%s>", "a b", "", "$HOME", "'\"\n→"])).stdout)).toBe(
      "<a b><><$HOME><'\"\n→>",
    );
    const bytes = Buffer.from([0, 8, 27, 255, 10]);
    await client.writeFile("web", "bytes", bytes);
    expect(Buffer.from(await client.readFile("web", "bytes"))).toEqual(bytes);
    expect(await failureOf(client.readFile("web", "absent"))).toMatchObject({ code: "remote-file-not-found" });
    await client.stop("web");
    expect(await failureOf(client.exec("web", ["true"]))).toMatchObject({ code: "not-running" });
    await client.snapshot("web", "s1", { comment: "a/b c" });
    expect(await client.snapshots("web")).toEqual([{ name: "s1", comment: "a/b c" }]);
    await client.restore("web", "s1");
    expect(await client.delete("web")).toBe(true);
    expect(await client.list()).toEqual([]);
  });

  it("refuses one before 1.13", async () => {
    expect(await failureOf(open({ version: "1.12.2" }).list())).toMatchObject({ code: "unsupported-version" });
  });

  it.each([
    ["its client is killed during the download", { phase: "download", signal: "SIGTERM" }, "client-killed"],
    ["cloud-init takes longer than it waits", { phase: "cloud-init", delayMs: 2_000_000 }, "client-timeout"],
    ["its machine does not answer", { phase: "boot", never: true }, "client-timeout"],
  ] as const)("a launch goes on when %s", async (_, fault, code) => {
    const client = open({ faults: [{ command: "launch", times: 1, ...fault }] });
    const result = await client.launch(request, { timeoutMs: 600_000 });
    expect(result).toMatchObject({ ended: "continued", overcame: { code }, cloudInit: { outcome: "done" } });
    expect(await client.state("web")).toBe("Running");
  });

  it("a deleted name is taken back", async () => {
    const client = open();
    await client.launch(request);
    double.change("web", { state: "Deleted" });
    expect(await client.launch(request, { ifDeleted: "recover" })).toMatchObject({ ended: "continued" });
  });

  it("output stays the command's when the instance has to be started or the connection fails", async () => {
    const client = open();
    await client.launch(request);
    await openMultipass({ executable: double.path, env: double.env }).stop("web");
    expect(await client.exec("web", ["echo", "out"])).toMatchObject({ exitCode: 0, stdout: Buffer.from("out\n") });
    const refused = { command: "exec", code: 2, stderr: "exec failed: ssh connection failed: 'Connection refused'\n" };
    double.setFaults([
      { ...refused, times: 1 },
      { command: "exec", partialBytes: 30, code: 255, times: 1, nth: 2 },
    ]);
    expect(await failureOf(client.exec("web", ["true"]))).toMatchObject({ code: "ssh-failed" });
    expect(await failureOf(client.exec("web", sh("seq 10000")))).toMatchObject({ code: "connection-lost" });
    expect((await client.exec("web", sh("seq 100000"))).stdout).toHaveLength(588_895);
  });

  it("a daemon that comes up late is waited for", async () => {
    const client = open({ faults: [{ command: "*", daemon: "no-socket", times: 3 }] });
    await client.waitReady();
    expect(await client.list()).toEqual([]);
  });
});
