import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMatrixImages, type ContainerState, type Json, openCluster, type TestCluster, untilPod } from "./cluster.ts";

/** Every container status that a row may show while it cycles, as MATRIX.md and the yaml recordings have it. */
interface Row {
  name: string;
  container: string;
  annotation?: string;
  restartPolicy?: string;
  phase: string;
  /** Any of these as `state.reason`. */
  reasons: string[];
  exitCode?: number;
  message?: string | RegExp;
  log?: RegExp;
}

const wasm = "compat-smart";
const crash = ["CrashLoopBackOff", "Error"];
const common: Row[] = [
  {
    name: "variant-compat",
    container: "image: docker.io/haw/http-server:v1",
    annotation: "compat",
    phase: "Running",
    reasons: ["running"],
  },
  {
    name: "bad-wasm",
    container: "image: docker.io/haw/badwasm:v1",
    annotation: wasm,
    phase: "Running",
    reasons: crash,
    exitCode: 1,
    log: /magic header not detected[\s\S]*could not get wasmedge result from VM/,
  },
  {
    name: "entry-missing",
    container: "image: docker.io/haw/noentry:v1",
    annotation: wasm,
    phase: "Running",
    reasons: crash,
    exitCode: 1,
    log: /loading failed: invalid path, Code: 0x20/,
  },
  {
    name: "env-missing",
    container: `image: docker.io/library/busybox:1.38
      command: ["/bin/sleep", "3600"]
      envFrom: [{configMapRef: {name: nope}}]`,
    phase: "Pending",
    reasons: ["CreateContainerConfigError"],
    message: 'configmap "nope" not found',
  },
  {
    name: "exit1",
    container: `image: docker.io/library/busybox:1.38
      command: ["/bin/sh", "-c", "echo oops; exit 1"]`,
    phase: "Running",
    reasons: crash,
    exitCode: 1,
    log: /^oops$/m,
  },
  {
    name: "exit0-never",
    restartPolicy: "Never",
    container: `image: docker.io/library/busybox:1.38
      command: ["/bin/sh", "-c", "exit 0"]`,
    phase: "Succeeded",
    reasons: ["Completed"],
    exitCode: 0,
  },
  {
    name: "exit3-never",
    restartPolicy: "Never",
    container: `image: docker.io/library/busybox:1.38
      command: ["/bin/sh", "-c", "exit 3"]`,
    phase: "Failed",
    reasons: ["Error"],
    exitCode: 3,
  },
  {
    name: "sleeper",
    container: `image: docker.io/library/busybox:1.38
      command: ["/bin/sleep", "3600"]`,
    phase: "Running",
    reasons: ["running"],
  },
  {
    name: "image-invalid",
    container: "image: Haw/UPPER:v1",
    phase: "Pending",
    reasons: ["InvalidImageName"],
    message:
      'Failed to apply default image tag "Haw/UPPER:v1": couldn\'t parse image name "Haw/UPPER:v1": invalid reference format: repository name must be lowercase',
  },
  {
    name: "image-never",
    container: `image: docker.io/haw/absent:v1
      imagePullPolicy: Never`,
    phase: "Pending",
    reasons: ["ErrImageNeverPull"],
    message: 'Container image "docker.io/haw/absent:v1" is not present with pull policy of Never',
  },
  {
    name: "image-offline",
    container: "image: unknown.example/haw/doesnotexist:v9",
    phase: "Pending",
    reasons: ["ImagePullBackOff"],
    message: 'Back-off pulling image "unknown.example/haw/doesnotexist:v9"',
  },
  {
    name: "secret-missing",
    container: `image: docker.io/library/busybox:1.38
      volumeMounts: [{name: s, mountPath: /s}]
    volumes: [{name: s, secret: {secretName: nope}}]
    dnsPolicy: Default`
      .replace("    volumes", "  volumes")
      .replace("    dnsPolicy", "  dnsPolicy"),
    phase: "Pending",
    reasons: ["ContainerCreating"],
  },
];

