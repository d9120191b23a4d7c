import { equal, listAt, mapAt, objectAt, objectsAt, textAt, type Json } from "../../client/json.ts";
import { writeContainers, writeTemplate, writeTolerations, writeVolumes } from "./pod-spec.ts";
import {
  controllerOf,
  orNone,
  selectorText,
  shownTime,
  writeAnnotations,
  writeEvents,
  writeLabels,
  writeMetadata,
  type DescriptionWriter,
} from "./writer.ts";

/** Objects beside the described one. */
export interface Surroundings {
  events: Json[];
  pods: Json[];
  replicaSets: Json[];
}

export function describePod(writer: DescriptionWriter, pod: Json, { events }: Surroundings): void {
  const spec = objectAt(pod, "spec");
  const status = objectAt(pod, "status");
  const metadata = objectAt(pod, "metadata");
  const optional = (title: string, value: string): void => {
    if (value !== "") writer.line(0, `${title}:\t${value}`);
  };
  writer.line(0, `Name:\t${textAt(metadata, "name")}`);
  writer.line(0, `Namespace:\t${textAt(metadata, "namespace")}`);
  optional("Priority", textAt(spec, "priority"));
  optional("Priority Class Name", textAt(spec, "priorityClassName"));
  optional("Runtime Class Name", textAt(spec, "runtimeClassName"));
  optional("Service Account", textAt(spec, "serviceAccountName"));
  const node = textAt(spec, "nodeName");
  writer.line(0, `Node:\t${node === "" ? "<none>" : `${node}/${textAt(status, "hostIP")}`}`);
  if (textAt(status, "startTime") !== "") writer.line(0, `Start Time:\t${shownTime(textAt(status, "startTime"))}`);
  writeLabels(writer, "Labels", mapAt(metadata, "labels"));
  writeAnnotations(writer, "Annotations", metadata);
  const deleted = textAt(metadata, "deletionTimestamp");
  if (deleted === "") writer.line(0, `Status:\t${textAt(status, "phase")}`);
  else {
    const grace = textAt(metadata, "deletionGracePeriodSeconds");
    writer.line(0, `Status:\tTerminating (lasts ${writer.since(deleted)})`);
    if (grace !== "") writer.line(0, `Termination Grace Period:\t${grace}s`);
  }
  optional("Reason", textAt(status, "reason"));
  optional("Message", textAt(status, "message"));
  optional("SeccompProfile", textAt(spec, "securityContext", "seccompProfile", "type"));
  writer.line(0, `IP:\t${textAt(status, "podIP")}`);
  const addresses = objectsAt(status, "podIPs");
  writer.line(0, addresses.length === 0 ? "IPs:\t<none>" : "IPs:");
  for (const address of addresses) writer.line(1, `IP:\t${textAt(address, "ip")}`);
  optional("Controlled By", controllerOf(pod));
  optional("NominatedNodeName", textAt(status, "nominatedNodeName"));
  const resolve = (path: string): string => fieldValue(pod, path);
  const initContainers = objectsAt(spec, "initContainers");
  if (initContainers.length > 0)
    writeContainers(writer, "Init Containers", initContainers, objectsAt(status, "initContainerStatuses"), "", resolve);
  writeContainers(
    writer,
    "Containers",
    objectsAt(spec, "containers"),
    objectsAt(status, "containerStatuses"),
    "",
    resolve,
  );
  const ephemeral = objectsAt(spec, "ephemeralContainers");
  if (ephemeral.length > 0)
    writeContainers(
      writer,
      "Ephemeral Containers",
      ephemeral,
      objectsAt(status, "ephemeralContainerStatuses"),
      "",
      resolve,
    );
  const conditions = objectsAt(status, "conditions");
  if (conditions.length > 0) {
    writer.line(0, "Conditions:");
    writer.line(1, "Type\tStatus");
    for (const condition of conditions)
      writer.line(1, `${textAt(condition, "type")} \t${textAt(condition, "status")} `);
  }
  writeVolumes(writer, objectsAt(spec, "volumes"), "");
  optional("QoS Class", textAt(status, "qosClass"));
  writeLabels(writer, "Node-Selectors", mapAt(spec, "nodeSelector"));
  writeTolerations(writer, "Tolerations", objectsAt(spec, "tolerations"));
  writeEvents(writer, events);
}

