import { parseExecutable } from "../../machine/executable.ts";
import { root } from "../../machine/files/file-system.ts";
import { dirname } from "../../machine/files/paths.ts";
import { Collector } from "../../machine/io.ts";
import type { SpawnRequest } from "../../machine/machine.ts";
import { resolveInRootfs, type RootfsEntry } from "../images/rootfs.ts";
import { execInContainer } from "../oci/containers.ts";
import { enterRootfs, unpackRootfs } from "../oci/enter.ts";
import type { SpecMount } from "../oci/spec.ts";
import type { ContainerSpec, ExecOutcome, PreparedProcess } from "./oci.ts";

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Programs that say when they work again after a wake-up; others are taken to do so at once. */
const tellingPrograms = new Set(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"]);

export type Found =
  | { kind: "missing" }
  | { kind: "directory" }
  | { kind: "denied" }
  | { kind: "file"; path: string; entry: Extract<RootfsEntry, { type: "file" }> };

/** What `argv[0]` names inside the container. */
export function findInContainer(spec: ContainerSpec, name: string): Found {
  const candidates = name.includes("/")
    ? [name.startsWith("/") ? name : `${spec.cwd}/${name}`]
    : (spec.env["PATH"] ?? defaultPath).split(":").map((folder) => `${folder}/${name}`);
  let denied = false;
  for (const candidate of candidates) {
    const found = resolveInRootfs(spec.rootfs, candidate);
    if (!found) continue;
    if (found.entry.type === "directory") {
      if (name.includes("/")) return { kind: "directory" };
      continue;
    }
    if (found.entry.type !== "file") continue;
    if ((found.entry.mode & 0o111) === 0) {
      denied = true;
      continue;
    }
    return { kind: "file", path: found.path, entry: found.entry };
  }
  return { kind: denied ? "denied" : "missing" };
}

/** True for bytes that the kernel could execute here. */
export const isNative = (bytes: Uint8Array): boolean =>
  parseExecutable(bytes) !== undefined || (bytes[0] === 0x23 && bytes[1] === 0x21);

/** Programs that are part of the machine itself: what they serve and keep is the machine's. */
const machinePrograms = new Set([...tellingPrograms, "go-runner", "flanneld"]);

/** Runs a binary of the image with the image's files as its root. */
export function nativeRequest(spec: ContainerSpec, found: Extract<Found, { kind: "file" }>): PreparedProcess {
  const program = parseExecutable(found.entry.bytes)?.program ?? "";
  if (spec.isolation) unpackRootfs(spec.machine, spec.rootfs, spec.bundle);
  if (!spec.isolation || machinePrograms.has(program)) return machineRequest(spec, found, program);
  const { machine, isolation } = spec;
  const inside = enterRootfs(machine, spec.bundle, { hostname: spec.hostname, isolation, mounts: mountsOf(spec) });
  if (!inside.rootFiles.isDirectory(spec.cwd)) inside.rootFiles.makeDirectories(spec.cwd);
  spec.onActive();
  return {
    table: inside.processes,
    argv: spec.argv,
    env: { PATH: defaultPath, HOME: "/root", ...spec.env },
    cwd: spec.cwd,
    credentials: root,
    stdout: spec.log.sink("stdout"),
    stderr: spec.log.sink("stderr"),
    place: spec.place,
    resumed: spec.resumed,
  };
}

const mountsOf = (spec: ContainerSpec): SpecMount[] => [
  ...["/proc", "/dev", "/sys"].map((destination) => ({ destination })),
  ...spec.mounts.map((mount) => ({ destination: mount.containerPath, type: "bind", source: mount.hostPath })),
];

/**
 * Runs a component of the cluster as a process of the machine.
 * Simplified: a real one sees only its own root file system; here the binary is put below the bundle and the program
 * sees the machine's files, where hostPath volumes are at the same paths.
 */
function machineRequest(
  spec: ContainerSpec,
  found: Extract<Found, { kind: "file" }>,
  program: string,
): PreparedProcess {
  const files = spec.machine.rootFiles;
  const name = spec.argv[0] ?? "";
  const tellsWhenReady = spec.resumed && tellingPrograms.has(program);
  if (!tellsWhenReady) spec.onActive();
  const place = `${spec.bundle}${found.path}`;
  files.makeDirectories(dirname(place));
  files.writeWithMode(place, found.entry.bytes, 0o755);
  for (const mount of spec.mounts) {
    const inside = `${spec.bundle}${mount.containerPath}`;
    if (mount.containerPath === mount.hostPath || files.exists(inside)) continue;
    files.makeDirectories(dirname(inside));
    files.symlink(mount.hostPath, inside);
  }
  const path = spec.env["PATH"] ?? defaultPath;
  const inBundle = path
    .split(":")
    .map((folder) => `${spec.bundle}${folder}`)
    .join(":");
  const called = name.includes("/") ? place : name;
  const alias = `${dirname(place)}/${name}`;
  if (!name.includes("/") && alias !== place && !files.exists(alias)) files.symlink(place, alias);
  return {
    argv: [called, ...spec.argv.slice(1)],
    env: { ...spec.env, PATH: `${dirname(place)}:${inBundle}:${path}` },
    cwd: files.isDirectory(spec.cwd) ? spec.cwd : "/",
    credentials: root,
    stdout: spec.log.sink("stdout"),
    stderr: spec.log.sink("stderr"),
    place: spec.place,
    resumed: spec.resumed,
    ...(tellsWhenReady ? { onReady: spec.onActive } : {}),
  };
}

/** Runs one more binary of the image beside the container's own. */
export async function execNative(
  spec: ContainerSpec,
  argv: readonly string[],
  found: Extract<Found, { kind: "file" }>,
): Promise<ExecOutcome> {
  const stdout = new Collector();
  const stderr = new Collector();
  const process = spec.live
    ? execInContainer(spec.machine, spec.live, {
        argv,
        env: { PATH: defaultPath, HOME: "/root", ...spec.env },
        cwd: spec.cwd,
        mounts: mountsOf(spec),
        stdout,
        stderr,
      })
    : spec.machine.processes.spawn({ ...nativeRequest({ ...spec, argv }, found), stdout, stderr, resumed: false });
  const exitCode = await process.exit;
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

/** A process that only says why it could not become what it should have been. */
export function failingRequest(spec: ContainerSpec, line: string, exitCode: number): SpawnRequest {
  spec.onActive();
  return {
    argv: spec.argv.length > 0 ? spec.argv : ["init"],
    env: spec.env,
    cwd: "/",
    credentials: root,
    place: spec.place,
    program: () => {
      spec.log.line("stderr", line);
      return Promise.resolve(exitCode);
    },
  };
}
