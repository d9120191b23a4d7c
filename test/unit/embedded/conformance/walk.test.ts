import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServerClient } from "../../../../src/backends/embedded/cluster/clients/index.ts";
import { startControllers } from "../../../../src/backends/embedded/cluster/controllers/controller-manager.ts";
import { createPacing } from "../../../../src/backends/embedded/pacing.ts";
import { testServer, seededRandom, type TestServer } from "../cluster/test-server.ts";
import { realClock } from "../fakes/machine.ts";
import { adminKubeconfig, served, typist, type Typist } from "../kubernetes/lab.ts";
import { manifests, runtimeClass } from "./manifests.ts";

const folder = join(import.meta.dirname, "../../../fixtures/recordings");

/** Takes out what differs from run to run, and the width of columns. */
function normalise(text: string): string {
  return text
    .split("\n")
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\dT[\d:]+Z|\w{3}, \d\d \w{3} \d{4} [\d:]+ \+0000/g, "TIME")
        .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UID")
        .replace(/\b10\.\d+\.\d+\.\d+\b/g, "ADDRESS")
        .replace(/Resource Version: +\d+/, "Resource Version: N")
        .replace(/(deploy-[b-z2-9]{8,10})-[b-z2-9]{5}\b/g, "$1-POD")
        .replace(/(^|[\s(])(\d+[smhd]){1,2}(?=[\s,)]|$)/g, "$1AGE")
        .replace(/ {2,}/g, "  ")
        .replace(/-{3,}/g, "---")
        .trimEnd(),
    )
    .join("\n");
}

function recording(number: string): { command: string[]; output: string } {
  const file = readdirSync(folder).find((name) => name.startsWith(`${number}-`)) ?? number;
  const [, command = "", output = "", code = ""] =
    /^\$ (.*)\n([^]*?)# exit (\d+)\n?$/.exec(readFileSync(join(folder, file), "utf8")) ?? [];
  const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
  return { command: words, output: normalise(output) + code };
}

describe("one cluster through the steps of the recordings", () => {
  let lab: TestServer;
  let machine: Typist;
  const stop = new AbortController();

  const kubectl = async (words: readonly string[]): Promise<string> => {
    const ran = await machine.run(["kubectl", ...words], { env: { KUBECONFIG: "/root/config" } });
    return `${normalise(ran.all)}${ran.exitCode}`;
  };

  beforeAll(async () => {
    lab = await testServer("v1.28.15");
    const clock = realClock();
    const user = { name: "system:kube-controller-manager", groups: ["system:masters"] };
    await startControllers({
      client: createServerClient(() => lab.server, user),
      clock,
      random: seededRandom(3),
      pacing: createPacing("real", clock),
      signal: stop.signal,
      hostname: "cp",
      version: "1.28.15",
      log: () => undefined,
      rootCertificate: "",
      authority: undefined,
    });
    machine = typist((url, options) => served(lab.server, url, options), "1.32.3");
    machine.machine.rootFiles.write("/root/config", adminKubeconfig);
    for (const [name, text] of Object.entries(manifests)) machine.machine.rootFiles.write(`/root/${name}`, text);
    machine.machine.rootFiles.write("/root/class.yml", runtimeClass);
    for (const name of ["master", "worker1"]) {
      await lab.client.create({ apiVersion: "v1", resource: "nodes", namespace: "" }, { metadata: { name } });
    }
  });
  afterAll(() => stop.abort());

  const step = (number: string): void => {
    const { command, output } = recording(number);
    it(`${number} ${command.join(" ")}`, async () => {
      expect(await kubectl(command.slice(1))).toBe(output);
    });
  };
  /** Changes the state between two steps, and waits for the controllers. */
  const meanwhile = (what: string, words: string, reached: () => Promise<boolean>): void => {
    it(what, async () => {
      await kubectl(words.split(" "));
      await expect.poll(reached).toBe(true);
    });
  };
  const count = async (resource: string, apiVersion = "v1"): Promise<number> =>
    (await lab.client.list({ apiVersion, resource, namespace: "default" })).items.length;

  step("4057");
  meanwhile("waits for the pods", "version", async () => (await count("pods")) === 3);
  step("4058");
  step("4069");
  for (const number of ["4095", "4096", "4098", "4099", "4101", "4102", "4103", "4110", "4111"]) step(number);
  step("4124");
  meanwhile("scales", "scale deployment wasmedge-deploy --replicas=2", async () => (await count("pods")) === 2);
  for (const number of ["4125", "4129", "4131", "4137", "4139", "4143", "4145", "4147", "4149"]) step(number);
  step("4161");
  meanwhile("makes a runtime class", "apply -f class.yml", async () => true);
  for (const number of ["4168", "4174", "4176", "4180", "4194"]) step(number);
  meanwhile("deletes", "delete -f wasmedge-app-manifest.yml", async () => (await count("pods")) === 0);
  step("4195");
});

describe("kubectl's verbosity", () => {
  it("tells of each request from level 6 on", async () => {
    const lab = await testServer("v1.28.15");
    const machine = typist((url, options) => served(lab.server, url, options), "1.28.2");
    machine.machine.rootFiles.write("/root/config", adminKubeconfig);
    const run = (words: string) =>
      machine.run(["kubectl", ...words.split(" ")], { env: { KUBECONFIG: "/root/config" } });
    const told = (await run("get ns default -v=6")).stderr.split("\n").map((line) => line.replace(/^I.*?\] /, ""));
    expect(told[0]).toBe("Config loaded from file:  /root/config");
    expect(told.at(-2)).toMatch(
      /^GET https:\/\/10\.0\.0\.182:6443\/api\/v1\/namespaces\/default 200 OK in \d+ milliseconds$/,
    );
    expect((await run("get ns default -v=5")).stderr).toBe("");
  });
});
