import { describe, expect, it } from "vitest";
import { execOf, failureOf, listOf, scripted, spun } from "./scripted.ts";

const commands = (...names: string[]): string => names.map((name) => `  ${name}    Does something\n`).join("");

describe("what an executable can do", () => {
  it("is read from its help", async () => {
    const { client } = scripted({
      help: commands("launch", "snapshot", "restore", "wait-ready"),
      "help stop": "Options:\n  --force   Force the instance to shut down\n",
      "help launch": "Options:\n  --zone <zone>\n",
    });
    expect(await client.features()).toEqual({
      snapshots: true,
      clone: false,
      forcedStop: true,
      zones: true,
      waitReady: true,
    });
  });

  it.each([
    ["1.12.2", "1.16.3"],
    ["1.16.3", "1.11.0"],
    ["0.9.0", "1.16.3"],
  ])("is not asked before 1.13 (client %s, daemon %s)", async (multipass, multipassd) => {
    const { client } = scripted({ version: JSON.stringify({ multipass, multipassd }) });
    expect(await failureOf(client.list())).toMatchObject({ code: "unsupported-version" });
    expect((await client.version()).client.text).toBe(multipass);
  });

  it("is said when there is none, or it hangs", async () => {
    const absent = scripted({ version: { ended: { notStarted: "ENOENT" } } }, { executable: "/nowhere/multipass" });
    const error = await failureOf(absent.client.list());
    expect(error).toMatchObject({ code: "not-installed", exitCode: undefined });
    expect(error.message).toContain("/nowhere/multipass");
    const hanging = scripted({ list: { hangs: true } }, { answerWithinMs: 20 });
    expect(await failureOf(hanging.client.list())).toMatchObject({ code: "no-answer" });
  });
});

describe("names", () => {
  it.each(["", "--all", "a.b", "a b", "1a", "a-", "a:b"])(
    "refuse what Multipass takes for something else: %j",
    async (name) => {
      const { client, calls } = scripted({});
      const refused = [
        client.delete(name),
        client.stop(name),
        client.exec(name, ["true"]),
        client.recover(name),
        client.start(name),
        client.readFile(name, "x"),
        client.snapshot("web", name),
        client.deleteSnapshot("web", name),
        client.launch({ name, image: "24.04", cpus: 1, memory: "1G", disk: "5G" }),
      ];
      for (const each of refused) expect(await failureOf(each)).toMatchObject({ code: "invalid-name" });
      expect(() => client.shellCommand(name)).toThrow("expected letters");
      expect(calls).toEqual([]);
    },
  );
});

describe("the life of an instance", () => {
  it("ends for good by its name alone, once or again", async () => {
    let there = true;
    const { client, calls } = scripted({
      delete: () => {
        if (!there)
          return { code: 2, stderr: 'delete failed: The following errors occurred:\ninstance "web" does not exist\n' };
        there = false;
        return {};
      },
    });
    expect(await client.delete("web")).toBe(true);
    expect(await client.delete("web")).toBe(false);
    expect(calls).toEqual(["delete --purge web", "delete --purge web"]);
  });

  it("is stopped by force only where that is known", async () => {
    const { client, calls } = scripted({ stop: spun("Stopping web"), "help stop": "--force" });
    await client.stop("web", { force: true });
    await client.stop("web");
    expect(calls).toEqual(["stop web --force", "stop web"]);
    const old = scripted({ "help stop": "--time" });
    expect(await failureOf(old.client.stop("web", { force: true }))).toMatchObject({ code: "unsupported-feature" });
  });

  it("goes on after a start that gave up too early", async () => {
    const states = ["Starting", "Unknown", "Running"];
    const { client, sleptMs } = scripted({
      start: { code: 5, stderr: "Timed out waiting for instance to start.\n" },
      list: () => listOf({ web: states.shift() ?? "Running" }),
      exec: execOf(0),
    });
    await client.start("web");
    expect(sleptMs()).toBeGreaterThan(0);
  });

  it("does not wait for a start that cannot succeed", async () => {
    const { client, sleptMs } = scripted({
      start: { code: 2, stderr: "start failed: KVM support is not enabled on x\n" },
    });
    expect(await failureOf(client.start("web"))).toMatchObject({ code: "no-virtualization" });
    expect(sleptMs()).toBe(0);
  });

  it("can be kept in snapshots", async () => {
    const { client, calls } = scripted({
      snapshot: "Snapshot taken: web.s1\n",
      restore: "Snapshot restored: web.s1\n",
      "delete --purge web.s1": "",
      "delete --purge web.s2": { code: 2, stderr: "delete failed: No such snapshot: web.s2\n" },
    });
    await client.snapshot("web", "s1", { comment: "crun-node/wasmedge" });
    await client.restore("web", "s1");
    expect(await client.deleteSnapshot("web", "s1")).toBe(true);
    expect(await client.deleteSnapshot("web", "s2")).toBe(false);
    expect(calls.slice(0, 2)).toEqual([
      "snapshot --name=s1 --comment=crun-node/wasmedge web",
      "restore --destructive web.s1",
    ]);
  });
});