function fieldValue(pod: Json, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed) return textAt(pod, "metadata", keyed[1] ?? "", keyed[2] ?? "");
  // Nothing else is known outside the node.
  return /^metadata\.(name|namespace|uid)$/.test(path) ? textAt(pod, ...path.split(".")) : "";
}

export function describeDeployment(
  writer: DescriptionWriter,
  deployment: Json,
  { events, replicaSets }: Surroundings,
): void {
  const spec = objectAt(deployment, "spec");
  const status = objectAt(deployment, "status");
  writer.line(0, `Name:\t${textAt(deployment, "metadata", "name")}`);
  writer.line(0, `Namespace:\t${textAt(deployment, "metadata", "namespace")}`);
  writer.line(0, `CreationTimestamp:\t${shownTime(textAt(deployment, "metadata", "creationTimestamp"))}`);
  writeLabels(writer, "Labels", mapAt(deployment, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(deployment, "metadata"));
  writer.line(0, `Selector:\t${selectorText(objectAt(spec, "selector"))}`);
  const count = (field: string): string => textAt(status, field) || "0";
  writer.line(
    0,
    `Replicas:\t${textAt(spec, "replicas")} desired | ${count("updatedReplicas")} updated | ${count("replicas")} total | ${count("availableReplicas")} available | ${count("unavailableReplicas")} unavailable`,
  );
  writer.line(0, `StrategyType:\t${textAt(spec, "strategy", "type")}`);
  writer.line(0, `MinReadySeconds:\t${textAt(spec, "minReadySeconds") || "0"}`);
  const rolling = objectAt(spec, "strategy", "rollingUpdate");
  if (Object.keys(rolling).length > 0) {
    writer.line(
      0,
      `RollingUpdateStrategy:\t${textAt(rolling, "maxUnavailable")} max unavailable, ${textAt(rolling, "maxSurge")} max surge`,
    );
  }
  writeTemplate(writer, objectAt(spec, "template"));
  const conditions = objectsAt(status, "conditions");
  if (conditions.length > 0) {
    writer.line(0, "Conditions:");
    writer.line(1, "Type\tStatus\tReason");
    writer.line(1, "----\t------\t------");
    for (const condition of conditions) {
      writer.line(1, `${textAt(condition, "type")} \t${textAt(condition, "status")}\t${textAt(condition, "reason")}`);
    }
  }
  const own = replicaSets.filter((set) =>
    objectsAt(set, "metadata", "ownerReferences").some(
      (owner) => textAt(owner, "uid") === textAt(deployment, "metadata", "uid"),
    ),
  );
  const age = (set: Json): string =>
    `${textAt(set, "metadata", "creationTimestamp")} ${textAt(set, "metadata", "name")}`;
  const newest = own
    .filter((set) => equal(bareTemplate(objectAt(set, "spec", "template")), bareTemplate(objectAt(spec, "template"))))
    .sort((a, b) =>
      textAt(a, "metadata", "creationTimestamp") < textAt(b, "metadata", "creationTimestamp") ? -1 : 1,
    )[0];
  const old = own.filter((set) => set !== newest).sort((a, b) => (age(a) < age(b) ? -1 : 1));
  if (own.length > 0) {
    writer.line(0, `OldReplicaSets:\t${replicaSetsText(old)}`);
    writer.line(0, `NewReplicaSet:\t${replicaSetsText(newest ? [newest] : [])}`);
  }
  writeEvents(writer, events);
}

/** A pod template without the label that the controller adds. */
export function bareTemplate(template: Json): Json {
  const labels = Object.fromEntries(
    mapAt(template, "metadata", "labels").filter(([key]) => key !== "pod-template-hash"),
  );
  const annotations = Object.fromEntries(mapAt(template, "metadata", "annotations"));
  return { labels, annotations, spec: objectAt(template, "spec") };
}

const replicaSetsText = (sets: readonly Json[]): string =>
  orNone(
    sets
      .map(
        (set) =>
          `${textAt(set, "metadata", "name")} (${textAt(set, "status", "replicas") || "0"}/${textAt(set, "spec", "replicas") || "0"} replicas created)`,
      )
      .join(", "),
  );

function podsStatus(pods: readonly Json[], owner: Json): string {
  const uid = textAt(owner, "metadata", "uid");
  const own = pods.filter((pod) =>
    objectsAt(pod, "metadata", "ownerReferences").some(
      (item) => item["controller"] === true && textAt(item, "uid") === uid,
    ),
  );
  const count = (phase: string): number => own.filter((pod) => textAt(pod, "status", "phase") === phase).length;
  return `${count("Running")} Running / ${count("Pending")} Waiting / ${count("Succeeded")} Succeeded / ${count("Failed")} Failed`;
}

export function describeReplicaSet(writer: DescriptionWriter, set: Json, { events, pods }: Surroundings): void {
  const spec = objectAt(set, "spec");
  writer.line(0, `Name:\t${textAt(set, "metadata", "name")}`);
  writer.line(0, `Namespace:\t${textAt(set, "metadata", "namespace")}`);
  writer.line(0, `Selector:\t${selectorText(objectAt(spec, "selector"))}`);
  writeLabels(writer, "Labels", mapAt(set, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(set, "metadata"));
  const controller = controllerOf(set);
  if (controller !== "") writer.line(0, `Controlled By:\t${controller}`);
  writer.line(
    0,
    `Replicas:\t${textAt(set, "status", "replicas") || "0"} current / ${textAt(spec, "replicas") || "0"} desired`,
  );
  writer.line(0, `Pods Status:\t${podsStatus(pods, set)}`);
  writeTemplate(writer, objectAt(spec, "template"));
  const conditions = objectsAt(set, "status", "conditions");
  if (conditions.length > 0) {
    writer.line(0, "Conditions:");
    writer.line(1, "Type\tStatus\tReason");
    writer.line(1, "----\t------\t------");
    for (const condition of conditions) {
      writer.line(1, `${textAt(condition, "type")} \t${textAt(condition, "status")}\t${textAt(condition, "reason")}`);
    }
  }
  writeEvents(writer, events);
}

export function describeDaemonSet(writer: DescriptionWriter, set: Json, { events, pods }: Surroundings): void {
  const status = objectAt(set, "status");
  const count = (field: string): string => textAt(status, field) || "0";
  writer.line(0, `Name:\t${textAt(set, "metadata", "name")}`);
  if (writer.minor >= 32) writer.line(0, `Namespace:\t${textAt(set, "metadata", "namespace")}`);
  writer.line(0, `Selector:\t${selectorText(objectAt(set, "spec", "selector"))}`);
  writer.line(
    0,
    `Node-Selector:\t${orNone(
      mapAt(set, "spec", "template", "spec", "nodeSelector")
        .map(([key, value]) => `${key}=${value}`)
        .join(","),
    )}`,
  );
  writeLabels(writer, "Labels", mapAt(set, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(set, "metadata"));
  writer.line(0, `Desired Number of Nodes Scheduled: ${count("desiredNumberScheduled")}`);
  writer.line(0, `Current Number of Nodes Scheduled: ${count("currentNumberScheduled")}`);
  writer.line(0, `Number of Nodes Scheduled with Up-to-date Pods: ${count("updatedNumberScheduled")}`);
  writer.line(0, `Number of Nodes Scheduled with Available Pods: ${count("numberAvailable")}`);
  writer.line(0, `Number of Nodes Misscheduled: ${count("numberMisscheduled")}`);
  writer.line(0, `Pods Status:\t${podsStatus(pods, set)}`);
  writeTemplate(writer, objectAt(set, "spec", "template"));
  writeEvents(writer, events);
}

export function describeJob(writer: DescriptionWriter, job: Json, { events }: Surroundings): void {
  const spec = objectAt(job, "spec");
  const status = objectAt(job, "status");
  writer.line(0, `Name:\t${textAt(job, "metadata", "name")}`);
  writer.line(0, `Namespace:\t${textAt(job, "metadata", "namespace")}`);
  writer.line(0, `Selector:\t${selectorText(objectAt(spec, "selector"))}`);
  writeLabels(writer, "Labels", mapAt(job, "metadata", "labels"));
  writeAnnotations(writer, "Annotations", objectAt(job, "metadata"));
  const controller = controllerOf(job);
  if (controller !== "") writer.line(0, `Controlled By:\t${controller}`);
  writer.line(0, `Parallelism:\t${textAt(spec, "parallelism") || "<unset>"}`);
  writer.line(0, `Completions:\t${textAt(spec, "completions") || "<unset>"}`);
  if (textAt(spec, "completionMode") !== "") writer.line(0, `Completion Mode:\t${textAt(spec, "completionMode")}`);
  const started = textAt(status, "startTime");
  const ended = textAt(status, "completionTime");
  if (started !== "") writer.line(0, `Start Time:\t${shownTime(started)}`);
  if (ended !== "") writer.line(0, `Completed At:\t${shownTime(ended)}`);
  const count = (field: string): string => textAt(status, field) || "0";
  writer.line(
    0,
    `Pods Statuses:\t${count("active")} Active (${count("ready")} Ready) / ${count("succeeded")} Succeeded / ${count("failed")} Failed`,
  );
  writeTemplate(writer, objectAt(spec, "template"));
  writeEvents(writer, events);
}

export function describeConfigMap(writer: DescriptionWriter, map: Json, { events }: Surroundings): void {
  writeMetadata(writer, map);
  writer.raw("\nData\n====\n");
  for (const [key, value] of mapAt(map, "data"))
    writer.raw(`${key}:\n----\n${value.replaceAll("\t", "        ")}\n${writer.minor >= 30 ? "\n" : ""}`);
  writer.raw("\nBinaryData\n====\n");
  for (const [key, value] of mapAt(map, "binaryData"))
    writer.raw(`${key}: ${Buffer.from(value, "base64").length} bytes\n`);
  writer.raw("\n");
  writeEvents(writer, events);
}

export function describeSecret(writer: DescriptionWriter, secret: Json): void {
  writeMetadata(writer, secret);
  const type = textAt(secret, "type");
  writer.raw(`\nType:\t${type}\n\nData\n====\n`);
  for (const [key, value] of mapAt(secret, "data")) {
    const bytes = Buffer.from(value, "base64");
    const shown = type === "kubernetes.io/service-account-token" && key === "token";
    writer.line(0, `${key}:\t${shown ? bytes.toString("utf8") : `${bytes.length} bytes`}`);
  }
}

export function describeNamespace(writer: DescriptionWriter, namespace: Json): void {
  writeMetadata(writer, namespace, false);
  writer.line(0, `Status:\t${textAt(namespace, "status", "phase")}`);
  writer.raw("\nNo resource quota.\n\nNo LimitRange resource.\n");
}

export function describeServiceAccount(writer: DescriptionWriter, account: Json, { events }: Surroundings): void {
  writeMetadata(writer, account);
  const names = (field: string): string =>
    orNone(
      listAt(account, field)
        .map((item) => textAt(item, "name"))
        .join(","),
    );
  writer.line(0, `Image pull secrets:\t${names("imagePullSecrets")}`);
  writer.line(0, `Mountable secrets:\t${names("secrets")}`);
  writer.line(0, "Tokens:\t<none>");
  writeEvents(writer, events);
}
