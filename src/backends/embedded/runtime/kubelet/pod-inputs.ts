import type { FileView } from "../../machine/files/file-system.ts";
import type { KubeObject } from "../../../../domain/check.ts";
import type { ApiClient } from "../../cluster/api.ts";
import type { Container, KeyToPath, Pod, Volume } from "../../cluster/controllers/types.ts";
import type { ContainerMount } from "../cri.ts";

/** A ConfigMap, Secret or key that a pod needs is not there; the message is the event's. */
export class MissingInput extends Error {
  override readonly name = "MissingInput";
}

interface PodAddresses {
  pod: string;
  host: string;
}

export interface InputSources {
  /** Undefined without a connection to the API. */
  client: ApiClient | undefined;
  files: FileView;
  nodeName: string;
  /** A token for the pod's service account. */
  token(pod: Pod): Promise<string>;
}

const podFolder = (pod: Pod): string => `/var/lib/kubelet/pods/${pod.metadata.uid ?? ""}`;

async function fetch(sources: InputSources, pod: Pod, resource: string, name: string): Promise<KubeObject | undefined> {
  if (!sources.client) return undefined;
  return sources.client.get({ apiVersion: "v1", resource, namespace: pod.metadata.namespace ?? "", name });
}

/** Contents of a ConfigMap or Secret by key; undefined when there is none. */
async function contents(
  sources: InputSources,
  pod: Pod,
  resource: "configmaps" | "secrets",
  name: string,
): Promise<Record<string, string> | undefined> {
  const object = await fetch(sources, pod, resource, name);
  if (!object) return undefined;
  const data = (object["data"] ?? {}) as Record<string, string>;
  if (resource === "configmaps") return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}

const singular = { configmaps: "configmap", secrets: "secret" } as const;

async function required(
  sources: InputSources,
  pod: Pod,
  resource: "configmaps" | "secrets",
  name: string,
  isOptional: boolean | undefined,
): Promise<Record<string, string> | undefined> {
  const found = await contents(sources, pod, resource, name);
  if (!found && !isOptional) throw new MissingInput(`${singular[resource]} ${JSON.stringify(name)} not found`);
  return found;
}

/** The environment of one container. Rejects with MissingInput. */
export async function containerEnvironment(
  sources: InputSources,
  pod: Pod,
  container: Container,
  addresses: PodAddresses,
): Promise<Record<string, string>> {
  const env: Record<string, string> = {};
  for (const source of container.envFrom ?? []) {
    const [resource, reference] = source.configMapRef
      ? (["configmaps", source.configMapRef] as const)
      : (["secrets", source.secretRef] as const);
    if (!reference) continue;
    const data = await required(sources, pod, resource, reference.name, reference.optional);
    for (const [key, value] of Object.entries(data ?? {})) env[`${source.prefix ?? ""}${key}`] = value;
  }
  for (const variable of container.env ?? []) {
    const from = variable.valueFrom;
    if (!from) {
      env[variable.name] = expand(variable.value ?? "", env);
      continue;
    }
    const reference = from.configMapKeyRef ?? from.secretKeyRef;
    if (reference) {
      const resource = from.configMapKeyRef ? "configmaps" : "secrets";
      const data = await required(sources, pod, resource, reference.name, reference.optional);
      const value = data?.[reference.key];
      if (value !== undefined) env[variable.name] = value;
      else if (data && !reference.optional) {
        const kind = from.configMapKeyRef ? "ConfigMap" : "Secret";
        throw new MissingInput(
          `couldn't find key ${reference.key} in ${kind} ${pod.metadata.namespace ?? ""}/${reference.name}`,
        );
      }
    } else if (from.fieldRef) {
      env[variable.name] = fieldOf(pod, from.fieldRef.fieldPath, addresses, sources.nodeName);
    } else if (from.resourceFieldRef) {
      const [kind = "limits", name = ""] = from.resourceFieldRef.resource.split(".");
      const table = kind === "limits" ? container.resources?.limits : container.resources?.requests;
      env[variable.name] = String(table?.[name] ?? "0");
    }
  }
  return env;
}

/** `$(NAME)` is replaced, `$$` stays a dollar. */
export const expand = (value: string, env: Readonly<Record<string, string>>): string =>
  value.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env[name] ?? whole),
  );

function fieldOf(pod: Pod, path: string, addresses: PodAddresses, nodeName: string): string {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed) return pod.metadata[keyed[1] === "labels" ? "labels" : "annotations"]?.[keyed[2] ?? ""] ?? "";
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "metadata.labels":
    case "metadata.annotations": {
      const table = path === "metadata.labels" ? pod.metadata.labels : pod.metadata.annotations;
      return Object.entries(table ?? {})
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join("\n");
    }
    case "spec.nodeName":
      return nodeName;
    case "spec.serviceAccountName":
      return pod.spec.serviceAccountName ?? "default";
    case "status.podIP":
    case "status.podIPs":
      return addresses.pod;
    case "status.hostIP":
      return addresses.host;
    default:
      return "";
  }
}

