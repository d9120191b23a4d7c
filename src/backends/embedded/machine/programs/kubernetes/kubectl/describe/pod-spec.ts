import { isObject, listAt, mapAt, objectAt, objectsAt, textAt, type Json } from "../../client/json.ts";
import { orNone, shownTime, writeAnnotations, writeLabels, type DescriptionWriter } from "./writer.ts";

/** What fieldRef variables of a running pod stand for. */
type FieldResolver = (path: string) => string;

/** The containers of a pod, or of a template when `space` is not empty. */
export function writeContainers(
  writer: DescriptionWriter,
  label: string,
  containers: readonly Json[],
  statuses: readonly Json[],
  space: string,
  resolve: FieldResolver = () => "",
): void {
  writer.raw(`${space}${label}:${containers.length === 0 ? " <none>" : ""}\n`);
  for (const container of containers) {
    const name = textAt(container, "name");
    const status = statuses.find((item) => textAt(item, "name") === name);
    writer.line(1, `${space === "" ? "" : " "}${name}:`);
    if (status) writer.line(2, `Container ID:\t${textAt(status, "containerID")}`);
    writer.line(2, `Image:\t${textAt(container, "image")}`);
    if (status) writer.line(2, `Image ID:\t${textAt(status, "imageID")}`);
    writePorts(writer, objectsAt(container, "ports"));
    for (const field of ["command", "args"]) {
      const words = listAt(container, field).map(String);
      if (words.length === 0) continue;
      writer.line(2, field === "command" ? "Command:" : "Args:");
      for (const word of words) for (const part of word.split("\n")) writer.line(3, part);
    }
    if (status) {
      writeState(writer, "State", objectAt(status, "state"));
      if (isObject(objectAt(status, "lastState")["terminated"]))
        writeState(writer, "Last State", objectAt(status, "lastState"));
      writer.line(2, `Ready:\t${textAt(status, "ready") === "true" ? "True" : "False"}`);
      writer.line(2, `Restart Count:\t${textAt(status, "restartCount") || "0"}`);
    }
    for (const field of ["limits", "requests"]) {
      const quantities = mapAt(container, "resources", field);
      if (quantities.length === 0) continue;
      writer.line(2, field === "limits" ? "Limits:" : "Requests:");
      for (const [resource, quantity] of quantities)
        writer.line(3, `${resource}:\t${quantity.replace(/^"(.*)"$/, "$1")}`);
    }
    for (const field of ["liveness", "readiness", "startup"]) {
      const probe = objectAt(container, `${field}Probe`);
      if (Object.keys(probe).length > 0)
        writer.line(2, `${field.slice(0, 1).toUpperCase()}${field.slice(1)}:\t${probeText(probe)}`);
    }
    writeEnvironment(writer, container, resolve);
    const mounts = objectsAt(container, "volumeMounts").sort((a, b) =>
      textAt(a, "mountPath") < textAt(b, "mountPath") ? -1 : 1,
    );
    writer.line(2, mounts.length === 0 ? "Mounts:\t<none>" : "Mounts:");
    for (const mount of mounts) {
      const flags = [mount["readOnly"] === true ? "ro" : "rw"];
      const sub = textAt(mount, "subPath");
      if (sub !== "") flags.push(`path=${JSON.stringify(sub)}`);
      writer.line(3, `${textAt(mount, "mountPath")} from ${textAt(mount, "name")} (${flags.join(",")})`);
    }
  }
}

function writePorts(writer: DescriptionWriter, ports: readonly Json[]): void {
  const text = (field: string): string =>
    ports
      .map((port) => {
        const name = writer.minor >= 34 && textAt(port, "name") !== "" ? ` (${textAt(port, "name")})` : "";
        return `${textAt(port, field) || "0"}/${textAt(port, "protocol") || "TCP"}${name}`;
      })
      .join(", ");
  const several = ports.length > 1 ? "s" : "";
  writer.line(2, `Port${several}:\t${orNone(text("containerPort"))}`);
  writer.line(2, `Host Port${several}:\t${orNone(text("hostPort"))}`);
}

function writeState(writer: DescriptionWriter, title: string, state: Json): void {
  if (isObject(state["running"])) {
    writer.line(2, `${title}:\tRunning`);
    writer.line(3, `Started:\t${shownTime(textAt(state, "running", "startedAt"))}`);
    return;
  }
  const terminated = state["terminated"];
  if (isObject(terminated)) {
    writer.line(2, `${title}:\tTerminated`);
    if (textAt(terminated, "reason") !== "") writer.line(3, `Reason:\t${textAt(terminated, "reason")}`);
    if (textAt(terminated, "message") !== "") writer.line(3, `Message:\t${textAt(terminated, "message")}`);
    writer.line(3, `Exit Code:\t${textAt(terminated, "exitCode") || "0"}`);
    if (Number(textAt(terminated, "signal") || "0") > 0) writer.line(3, `Signal:\t${textAt(terminated, "signal")}`);
    writer.line(3, `Started:\t${shownTime(textAt(terminated, "startedAt"))}`);
    writer.line(3, `Finished:\t${shownTime(textAt(terminated, "finishedAt"))}`);
    return;
  }
  writer.line(2, `${title}:\tWaiting`);
  const reason = textAt(state, "waiting", "reason");
  if (reason !== "") writer.line(3, `Reason:\t${reason}`);
}

