import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bindCheck } from "../../../src/checks/registry.ts";
import { loadCourse } from "../../../src/content/load.ts";
import { fillPlaceholders } from "../../../src/content/placeholders.ts";
import { readComponents } from "../../../src/content/versions.ts";
import { parseProse } from "../../../src/content/prose.ts";
import type { Profile } from "../../../src/domain/backend.ts";
import { LabError } from "../../../src/domain/errors.ts";
import { allLabs } from "../../../src/runner/prepare.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "labs-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const parseCheck = (kind: string, params: unknown, where: string): void => void bindCheck(kind, params, where);

function write(lab: string, prose = "# Title\n\nSummary.\n\n## one: First\nText.\n"): void {
  mkdirSync(join(folder, "a-lab"), { recursive: true });
  writeFileSync(
    join(folder, "course.yaml"),
    "formatVersion: 1\ntitle: { en: Course }\nchapters:\n  - { id: c, title: { en: C }, labs: [a-lab] }\n",
  );
  writeFileSync(join(folder, "a-lab", "lab.yaml"), lab);
  writeFileSync(join(folder, "a-lab", "en.md"), prose);
}

const step = `
  - id: one
    machine: master
    checks:
      - { id: c, kind: file, machine: master, path: /etc/f, cause: why, next: what }
    solution:
      - master: sudo touch /etc/f
`;
const lab = (steps: string): string =>
  `formatVersion: 1\nid: a-lab\nsection: "1"\nmachines: [master]\nprofiles: [thesis]\nsteps:${steps}`;

function problemsOf(): string {
  try {
    loadCourse(folder, { parseCheck, profile: "thesis", components: {} });
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
  return "";
}

describe("reading the course", () => {
  it("reads data and prose together", () => {
    write(
      lab(step),
      "# Title\n\nSummary.\n\n## one: First\nText.\n\n### Hints\n- nudge: look\n  closer\n\n### Causes\n- c/file-missing: own words\n\n### Afterwards\nIt was\n\n- the disk.\n",
    );
    const [found] = allLabs(loadCourse(folder, { parseCheck, profile: "thesis", components: {} }));
    expect(found).toMatchObject({ id: "a-lab", title: { en: "Title" }, summary: { en: "Summary." } });
    expect(found?.steps[0]).toMatchObject({
      text: { en: "Text." },
      hints: [{ level: "nudge", text: { en: "look closer" } }],
      afterwards: { en: "It was\n\n- the disk." },
      solution: [{ machine: "master", run: "sudo touch /etc/f" }],
    });
    expect(found?.steps[0]?.checks[0]?.causes).toEqual({ "file-missing": { en: "own words" } });
  });

  it("names file, line, field and value of every problem at once", () => {
    write(lab(step).replace("machines: [master]", "machines: [boss]").replace('section: "1"', "section: 1"));
    expect(problemsOf()).toMatch(/lab\.yaml:3: section: .*got 1/);
    expect(problemsOf()).toMatch(/lab\.yaml:4: machines\.0: .*got "boss"/);
  });

  it("finds a check's wrong parameters", () => {
    write(lab(step.replace("path: /etc/f", "pth: /etc/f")));
    expect(problemsOf()).toContain("steps.one.checks.c.pth: unknown parameter");
  });

  it("finds an unknown kind of check", () => {
    write(lab(step.replace("kind: file", "kind: fiel")));
    expect(problemsOf()).toContain('unknown kind of check, got "fiel"');
  });

  it("finds steps without prose, prose without steps and doubled ids", () => {
    write(lab(step + step), "# T\n\n## two: Second\nText\n");
    const problems = problemsOf();
    expect(problems).toContain('no section "## one: …"');
    expect(problems).toContain('no step of that id, got "two"');
    expect(problems).toContain("stands here twice");
  });

  it("reports broken YAML with its line", () => {
    write(lab(step).replace("id: a-lab", "id: [a-lab"));
    expect(problemsOf()).toMatch(/lab\.yaml:\d+: not YAML/);
  });

  it("reads prose without touching fenced code", () => {
    const prose = parseProse("# T\n\n## a: A\n```\n## not a heading\n```\n", "thesis");
    expect(prose.problems).toEqual([]);
    expect(prose.steps.get("a")?.text).toContain("## not a heading");
  });

  it("fills placeholders and leaves unknown ones", () => {
    const values = {
      hostAddress: (port: number) => `10.0.0.9:${port + 1}`,
      address: (name: string) => `ip-of-${name}`,
    };
    expect(fillPlaceholders("{{address worker1}} {{hostAddress 31001}} {{other x}}", values)).toBe(
      "ip-of-worker1 10.0.0.9:31002 {{other x}}",
    );
  });
});

describe("the course that is shipped", () => {
  const shipped = (profile: Profile, real: boolean) =>
    loadCourse(join(import.meta.dirname, "../../../labs"), {
      parseCheck,
      profile,
      real,
      components: readComponents(join(import.meta.dirname, "../../../vm-images/catalog.yaml"), profile, real),
    });
  const typed = (profile: Profile, real: boolean): string =>
    allLabs(shipped(profile, real))
      .flatMap(({ setup, steps }) => [
        ...setup,
        ...steps.flatMap(({ commands, solution }) => [...commands, ...solution]),
      ])
      .map((action) => ("run" in action ? action.run : action.host))
      .join("\n");

  it.each([false, true])("has no problems (real machines: %s)", (real) => {
    for (const profile of ["thesis", "current"] as const)
      expect(allLabs(shipped(profile, real)).map((each) => each.id)).toEqual(
        expect.arrayContaining(["control-plane", "crun-build", "crun-node", "crun-deploy"]),
      );
  });

  it("asks real machines for nothing that has gone since the thesis", () => {
    const gone = /https:\/\/apt\.kubernetes\.io|dl\.k8s\.io\/apt|devel:\/kubic|apt-key add|=1\.28\.2-00/;
    expect(typed("thesis", false)).toMatch(gone);
    expect(typed("thesis", true)).not.toMatch(gone);
    expect(typed("thesis", true)).toContain("kubeadm=1.28.2-1.1");
  });

  it("downloads for whatever processor a real machine has", () => {
    expect(typed("thesis", false)).toContain(
      "wget -q https://github.com/opencontainers/runc/releases/download/v1.1.11/runc.amd64\n",
    );
    for (const profile of ["thesis", "current"] as const) {
      expect(typed(profile, true)).not.toMatch(/(?:linux-|runc\.)amd64|linux-x86_64/);
      expect(typed(profile, true)).toMatch(/containerd-[\d.]+-linux-\$\(dpkg --print-architecture\)\.tar\.gz/);
      // In single quotes a shell would not ask the machine.
      for (const line of typed(profile, true)
        .split("\n")
        .filter((each) => /\$\((?:dpkg|uname)/.test(each)))
        expect(line.replaceAll(/'[^']*'/g, ""), line).toMatch(/\$\((?:dpkg|uname)/);
    }
  });

  it.each(["thesis", "current"] as const)(
    "has the same steps, checks and files on both kinds of machines (%s)",
    (profile) => {
      const shape = (real: boolean) =>
        allLabs(shipped(profile, real)).map(({ id, steps, files }) => ({
          id,
          steps: steps.map((each) => [each.id, each.checks.map((check) => check.id), each.solution.length > 0]),
          // Real machines are told which crates to take.
          files: files.map(({ path }) => path).filter((path) => !path.endsWith("Cargo.lock")),
        }));
      expect(shape(true)).toEqual(shape(false));
    },
  );
});
