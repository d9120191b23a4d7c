import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, type Host, holdLab, newHome, runProgram } from "../support/command-line.ts";

/** What `run --json` prints, as written in the documentation. */
interface RunDocument {
  formatVersion: number;
  backend: string;
  profile: string;
  labs: {
    id: string;
    steps: {
      id: string;
      checks: CheckDocument[];
      before: CheckDocument[];
      hintsUsed: number;
      solutionShown: boolean;
    }[];
    grade: GradeDocument;
  }[];
  grade: GradeDocument;
}

interface CheckDocument {
  id: string;
  precondition?: boolean;
  outcome: { status: string; observed?: string; expected?: string; cause?: string; next?: string };
}

interface GradeDocument {
  points: number;
  maxPoints: number;
  verdict: string;
}

interface StatusDocument {
  profile: string;
  backend: { id: string };
  current?: { lab: string; step: string };
  chapters: { labs: { id: string; steps: { id: string; state: string }[] }[] }[];
  machines: { name: string; state: string; address?: string }[];
  host: { kubeconfig?: string; nodePorts: Record<string, { address: string; port: number }> };
}

const has = (name: string): boolean => spawnSync(name, ["--help"], { stdio: "ignore" }).error === undefined;
const hasKubectl = has("kubectl");
if (!hasKubectl) console.warn("SKIPPED: no kubectl on this computer, so none talks to the cluster from outside");
const hasSs = has("ss");
if (!hasSs) console.warn("SKIPPED: no ss on this computer, so nobody looks at what the program listens on");

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const json = ({ stdout }: Ended): unknown => JSON.parse(stdout);