function probeText(probe: Json): string {
  const number = (field: string, fallback: string): string => textAt(probe, field) || fallback;
  const rest = `delay=${number("initialDelaySeconds", "0")}s timeout=${number("timeoutSeconds", "0")}s period=${number("periodSeconds", "0")}s #success=${number("successThreshold", "0")} #failure=${number("failureThreshold", "0")}`;
  if (isObject(probe["exec"])) return `exec [${listAt(probe, "exec", "command").map(String).join(" ")}] ${rest}`;
  const http = probe["httpGet"];
  if (isObject(http)) {
    const url = `${textAt(http, "scheme").toLowerCase() || "http"}://${textAt(http, "host")}:${textAt(http, "port")}${textAt(http, "path").replaceAll("?", "%3F")}`;
    return `http-get ${url} ${rest}`;
  }
  const tcp = probe["tcpSocket"];
  if (isObject(tcp)) return `tcp-socket ${textAt(tcp, "host")}:${textAt(tcp, "port")} ${rest}`;
  const grpc = probe["grpc"];
  if (isObject(grpc)) return `grpc <pod>:${textAt(grpc, "port")} ${textAt(grpc, "service")} ${rest}`;
  return `unknown ${rest}`;
}

function writeEnvironment(writer: DescriptionWriter, container: Json, resolve: FieldResolver): void {
  const from = objectsAt(container, "envFrom");
  if (from.length > 0) {
    writer.line(2, "Environment Variables from:");
    for (const source of from) {
      const kind = isObject(source["configMapRef"]) ? "ConfigMap" : "Secret";
      const ref = objectAt(source, kind === "ConfigMap" ? "configMapRef" : "secretRef");
      const prefix = textAt(source, "prefix");
      writer.line(
        3,
        `${textAt(ref, "name")}\t${kind}${prefix === "" ? "" : ` with prefix '${prefix}'`}\tOptional: ${String(ref["optional"] === true)}`,
      );
    }
  }
  const variables = objectsAt(container, "env");
  writer.line(2, variables.length === 0 ? "Environment:\t<none>" : "Environment:");
  for (const variable of variables) {
    const name = textAt(variable, "name");
    const value = objectAt(variable, "valueFrom");
    const secret = value["secretKeyRef"];
    const config = value["configMapKeyRef"];
    const field = value["fieldRef"];
    const resource = value["resourceFieldRef"];
    if (isObject(secret)) {
      writer.line(
        3,
        `${name}:\t<set to the key '${textAt(secret, "key")}' in secret '${textAt(secret, "name")}'>\tOptional: ${String(secret["optional"] === true)}`,
      );
    } else if (isObject(config)) {
      writer.line(
        3,
        `${name}:\t<set to the key '${textAt(config, "key")}' of config map '${textAt(config, "name")}'>\tOptional: ${String(config["optional"] === true)}`,
      );
    } else if (isObject(field)) {
      const path = textAt(field, "fieldPath");
      writer.line(3, `${name}:\t${resolve(path)} (${textAt(field, "apiVersion") || "v1"}:${path})`);
    } else if (isObject(resource))
      writer.line(3, `${name}:\t${textAt(resource, "divisor") || "0"} (${textAt(resource, "resource")})`);
    else {
      textAt(variable, "value")
        .split("\n")
        .forEach((part, i) => writer.line(3, i === 0 ? `${name}:\t${part}` : `\t${part}`));
    }
  }
}

/** The volumes of a pod, or of a template when `space` is not empty. */
export function writeVolumes(writer: DescriptionWriter, volumes: readonly Json[], space: string): void {
  if (volumes.length === 0) {
    writer.raw(`${space}Volumes:\t<none>\n`);
    return;
  }
  writer.raw(`${space}Volumes:\n`);
  for (const volume of volumes) {
    writer.line(1, `${space === "" ? "" : " "}${textAt(volume, "name")}:`);
    for (const text of volumeLines(volume, writer.minor)) writer.line(2, text);
  }
}

