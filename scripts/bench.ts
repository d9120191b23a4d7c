import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/cli/system-clock.ts";

// Measures the budgets of the design on this computer. Needs the bundle (`npm run build`); a budget that is over is
// printed, never an error. WASMEDGE names the real `wasmedge`; without it the PATH and the workloads' toolchain are tried.
const root = join(import.meta.dirname, "..");
const program = join(root, "bin/wasm-k8s-lab.cjs");
const module = join(root, "labs/workloads/http-server/http_server.wasm");
const toolchain = process.env["WORKLOADS_TOOLCHAIN"] ?? "/var/tmp/wasm-k8s-lab-trixie";
/** Runs of a measurement whose median counts. */
const rounds = 5;
const deployment = "deployment/wasmedge-deploy";
const modulePort = 1234;

/** One line of the result; with a budget it says whether the value keeps it. */
function line(what: string, value: number, unit: string, budget?: number): void {
  const text = `${value.toFixed(unit === "x" || value < 10 ? 1 : 0)} ${unit}`;
  const limit = budget === undefined ? "" : `budget ${budget} ${unit}`.padEnd(16) + (value <= budget ? "met" : "over");
  console.log(`${what.padEnd(46)} ${text.padStart(10)}  ${limit}`.trimEnd());
}

async function median(count: number, run: () => Promise<number> | number): Promise<number> {
  const values: number[] = [];
  for (let index = 0; index < count; index += 1) values.push(await run());
  return values.sort((a, b) => a - b)[Math.floor(count / 2)] ?? Number.NaN;
}

/** Milliseconds that a Node program takes, from start to exit. */
function timed(argv: readonly string[], home = ""): number {
  const begin = performance.now();
  const { status } = spawnSync(process.execPath, argv, { stdio: "ignore", env: environmentOf(home) });
  if (status !== 0) throw new Error(`${argv.join(" ")}: ended with ${status}`);
  return performance.now() - begin;
}

const environmentOf = (home: string): NodeJS.ProcessEnv => ({
  ...process.env,
  TERM: "xterm-256color",
  ...(home === "" ? {} : { WASM_K8S_LAB_HOME: home }),
});

const temporary = (): string => mkdtempSync(join(tmpdir(), "bench-"));
const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** Milliseconds from the start of the process to the first byte on a terminal. */
async function firstFrame(): Promise<number> {
  const home = temporary();
  const begin = performance.now();
  const child = spawn("script", ["-qec", `${process.execPath} ${program} start`, "/dev/null"], {
    env: environmentOf(home),
    stdio: ["pipe", "pipe", "ignore"],
  });
  const time = await new Promise<number>((resolve) => {
    child.stdout.once("data", () => resolve(performance.now() - begin));
    child.once("error", () => resolve(Number.NaN));
    child.once("exit", () => resolve(Number.NaN));
  });
  await ended(child);
  remove(home);
  return time;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

/** Requests per second, one after the other, each on a connection of its own, for about two seconds. */
async function requestsPerSecond(port: number): Promise<number> {
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < 2_000) {
    await new Promise<void>((resolve, reject) => {
      get({ host: "127.0.0.1", port, agent: false, insecureHTTPParser: true }, (response) => {
        response.resume();
        response.once("close", resolve);
      }).once("error", reject);
    });
    count += 1;
  }
  return count / ((performance.now() - begin) / 1_000);
}

interface Host {
  child: ChildProcess;
  port: number;
}

/** `up` on a saved lab, once it says where it is reached. */
async function hold(home: string): Promise<Host> {
  const child = spawn(process.execPath, [program, "up", "--json"], {
    env: environmentOf(home),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (text.trimEnd().endsWith("\n}")) break;
  }
  const { host }: { host: { nodePorts: Record<number, { port: number }> } } = JSON.parse(text);
  return { child, port: host.nodePorts[31001]?.port ?? Number.NaN };
}

const sleep = (milliseconds: number): Promise<void> => systemClock.sleep(milliseconds);

/** Megabytes that a process occupies; NaN where there is no /proc. */
function residentMegabytes(pid: number | undefined): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return Number.NaN;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(path, "utf8"))?.[1]) / 1024;
}

