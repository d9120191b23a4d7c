import type { ContainerRuntime } from "../../../../runtime/cri.ts";
import type { Process } from "../../../process.ts";

/** Where kubeadm looks for a container runtime, in its order. */
export const knownSockets = [
  "unix:///var/run/containerd/containerd.sock",
  "unix:///var/run/crio/crio.sock",
  "unix:///var/run/cri-dockerd.sock",
] as const;

const isRuntime = (service: object): service is ContainerRuntime =>
  "runPodSandbox" in service && "pullImage" in service;

/** The runtime behind a socket; undefined when nothing answers. */
export function runtimeAt(process: Process, socket: string): ContainerRuntime | undefined {
  const service = process.machine.sockets.connect(socket.replace(/^unix:\/\//, ""));
  return service && isRuntime(service) ? service : undefined;
}

/** What a client of the runtime says when it cannot be reached. */
export function unreachableReason(process: Process, socket: string): string {
  const path = socket.replace(/^unix:\/\//, "");
  const why = process.machine.rootFiles.exists(path) ? "connection refused" : "no such file or directory";
  return `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix ${path}: connect: ${why}"`;
}
