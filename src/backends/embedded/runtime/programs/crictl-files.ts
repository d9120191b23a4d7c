import { parse, YAMLParseError } from "yaml";
import type { ContainerConfig, PodSandboxConfig } from "../cri.ts";

/** A file that is no message of the CRI; `message` is crictl's own wording. */
export class CriFileError extends Error {
  override readonly name = "CriFileError";
}

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const objectAt = (fields: Fields, name: string): Fields => {
  const value = fields[name];
  return isObject(value) ? value : {};
};
const textAt = (fields: Fields, name: string): string => {
  const value = fields[name];
  return typeof value === "string" ? value : "";
};
const numberAt = (fields: Fields, name: string): number => {
  const value = fields[name];
  return typeof value === "number" ? value : 0;
};
const textsAt = (fields: Fields, name: string): string[] => {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
};
const recordAt = (fields: Fields, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(objectAt(fields, name)).map(([key, value]) => [key, String(value)]));
const objectsAt = (fields: Fields, name: string): Fields[] => {
  const value = fields[name];
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : [];
};

function read(text: string): Fields {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (error instanceof YAMLParseError) throw new CriFileError(`load config: ${error.message}`);
    throw error;
  }
  if (!isObject(value)) throw new CriFileError("load config: no object");
  return value;
}

/** A PodSandboxConfig as a person writes it, JSON or YAML. Throws CriFileError. */
export function readPodFile(text: string, machine: string): PodSandboxConfig {
  const fields = read(text);
  const metadata = objectAt(fields, "metadata");
  const name = textAt(metadata, "name");
  if (name === "") throw new CriFileError("load podSandboxConfig: name is not set");
  const namespace = textAt(metadata, "namespace");
  if (namespace === "") throw new CriFileError("load podSandboxConfig: namespace is not set");
  const uid = textAt(metadata, "uid");
  const options = objectAt(objectAt(objectAt(fields, "linux"), "security_context"), "namespace_options");
  const onHost = numberAt(options, "network") === 2 || textAt(options, "network") === "NODE";
  const parent = textAt(objectAt(fields, "linux"), "cgroup_parent");
  return {
    name,
    namespace,
    uid,
    attempt: numberAt(metadata, "attempt"),
    hostname: textAt(fields, "hostname") || machine,
    hostNetwork: onHost,
    labels: recordAt(fields, "labels"),
    annotations: recordAt(fields, "annotations"),
    // Simplified: without a folder a real runtime keeps no log.
    logDirectory: textAt(fields, "log_directory") || `/var/log/pods/${namespace}_${name}_${uid}`,
    ...(parent === "" ? {} : { cgroupParent: parent }),
  };
}

/** A ContainerConfig as a person writes it, JSON or YAML. Throws CriFileError. */
export function readContainerFile(text: string): ContainerConfig {
  const fields = read(text);
  const metadata = objectAt(fields, "metadata");
  const name = textAt(metadata, "name");
  if (name === "") throw new CriFileError("load containerConfig: name is not set");
  const image = textAt(objectAt(fields, "image"), "image");
  if (image === "") throw new CriFileError("load containerConfig: image is not set");
  const limit = numberAt(objectAt(objectAt(fields, "linux"), "resources"), "memory_limit_in_bytes");
  return {
    name,
    attempt: numberAt(metadata, "attempt"),
    image,
    command: textsAt(fields, "command"),
    args: textsAt(fields, "args"),
    workingDirectory: textAt(fields, "working_dir"),
    env: Object.fromEntries(objectsAt(fields, "envs").map((item) => [textAt(item, "key"), textAt(item, "value")])),
    mounts: objectsAt(fields, "mounts").map((mount) => ({
      containerPath: textAt(mount, "container_path"),
      hostPath: textAt(mount, "host_path"),
      readOnly: mount["readonly"] === true,
    })),
    labels: recordAt(fields, "labels"),
    annotations: recordAt(fields, "annotations"),
    logPath: textAt(fields, "log_path") || `${name}.log`,
    memoryLimit: limit > 0 ? limit : undefined,
    privileged: false,
  };
}
