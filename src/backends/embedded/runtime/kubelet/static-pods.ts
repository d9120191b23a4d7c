import { createHash } from "node:crypto";
import { parse } from "yaml";
import type { FileView } from "../../machine/files/file-system.ts";
import type { Pod } from "../../cluster/controllers/types.ts";
import { timestamp } from "../../cluster/controllers/types.ts";

export const hashAnnotation = "kubernetes.io/config.hash";
export const mirrorAnnotation = "kubernetes.io/config.mirror";
const sourceAnnotation = "kubernetes.io/config.source";

/** The pods that manifests in a folder ask for; what is no pod is left out. */
export function readStaticPods(files: FileView, folder: string, nodeName: string, now: number): Pod[] {
  if (folder === "" || !files.isDirectory(folder)) return [];
  const pods: Pod[] = [];
  for (const name of files.list(folder)) {
    const path = `${folder}/${name}`;
    if (name.startsWith(".") || files.stat(path).type !== "file") continue;
    const pod = readPod(files.readText(path), path, nodeName, now);
    if (pod) pods.push(pod);
  }
  return pods;
}

function readPod(source: string, path: string, nodeName: string, now: number): Pod | undefined {
  let parsed: unknown;
  try {
    parsed = parse(source);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null || !("kind" in parsed) || parsed.kind !== "Pod") return undefined;
  const pod = parsed as Pod;
  if (!Array.isArray(pod.spec?.containers) || typeof pod.metadata?.name !== "string") return undefined;
  const hash = createHash("md5").update(`${nodeName}${path}${source}`).digest("hex");
  pod.metadata = {
    ...pod.metadata,
    name: `${pod.metadata.name}-${nodeName}`,
    namespace: pod.metadata.namespace ?? "default",
    uid: hash,
    annotations: {
      ...pod.metadata.annotations,
      [hashAnnotation]: hash,
      "kubernetes.io/config.seen": timestamp(now),
      [sourceAnnotation]: "file",
    },
  };
  delete pod.metadata.creationTimestamp;
  pod.spec = {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    enableServiceLinks: true,
    ...pod.spec,
    nodeName,
    tolerations: [{ effect: "NoExecute", operator: "Exists" }],
  };
  delete pod.status;
  return pod;
}

/** The pod by which the API shows a static pod. */
export function mirrorOf(pod: Pod, nodeName: string, nodeUid: string): Pod {
  const { uid: _, ...metadata } = pod.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [mirrorAnnotation]: pod.metadata.annotations?.[hashAnnotation] ?? "" },
      ownerReferences: [{ apiVersion: "v1", controller: true, kind: "Node", name: nodeName, uid: nodeUid }],
    },
    spec: structuredClone(pod.spec),
  };
}
