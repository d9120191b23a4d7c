import {
  duplicateValue,
  forbiddenValue,
  invalidValue,
  required,
  unsupportedValue,
  type Cause,
} from "../api-server/errors.ts";
import { matchesLabels } from "../api-server/selectors.ts";
import { at, equal, isObject, listAt, mapAt, numberAt, objectAt, objectsAt, textAt, type JsonObject } from "../json.ts";
import {
  label1035Problems,
  labelProblems,
  labelValueProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
  subdomainProblems,
} from "./names.ts";
import { quantityValue } from "./quantity.ts";

type Report = (cause: Cause) => void;

const nameRules: Readonly<Record<string, (name: string) => string[]>> = {
  Service: label1035Problems,
  Namespace: labelProblems,
  Role: pathSegmentProblems,
  RoleBinding: pathSegmentProblems,
  ClusterRole: pathSegmentProblems,
  ClusterRoleBinding: pathSegmentProblems,
};

/** Everything the kind's rules find wrong with a new object, or with a change of `old`. */
export function validate(kind: string, object: JsonObject, old?: JsonObject): Cause[] {
  const causes: Cause[] = [];
  const report: Report = (cause) => causes.push(cause);
  validateMetadata(report, kind, object, old);
  validateKind(report, kind, object, old);
  return causes;
}

function validateMetadata(report: Report, kind: string, object: JsonObject, old: JsonObject | undefined): void {
  const name = textAt(object, "metadata", "name");
  if (name === "") report(required("metadata.name", "name or generateName is required"));
  else if (!old) {
    for (const problem of (nameRules[kind] ?? subdomainProblems)(name))
      report(invalidValue("metadata.name", name, problem));
  }
  // The server looks at a changed node's labels in four of its checks, and lists what each finds.
  const checks = kind === "Node" && old ? 4 : 1;
  for (let check = 0; check < checks; check += 1) {
    validateLabels(report, "metadata.labels", mapAt(object, "metadata", "labels"));
  }
  for (const key of Object.keys(objectAt(object, "metadata", "annotations") ?? {})) {
    for (const problem of qualifiedNameProblems(key.toLowerCase())) {
      report(invalidValue("metadata.annotations", key, problem));
    }
  }
  for (const [index, owner] of objectsAt(object, "metadata", "ownerReferences").entries()) {
    for (const field of ["apiVersion", "kind", "name", "uid"]) {
      if (textAt(owner, field) === "") {
        report(
          invalidValue(
            `metadata.ownerReferences[${index}].${field}`,
            "",
            `${field === "apiVersion" ? "version" : field} must not be empty`,
          ),
        );
      }
    }
  }
  if (old && textAt(object, "metadata", "uid") !== textAt(old, "metadata", "uid")) {
    report(invalidValue("metadata.uid", textAt(object, "metadata", "uid"), "field is immutable"));
  }
}

function validateLabels(report: Report, field: string, labels: Record<string, string>): void {
  for (const [key, value] of Object.entries(labels)) {
    for (const problem of qualifiedNameProblems(key)) report(invalidValue(field, key, problem));
    for (const problem of labelValueProblems(value)) report(invalidValue(field, value, problem));
  }
}

function validateKind(report: Report, kind: string, object: JsonObject, old: JsonObject | undefined): void {
  const spec = objectAt(object, "spec") ?? {};
  switch (kind) {
    case "Pod":
      if (old) validatePodUpdate(report, spec, objectAt(old, "spec") ?? {});
      else validatePodSpec(report, spec, "spec");
      break;
    case "Deployment":
    case "ReplicaSet":
    case "DaemonSet":
    case "StatefulSet":
      validateWorkload(report, kind, spec, objectAt(old, "spec"));
      break;
    case "Job":
      validateJob(report, spec, objectAt(old, "spec"));
      break;
    case "Service":
      validateService(report, spec, objectAt(old, "spec"));
      break;
    case "RuntimeClass":
      validateRuntimeClass(report, object, old);
      break;
    case "ConfigMap":
    case "Secret":
      validateData(report, kind, object, old);
      break;
    case "RoleBinding":
    case "ClusterRoleBinding":
      if (old && !equal(object["roleRef"], old["roleRef"])) {
        report(invalidValue("roleRef", object["roleRef"], "cannot change roleRef"));
      }
      break;
    case "Node":
      validateNode(report, spec, objectAt(old, "spec"));
      break;
    default:
  }
}

const replicaKinds = new Set(["Deployment", "ReplicaSet", "StatefulSet"]);