/** Share of one core that a process uses over five seconds, in percent; NaN where there is no /proc. */
async function busyPercent(pid: number | undefined): Promise<number> {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return Number.NaN;
  // Fields 14 and 15 count ticks of 10 ms.
  const ticks = (): number => {
    const fields = readFileSync(path, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  await sleep(5_000);
  return (ticks() - before) / 5;
}

/** How the real `wasmedge` is called here. */
function realWasmedge(): string[] | undefined {
  const named = process.env["WASMEDGE"];
  if (named !== undefined) return named.split(" ");
  if (spawnSync("wasmedge", ["--version"]).status === 0) return ["wasmedge"];
  const inToolchain = join(toolchain, "usr/bin/wasmedge");
  if (!existsSync(inToolchain)) return undefined;
  const libraries = ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu"].map((path) => join(toolchain, path));
  const loader = ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"].map((path) => join(toolchain, path));
  const found = loader.find((path) => existsSync(path));
  return found === undefined ? undefined : [found, "--library-path", libraries.join(":"), inToolchain];
}

async function compareWithReal(embedded: number): Promise<void> {
  const what = "requests per second, real wasmedge";
  const [command, ...argv] = realWasmedge() ?? [];
  if (command === undefined) {
    console.log(`${what.padEnd(46)} ${"skipped".padStart(10)}  wasmedge is not installed (Debian trixie has it)`);
    return;
  }
  const child = spawn(command, [...argv, module], { stdio: ["ignore", "pipe", "ignore"] });
  const started = await new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", () => resolve(false));
    child.stdout.once("data", () => resolve(true));
  });
  if (started) {
    const real = await requestsPerSecond(modulePort);
    line(what, real, "/s");
    line("  of which the embedded lab reaches", (embedded / real) * 100, "%");
    await ended(child);
  } else console.log(`${what.padEnd(46)} ${"skipped".padStart(10)}  it did not start; is port ${modulePort} taken?`);
}

console.log(`Node ${process.versions.node}, ${cpus().length} cores, ${process.platform}`);
const bare = await median(rounds, () => timed(["-e", "0"]));
line("bare node -e 0", bare, "ms");
line("--help", (await median(rounds, () => timed([program, "--help"]))) / bare, "x");
line("first frame", (await median(rounds, firstFrame)) / bare, "x", 6);

const home = temporary();
line("whole run, machines to graded curl", timed([program, "run"], home) / 1_000, "s", 60);
const times: { controlPlane: number; apply: number; undo: number }[] = [];
for (let round = 0; round < 3; round += 1) {
  const { stdout } = spawnSync(process.execPath, [join(root, "scripts/bench-cluster.ts")], { encoding: "utf8" });
  times.push(JSON.parse(stdout));
}
const middle = (of: (each: (typeof times)[number]) => number): number => times.map(of).sort((a, b) => a - b)[1] ?? 0;
line(
  "kubeadm init to /readyz and node Ready",
  middle(({ controlPlane }) => controlPlane),
  "ms",
  150,
);
line(
  "kubectl apply to 3/3",
  middle(({ apply }) => apply),
  "ms",
  400,
);
line(
  "undo, two machines and three replicas",
  middle(({ undo }) => undo),
  "ms",
  200,
);

const argv = [program, "exec", "master", "--"];
timed([...argv, "kubectl", "scale", deployment, "--replicas=6"], home);
timed([...argv, "kubectl", "rollout", "status", deployment], home);
line("exec on the saved lab", await median(rounds, () => timed([...argv, "true"], home)), "ms", 700);
const { child, port } = await hold(home);
timed([...argv, "kubectl", "rollout", "status", deployment], home);
line("memory, three machines and six replicas", residentMegabytes(child.pid), "MB", 200);
line("processor while idle", await busyPercent(child.pid), "%", 1);
line("exec on the held lab", await median(rounds, () => timed([...argv, "true"], home)), "ms");
const embedded = await requestsPerSecond(port);
line("requests per second, embedded node port", embedded, "/s");
line("memory after them", residentMegabytes(child.pid), "MB", 200);
await ended(child);
remove(home);
await compareWithReal(embedded);
