import {
  at,
  childOf,
  copy,
  isObject,
  listAt,
  mapAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  type JsonObject,
} from "../json.ts";
import { knownKind, type ResourceKind } from "../resources/kinds.ts";
import type { UserInfo } from "../api.ts";
import { isAllowed, rulesFor } from "./authorization.ts";
import { signToken, tokenUser, type TokenKeys } from "./authentication.ts";
import { storageKey, timestamp, type Caller, type ServerContext } from "./context.ts";
import { badRequest, conflict, failure, invalid, invalidValue } from "./errors.ts";
import type { Objects } from "./objects.ts";
import { matchesLabels, selectorText } from "./selectors.ts";

/** The Scale that stands for an object with replicas. */
export function scaleOf(object: JsonObject): JsonObject {
  const metadata: JsonObject = {};
  for (const field of ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]) {
    metadata[field] = at(object, "metadata", field);
  }
  const replicas = numberAt(object, "spec", "replicas") ?? 0;
  const selector = selectorText(at(object, "spec", "selector"));
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata,
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, "status", "replicas") ?? 0, selector },
  };
}

/** Changes an object's replicas by a new version of its Scale. */
export function applyScale(
  objects: Objects,
  kind: ResourceKind,
  namespace: string,
  name: string,
  caller: Caller,
  edit: (scale: JsonObject) => JsonObject,
): JsonObject {
  const changed = objects.change(kind, namespace, name, caller, (object) => {
    const scale = edit(scaleOf(object));
    const replicas = numberAt(scale, "spec", "replicas") ?? 0;
    if (replicas < 0) {
      throw invalid({ name, group: "autoscaling", kind: "Scale" }, [
        invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"),
      ]);
    }
    const version = textAt(scale, "metadata", "resourceVersion");
    if (version !== "") childOf(object, "metadata")["resourceVersion"] = version;
    childOf(object, "spec")["replicas"] = replicas;
    return object;
  });
  return scaleOf(changed);
}

const pods = knownKind("v1", "pods");

/** Gives a pod its node, as a scheduler does. Throws ApiError Conflict when it has one. */
export function bindPod(
  context: ServerContext,
  objects: Objects,
  namespace: string,
  name: string,
  binding: JsonObject,
  { user, fieldManager: agent }: Caller,
): void {
  const pod = objects.get(pods, namespace, name);
  const node = textAt(binding, "target", "name");
  const now = textAt(pod, "spec", "nodeName");
  if (now !== "") {
    throw conflict({ name, group: "", kind: "pods/binding" }, `pod ${name} is already assigned to node "${now}"`);
  }
  if (textAt(pod, "metadata", "deletionTimestamp") !== "") {
    throw conflict(
      { name, group: "", kind: "pods/binding" },
      `pod ${name} is being deleted, cannot be assigned to a host`,
    );
  }
  const next = copy(pod);
  childOf(next, "spec")["nodeName"] = node;
  const status = childOf(next, "status");
  const others = objectsAt(status, "conditions").filter((condition) => condition["type"] !== "PodScheduled");
  const condition = {
    type: "PodScheduled",
    status: "True",
    lastProbeTime: null,
    lastTransitionTime: timestamp(context.clock.now()),
  };
  status["conditions"] = [...others, condition];
  context.store().put(pods.storage, storageKey(pods, namespace, name), (revision) => {
    childOf(next, "metadata")["resourceVersion"] = String(revision);
    return next;
  });
  context.observe?.({ action: "update", user, agent, kind: "Pod", part: "binding", name });
}

/** Deletes a pod unless a disruption budget forbids it. */
export function evictPod(
  context: ServerContext,
  objects: Objects,
  namespace: string,
  name: string,
  eviction: JsonObject,
  caller: Caller,
): void {
  const pod = objects.get(pods, namespace, name);
  const labels = mapAt(pod, "metadata", "labels");
  for (const budget of context.store().list("poddisruptionbudgets.policy", `${namespace}/`)) {
    const selector = objectAt(budget, "spec", "selector");
    if (!selector || !matchesLabels(selector, labels)) continue;
    if ((numberAt(budget, "status", "disruptionsAllowed") ?? 0) <= 0) {
      throw failure(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
        causes: [
          {
            reason: "DisruptionBudget",
            message: `The disruption budget ${textAt(budget, "metadata", "name")} needs ${numberAt(budget, "status", "desiredHealthy") ?? 0} healthy pods and has ${numberAt(budget, "status", "currentHealthy") ?? 0} currently`,
            field: "",
          },
        ],
      });
    }
  }
  const options = objectAt(eviction, "deleteOptions");
  const grace = numberAt(options, "gracePeriodSeconds");
  const uid = textAt(options, "preconditions", "uid");
  objects.remove(
    pods,
    namespace,
    name,
    { ...(grace === undefined ? {} : { gracePeriodSeconds: grace }), ...(uid ? { uid } : {}) },
    caller,
  );
}

const accounts = knownKind("v1", "serviceaccounts");