function validateWorkload(report: Report, kind: string, spec: JsonObject, old: JsonObject | undefined): void {
  const replicas = numberAt(spec, "replicas");
  if (replicaKinds.has(kind) && replicas !== undefined && replicas < 0) {
    report(invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
  }
  const selector = objectAt(spec, "selector");
  if (old && !equal(selector, old["selector"])) {
    report(invalidSelector("spec.selector", selector ?? {}, "field is immutable"));
  }
  const labels = mapAt(spec, "template", "metadata", "labels");
  if (!selector) report(required("spec.selector"));
  else if (Object.keys(mapAt(selector, "matchLabels")).length + listAt(selector, "matchExpressions").length === 0) {
    report(invalidSelector("spec.selector", selector, `empty selector is invalid for ${kind.toLowerCase()}`));
  }
  if (!selector || !matchesLabels(selector, labels)) {
    const shown = new Map(Object.entries(labels));
    report(invalidValue("spec.template.metadata.labels", shown, "`selector` does not match template `labels`"));
  }
  validateLabels(report, "spec.template.labels", labels);
  const template = objectAt(spec, "template", "spec") ?? {};
  validatePodSpec(report, template, "spec.template.spec");
  const restart = textAt(template, "restartPolicy");
  if (["Never", "OnFailure"].includes(restart)) {
    report(unsupportedValue("spec.template.spec.restartPolicy", restart, ["Always"]));
  }
  if (kind === "Deployment") validateStrategy(report, objectAt(spec, "strategy") ?? {});
}

/** A selector as Go's %#v shows it. */
function invalidSelector(field: string, selector: JsonObject, why: string): Cause {
  const labels = Object.entries(mapAt(selector, "matchLabels")).map(([key, value]) => `"${key}":"${value}"`);
  const map = labels.length > 0 ? `map[string]string{${labels.sort().join(", ")}}` : "map[string]string(nil)";
  return {
    reason: "FieldValueInvalid",
    message: `Invalid value: v1.LabelSelector{MatchLabels:${map}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: ${why}`,
    field,
  };
}

function validateStrategy(report: Report, strategy: JsonObject): void {
  const type = textAt(strategy, "type");
  if (type === "Recreate" && strategy["rollingUpdate"] !== undefined && strategy["rollingUpdate"] !== null) {
    report(forbiddenValue("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
  } else if (type !== "Recreate" && type !== "RollingUpdate") {
    report(unsupportedValue("spec.strategy", strategy, ["Recreate", "RollingUpdate"]));
  }
  const zero = (value: unknown): boolean => value === 0 || value === "0%";
  if (zero(at(strategy, "rollingUpdate", "maxUnavailable")) && zero(at(strategy, "rollingUpdate", "maxSurge"))) {
    report(invalidValue("spec.strategy.rollingUpdate.maxUnavailable", 0, "may not be 0 when `maxSurge` is 0"));
  }
}

function validateJob(report: Report, spec: JsonObject, old: JsonObject | undefined): void {
  const template = objectAt(spec, "template", "spec") ?? {};
  if (old) {
    if (!equal(spec["template"], old["template"])) {
      report(invalidValue("spec.template", spec["template"], "field is immutable"));
    }
    return;
  }
  validatePodSpec(report, template, "spec.template.spec");
  const restart = textAt(template, "restartPolicy");
  if (restart !== "OnFailure" && restart !== "Never") {
    report({
      reason: "FieldValueRequired",
      message: 'Required value: valid values: "OnFailure", "Never"',
      field: "spec.template.spec.restartPolicy",
    });
  }
}

function validatePodSpec(report: Report, spec: JsonObject, path: string): void {
  const volumes = new Set<string>();
  for (const [index, volume] of objectsAt(spec, "volumes").entries()) {
    const name = textAt(volume, "name");
    const field = `${path}.volumes[${index}].name`;
    if (name === "") report(required(field));
    else if (volumes.has(name)) report(duplicateValue(field, name));
    else for (const problem of labelProblems(name)) report(invalidValue(field, name, problem));
    volumes.add(name);
  }
  const names = new Set<string>();
  const containers = objectsAt(spec, "containers");
  if (containers.length === 0) report(required(`${path}.containers`));
  for (const [index, container] of containers.entries()) {
    validateContainer(report, container, `${path}.containers[${index}]`, volumes, names);
  }
  for (const [index, container] of objectsAt(spec, "initContainers").entries()) {
    validateContainer(report, container, `${path}.initContainers[${index}]`, volumes, names);
  }
  supported(report, spec, `${path}.restartPolicy`, "restartPolicy", ["Always", "OnFailure", "Never"]);
  supported(report, spec, `${path}.dnsPolicy`, "dnsPolicy", [
    "ClusterFirstWithHostNet",
    "ClusterFirst",
    "Default",
    "None",
  ]);
  validateLabels(report, `${path}.nodeSelector`, mapAt(spec, "nodeSelector"));
  for (const [field, rule] of [
    ["runtimeClassName", subdomainProblems],
    ["serviceAccountName", subdomainProblems],
    ["hostname", labelProblems],
    ["nodeName", subdomainProblems],
  ] as const) {
    const value = textAt(spec, field);
    if (value !== "") for (const problem of rule(value)) report(invalidValue(`${path}.${field}`, value, problem));
  }
  const grace = numberAt(spec, "terminationGracePeriodSeconds");
  if (grace !== undefined && grace < 0) {
    report(invalidValue(`${path}.terminationGracePeriodSeconds`, grace, "must be greater than or equal to 0"));
  }
}

function supported(report: Report, parent: JsonObject, path: string, field: string, values: readonly string[]): void {
  const value = textAt(parent, field);
  if (value !== "" && !values.includes(value)) report(unsupportedValue(path, value, values));
}

function validateContainer(
  report: Report,
  container: JsonObject,
  path: string,
  volumes: ReadonlySet<string>,
  names: Set<string>,
): void {
  const name = textAt(container, "name");
  if (name === "") report(required(`${path}.name`));
  else if (names.has(name)) report(duplicateValue(`${path}.name`, name));
  else for (const problem of labelProblems(name)) report(invalidValue(`${path}.name`, name, problem));
  names.add(name);
  const image = textAt(container, "image");
  if (image === "") report(required(`${path}.image`));
  else if (image !== image.trim()) {
    report(invalidValue(`${path}.image`, image, "must not have leading or trailing whitespace"));
  }
  for (const [index, port] of objectsAt(container, "ports").entries())
    validatePort(report, port, `${path}.ports[${index}]`);
  for (const [index, variable] of objectsAt(container, "env").entries()) {
    const field = `${path}.env[${index}].name`;
    const key = textAt(variable, "name");
    if (key === "") report(required(field));
    else if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) {
      report(
        invalidValue(
          field,
          key,
          "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')",
        ),
      );
    }
  }
  for (const [index, mount] of objectsAt(container, "volumeMounts").entries()) {
    const field = `${path}.volumeMounts[${index}]`;
    const volume = textAt(mount, "name");
    if (volume === "") report(required(`${field}.name`));
    else if (!volumes.has(volume)) {
      report({ reason: "FieldValueNotFound", message: `Not found: ${JSON.stringify(volume)}`, field: `${field}.name` });
    }
    if (textAt(mount, "mountPath") === "") report(required(`${field}.mountPath`));
  }
  supported(report, container, `${path}.imagePullPolicy`, "imagePullPolicy", ["Always", "IfNotPresent", "Never"]);
  validateResources(report, container, path);
}

function validatePort(report: Report, port: JsonObject, path: string): void {
  const number = numberAt(port, "containerPort");
  if (number === undefined || number === 0) report(required(`${path}.containerPort`));
  else if (number < 1 || number > 65_535) {
    report(invalidValue(`${path}.containerPort`, number, "must be between 1 and 65535, inclusive"));
  }
  supported(report, port, `${path}.protocol`, "protocol", ["SCTP", "TCP", "UDP"]);
}

function validateResources(report: Report, container: JsonObject, path: string): void {
  const limits = mapAt(container, "resources", "limits");
  for (const [name, amount] of Object.entries(mapAt(container, "resources", "requests"))) {
    const limit = limits[name];
    if (limit !== undefined && quantityValue(amount) > quantityValue(limit)) {
      report(
        invalidValue(`${path}.resources.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`),
      );
    }
  }
}

function validatePodUpdate(report: Report, spec: JsonObject, old: JsonObject): void {
  const fixed = (value: JsonObject): JsonObject => {
    const rest: JsonObject = { ...value };
    for (const field of ["containers", "initContainers"]) {
      if (value[field] !== undefined) rest[field] = objectsAt(value, field).map((item) => ({ ...item, image: "" }));
    }
    for (const field of ["activeDeadlineSeconds", "tolerations", "ephemeralContainers"]) delete rest[field];
    return rest;
  };
  if (!equal(fixed(spec), fixed(old))) {
    // Simplified: the real message ends with a diff of the two specifications.
    report(
      forbiddenValue(
        "spec",
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
      ),
    );
  }
  for (const [index, container] of objectsAt(spec, "containers").entries()) {
    if (textAt(container, "image") === "") report(required(`spec.containers[${index}].image`));
  }
}

const serviceTypes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

function validateService(report: Report, spec: JsonObject, old: JsonObject | undefined): void {
  const type = textAt(spec, "type");
  const ports = objectsAt(spec, "ports");
  if (ports.length === 0 && textAt(spec, "clusterIP") !== "None" && type !== "ExternalName")
    report(required("spec.ports"));
  const seen = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `spec.ports[${index}]`;
    const name = textAt(port, "name");
    if (name === "" && ports.length > 1) report(required(`${path}.name`));
    else if (name !== "") {
      if (seen.has(name)) report(duplicateValue(`${path}.name`, name));
      for (const problem of labelProblems(name)) report(invalidValue(`${path}.name`, name, problem));
      seen.add(name);
    }
    const number = numberAt(port, "port") ?? 0;
    if (number < 1 || number > 65_535)
      report(invalidValue(`${path}.port`, number, "must be between 1 and 65535, inclusive"));
    supported(report, port, `${path}.protocol`, "protocol", ["SCTP", "TCP", "UDP"]);
    const target = port["targetPort"];
    if (typeof target === "number" && (target < 1 || target > 65_535)) {
      report(invalidValue(`${path}.targetPort`, target, "must be between 1 and 65535, inclusive"));
    }
    const nodePort = numberAt(port, "nodePort") ?? 0;
    // Who only changes the type need not take the ports away: they are dropped with it.
    const isLeftOver = objectsAt(old, "ports").some((before) => numberAt(before, "nodePort") === nodePort);
    if (type === "ClusterIP" && nodePort !== 0 && !isLeftOver) {
      report(forbiddenValue(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'"));
    }
  }
  if (!serviceTypes.includes(type)) report(unsupportedValue("spec.type", type, serviceTypes));
  if (type === "ExternalName" && textAt(spec, "externalName") === "") report(required("spec.externalName"));
  validateLabels(report, "spec.selector", mapAt(spec, "selector"));
  const address = textAt(old, "clusterIP");
  if (old && address !== "" && type !== "ExternalName" && textAt(old, "type") !== "ExternalName") {
    if (textAt(spec, "clusterIP") !== address) {
      report(invalidValue("spec.clusterIPs[0]", [textAt(spec, "clusterIP")], "may not change once set"));
    }
  }
}

function validateRuntimeClass(report: Report, object: JsonObject, old: JsonObject | undefined): void {
  const handler = textAt(object, "handler");
  for (const problem of labelProblems(handler)) report(invalidValue("handler", handler, problem));
  validateLabels(report, "scheduling.nodeSelector", mapAt(object, "scheduling", "nodeSelector"));
  if (old && handler !== textAt(old, "handler")) report(invalidValue("handler", handler, "field is immutable"));
}

function validateData(report: Report, kind: string, object: JsonObject, old: JsonObject | undefined): void {
  for (const field of ["data", "binaryData"]) {
    for (const key of Object.keys(objectAt(object, field) ?? {})) {
      if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
        report(
          invalidValue(
            `${field}[${key}]`,
            key,
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
          ),
        );
      }
    }
  }
  if (old?.["immutable"] === true && !equal(object["data"], old["data"])) {
    report(forbiddenValue("data", "field is immutable when `immutable` is set"));
  }
  if (kind === "Secret" && old && object["type"] !== old["type"]) {
    report(invalidValue("type", object["type"], "field is immutable"));
  }
}

function validateNode(report: Report, spec: JsonObject, old: JsonObject | undefined): void {
  const seen = new Set<string>();
  for (const [index, taint] of listAt(spec, "taints").filter(isObject).entries()) {
    const path = `spec.taints[${index}]`;
    const key = textAt(taint, "key");
    const effect = textAt(taint, "effect");
    for (const problem of qualifiedNameProblems(key)) report(invalidValue(`${path}.key`, key, problem));
    supported(report, taint, `${path}.effect`, "effect", ["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    if (seen.has(`${key}:${effect}`)) report(duplicateValue(path, { key, effect }));
    seen.add(`${key}:${effect}`);
  }
  const range = textAt(old, "podCIDR");
  if (range !== "" && textAt(spec, "podCIDR") !== range) {
    report(forbiddenValue("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid'));
  }
}
