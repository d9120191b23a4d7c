import type { DeleteOptions } from "../api.ts";
import {
  at,
  childOf,
  copy,
  equal,
  isObject,
  listAt,
  mapAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
  type JsonObject,
} from "../json.ts";
import { applyDefaults, nextGeneration, qosClass } from "../resources/defaults.ts";
import { apiVersionOf, type ResourceKind } from "../resources/kinds.ts";
import { validate } from "../resources/validation.ts";
import { admitNamespace, admitNodeUser, admitPod } from "./admission.ts";
import {
  newUid,
  objectSubject,
  randomSuffix,
  storageKey,
  subject,
  timestamp,
  type Caller,
  type ServerContext,
} from "./context.ts";
import { alreadyExists, badRequest, conflict, forbidden, invalid, modified, notFound } from "./errors.ts";
import { eventForGroup } from "./events.ts";
import { noteUpdate } from "./managed-fields.ts";
import { fieldsSelect, selects, type FieldSelector, type LabelSelector } from "./selectors.ts";
import { allocateService } from "./services.ts";

export interface Selection {
  namespace: string;
  labels: LabelSelector;
  fields: FieldSelector;
}

export interface RemoveOptions extends DeleteOptions {
  resourceVersion?: string;
  orphanDependents?: boolean;
}

/** What a deletion left: the object while it is going or for kinds that answer it, else only its identity. */
interface Removal {
  object: JsonObject;
  gone: boolean;
}

const generated = new Set([
  "Deployment",
  "ReplicaSet",
  "DaemonSet",
  "StatefulSet",
  "Job",
  "CronJob",
  "EndpointSlice",
  "NetworkPolicy",
  "Ingress",
  "PodDisruptionBudget",
  "CustomResourceDefinition",
  "FlowSchema",
  "PriorityLevelConfiguration",
  "ReplicationController",
]);
const createdByUpdate = new Set(["Lease", "Endpoints", "Event"]);

/**
 * Creates, changes and deletes objects by the rules of their kinds: defaults, admission, validation, allocation,
 * optimistic concurrency, finalizers and graceful deletion. Every refusal is an ApiError.
 */
export class Objects {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /** The stored object, shared: copy it before changing it. */
  get(kind: ResourceKind, namespace: string, name: string): JsonObject {
    const found = this.#context.store().get(kind.storage, storageKey(kind, namespace, name));
    if (!found) throw notFound(subject(kind, name));
    return found;
  }

  /** Stored objects, shared, in the order of namespace and name. */
  list(kind: ResourceKind, { namespace, labels, fields }: Selection): JsonObject[] {
    const prefix = kind.namespaced && namespace !== "" ? `${namespace}/` : "";
    const all = this.#context.store().list(kind.storage, prefix);
    if (labels.length === 0 && fields.length === 0) return all;
    return all.filter((object) => selects(labels, mapAt(object, "metadata", "labels")) && fieldsSelect(fields, object));
  }

