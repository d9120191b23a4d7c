import { describe, expect, it } from "vitest";
import { failureOf, listOf, scripted } from "./scripted.ts";

describe("list", () => {
  it("is read as Multipass to 1.16 prints it: indented, keys sorted, N/A for an address", async () => {
    const text = `{
    "list": [
        {
            "ipv4": [
                "10.168.32.2",
                "200.3.123.30"
            ],
            "name": "foo",
            "release": "Ubuntu 24.04 LTS",
            "state": "Running"
        },
        {
            "ipv4": [
                "N/A"
            ],
            "name": "bar",
            "release": "Not Available",
            "state": "Stopped"
        },
        {
            "ipv4": [
            ],
            "name": "baz",
            "release": "Not Available",
            "state": "Hibernating"
        }
    ]
}
`;
    expect(await scripted({ list: text }).client.list()).toEqual([
      { name: "foo", state: "Running", addresses: ["10.168.32.2", "200.3.123.30"], release: "Ubuntu 24.04 LTS" },
      { name: "bar", state: "Stopped", addresses: [] },
      { name: "baz", state: "Unknown", addresses: [] },
    ]);
  });

  it("is read as Multipass 1.17 prints it: in another order, with zones", async () => {
    const text =
      '{"list":[{"name":"foo","zone":{"available":false,"name":"zone2"},"state":"Unavailable","ipv4":[],"release":"Debian 13"}]}';
    expect(await scripted({ list: text }, { version: "1.17.0" }).client.list()).toEqual([
      {
        name: "foo",
        state: "Unavailable",
        addresses: [],
        release: "Debian 13",
        zone: { name: "zone2", available: false },
      },
    ]);
  });

  it("is read when there are none, and behind a driver's notice", async () => {
    const none = '{\n    "list": [\n    ]\n}\n';
    expect(await scripted({ list: none }).client.list()).toEqual([]);
    const notice = `*** Warning! The libvirt driver is deprecated ***\n\n${none}`;
    expect(await scripted({ list: notice }).client.list()).toEqual([]);
  });

  it.each([
    ["", "output: expected a JSON document, got nothing"],
    ["{}", "output.list: expected a list, got nothing"],
    ['{"list":[{"name":1}]}', "output.list[0].name: expected a text, got 1"],
    ['{"list":[{"name":"a","state":"Running","ipv4":"x"}]}', 'output.list[0].ipv4: expected a list, got "x"'],
  ])("says what it does not understand in %j", async (text, message) => {
    const error = await failureOf(scripted({ list: text }).client.list());
    expect(error).toMatchObject({ code: "unexpected-output", message: `multipass list: ${message}` });
  });

  it("asks no guest where it need not, and does without that option where it is unknown", async () => {
    const quick = scripted({ list: listOf({ a: "Running" }) });
    await quick.client.list({ addresses: false });
    expect(quick.calls).toEqual(["list --format json --no-ipv4"]);
    const old = scripted({
      "list --format json": listOf({ a: "Running" }),
      "list --format json --no-ipv4": { code: 1, stderr: "Unknown option 'no-ipv4'.\n" },
    });
    await old.client.list({ addresses: false });
    expect(await old.client.state("a")).toBe("Running");
    expect(old.calls).toEqual(["list --format json --no-ipv4", "list --format json", "list --format json"]);
  });
});