describe("a played lab", () => {
  let home = "";
  let played: Ended;
  beforeAll(async () => {
    home = newHome();
    played = await runProgram(["run", "control-plane", "--json"], { home });
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it("is reported as one JSON document", () => {
    expect(played.exitCode, played.stderr).toBe(0);
    const report = json(played) as RunDocument;
    expect(report).toMatchObject({ formatVersion: 1, backend: "embedded", profile: "thesis" });
    expect(report.labs.map((lab) => lab.id)).toEqual(["control-plane"]);
    const [lab] = report.labs;
    expect(lab?.grade).toMatchObject({ verdict: "passed", maxPoints: lab?.grade.points });
    expect(report.grade).toMatchObject({ verdict: "passed", maxPoints: report.grade.points });
    expect(lab?.steps.length).toBeGreaterThan(0);
    for (const step of lab?.steps ?? []) {
      expect(step.checks.map((each) => each.outcome.status)).toEqual(step.checks.map(() => "passed"));
      expect(step.before.map((each) => each.id)).toEqual(step.checks.map((each) => each.id));
      expect(step).toMatchObject({
        hintsUsed: expect.any(Number) as number,
        solutionShown: expect.any(Boolean) as boolean,
      });
      const asked = step.before.filter((each) => !each.precondition);
      expect(asked.filter((each) => each.outcome.status === "passed")).toEqual([]);
    }
  });

  it("is there for the next command", async () => {
    const status = json(await runProgram(["status", "--json"], { home })) as StatusDocument;
    const lab = status.chapters.flatMap((chapter) => chapter.labs).find(({ id }) => id === "control-plane");
    expect(new Set(lab?.steps.map((step) => step.state))).toEqual(new Set(["solved"]));
    expect(status.host.kubeconfig).toBe(join(home, "embedded/kubeconfig"));
    expect((await runProgram(["check", "control-plane"], { home })).exitCode).toBe(0);
    const nodes = await runProgram(["exec", "master", "--", "kubectl", "get", "nodes", "-o", "name"], { home });
    expect(nodes).toMatchObject({ exitCode: 0, stdout: "node/master\n" });
  });

  describe("held by up", () => {
    let host: Host;
    beforeAll(async () => {
      host = await holdLab({ home });
    });
    afterAll(() => host.kill());

    it("serves the other commands through its control socket", async () => {
      const result = await runProgram(["exec", "worker1", "--", "sh", "-c", "hostname; cat; exit 9"], {
        home,
        stdin: "typed\n",
      });
      expect(result).toMatchObject({ exitCode: 9, stdout: "worker1\ntyped\n", stderr: "" });
      const status = json(await runProgram(["status", "--json"], { home })) as StatusDocument;
      expect(status.machines.map(({ name, state }) => `${name} ${state}`)).toEqual([
        "master running",
        "worker1 running",
        "worker2 running",
      ]);
      expect(status.host).toEqual(host.document.host);
      const picture = json(await runProgram(["figure", "--json"], { home })) as {
        machines: { name: string; components: { id: string; state: string }[] }[];
      };
      const [master] = picture.machines;
      expect(master?.name).toBe("master");
      expect(master?.components.find(({ id }) => id === "kube-apiserver")?.state).toBe("running");
      const drawn = await runProgram(["figure", "node", "--machine", "worker1"], { home });
      expect(drawn).toMatchObject({ exitCode: 0, stderr: "" });
      expect(drawn.stdout).toContain("worker1");
      const reset = await runProgram(["reset"], { home });
      expect(reset.exitCode).not.toBe(0);
      expect(reset.stderr).toContain("wasm-k8s-lab down");
    });

    it("keeps what it writes to its owner", () => {
      expect(modeOf(host.document.kubeconfig)).toBe("600");
      expect(modeOf(join(home, "control.sock"))).toBe("600");
      const open = readdirSync(home, { recursive: true, encoding: "utf8" })
        .map((name) => join(home, name))
        .filter(
          (path) => statSync(path).isFile() && (statSync(path).mode & 0o077) !== 0 && !isReachedThroughOwner(path),
        );
      expect(open).toEqual([]);
    });

    it.skipIf(!hasSs)("listens on this computer's loopback address only", async () => {
      const { stdout } = await promisify(execFile)("ss", ["-H", "-l", "-t", "-u", "-n", "-p"]);
      const addresses = stdout
        .split("\n")
        .filter((line) => line.includes(`pid=${host.child.pid},`))
        .map((line) => line.trim().split(/\s+/)[4] ?? "");
      const api = /server: https:\/\/(\S+)/.exec(readFileSync(host.document.kubeconfig, "utf8"))?.[1];
      expect(addresses).toContain(api);
      expect(addresses.filter((address) => !address.startsWith("127.0.0.1:"))).toEqual([]);
    });

    it.skipIf(!hasKubectl)("answers this computer's kubectl", async () => {
      const kubectl = async (...argv: string[]): Promise<string> =>
        (
          await promisify(execFile)("kubectl", ["--kubeconfig", host.document.kubeconfig, ...argv], {
            env: { ...process.env, HOME: home },
          })
        ).stdout;
      const manifest = join(home, "note.json");
      const note = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "note" }, data: { from: "outside" } };
      writeFileSync(manifest, JSON.stringify(note), { mode: 0o600 });
      expect(await kubectl("get", "nodes", "-o", "name")).toBe("node/master\n");
      expect(await kubectl("apply", "-f", manifest)).toBe("configmap/note created\n");
      expect(await kubectl("apply", "-f", manifest)).toBe("configmap/note unchanged\n");
      expect(await kubectl("label", "configmap", "note", "seen=yes")).toBe("configmap/note labeled\n");
      expect(await kubectl("get", "configmap", "-l", "seen=yes", "-o", "jsonpath={.items[*].data.from}")).toBe(
        "outside",
      );
      const inside = await runProgram(["exec", "master", "--", "kubectl", "get", "configmap", "note", "-o", "name"], {
        home,
      });
      expect(inside.stdout).toBe("configmap/note\n");
      expect(await kubectl("delete", "configmap", "note")).toBe('configmap "note" deleted\n');
      await expect(kubectl("get", "configmap", "note")).rejects.toThrow("NotFound");
    });

    it("ends at down, and says so when there is nothing to end", async () => {
      const closed = new Promise((resolve) => host.child.once("close", resolve));
      expect(await runProgram(["down"], { home })).toMatchObject({ exitCode: 0, stderr: "" });
      expect(await closed).toBe(0);
      expect(existsSync(join(home, "control.sock"))).toBe(false);
      const again = await runProgram(["down"], { home });
      expect(again).toMatchObject({ exitCode: 2, stdout: "" });
      expect(again.stderr).toContain("no process holds the lab");
    });

    /** Below a folder that only the owner may enter. */
    function isReachedThroughOwner(path: string): boolean {
      for (let folder = join(path, ".."); folder.startsWith(home); folder = join(folder, "..")) {
        if ((statSync(folder).mode & 0o077) === 0) return true;
      }
      return false;
    }
  });
});