describe("the daemon", () => {
  const away = { code: 2, stderr: "list failed: cannot connect to the multipass socket\n" };

  it("is waited for, with or without a command for that", async () => {
    let failures = 3;
    const old = scripted({ list: () => (failures-- > 0 ? away : listOf({})) });
    await old.client.waitReady();
    expect(old.calls).toHaveLength(4);
    const young = scripted({ "wait-ready": spun("Waiting") }, { help: commands("wait-ready") });
    await young.client.waitReady({ timeoutMs: 2500 });
    expect(young.calls).toEqual(["wait-ready --timeout=3"]);
  });

  it("is not waited for longer than asked, nor where waiting does not help", async () => {
    const { client, sleptMs } = scripted({ list: away });
    expect(await failureOf(client.waitReady({ timeoutMs: 5000 }))).toMatchObject({ code: "daemon-unreachable" });
    expect(sleptMs()).toBe(5000);
    const denied = scripted({ list: { code: 2, stderr: "list failed: multipass socket access denied\n" } });
    expect(await failureOf(denied.client.waitReady())).toMatchObject({ code: "access-denied" });
    expect(denied.sleptMs()).toBe(0);
  });
});

describe("files", () => {
  it("go through standard input and output", async () => {
    const bytes = Buffer.from([0, 255, 8, 27, 10]);
    const { client, calls, stdin } = scripted({ "transfer -": "", "transfer web:": { stdout: bytes } });
    await client.writeFile("web", "a b", "text");
    expect(stdin).toEqual(["text"]);
    expect(Buffer.from(await client.readFile("web", "/tmp/x"))).toEqual(bytes);
    expect(calls).toEqual(["transfer - web:a b", "transfer web:/tmp/x -"]);
  });
});

describe("the address of an instance", () => {
  const pods = "10.244.0.1";
  const route = "1.1.1.1 via 10.7.0.1 dev ens3 src 10.7.0.9 uid 1000 \\    cache \n";
  const at = (addresses: string[], state = "Running") =>
    scripted({ list: listOf({ web: state }, addresses), exec: execOf(0, route) });

  it("is the recorded one, without asking the guest", async () => {
    const { client, calls } = at([pods, "10.7.0.5"]);
    expect(await client.address("web", { recorded: "10.7.0.5" })).toBe("10.7.0.5");
    expect(calls).toEqual(["list --format json"]);
  });

  it("is one of the recorded one's network, else what the guest says", async () => {
    expect(await at([pods, "10.7.0.9"]).client.address("web", { recorded: "10.7.0.5" })).toBe("10.7.0.9");
    expect(await at([pods, "10.7.0.9"]).client.address("web")).toBe("10.7.0.9");
    expect(await at([pods]).client.address("web", { recorded: "192.168.64.2" })).toBe("10.7.0.9");
  });

  it("is the only one, or none", async () => {
    expect(await at(["10.7.0.5"]).client.address("web")).toBe("10.7.0.5");
    expect(await at([], "Stopped").client.address("web")).toBeUndefined();
    expect(await failureOf(at([]).client.address("other"))).toMatchObject({ code: "unknown-instance" });
  });
});

describe("a signal", () => {
  it("ends the client, and its reason is what the caller gets", async () => {
    const { client } = scripted({ list: { hangs: true } });
    const controller = new AbortController();
    const asked = client.list({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
    await expect(client.list({ signal: controller.signal })).rejects.toThrow("enough");
  });
});