  create(kind: ResourceKind, namespace: string, given: JsonObject, caller: Caller): JsonObject {
    const object = copy(given);
    object["kind"] = kind.kind;
    object["apiVersion"] = apiVersionOf(kind);
    const metadata = childOf(object, "metadata");
    this.#placeNamespace(kind, namespace, metadata);
    const prefix = textAt(metadata, "generateName");
    if (textAt(metadata, "name") === "" && prefix !== "") {
      metadata["name"] = prefix.slice(0, 58) + randomSuffix(this.#context.random);
    }
    const name = textAt(metadata, "name");
    const now = timestamp(this.#context.clock.now());
    for (const field of ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"])
      delete metadata[field];
    if (textAt(metadata, "resourceVersion") !== "")
      throw badRequest("resourceVersion should not be set on objects to be created");
    metadata["uid"] = newUid(this.#context.random);
    metadata["creationTimestamp"] = now;
    if (generated.has(kind.kind)) metadata["generation"] = 1;
    this.#prepareForCreate(kind, object, caller);
    if (kind.namespaced) admitNamespace(this.#context, kind, textAt(metadata, "namespace"), name);
    this.#refuse(kind, object, undefined);
    const key = storageKey(kind, textAt(metadata, "namespace"), name);
    if (this.#context.store().get(kind.storage, key)) throw alreadyExists(subject(kind, name));
    return this.#put(kind, key, object, caller);
  }

  /** Replaces an object, or its part that `subresource` names. `object` is kept and must be the caller's own. */
  update(
    kind: ResourceKind,
    namespace: string,
    name: string,
    object: JsonObject,
    caller: Caller,
    subresource: "" | "status" | "finalize" | "approval" | "ephemeralcontainers" = "",
  ): JsonObject {
    const store = this.#context.store();
    const key = storageKey(kind, namespace, name);
    const old = store.get(kind.storage, key);
    const metadata = childOf(object, "metadata");
    if (textAt(metadata, "name") === "") metadata["name"] = name;
    if (textAt(metadata, "name") !== name) {
      throw badRequest(
        `the name of the object (${textAt(metadata, "name")}) does not match the name on the URL (${name})`,
      );
    }
    if (!old) {
      if (createdByUpdate.has(kind.kind) && subresource === "") {
        delete metadata["resourceVersion"];
        return this.create(kind, namespace, object, caller);
      }
      throw notFound(subject(kind, name));
    }
    this.#placeNamespace(kind, namespace, metadata);
    const version = textAt(metadata, "resourceVersion");
    if (version !== "" && version !== textAt(old, "metadata", "resourceVersion")) throw modified(subject(kind, name));
    if (textAt(metadata, "uid") !== "" && textAt(metadata, "uid") !== textAt(old, "metadata", "uid")) {
      throw conflict(
        subject(kind, name),
        `Precondition failed: UID in precondition: ${textAt(metadata, "uid")}, UID in object meta: ${textAt(old, "metadata", "uid")}`,
      );
    }
    admitNodeUser(kind, namespace, name, caller, this.#context);
    const next = this.#prepareForUpdate(kind, object, old, subresource);
    // Simplified: only the finalize subresource may do this; here also the control plane's own components.
    if (kind.kind === "Namespace" && subresource === "" && caller.isComponent !== true) {
      childOf(next, "spec")["finalizers"] = at(old, "spec", "finalizers");
    }
    this.#refuse(kind, next, old);
    this.#note(kind, next, old, caller, subresource);
    return this.#store(kind, key, next, old, caller, subresource);
  }

  /** Changes the current object by a function; used for patches and subresources. */
  change(
    kind: ResourceKind,
    namespace: string,
    name: string,
    caller: Caller,
    edit: (object: JsonObject) => JsonObject,
    subresource: "" | "status" | "approval" | "ephemeralcontainers" = "",
  ): JsonObject {
    const old = this.get(kind, namespace, name);
    const edited = edit(copy(old));
    return this.update(kind, namespace, name, edited, caller, subresource);
  }

  remove(kind: ResourceKind, namespace: string, name: string, options: RemoveOptions, caller: Caller): Removal {
    const old = this.get(kind, namespace, name);
    this.#checkPreconditions(kind, name, old, options);
    if (kind.plural === "namespaces") return this.#removeNamespace(kind, name, old, caller);
    const now = this.#context.clock.now();
    const grace = kind.kind === "Pod" ? podGrace(old, options) : 0;
    const finalizers = listAt(old, "metadata", "finalizers").filter((item) => typeof item === "string");
    const wanted = new Set(finalizers);
    const background = options.propagationPolicy === "Background";
    if (options.propagationPolicy === "Foreground") wanted.add("foregroundDeletion");
    if (options.propagationPolicy === "Orphan" || options.orphanDependents === true) wanted.add("orphan");
    if (background) for (const finalizer of ["foregroundDeletion", "orphan"]) wanted.delete(finalizer);
    const key = storageKey(kind, namespace, name);
    if (grace === 0 && wanted.size === 0) {
      const last = kind.kind === "Pod" ? this.#put(kind, key, withoutGrace(old, now), caller) : old;
      return this.#erase(kind, key, last, caller);
    }
    const pending = textAt(old, "metadata", "deletionTimestamp") !== "";
    const previous = numberAt(old, "metadata", "deletionGracePeriodSeconds") ?? 0;
    if (pending && grace >= previous && wanted.size === finalizers.length) return { object: old, gone: false };
    const next = copy(old);
    const metadata = childOf(next, "metadata");
    if (!pending || grace < previous) {
      metadata["deletionTimestamp"] = timestamp(now + grace * 1000);
      metadata["deletionGracePeriodSeconds"] = grace;
      if (!pending && generated.has(kind.kind)) metadata["generation"] = nextGeneration(old);
    }
    if (wanted.size > 0) metadata["finalizers"] = [...wanted];
    else delete metadata["finalizers"];
    return { object: this.#put(kind, key, next, caller), gone: false };
  }

  #placeNamespace(kind: ResourceKind, namespace: string, metadata: JsonObject): void {
    if (!kind.namespaced) {
      delete metadata["namespace"];
      return;
    }
    const own = textAt(metadata, "namespace");
    if (own !== "" && own !== namespace) {
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
    metadata["namespace"] = namespace;
  }

  #prepareForCreate(kind: ResourceKind, object: JsonObject, caller: Caller): void {
    const context = this.#context;
    const metadata = childOf(object, "metadata");
    const hasStatus = kind.subresources.some((item) => item.name === "status");
    // The kubelet registers its node with a status; every other status is its controller's to write.
    if (hasStatus && kind.kind !== "Node") delete object["status"];
    applyDefaults(kind.kind, object);
    // What admission adds and the server allocates afterwards belongs to nobody.
    this.#note(kind, object, undefined, caller, "");
    switch (kind.kind) {
      case "Pod":
        admitPod(context, kind, object, caller);
        childOf(object, "status")["qosClass"] = qosClass(childOf(object, "spec"));
        break;
      case "Namespace":
        childOf(object, "spec")["finalizers"] = ["kubernetes"];
        break;
      case "Node":
        admitNodeUser(kind, "", textAt(metadata, "name"), caller, context);
        break;
      case "CertificateSigningRequest": {
        const spec = childOf(object, "spec");
        spec["username"] = caller.user.name;
        spec["groups"] = [...caller.user.groups];
        break;
      }
      case "Job":
        prepareJob(object);
        break;
      default:
    }
  }

  #prepareForUpdate(kind: ResourceKind, object: JsonObject, old: JsonObject, subresource: string): JsonObject {
    const next: JsonObject = object;
    next["kind"] = kind.kind;
    next["apiVersion"] = apiVersionOf(kind);
    const metadata = childOf(next, "metadata");
    for (const field of [
      "uid",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "generation",
      "generateName",
    ]) {
      const value = at(old, "metadata", field);
      if (value === undefined) delete metadata[field];
      else metadata[field] = value;
    }
    delete metadata["selfLink"];
    const hasStatus = kind.subresources.some((item) => item.name === "status");
    if (subresource === "status" || subresource === "approval") {
      for (const field of Object.keys(old)) {
        if (field !== "status" && field !== "metadata") next[field] = old[field];
      }
      for (const field of Object.keys(next)) if (old[field] === undefined && field !== "status") delete next[field];
      // Labels and annotations of nodes may come with their status, as the kubelet sends them.
      if (kind.kind !== "Node" && subresource === "status") keepMetadata(metadata, old);
    } else if (subresource === "finalize") next["status"] = old["status"];
    else if (hasStatus) {
      if (old["status"] === undefined) delete next["status"];
      else next["status"] = old["status"];
    }
    if (kind.kind === "Service") keepAddresses(childOf(next, "spec"), objectAt(old, "spec"));
    applyDefaults(kind.kind, next);
    if (generated.has(kind.kind) && !equal(withoutMeta(next), withoutMeta(old)))
      metadata["generation"] = nextGeneration(old);
    return next;
  }

  #refuse(kind: ResourceKind, object: JsonObject, old: JsonObject | undefined): void {
    const name = textAt(object, "metadata", "name");
    const causes = validate(kind.kind, object, old);
    if (causes.length > 0) throw invalid(objectSubject(kind, name), causes);
    if (kind.kind === "Service") {
      const problems = allocateService(this.#context, object, old);
      if (problems.length > 0) throw invalid(objectSubject(kind, name), problems);
    }
  }

  #note(
    kind: ResourceKind,
    object: JsonObject,
    old: JsonObject | undefined,
    caller: Caller,
    subresource: string,
  ): void {
    const metadata = childOf(object, "metadata");
    for (const field of ["labels", "annotations", "finalizers", "ownerReferences"]) {
      const value = metadata[field];
      const isEmpty = Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
      if (isEmpty) delete metadata[field];
    }
    if (caller.fieldManager === "") {
      if (old && metadata["managedFields"] === undefined && at(old, "metadata", "managedFields") !== undefined) {
        metadata["managedFields"] = at(old, "metadata", "managedFields");
      }
      return;
    }
    if (caller.fieldManager.startsWith("apply:")) return;
    if (old) metadata["managedFields"] = copy(listAt(old, "metadata", "managedFields"));
    const apiVersion = caller.apiVersion ?? apiVersionOf(kind);
    const isOther = kind.kind === "Event" && apiVersion !== apiVersionOf(kind);
    const [shown, before] = isOther ? [eventForGroup(object), old && eventForGroup(old)] : [object, old];
    noteUpdate(kind.kind, shown, before, {
      name: caller.fieldManager,
      operation: "Update",
      apiVersion,
      time: timestamp(this.#context.clock.now()),
      ...(subresource === "" ? {} : { subresource }),
    });
  }

  #store(
    kind: ResourceKind,
    key: string,
    next: JsonObject,
    old: JsonObject,
    caller: Caller,
    subresource: string,
  ): JsonObject {
    const metadata = childOf(next, "metadata");
    metadata["resourceVersion"] = at(old, "metadata", "resourceVersion");
    if (equal(next, old)) return old;
    const going = textAt(old, "metadata", "deletionTimestamp") !== "";
    const grace = numberAt(old, "metadata", "deletionGracePeriodSeconds") ?? 0;
    const held = listAt(metadata, "finalizers").length > 0 || listAt(next, "spec", "finalizers").length > 0;
    if (going && grace === 0 && !held) return this.#erase(kind, key, next, caller).object;
    return this.#put(kind, key, next, caller, subresource);
  }

  #put(kind: ResourceKind, key: string, object: JsonObject, caller: Caller, subresource = ""): JsonObject {
    const store = this.#context.store();
    if (caller.dryRun) {
      if (!store.get(kind.storage, key)) delete childOf(object, "metadata")["resourceVersion"];
      return object;
    }
    const action = store.get(kind.storage, key) ? "update" : "create";
    const stored = store.put(kind.storage, key, (revision) => withRevision(object, revision));
    this.#tell(action, kind, object, caller, subresource);
    return stored;
  }

  #erase(kind: ResourceKind, key: string, object: JsonObject, caller: Caller): Removal {
    if (caller.dryRun) return { object, gone: true };
    const last = this.#context.store().delete(kind.storage, key, (revision) => withRevision(copy(object), revision));
    this.#tell("delete", kind, object, caller, "");
    return { object: last ?? object, gone: true };
  }

  #tell(
    action: "create" | "update" | "delete",
    { kind }: ResourceKind,
    object: JsonObject,
    { user, fieldManager }: Caller,
    part: string,
  ): void {
    const name = textAt(object, "metadata", "name");
    this.#context.observe?.({ action, user, agent: fieldManager.replace(/^apply:/, ""), kind, part, name });
  }

  #removeNamespace(kind: ResourceKind, name: string, old: JsonObject, caller: Caller): Removal {
    if (["default", "kube-system", "kube-public"].includes(name)) {
      throw forbidden(subject(kind, name), "this namespace may not be deleted");
    }
    if (listAt(old, "spec", "finalizers").length === 0) return this.#erase(kind, name, old, caller);
    if (textAt(old, "metadata", "deletionTimestamp") !== "") return { object: old, gone: false };
    const next = copy(old);
    childOf(next, "metadata")["deletionTimestamp"] = timestamp(this.#context.clock.now());
    childOf(next, "status")["phase"] = "Terminating";
    return { object: this.#put(kind, name, next, caller), gone: false };
  }

  #checkPreconditions(kind: ResourceKind, name: string, old: JsonObject, options: RemoveOptions): void {
    const uid = textAt(old, "metadata", "uid");
    if (options.uid !== undefined && options.uid !== uid) {
      throw conflict(
        objectSubject(kind, name),
        `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
      );
    }
    const version = textAt(old, "metadata", "resourceVersion");
    if (options.resourceVersion !== undefined && options.resourceVersion !== version) {
      throw conflict(
        objectSubject(kind, name),
        `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`,
      );
    }
  }
}

function withRevision(object: JsonObject, revision: number): JsonObject {
  childOf(object, "metadata")["resourceVersion"] = String(revision);
  return object;
}

/** A pod's state just before it is gone, which watchers see too. */
function withoutGrace(old: JsonObject, now: number): JsonObject {
  const next = copy(old);
  const metadata = childOf(next, "metadata");
  metadata["deletionTimestamp"] = timestamp(now);
  metadata["deletionGracePeriodSeconds"] = 0;
  return next;
}

/** An update that leaves a service's addresses out keeps them. */
function keepAddresses(spec: JsonObject, old: JsonObject | undefined): void {
  if (textAt(spec, "clusterIP") !== "" || textAt(spec, "type") === "ExternalName") return;
  for (const field of ["clusterIP", "clusterIPs"]) if (old?.[field] !== undefined) spec[field] = old[field];
}

function withoutMeta(object: JsonObject): JsonObject {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

function keepMetadata(metadata: JsonObject, old: JsonObject): void {
  for (const field of ["finalizers", "ownerReferences"]) {
    const value = at(old, "metadata", field);
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
}

/** How long a pod gets to end: nothing for one that never ran or has ended. */
function podGrace(pod: JsonObject, options: RemoveOptions): number {
  if (textAt(pod, "spec", "nodeName") === "") return 0;
  if (["Succeeded", "Failed"].includes(textAt(pod, "status", "phase"))) return 0;
  return options.gracePeriodSeconds ?? numberAt(pod, "spec", "terminationGracePeriodSeconds") ?? 30;
}

/** Gives a job its selector and its pods their labels. */
function prepareJob(object: JsonObject): void {
  const spec = childOf(object, "spec");
  if (spec["manualSelector"] === true) return;
  const uid = textAt(object, "metadata", "uid");
  const name = textAt(object, "metadata", "name");
  const labels = childOf(childOf(childOf(spec, "template"), "metadata"), "labels");
  for (const prefix of ["", "batch.kubernetes.io/"]) {
    labels[`${prefix}controller-uid`] = uid;
    labels[`${prefix}job-name`] = name;
  }
  spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
  const template = objectAt(spec, "template", "spec");
  if (template && objectsAt(template, "containers").length > 0 && !isObject(object["status"])) object["status"] = {};
}
