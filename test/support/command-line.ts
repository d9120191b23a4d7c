import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { inject } from "vitest";
import { RemoteSession } from "../../src/cli/control/client.ts";

export interface Ended {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  home: string;
  stdin?: string;
  env?: Record<string, string>;
  /** Folder to run in. */
  cwd?: string;
}

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** What runs the built package: the same Node as the tests. */
export const program = (): string => join(inject("packageFolder"), "bin/wasm-k8s-lab.cjs");

/** An empty state folder; remove it with `rmSync`. */
export const newHome = (): string => mkdtempSync(join(tmpdir(), "wasm-k8s-lab-home-"));

/** Starts the built command line. */
export function startProgram(argv: readonly string[], { home, env = {}, cwd = tmpdir() }: RunOptions): Child {
  return spawn(process.execPath, [program(), ...argv], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", WASM_K8S_LAB_HOME: home, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Collects what a process prints until it ends. */
function ended(child: Child): Promise<Ended> {
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8");
    child[stream].on("data", (text: string) => (output[stream] += text));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode, signal) => resolve({ exitCode, signal, ...output }));
  });
}

/** Runs the built command line to its end. */
export function runProgram(argv: readonly string[], options: RunOptions): Promise<Ended> {
  const child = startProgram(argv, options);
  const result = ended(child);
  child.stdin.end(options.stdin ?? "");
  return result;
}

/** The first JSON document that a process prints while it goes on. Rejects with its messages when it ends before. */
function firstJson<T>(child: Child): Promise<T> {
  let text = "";
  let messages = "";
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (chunk: string) => (messages += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`ended with ${code}: ${messages}`)));
    child.stdout.on("data", (chunk: string) => {
      text += chunk;
      if (text.endsWith("\n}\n")) resolve(JSON.parse(text) as T);
    });
  });
}

/** What `up --json` prints. */
export interface UpDocument {
  machines: { name: string; address: string; state: string }[];
  host: { kubeconfig?: string; clusterId?: string; nodePorts: Record<string, { address: string; port: number }> };
  kubeconfig: string;
}

/** A process that holds a lab, and a way to talk to it. */
export interface Host {
  child: Child;
  document: UpDocument;
  session: RemoteSession;
  /** What it said on standard error. */
  messages: () => string;
  /** Kills it at once; resolves when it is gone. */
  kill(): Promise<void>;
  /** Ends it as `down` does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Holds a lab with `up` and connects to its control socket. */
export async function holdLab(options: RunOptions): Promise<Host> {
  const child = startProgram(["up", "--json", "--pace", "instant"], options);
  let messages = "";
  child.stderr.on("data", (chunk: string) => (messages += chunk));
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const document = await firstJson<UpDocument>(child);
  const session = await RemoteSession.connect(join(options.home, "control.sock"));
  return {
    child,
    document,
    session,
    messages: () => messages,
    async kill() {
      child.kill("SIGKILL");
      await closed;
      await session.close();
    },
    async stop() {
      await session.stopHost();
      await session.close();
      return closed;
    },
  };
}

/**
 * A copy of a state folder in which method 1 was played to its end, with ports of its own. The first caller of a test
 * run prepares it for all.
 */
export async function methodOneHome(): Promise<string> {
  const shared = join(dirname(inject("packageFolder")), "method-1");
  try {
    mkdirSync(dirname(shared), { recursive: true });
    mkdirSync(`${shared}.lock`);
    const result = await runProgram(["run", "control-plane", "crun-build", "crun-node", "crun-deploy", "--json"], {
      home: `${shared}.new`,
    });
    if (result.exitCode !== 0) writeFileSync(`${shared}.failed`, `${result.stdout}\n${result.stderr}`);
    else renameSync(`${shared}.new`, shared);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    while (!existsSync(shared) && !existsSync(`${shared}.failed`)) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  if (existsSync(`${shared}.failed`)) throw new Error(readFileSync(`${shared}.failed`, "utf8"));
  const home = newHome();
  cpSync(shared, home, { recursive: true });
  await usePortsOfItsOwn(home);
  return home;
}

/** Gives a saved lab ports that no other test uses, as if it had always had them. */
async function usePortsOfItsOwn(home: string): Promise<void> {
  const folder = join(home, "embedded");
  const manifestPath = join(folder, "state.json");
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as { components: Record<string, string> };
  const saved = readFileSync(join(folder, "objects", manifest.components["ports"] ?? ""), "utf8");
  const ports = JSON.parse(saved) as { hostPort: number }[];
  for (const port of ports) port.hostPort = await unusedPort();
  const text = JSON.stringify(ports);
  const digest = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(folder, "objects", digest), text);
  manifest.components["ports"] = digest;
  writeFileSync(manifestPath, JSON.stringify(manifest));
  rmSync(join(folder, "state.previous.json"), { force: true });
}

/** A free port below those that the system gives to outgoing connections, so that it stays free while a lab is off. */
async function unusedPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
