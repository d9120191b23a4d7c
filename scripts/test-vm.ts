// The backends' contract and the course on real virtual machines, for a person with Multipass:
// `npm run test:vm -- [--profile thesis|current] [--offline URL] [--keep] [LAB...]`. Takes one to three hours, writes
// .build/vm-report.md, and removes exactly the machines that it made.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const repository = join(import.meta.dirname, "..");
const program = join(repository, "bin/wasm-k8s-lab.cjs");
const multipass = process.env["WASM_K8S_LAB_MULTIPASS"] ?? "multipass";
const reportFile = join(repository, ".build/vm-report.md");

interface Instance {
  name: string;
  state: string;
}

interface LabRow {
  id: string;
  verdict: string;
  points: string;
}

const { values, positionals } = parseArgs({
  options: { profile: { type: "string", multiple: true }, offline: { type: "string" }, keep: { type: "boolean" } },
  allowPositionals: true,
});
const profiles = values.profile ?? ["current", "thesis"];

function refuse(what: string, remedy: string): never {
  process.stderr.write(`test:vm: ${what}\n  what to do: ${remedy}\n`);
  process.exit(5);
}

/** Multipass's answer, or nothing where it cannot be asked. */
function ask(...argv: string[]): unknown {
  const { status, stdout } = spawnSync(multipass, [...argv, "--format", "json"], { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) return undefined;
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

function instances(): Instance[] {
  const answer = ask("list") as { list?: Instance[] } | undefined;
  if (!answer?.list) refuse("Multipass does not list its machines", "run `multipass list` and read what it says");
  return answer.list.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Runs wasm-k8s-lab with what it says on the screen; answers with its exit code and standard output. */
function lab(home: string, argv: readonly string[]): Promise<{ code: number; stdout: string; seconds: number }> {
  const before = performance.now();
  const child = spawn(process.execPath, [program, ...argv], {
    cwd: repository,
    env: { ...process.env, WASM_K8S_LAB_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  // Ctrl-C reaches the child as well; this process stays to tidy up.
  return new Promise((resolve) => {
    child.on("close", (code) =>
      resolve({
        code: code ?? 130,
        stdout: Buffer.concat(pieces).toString("utf8"),
        seconds: Math.round((performance.now() - before) / 1000),
      }),
    );
  });
}

/** The labs of a report of `run --json`. */
function rowsOf(stdout: string): LabRow[] {
  try {
    const report = JSON.parse(stdout) as {
      labs: { id: string; grade?: { verdict: string; points: number; maxPoints: number } }[];
    };
    return report.labs.map(({ id, grade }) => ({
      id,
      verdict: grade?.verdict ?? "-",
      points: grade ? `${grade.points} of ${grade.maxPoints}` : "-",
    }));
  } catch {
    return [];
  }
}

const version = ask("version") as { multipass?: string; multipassd?: string } | undefined;
if (!version?.multipass) {
  refuse(
    `there is no Multipass here (${multipass})`,
    "install it (https://canonical.com/multipass/install), then run this again; without virtual machines: npm test, npm run test:host",
  );
}
if (!version.multipassd) {
  refuse(
    "Multipass is installed, but its daemon does not answer",
    "run `npx wasm-k8s-lab doctor`, which says what is wrong",
  );
}
const unknown = profiles.find((profile) => profile !== "current" && profile !== "thesis");
if (unknown !== undefined) refuse(`there is no profile ${unknown}`, "say --profile current or --profile thesis");

process.on("SIGINT", () => process.stderr.write("test:vm: ending, and removing what was made\n"));
const build = spawnSync(process.execPath, [join(repository, "scripts/build.ts")], { stdio: "inherit" });
if (build.status !== 0)
  refuse("the program could not be built", "run `npm ci`, then `npm run build`, and read its errors");

const before = instances();
const gibibytes = (totalmem() / 1024 ** 3).toFixed(0);
const lines = [
  "# The course on virtual machines",
  "",
  `${new Date().toISOString()}, Multipass ${version.multipass}, ${process.platform} ${release()} ${process.arch}, ${gibibytes} GiB`,
  "",
];
let failed = false;
if (positionals.length === 0) {
  process.stderr.write("test:vm: what every backend promises\n");
  const vitest = join(repository, "node_modules/vitest/vitest.mjs");
  const began = performance.now();
  const { status } = spawnSync(process.execPath, [vitest, "run", "--config", "test/vm/vitest.config.ts"], {
    cwd: repository,
    stdio: "inherit",
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  lines.push(`Contract of the backends: ${status === 0 ? "kept" : "broken"} (${seconds} s)`, "");
  if (status !== 0) failed = true;
}
for (const profile of profiles) {
  // A snap sees nothing outside of the home folder, and nothing whose name begins with a dot.
  const home = mkdtempSync(join(homedir(), "wasm-k8s-lab-test-vm-"));
  const options = ["--backend", "multipass", "--profile", profile];
  if (values.offline !== undefined) options.push("--offline", values.offline);
  try {
    process.stderr.write(`test:vm: ${profile}: playing ${positionals.join(", ") || "the whole course"}\n`);
    const played = await lab(home, ["run", ...positionals, ...options, "--json"]);
    const again = await lab(home, ["status", "--json"]);
    lines.push(`## ${profile}: exit ${played.code} after ${played.seconds} s`, "");
    lines.push("| lab | verdict | points |", "| --- | --- | --- |");
    lines.push(...rowsOf(played.stdout).map(({ id, verdict, points }) => `| ${id} | ${verdict} | ${points} |`), "");
    writeFileSync(join(repository, ".build", `vm-report-${profile}.json`), played.stdout);
    if (played.code !== 0 || again.code !== 0) failed = true;
  } finally {
    if (values.keep === true) {
      lines.push(`The machines were kept; WASM_K8S_LAB_HOME=${home}`, "");
    } else {
      const down = await lab(home, ["down", "--yes"]);
      if (down.code === 0) rmSync(home, { recursive: true, force: true });
      else lines.push(`\`down\` failed with ${down.code}; WASM_K8S_LAB_HOME=${home}`, "");
    }
  }
}
if (values.keep !== true) {
  const names = (list: readonly Instance[]): string => list.map(({ name, state }) => `${name} (${state})`).join(", ");
  const after = instances();
  const same = names(after) === names(before);
  if (!same) failed = true;
  lines.push(
    same ? "Nothing was left in Multipass." : `Left in Multipass: ${names(after)}; before: ${names(before)}`,
    "",
  );
}
mkdirSync(join(reportFile, ".."), { recursive: true });
writeFileSync(reportFile, `${lines.join("\n")}\n`);
process.stdout.write(`${lines.join("\n")}\n${reportFile}\n`);
process.exitCode = failed ? 1 : 0;