/** Issues a token for a service account. */
export function issueToken(
  context: ServerContext,
  objects: Objects,
  keys: TokenKeys,
  namespace: string,
  name: string,
  request: JsonObject,
): JsonObject {
  const account = objects.get(accounts, namespace, name);
  const seconds = numberAt(request, "spec", "expirationSeconds") ?? 3600;
  if (seconds < 600) {
    throw invalid({ name: "", group: "authentication.k8s.io", kind: "TokenRequest" }, [
      invalidValue("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"),
    ]);
  }
  const now = Math.floor(context.clock.now() / 1000);
  const named = listAt(request, "spec", "audiences").filter((item) => typeof item === "string");
  const audiences = named.length > 0 ? named : [keys.issuer];
  const bound = objectAt(request, "spec", "boundObjectRef");
  const token = signToken(keys, {
    aud: audiences,
    exp: now + seconds,
    iat: now,
    iss: keys.issuer,
    "kubernetes.io": {
      namespace,
      ...(bound && textAt(bound, "kind") === "Pod"
        ? { pod: { name: textAt(bound, "name"), uid: textAt(bound, "uid") } }
        : {}),
      serviceaccount: { name, uid: textAt(account, "metadata", "uid") },
    },
    nbf: now,
    sub: `system:serviceaccount:${namespace}:${name}`,
  });
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp(context.clock.now()) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: bound ?? null },
    status: { token, expirationTimestamp: timestamp((now + seconds) * 1000) },
  };
}

function accessAnswer(context: ServerContext, user: UserInfo, spec: JsonObject | undefined): JsonObject {
  const resource = objectAt(spec, "resourceAttributes");
  const path = objectAt(spec, "nonResourceAttributes");
  if (!resource && !path)
    throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
  const allowed = isAllowed(context, user, {
    verb: textAt(resource ?? path, "verb"),
    group: textAt(resource, "group"),
    resource: textAt(resource, "resource"),
    subresource: textAt(resource, "subresource"),
    namespace: textAt(resource, "namespace"),
    name: textAt(resource, "name"),
    path: textAt(path, "path"),
  });
  return { allowed, ...(allowed ? { reason: "" } : {}) };
}

/** Answers the kinds that are only asked and never stored; undefined for any other. */
export function answerReview(
  context: ServerContext,
  kind: ResourceKind,
  namespace: string,
  review: JsonObject,
  caller: Caller,
  keys: TokenKeys | undefined,
): JsonObject | undefined {
  const spec = objectAt(review, "spec") ?? {};
  const answer = (status: JsonObject): JsonObject => ({
    kind: kind.kind,
    apiVersion: `${kind.group}/${kind.version}`,
    metadata: { creationTimestamp: null },
    spec,
    status,
  });
  const texts = (field: string): string[] => listAt(spec, field).filter((item) => typeof item === "string");
  switch (kind.kind) {
    case "SelfSubjectReview":
      return answer({ userInfo: { username: caller.user.name, groups: [...caller.user.groups] } });
    case "SelfSubjectAccessReview":
      return answer(accessAnswer(context, caller.user, spec));
    case "SubjectAccessReview":
    case "LocalSubjectAccessReview":
      return answer(accessAnswer(context, { name: textAt(spec, "user"), groups: texts("groups") }, spec));
    case "SelfSubjectRulesReview": {
      const rules = [...rulesFor(context, caller.user, textAt(spec, "namespace") || namespace)];
      const paths = (rule: JsonObject): boolean => listAt(rule, "nonResourceURLs").length > 0;
      return answer({
        resourceRules: rules.filter((rule) => !paths(rule)),
        nonResourceRules: rules.filter(paths),
        incomplete: false,
      });
    }
    case "TokenReview": {
      if (!keys) return answer({ authenticated: false });
      try {
        const user = tokenUser(context, textAt(spec, "token"), keys);
        return answer({ authenticated: true, user: { username: user.name, groups: [...user.groups] } });
      } catch {
        return answer({ authenticated: false, error: "invalid bearer token" });
      }
    }
    default:
      return undefined;
  }
}

/** What `kubectl get componentstatuses` shows; `isListening` tells of ports on the API server's machine. */
export function componentStatuses(etcdAnswers: boolean, isListening: (port: number) => boolean): JsonObject[] {
  const health = (name: string, ok: boolean, port: number): JsonObject => {
    const address = `127.0.0.1:${port}`;
    const path = port === 2379 ? "health" : "healthz";
    const refused = `Get "https://${address}/${path}": dial tcp ${address}: connect: connection refused`;
    return {
      kind: "ComponentStatus",
      apiVersion: "v1",
      metadata: { name, creationTimestamp: null },
      conditions: [{ type: "Healthy", status: ok ? "True" : "False", message: ok ? "ok" : refused }],
    };
  };
  return [
    health("scheduler", isListening(10_259), 10_259),
    health("controller-manager", isListening(10_257), 10_257),
    health("etcd-0", etcdAnswers, 2379),
  ];
}

/** The container of a pod that a request means. Throws ApiError BadRequest when it is not clear. */
export function containerOf(pod: JsonObject, wanted: string): string {
  const name = textAt(pod, "metadata", "name");
  const names = ["containers", "initContainers", "ephemeralContainers"].flatMap((field) =>
    listAt(pod, "spec", field)
      .filter(isObject)
      .map((container) => textAt(container, "name")),
  );
  const plain = objectsAt(pod, "spec", "containers").map((container) => textAt(container, "name"));
  if (wanted !== "") {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
    return wanted;
  }
  if (plain.length > 1) {
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${plain.join(" ")}]`);
  }
  return plain[0] ?? "";
}