describe("info", () => {
  const running = {
    state: "Running",
    image_hash: "a".repeat(64),
    image_release: "24.04 LTS",
    release: "Ubuntu 24.04.1 LTS",
    cpu_count: "2",
    snapshot_count: "1",
    load: [0.5, 0.25, 0],
    disks: { sda1: { used: "1288490188", total: "5116440064" } },
    memory: { used: 60_817_408, total: 1_503_238_554 },
    ipv4: ["10.168.32.2"],
    mounts: { "/home/ubuntu/work": { uid_mappings: ["1000:default"], gid_mappings: [], source_path: "/home/me" } },
  };

  it("is read with its numbers as texts", async () => {
    const { client } = scripted({ info: JSON.stringify({ errors: [], info: { foo: running } }) });
    expect(await client.info("foo")).toEqual({
      name: "foo",
      state: "Running",
      imageHash: "a".repeat(64),
      imageRelease: "24.04 LTS",
      release: "Ubuntu 24.04.1 LTS",
      cpus: 2,
      snapshotCount: 1,
      load: [0.5, 0.25, 0],
      disk: { used: 1_288_490_188, total: 5_116_440_064 },
      memory: { used: 60_817_408, total: 1_503_238_554 },
      addresses: ["10.168.32.2"],
      mounts: [{ target: "/home/ubuntu/work", source: "/home/me" }],
    });
  });

  it("is read of an instance that does not run", async () => {
    const stopped = { ...running, state: "Stopped", release: "", cpu_count: "", disks: { sda1: {} }, memory: {} };
    const entry = { ...stopped, load: [], ipv4: [], mounts: {}, snapshot_count: undefined };
    const { client, calls } = scripted({ info: JSON.stringify({ errors: [], info: { foo: entry } }) });
    expect(await client.info("foo", { runtime: false })).toEqual({
      name: "foo",
      state: "Stopped",
      imageHash: "a".repeat(64),
      imageRelease: "24.04 LTS",
      load: [],
      addresses: [],
      mounts: [],
    });
    expect(calls).toEqual(["info foo --format json --no-runtime-information"]);
  });
});

describe("the other answers", () => {
  it("are versions, of every kind of build", async () => {
    const read = (text: string) => scripted({ version: JSON.stringify({ multipass: text }) }).client.version();
    expect(await read("1.16.3+win")).toEqual({ client: { text: "1.16.3+win", major: 1, minor: 16, patch: 3 } });
    const dev = "1.17.0-dev.2929.pr661+gc67ef6641.mac";
    expect((await read(dev)).client).toMatchObject({ minor: 17, patch: 0 });
    expect(await failureOf(read("latest"))).toMatchObject({ code: "unexpected-output" });
  });

  it("are images, with or without blueprints", async () => {
    const image = { aliases: ["noble"], os: "Ubuntu", release: "24.04 LTS", remote: "", version: "20260518" };
    const expected = [{ name: "24.04", ...image }];
    for (const rest of [{ blueprints: {} }, { "blueprints (deprecated)": {} }, {}]) {
      const { client, calls } = scripted({ find: JSON.stringify({ errors: [], images: { "24.04": image }, ...rest }) });
      expect(await client.find({ search: "24", unsupported: true })).toEqual(expected);
      expect(calls).toEqual(["find --format json --show-unsupported -- 24"]);
    }
  });

  it("are networks, snapshots and zones", async () => {
    const network = { description: "", name: "en0", type: "ethernet" };
    const { client } = scripted(
      {
        networks: JSON.stringify({ list: [network] }),
        "list --snapshots": JSON.stringify({
          errors: [],
          info: { foo: { s1: { comment: "", parent: "" }, s2: { comment: "two", parent: "s1" } } },
        }),
        zones: JSON.stringify({ zone1: { available: true, subnet: "10.1.2.0/24" } }),
      },
      { help: "  zones    List zones\n" },
    );
    expect(await client.networks()).toEqual([network]);
    expect(await client.snapshots("foo")).toEqual([
      { name: "s1", comment: "" },
      { name: "s2", comment: "two", parent: "s1" },
    ]);
    expect(await client.snapshots("bar")).toEqual([]);
    expect(await client.zones()).toEqual([{ name: "zone1", available: true, subnet: "10.1.2.0/24" }]);
    expect(await scripted({}).client.zones()).toEqual([]);
  });

  it("are settings", async () => {
    const { client, calls } = scripted({ "get --raw -- local.driver": "qemu\n", "get --raw -- x": "\n", set: "" });
    expect(await client.get("local.driver")).toBe("qemu");
    expect(await client.get("x")).toBeUndefined();
    await client.set("local.web.cpus", "2");
    expect(calls.at(-1)).toBe("set -- local.web.cpus=2");
  });
});