/** A volume could not be set up; its event is FailedMount. */
export class MountFailure extends Error {
  override readonly name = "MountFailure";
}

/** Makes a pod's volumes on the machine and returns where each is. Rejects with MountFailure. */
export async function setUpVolumes(
  sources: InputSources,
  pod: Pod,
  addresses: PodAddresses,
): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const volume of pod.spec.volumes ?? []) {
    try {
      places.set(volume.name, await setUp(sources, pod, volume, addresses));
    } catch (error) {
      if (error instanceof MissingInput) {
        throw new MountFailure(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${error.message}`);
      }
      throw error;
    }
  }
  return places;
}

async function setUp(sources: InputSources, pod: Pod, volume: Volume, addresses: PodAddresses): Promise<string> {
  const { files } = sources;
  if (volume.hostPath) {
    const { path, type } = volume.hostPath;
    if (type === "DirectoryOrCreate" && !files.exists(path)) files.makeDirectories(path);
    if (type === "FileOrCreate" && !files.exists(path)) files.write(path, "");
    if ((type === "Directory" || type === "File") && !files.exists(path)) {
      throw new MissingInput(`hostPath type check failed: ${path} is not a ${type === "File" ? "file" : "directory"}`);
    }
    return path;
  }
  const put = (kind: string, entries: Readonly<Record<string, string>>): string => {
    const folder = `${podFolder(pod)}/volumes/kubernetes.io~${kind}/${volume.name}`;
    files.makeDirectories(folder);
    for (const [name, value] of Object.entries(entries)) {
      if (name.includes("/")) files.makeDirectories(`${folder}/${name.slice(0, name.lastIndexOf("/"))}`);
      const path = `${folder}/${name}`;
      if (!files.exists(path) || files.readText(path) !== value) files.write(path, value);
    }
    return folder;
  };
  if (volume.configMap) {
    const { name, items, optional } = volume.configMap;
    return put("configmap", select((await required(sources, pod, "configmaps", name, optional)) ?? {}, items));
  }
  if (volume.secret) {
    const { secretName, items, optional } = volume.secret;
    return put("secret", select((await required(sources, pod, "secrets", secretName, optional)) ?? {}, items));
  }
  if (volume.projected) {
    const entries: Record<string, string> = {};
    for (const source of volume.projected.sources ?? []) {
      if (source.configMap) {
        const data = await required(sources, pod, "configmaps", source.configMap.name, source.configMap.optional);
        Object.assign(entries, select(data ?? {}, source.configMap.items));
      } else if (source.secret) {
        const data = await required(sources, pod, "secrets", source.secret.name, source.secret.optional);
        Object.assign(entries, select(data ?? {}, source.secret.items));
      } else if (source.serviceAccountToken) {
        entries[source.serviceAccountToken.path] = await sources.token(pod);
      } else {
        for (const item of source.downwardAPI?.items ?? []) {
          entries[item.path] = fieldOf(pod, item.fieldRef?.fieldPath ?? "", addresses, sources.nodeName);
        }
      }
    }
    return put("projected", entries);
  }
  if (volume.downwardAPI) {
    const items = (volume.downwardAPI.items ?? []).map((item): [string, string] => [
      item.path,
      fieldOf(pod, item.fieldRef?.fieldPath ?? "", addresses, sources.nodeName),
    ]);
    return put("downward-api", Object.fromEntries(items));
  }
  return put("empty-dir", {});
}

function select(
  data: Readonly<Record<string, string>>,
  items: readonly KeyToPath[] | undefined,
): Record<string, string> {
  if (!items) return { ...data };
  return Object.fromEntries(items.map((item) => [item.path, data[item.key] ?? ""]));
}

/** Takes a pod's volumes away; what a hostPath names stays. */
export function tearDownVolumes(files: FileView, pod: Pod): void {
  files.removeTree(podFolder(pod));
}

export function containerMounts(container: Container, places: ReadonlyMap<string, string>): ContainerMount[] {
  return (container.volumeMounts ?? []).flatMap((mount) => {
    const place = places.get(mount.name);
    if (place === undefined) return [];
    return [
      {
        containerPath: mount.mountPath,
        hostPath: mount.subPath === undefined ? place : `${place}/${mount.subPath}`,
        readOnly: mount.readOnly === true,
      },
    ];
  });
}
