import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serve, type Served } from "../cluster/serve.ts";
import { testServer } from "../cluster/test-server.ts";
import { adminKubeconfig, served, typist, type Typist } from "./lab.ts";

/** The version of this computer's kubectl; undefined where it has none. */
function realVersion(): string | undefined {
  try {
    return /"gitVersion": "v([\d.]+)/.exec(
      execFileSync("kubectl", ["version", "--client", "-o", "json"], { encoding: "utf8" }),
    )?.[1];
  } catch {
    return undefined;
  }
}

const version = realVersion();
const files: Readonly<Record<string, string>> = {
  "colon.yml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x: y\n",
  "tab.yml": "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
  "indent.yml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n namespace: y\n",
  "nocolon.yml": "apiVersion: v1\nkind Pod\nmetadata:\n  name: x\n",
  "unknown.yml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm2\ndatta:\n  k: v\n",
  "map.yml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cm1\ndata:\n  k: v\n",
};
const lines = [
  ...["colon", "tab", "indent", "nocolon", "unknown", "map", "map", "missing"].map((name) => `apply -f ${name}.yml`),
  "get cm cm1 -o json",
  "get cm,pods",
  "get ns --show-labels",
  "get pods p1 p2",
  "get pods --foo",
  "get nope",
  "delete pods",
  "label cm cm1 a=b",
  "label cm cm1 a=c",
  "create deployment d --image=nginx --dry-run=client -o yaml",
  "scale deploy x --replicas=-1",
];
/** Ages and the values that each server chooses for itself. */
const comparable = (text: string): string =>
  text.replaceAll(/\b\d+m?\d*s\b/g, "AGE").replaceAll(/"(?:resourceVersion|creationTimestamp|uid)": ".*"/g, "OWN");

describe.skipIf(version === undefined)("the modelled kubectl beside a real one", () => {
  let lab: Typist;
  let api: Served;
  const folder = mkdtempSync(join(tmpdir(), "kubectl-"));

  beforeAll(async () => {
    const mine = await testServer();
    api = await serve((await testServer()).server);
    lab = typist((url, options) => served(mine.server, url, options), version);
    lab.machine.rootFiles.makeDirectories("/root/.kube");
    lab.machine.rootFiles.write("/root/.kube/config", adminKubeconfig);
    writeFileSync(join(folder, "config"), api.kubeconfig, { mode: 0o600 });
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
      lab.machine.rootFiles.write(`/root/${name}`, text);
    }
  });

  afterAll(async () => {
    await api.close();
    rmSync(folder, { recursive: true });
  });

  it("prints the same", async () => {
    const env = { ...process.env, KUBECONFIG: join(folder, "config"), HOME: folder };
    for (const line of lines) {
      const real = await new Promise<string>((resolve) => {
        execFile("kubectl", line.split(" "), { cwd: folder, env }, (_error, stdout, stderr) =>
          resolve(stdout + stderr),
        );
      });
      const ours = await lab.run(["kubectl", ...line.split(" ")]);
      expect(comparable(ours.all), line).toBe(comparable(real));
    }
  });
});