describe("a fresh lab", () => {
  let home = "";
  const run = (argv: string[], stdin = ""): Promise<Ended> => runProgram(argv, { home, stdin });

  beforeAll(async () => {
    home = newHome();
    await run(["start", "control-plane", "--plain"], ":quit\n");
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  it("says of an unsolved step what is wrong and what to do", async () => {
    const told = await run(["check", "control-plane/address", "--lang", "en"]);
    expect(told.exitCode).toBe(1);
    for (const word of ["observed: ", "expected: ", "likely cause: ", "next: "]) expect(told.stdout).toContain(word);

    const asked = await run(["check", "control-plane/address", "--json"]);
    expect(asked.exitCode).toBe(1);
    const [step] = (json(asked) as { steps: { checks: CheckDocument[] }[] }).steps;
    const failed = step?.checks[0]?.outcome;
    expect(failed?.status).toBe("failed");
    for (const field of [failed?.observed, failed?.expected, failed?.cause, failed?.next]) expect(field).toMatch(/\S/);
  });

  it("hands exit code, input, output and arguments through exec", async () => {
    const argv = ["printf", "%s|", "--json", "-n", "a  b", "$HOME", "--", ""];
    expect(await run(["exec", "master", "--", ...argv])).toMatchObject({
      exitCode: 0,
      stdout: "--json|-n|a  b|$HOME|--||",
    });
    const result = await run(["exec", "master", "--", "sh", "-c", "tr a-z A-Z; echo problem >&2; exit 77"], "moin\n");
    expect(result).toMatchObject({ exitCode: 77, stdout: "MOIN\n" });
    expect(result.stderr).toContain("problem\n");
  });

  it("goes back to where the step began", async () => {
    await run(["exec", "master", "--", "sh", "-c", "echo wrong > ~/mine"]);
    expect((await run(["exec", "master", "--", "cat", "mine"])).stdout).toBe("wrong\n");
    expect(await run(["undo"])).toMatchObject({ exitCode: 0, stdout: "control-plane/address\n" });
    expect((await run(["exec", "master", "--", "test", "-e", "mine"])).exitCode).toBe(1);
  });

  it("goes to the beginning of a step that was begun, and to no other", async () => {
    const unbegun = await run(["goto", "control-plane/kernel"]);
    expect(unbegun).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unbegun.stderr).toContain("control-plane/kernel");

    await run(["start", "--plain"], "hostname -I | awk '{print $1}' > ~/master-address\n:check\n:next\n:quit\n");
    const current = async (): Promise<unknown> => (json(await run(["status", "--json"])) as StatusDocument).current;
    expect(await current()).toEqual({ lab: "control-plane", step: "kernel" });
    expect(await run(["goto", "address"])).toMatchObject({ exitCode: 0, stdout: "control-plane/address\n" });
    expect(await current()).toEqual({ lab: "control-plane", step: "address" });
    expect((await run(["exec", "master", "--", "test", "-e", "master-address"])).exitCode).toBe(1);
    expect(await run(["goto", "kernel"])).toMatchObject({ exitCode: 0, stdout: "control-plane/kernel\n" });
    expect((await run(["exec", "master", "--", "test", "-e", "master-address"])).exitCode).toBe(0);
  });

  it("answers in JSON that a program can read", async () => {
    const labs = json(await run(["list", "--json"])) as { id: string; steps: { id: string; title: string }[] }[];
    expect(labs.map((lab) => lab.id)).toContain("control-plane");
    for (const lab of labs) expect(lab.steps.length).toBeGreaterThan(0);
    const status = json(await run(["status", "--json"])) as StatusDocument;
    expect(status).toMatchObject({ profile: "thesis", backend: { id: "embedded" } });
    expect(status.host.kubeconfig).toBeUndefined();
    const doctor = await run(["doctor", "--json"]);
    expect(doctor.exitCode).toBe(0);
    const { formatVersion, findings } = json(doctor) as {
      formatVersion: number;
      findings: { id: string; ok: boolean }[];
    };
    expect(formatVersion).toBe(1);
    expect(findings.find((finding) => finding.id === "node")?.ok).toBe(true);
  });

  it.each([
    { argv: ["run", "no-lab"], names: '"no-lab"', remedy: "control-plane" },
    { argv: ["check", "no-lab"], names: '"no-lab"', remedy: "control-plane" },
    { argv: ["check", "control-plane/no-step"], names: '"no-step"', remedy: "kernel" },
    { argv: ["goto", "control-plane/no-step"], names: "control-plane/no-step", remedy: "wasm-k8s-lab status" },
    { argv: ["exec", "no-machine", "--", "true"], names: "no-machine", remedy: "worker1" },
    { argv: ["status", "--backend", "no-backend"], names: "'no-backend'", remedy: "embedded" },
    { argv: ["list", "--lang", "xx"], names: "'xx'", remedy: "en, de" },
    { argv: ["status", "--no-option"], names: "'--no-option'", remedy: "--help" },
    { argv: ["no-command"], names: "'no-command'", remedy: "--help" },
  ])("refuses $argv by name, with a remedy", async ({ argv, names, remedy }) => {
    const refused = await run(argv);
    expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
    expect(refused.stderr).toContain(names);
    expect(refused.stderr).toContain(remedy);
    expect(refused.stderr).not.toMatch(/^ +at /m);
  });
});
