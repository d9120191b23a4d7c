import { describe, expect, it } from "vitest";
import type { Progress } from "../../../../src/backends/multipass/client/index.ts";
import { execOf, failureOf, listOf, scripted, spun } from "./scripted.ts";

const request = { name: "web", image: "24.04", cpus: 2, memory: "2G", disk: "10G" };
const done = { "exec -n web": execOf(0), "exec -n web -- bash -c": execOf(0, "...\nstatus: done\n") };
const launched = `${spun("Creating web")}\rRetrieving image: 37%\rRetrieving image: 100%${spun("Starting web")}Launched: web\n`;
const failed = (words: string, code = 2) => ({ code, stderr: `launch failed: ${words}\n` });

describe("launch", () => {
  it("gives everything by options and standard input, and says how far it is", async () => {
    const { client, calls, stdin } = scripted({ launch: launched, list: listOf({ web: "Running" }), ...done });
    const progress: Progress[] = [];
    const result = await client.launch(
      { ...request, cloudInit: "#cloud-config\n", zone: "zone1" },
      { onProgress: (each) => progress.push(each), timeoutMs: 600_000 },
    );
    expect(result).toEqual({ name: "web", ended: "launched", cloudInit: { outcome: "done", text: "status: done" } });
    expect(calls[0]).toBe("launch --name=web --cpus=2 --memory=2G --disk=10G --timeout=600 --cloud-init=- 24.04");
    expect(stdin[0]).toBe("#cloud-config\n");
    expect(progress.map(({ stage, percent }) => [stage, percent])).toEqual([
      ["creating", undefined],
      ["retrieving", 37],
      ["retrieving", 100],
      ["starting", undefined],
      ["other", undefined],
      ["cloud-init", undefined],
    ]);
  });

  it("stays in the zone that was asked for, where there are zones", async () => {
    const { client, calls } = scripted({
      "help launch": "  --zone <zone>",
      launch: "Launched: web in zone1\n",
      list: listOf({ web: "Running" }),
      ...done,
    });
    expect(await client.launch({ ...request, zone: "zone1" })).toMatchObject({ zone: "zone1" });
    expect(calls[0]).toContain("--zone=zone1 24.04");
  });

  it.each([
    [0, "done"],
    [1, "error"],
    [2, "degraded"],
    [124, "unknown"],
  ])("tells how cloud-init ended: %i is %s", async (code, outcome) => {
    const { client } = scripted({ launch: launched, list: listOf({ web: "Running" }), exec: execOf(code) });
    expect((await client.launch(request)).cloudInit.outcome).toBe(outcome);
  });

  it.each([
    ["launch-timeout-cloud-init", "The following errors occurred:\ntimed out waiting for initialization to complete"],
    ["launch-timeout-ssh", "The following errors occurred:\nweb: timed out waiting for response"],
    ["failed", "something new"],
  ])("goes on after %s while the instance comes up", async (code, words) => {
    let looks = 0;
    const { client, calls } = scripted({
      launch: failed(words),
      list: listOf({ web: "Running" }),
      exec: (argv) => execOf(argv.includes("boot-finished") || looks++ > 2 ? 0 : 1),
    });
    const result = await client.launch(request);
    expect(result).toMatchObject({ ended: "continued", overcame: { code }, cloudInit: { outcome: "done" } });
    expect(calls.filter((call) => call.includes("boot-finished")).length).toBeGreaterThan(2);
  });

  it.each([
    ["client-timeout", { code: 5, stderr: "Timed out waiting for instance launch.\n" }],
    ["client-killed", { ended: { signal: "SIGTERM" } }],
  ])("follows what the daemon goes on with after %s, also while it is not in the list", async (code, first) => {
    const taken = ["is being prepared", "is being prepared", "already exists"];
    const replies = [first, ...taken.map((state) => failed(`instance "web" ${state}`))];
    let looks = 0;
    const { client } = scripted({
      launch: () => replies.shift() ?? {},
      list: () => listOf({ web: looks++ < 2 ? "Starting" : "Running" }),
      ...done,
    });
    expect(await client.launch(request)).toMatchObject({ ended: "continued", overcame: { code } });
  });

  it("begins anew after its client was killed before the daemon had begun", async () => {
    const replies = [{ ended: { signal: "SIGKILL" } }, { stdout: launched }];
    const { client } = scripted({ launch: () => replies.shift() ?? {}, list: listOf({ web: "Running" }), ...done });
    expect(await client.launch(request)).toMatchObject({ ended: "launched" });
  });

  it("forces what Multipass has lost sight of to start again, once", async () => {
    let started = false;
    const { client, calls } = scripted({
      "help stop": "--force",
      launch: failed("The following errors occurred:\nweb: timed out waiting for response"),
      list: () => listOf({ web: started ? "Running" : "Unknown" }),
      stop: "",
      start: () => {
        started = true;
        return "";
      },
      ...done,
    });
    expect(await client.launch(request)).toMatchObject({ ended: "continued" });
    expect(calls.filter((call) => call.startsWith("st")).map((call) => call.split(" --timeout")[0])).toEqual([
      "stop web --force",
      "start web",
    ]);
  });

  it("fails with why launch failed when the instance does not come up in time", async () => {
    const { client, sleptMs } = scripted({
      launch: failed("The following errors occurred:\nweb: timed out waiting for response"),
      list: listOf({ web: "Unknown" }),
      start: { code: 2, stderr: "start failed: Instance 'web' is already running, but in an unknown state.\n" },
    });
    expect(await failureOf(client.launch(request, { timeoutMs: 200_000 }))).toMatchObject({
      code: "launch-timeout-ssh",
    });
    expect(sleptMs()).toBeGreaterThanOrEqual(200_000);
    expect(sleptMs()).toBeLessThan(210_000);
  });

  it.each([
    ["no-virtualization", "KVM support is not enabled on this machine."],
    ["disk-too-small", "Requested disk (1 bytes) below minimum for this image (2 bytes)"],
    ["image-unknown", 'Unable to find an image matching "foo" in remote "".'],
  ])("fails at once with %s when nothing was made", async (code, words) => {
    const { client, sleptMs } = scripted({ launch: failed(words), list: listOf({}) });
    expect(await failureOf(client.launch(request))).toMatchObject({ code });
    expect(sleptMs()).toBe(0);
  });

  it("tries a download again, and refreshes what is known of the images when a digest differs", async () => {
    const words = ["failed to download from 'https://x': Network timeout", "Hash of F does not match H"];
    const { client, calls } = scripted({
      launch: () => {
        const next = words.shift();
        return next === undefined ? launched : failed(next);
      },
      find: '{"images":{}}',
      list: listOf({ web: "Running" }),
      ...done,
    });
    expect(await client.launch(request)).toMatchObject({ ended: "launched" });
    expect(calls.filter((call) => /^(launch|find)/.test(call)).map((call) => call.split(" ")[0])).toEqual([
      "launch",
      "launch",
      "find",
      "launch",
    ]);
    const never = scripted({ launch: failed("Host cloud-images.ubuntu.com not found"), list: listOf({}) });
    expect(await failureOf(never.client.launch(request))).toMatchObject({ code: "download-failed" });
    expect(never.calls.filter((call) => call.startsWith("launch"))).toHaveLength(3);
  });

  it("joins a launch of the same name that is under way", async () => {
    const words = [
      'instance "web" is being prepared',
      'instance "web" is being prepared',
      'instance "web" already exists',
    ];
    const { client } = scripted({
      launch: () => failed(words.shift() ?? ""),
      list: listOf({ web: "Running" }),
      ...done,
    });
    expect(await client.launch(request)).toMatchObject({ ended: "continued", overcame: { code: "being-prepared" } });
  });

  it("takes no instance that exists for its own, and says when the name only waits to be purged", async () => {
    const exists = failed('instance "web" already exists');
    const there = scripted({ launch: exists, list: listOf({ web: "Running" }) });
    expect(await failureOf(there.client.launch(request))).toMatchObject({ code: "already-exists" });
    const deleted = scripted({ launch: exists, list: listOf({ web: "Deleted" }) });
    expect(await failureOf(deleted.client.launch(request))).toMatchObject({ code: "soft-deleted" });
  });

  it("takes back or purges a deleted one of that name where it is asked to", async () => {
    for (const [ifDeleted, ended, expected] of [
      ["recover", "continued", ["launch", "recover", "start"]],
      ["purge", "launched", ["launch", "delete", "launch"]],
    ] as const) {
      let state: string | undefined = "Deleted";
      const { client, calls } = scripted({
        launch: () => (state === "Deleted" ? failed('instance "web" already exists') : launched),
        list: () => listOf(state === undefined ? {} : { web: state }),
        recover: () => {
          state = "Stopped";
          return "";
        },
        start: () => {
          state = "Running";
          return "";
        },
        "delete --purge web": () => {
          state = "Running";
          return "";
        },
        ...done,
      });
      expect(await client.launch(request, { ifDeleted })).toMatchObject({ ended });
      const words = calls.map((call) => call.split(" ")[0] ?? "");
      expect(words.filter((word) => word !== "list" && word !== "exec")).toEqual(expected);
    }
  });

  it("waits for a daemon that went away in the middle, not for one that was not there", async () => {
    const away = { code: 2, stderr: "launch failed: cannot connect to the multipass socket\n" };
    let looks = 0;
    const middle = scripted({
      launch: { ...away, stdout: spun("Creating web") },
      list: () => (looks++ < 3 ? { code: 2, stderr: away.stderr } : listOf({ web: "Running" })),
      ...done,
    });
    expect(await middle.client.launch(request)).toMatchObject({ overcame: { code: "daemon-unreachable" } });
    const never = scripted({ launch: away });
    expect(await failureOf(never.client.launch(request))).toMatchObject({ code: "daemon-unreachable" });
    expect(never.sleptMs()).toBe(0);
  });

  it("wants an image by name", async () => {
    const { client, calls } = scripted({});
    for (const image of ["", "--help"]) {
      expect(await failureOf(client.launch({ ...request, image }))).toMatchObject({ code: "image-unknown" });
    }
    expect(calls.filter((call) => call.startsWith("launch"))).toEqual([]);
  });
});

