import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { keepInventory, readInventory } from "../../../src/backends/ssh/inventory.ts";
import { LabError } from "../../../src/domain/errors.ts";

const folder = mkdtempSync(join(tmpdir(), "wkl-inventory-"));
const path = join(folder, "lab.yaml");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string): ReturnType<typeof readInventory> {
  writeFileSync(path, text);
  return readInventory(path);
}

function problems(text: string): string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof LabError) return error.message.split("\n").map((line) => line.replace(`${path}: `, ""));
    throw error;
  }
  return [];
}

describe("an inventory", () => {
  it("names machines by their host, by an alias, or by all that ssh needs", () => {
    const text = `
sshConfig: conf/ssh_config
machines:
  master: { host: 192.0.2.10, port: 2222, user: admin, identityFile: ~/.ssh/lab, proxyJump: gate }
  worker1: { host: one.example, identityFile: keys/one, address: 10.0.0.11 }
  worker2: alias
`;
    expect(read(text)).toEqual({
      sshConfig: join(folder, "conf/ssh_config"),
      machines: {
        master: {
          host: "192.0.2.10",
          port: 2222,
          user: "admin",
          identityFile: join(homedir(), ".ssh/lab"),
          proxyJump: "gate",
        },
        worker1: { host: "one.example", identityFile: join(folder, "keys/one"), address: "10.0.0.11" },
        worker2: { host: "alias" },
      },
    });
  });

  it("is kept for later commands, readable by nobody else", () => {
    const kept = join(folder, "state", "inventory.yaml");
    const inventory = read("machines: { master: { host: a, identityFile: key } }");
    keepInventory(inventory, kept);
    expect(readInventory(kept)).toEqual(inventory);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    keepInventory(read("machines: { master: b }"), kept);
    expect(readFileSync(kept, "utf8")).toContain("host: b");
  });

  it("is told all that is wrong with it at once: place, value, remedy", () => {
    const text = `
colour: red
machines:
  master: { host: "-oProxyCommand=evil", port: 99999, adress: 10.0.0.1 }
  worker1: two words
  worker2: 7
  worker3: x
`;
    expect(problems(text)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^machines\.master\.host: must be a host name.*, got "-oProxyCommand=evil"$/),
        expect.stringMatching(/^machines\.master\.port: must be a number from 1 to 65535, got 99999$/),
        "machines.master.adress: there is no such field",
        expect.stringMatching(/^machines\.worker1: must be a host name.*, got "two words"$/),
        "machines.worker2: must be a host name, or a mapping with `host`, got 7",
        "machines.worker3: there is no such field",
        "colour: there is no such field",
      ]),
    );
    expect(problems("machines: {}")).toEqual(["machines.master: is missing"]);
    expect(problems("machines: { master: { user: x } }")).toEqual(["machines.master.host: is missing"]);
    expect(problems("")).toEqual(["must be a mapping with `machines`, got null"]);
    expect(problems("machines: [")).toEqual([expect.stringContaining("Flow sequence")]);
    expect(problems("machines: { master: same, worker1: same }")).toEqual([
      "machines.worker1: must be another machine than master, got same",
    ]);
    expect(() => readInventory(join(folder, "none.yaml"))).toThrow(
      expect.objectContaining({ code: "inventory-missing" }),
    );
  });
});