function volumeLines(volume: Json, minor: number): string[] {
  const source = (field: string): Json | undefined => (isObject(volume[field]) ? objectAt(volume, field) : undefined);
  const optional = (value: Json): string => String(value["optional"] === true);
  const hostPath = source("hostPath");
  if (hostPath)
    return [
      "Type:\tHostPath (bare host directory volume)",
      `Path:\t${textAt(hostPath, "path")}`,
      `HostPathType:\t${textAt(hostPath, "type")}`,
    ];
  const emptyDir = source("emptyDir");
  if (emptyDir) {
    return [
      "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)",
      `Medium:\t${textAt(emptyDir, "medium")}`,
      `SizeLimit:\t${textAt(emptyDir, "sizeLimit") || "<unset>"}`,
    ];
  }
  const configMap = source("configMap");
  if (configMap)
    return [
      "Type:\tConfigMap (a volume populated by a ConfigMap)",
      `Name:\t${textAt(configMap, "name")}`,
      `Optional:\t${optional(configMap)}`,
    ];
  const secret = source("secret");
  if (secret)
    return [
      "Type:\tSecret (a volume populated by a Secret)",
      `SecretName:\t${textAt(secret, "secretName")}`,
      `Optional:\t${optional(secret)}`,
    ];
  const claim = source("persistentVolumeClaim");
  if (claim) {
    return [
      "Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
      `ClaimName:\t${textAt(claim, "claimName")}`,
      `ReadOnly:\t${String(claim["readOnly"] === true)}`,
    ];
  }
  const projected = source("projected");
  if (projected) {
    const lines = ["Type:\tProjected (a volume that contains injected data from multiple sources)"];
    for (const part of objectsAt(projected, "sources")) {
      const optionalPointer = (value: Json): string =>
        value["optional"] === undefined ? "<nil>" : String(value["optional"]);
      const partSecret = part["secret"];
      const partMap = part["configMap"];
      if (isObject(partSecret))
        lines.push(`SecretName:\t${textAt(partSecret, "name")}`, `SecretOptionalName:\t${optionalPointer(partSecret)}`);
      if (isObject(part["downwardAPI"])) lines.push("DownwardAPI:\ttrue");
      if (isObject(partMap)) {
        lines.push(`ConfigMapName:\t${textAt(partMap, "name")}`);
        lines.push(minor >= 34 ? `Optional:\t${optional(partMap)}` : `ConfigMapOptional:\t${optionalPointer(partMap)}`);
      }
      const token = part["serviceAccountToken"];
      if (isObject(token)) lines.push(`TokenExpirationSeconds:\t${textAt(token, "expirationSeconds")}`);
    }
    return lines;
  }
  return ["<unknown>"];
}

export function writeTolerations(writer: DescriptionWriter, title: string, tolerations: readonly Json[]): void {
  writer.raw(`${title}:\t`);
  if (tolerations.length === 0) writer.raw("<none>\n");
  const sorted = [...tolerations].sort((a, b) =>
    textAt(a, "key") < textAt(b, "key") ? -1 : textAt(a, "key") > textAt(b, "key") ? 1 : 0,
  );
  sorted.forEach((toleration, i) => {
    const key = textAt(toleration, "key");
    const value = textAt(toleration, "value");
    const effect = textAt(toleration, "effect");
    let text = `${key}${value === "" ? "" : `=${value}`}${effect === "" ? "" : `:${effect}`}`;
    if (textAt(toleration, "operator") === "Exists" && value === "") text += text === "" ? "op=Exists" : " op=Exists";
    const seconds = textAt(toleration, "tolerationSeconds");
    if (seconds !== "") text += ` for ${seconds}s`;
    writer.raw(`${i === 0 ? "" : "\t"}${text}\n`);
  });
}

export function writeTemplate(writer: DescriptionWriter, template: Json): void {
  const spec = objectAt(template, "spec");
  writer.line(0, "Pod Template:");
  writeLabels(writer, "  Labels", mapAt(template, "metadata", "labels"));
  if (mapAt(template, "metadata", "annotations").length > 0)
    writeAnnotations(writer, "  Annotations", objectAt(template, "metadata"));
  const account = textAt(spec, "serviceAccountName");
  if (account !== "") writer.line(1, `Service Account:\t${account}`);
  const initContainers = objectsAt(spec, "initContainers");
  if (initContainers.length > 0) writeContainers(writer, "Init Containers", initContainers, [], "  ");
  writeContainers(writer, "Containers", objectsAt(spec, "containers"), [], "  ");
  writeVolumes(writer, objectsAt(spec, "volumes"), "  ");
  const priority = textAt(spec, "priorityClassName");
  if (priority !== "") writer.line(1, `Priority Class Name:\t${priority}`);
  // Older versions of kubectl say nothing of where the pods of a template may run.
  if (writer.minor >= 31) {
    writeLabels(writer, "  Node-Selectors", mapAt(spec, "nodeSelector"));
    writeTolerations(writer, "  Tolerations", objectsAt(spec, "tolerations"));
  }
}