describe("finishing an interrupted launch", () => {
  it("starts what has stopped and waits until cloud-init has ended", async () => {
    let state = "Stopped";
    const { client, calls } = scripted({
      list: () => listOf({ web: state }),
      start: () => {
        state = "Running";
        return "";
      },
      ...done,
    });
    expect(await client.finishBoot("web")).toEqual({ outcome: "done", text: "status: done" });
    expect(calls.filter((call) => call.startsWith("start"))).toHaveLength(1);
  });

  it("asks cloud-init again after its document has restarted the machine", async () => {
    let asked = 0;
    const { client } = scripted({
      list: listOf({ web: "Running" }),
      exec: (argv) => {
        if (!argv.includes("cloud-init")) return execOf(0);
        asked += 1;
        return asked === 1 ? { code: 255, stdout: "[TOKEN]..", stderr: "[TOKEN]" } : execOf(0, "status: done");
      },
    });
    expect(await client.finishBoot("web")).toEqual({ outcome: "done", text: "status: done" });
  });

  it("refuses what is not there or is deleted", async () => {
    const { client } = scripted({ list: listOf({ old: "Deleted" }) });
    expect(await failureOf(client.finishBoot("web"))).toMatchObject({ code: "unknown-instance" });
    expect(await failureOf(client.finishBoot("old"))).toMatchObject({ code: "soft-deleted" });
  });
});