const crio: Row[] = [
  ...common,
  {
    name: "no-annotation",
    container: "image: docker.io/haw/http-server:v1",
    phase: "Running",
    reasons: crash,
    exitCode: 1,
    log: /^exec container process `\/http_server.wasm`: Exec format error$/m,
  },
  {
    name: "cmd-missing",
    container: `image: docker.io/library/busybox:1.38
      command: ["/nonexistent"]`,
    phase: "Pending",
    reasons: ["CreateContainerError"],
    message: "container create failed: executable file `/nonexistent` not found in $PATH: No such file or directory\n",
  },
  {
    name: "cmd-slash",
    container: `image: docker.io/library/busybox:1.38
      command: ["/"]`,
    phase: "Pending",
    reasons: ["CreateContainerError"],
    message: "container create failed: the path `/` is not a regular file: Operation not permitted\n",
  },
  {
    name: "run-oci-handler-wasm",
    container: "image: docker.io/haw/http-server:v1",
    annotation: "run.oci.handler=wasm",
    phase: "Running",
    reasons: ["running"],
  },
];

const containerd: Row[] = [
  ...common.filter((row) => !["variant-compat", "bad-wasm", "entry-missing"].includes(row.name)),
  {
    name: "runc-wasm",
    container: "image: docker.io/haw/http-server:v1",
    annotation: wasm,
    phase: "Running",
    reasons: crash,
    exitCode: 255,
    log: /^exec \/http_server.wasm: exec format error$/m,
  },
  {
    name: "cmd-missing",
    container: `image: docker.io/library/busybox:1.38
      command: ["/nonexistent"]`,
    phase: "Running",
    reasons: ["RunContainerError", "CrashLoopBackOff"],
    exitCode: 128,
    message:
      /OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "\/nonexistent": stat \/nonexistent: no such file or directory|back-off/,
  },
  {
    name: "cmd-slash",
    container: `image: docker.io/library/busybox:1.38
      command: ["/"]`,
    phase: "Running",
    reasons: ["RunContainerError", "CrashLoopBackOff"],
    exitCode: 128,
  },
];

const manifest = (row: Row): string => {
  const [key, value] = row.annotation?.includes("=")
    ? row.annotation.split("=")
    : ["module.wasm.image/variant", row.annotation];
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${row.name}
${value === undefined ? "" : `  annotations: {${key}: ${value}}\n`}spec:
${row.restartPolicy === undefined ? "" : `  restartPolicy: ${row.restartPolicy}\n`}  nodeSelector: {kubernetes.io/hostname: worker1}
  containers:
    - name: c
      ${row.container}
`;
};

const reasonOf = (status: ContainerState | undefined): string =>
  status?.state["running"]
    ? "running"
    : (status?.state["waiting"]?.reason ?? status?.state["terminated"]?.reason ?? "");

for (const [runtime, rows] of [
  ["crio", crio],
  ["containerd", containerd],
] as const) {
  describe(`failing pods with ${runtime} on 1.28`, () => {
    let cluster: TestCluster;
    beforeAll(async () => {
      cluster = await openCluster({ runtime, crun: { wasm: "wasmedge" } });
      addMatrixImages(cluster.lab, runtime);
      for (const row of rows) await cluster.apply(manifest(row));
    });
    afterAll(() => cluster[Symbol.asyncDispose]());

    it.each(rows)("$name", async (row) => {
      const status = (pod: Json): ContainerState | undefined => pod.status.containerStatuses?.[0];
      const ended = (pod: Json) => status(pod)?.state["terminated"] ?? status(pod)?.lastState["terminated"];
      const pod = await untilPod(
        cluster,
        row.name,
        (found) =>
          row.reasons.includes(reasonOf(status(found))) &&
          found.status.phase === row.phase &&
          (row.exitCode === undefined || ended(found) !== undefined),
      );
      if (row.exitCode !== undefined) expect(ended(pod)?.exitCode).toBe(row.exitCode);
      const message = status(pod)?.state["waiting"]?.message;
      if (typeof row.message === "string") expect(message).toBe(row.message);
      else if (row.message) expect(message ?? "").toMatch(row.message);
      if (row.log) expect(await cluster.kubectl(`logs ${row.name}`)).toMatch(row.log);
      if (row.phase === "Running" && row.reasons.includes("running")) {
        expect(pod.status.conditions?.find((condition) => condition.type === "Ready")?.status).toBe("True");
      }
    });
  });
}
