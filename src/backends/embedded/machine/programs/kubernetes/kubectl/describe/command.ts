import { pathOf } from "../../client/discovery.ts";
import { CommandError, isApiError, ManyErrors } from "../../client/errors.ts";
import { objectsAt, textAt, type Json } from "../../client/json.ts";
import { fileFlags, readManifests } from "../manifests.ts";
import {
  findObjects,
  objectName,
  selections,
  withType,
  type FoundObject,
  type Selection,
} from "../resource-arguments.ts";
import type { Command, Session } from "../session.ts";
import { describePriorityClass, describeRole, describeRoleBinding } from "./access.ts";
import { describeAnything } from "./generic.ts";
import { describeEndpoints, describeEndpointSlice, describeService } from "./network.ts";
import { describeNode } from "./node.ts";
import {
  describeConfigMap,
  describeDaemonSet,
  describeDeployment,
  describeJob,
  describeNamespace,
  describePod,
  describeReplicaSet,
  describeSecret,
  describeServiceAccount,
  type Surroundings,
} from "./workloads.ts";
import { DescriptionWriter } from "./writer.ts";

export const describeCommand: Command = {
  summary: "Show details of a specific resource or group of resources",
  usage: "kubectl describe (-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]",
  group: "Troubleshooting and Debugging Commands",
  flags: {
    ...fileFlags,
    "all-namespaces": { kind: "bool", short: "A" },
    selector: { kind: "string", short: "l" },
    "show-events": { kind: "bool" },
    "chunk-size": { kind: "int" },
  },
  run: describe,
};

async function describe(session: Session): Promise<number> {
  const { flags } = session;
  if (!flags.has("filename") && flags.words.length === 0) {
    throw new CommandError(
      'error: You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  }
  const errors: unknown[] = [];
  const found: FoundObject[] = [];
  const selected = flags.has("filename") ? await fromFiles(session) : await selections(session, flags.words);
  for (const selection of selected) {
    const parts: Selection[] =
      selection.names.length === 0 ? [selection] : selection.names.map((name) => ({ ...selection, names: [name] }));
    for (const part of parts) {
      try {
        const options = { allNamespaces: flags.bool("all-namespaces"), labelSelector: flags.text("selector") };
        found.push(...(await findObjects(session, [part], options)));
      } catch (error) {
        const matches = isApiError(error, "NotFound") ? await byPrefix(session, part) : [];
        if (matches.length === 0) errors.push(error);
        found.push(...matches);
      }
    }
  }
  let first = true;
  for (const entry of found) {
    const text = await describeOne(session, entry);
    await session.out(`${first ? "" : "\n\n"}${text}`);
    first = false;
  }
  if (found.length === 0 && errors.length === 0) {
    const scope = flags.bool("all-namespaces") ? "" : session.namespace;
    await session.err(scope === "" ? "No resources found\n" : `No resources found in ${scope} namespace.\n`);
  }
  if (errors.length > 0) throw new ManyErrors(errors);
  return 0;
}

async function fromFiles(session: Session): Promise<Selection[]> {
  const selected: Selection[] = [];
  for (const entry of await readManifests(session)) {
    if ("error" in entry) throw entry.error;
    selected.push({ resource: entry.resource, names: [objectName(entry.object)] });
  }
  return selected;
}

/** A name that does not exist describes everything that begins with it. */
async function byPrefix(session: Session, selection: Selection): Promise<FoundObject[]> {
  const [prefix = ""] = selection.names;
  const all = await findObjects(session, [{ ...selection, names: [] }]);
  return all.filter(({ object }) => objectName(object).startsWith(prefix));
}

async function listOf(session: Session, path: string, query: Record<string, string> = {}): Promise<Json[]> {
  try {
    const list = await session.connection.json("GET", path, { query: { limit: "500", ...query } });
    return objectsAt(list, "items").map((item) => withType(item, list));
  } catch (error) {
    if (isApiError(error)) return [];
    throw error;
  }
}

async function eventsOf(session: Session, object: Json): Promise<Json[]> {
  if (session.flags.has("show-events") && !session.flags.bool("show-events")) return [];
  const namespace = textAt(object, "metadata", "namespace");
  const kind = textAt(object, "kind");
  const about = (uid: string): Promise<Json[]> => {
    const fields = {
      "involvedObject.name": objectName(object),
      "involvedObject.namespace": namespace,
      "involvedObject.kind": kind,
      "involvedObject.uid": uid,
    };
    const selector = Object.entries(fields)
      .filter(([, value]) => value !== "")
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    return listOf(session, namespace === "" ? "/api/v1/events" : `/api/v1/namespaces/${namespace}/events`, {
      fieldSelector: selector,
    });
  };
  const own = await about(textAt(object, "metadata", "uid"));
  // A node's kubelet gives the node's name where controllers give its UID.
  return kind === "Node" ? [...own, ...(await about(objectName(object)))] : own;
}

async function optional(session: Session, path: string): Promise<Json | undefined> {
  try {
    return await session.connection.json("GET", path);
  } catch (error) {
    if (isApiError(error)) return undefined;
    throw error;
  }
}

/** The description of one object, asking the API for what belongs to it. */
async function describeOne(session: Session, { resource, object }: FoundObject): Promise<string> {
  const writer = new DescriptionWriter(session.now(), session.minor);
  const namespace = textAt(object, "metadata", "namespace");
  const name = objectName(object);
  const events = await eventsOf(session, object);
  const around = async (parts: { pods?: boolean; replicaSets?: boolean }): Promise<Surroundings> => ({
    events,
    pods: parts.pods === true ? await listOf(session, `/api/v1/namespaces/${namespace}/pods`) : [],
    replicaSets:
      parts.replicaSets === true ? await listOf(session, `/apis/apps/v1/namespaces/${namespace}/replicasets`) : [],
  });
  switch (resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`) {
    case "pods":
      describePod(writer, object, await around({}));
      break;
    case "deployments.apps":
      describeDeployment(writer, object, await around({ replicaSets: true }));
      break;
    case "replicasets.apps":
      describeReplicaSet(writer, object, await around({ pods: true }));
      break;
    case "daemonsets.apps":
      describeDaemonSet(writer, object, await around({ pods: true }));
      break;
    case "jobs.batch":
      describeJob(writer, object, await around({}));
      break;
    case "services": {
      const endpoints = await optional(session, pathOf({ ...resource, plural: "endpoints" }, namespace, name));
      const slices = await listOf(session, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
        labelSelector: `kubernetes.io/service-name=${name}`,
      });
      describeService(writer, object, endpoints, slices, events);
      break;
    }
    case "endpoints":
      describeEndpoints(writer, object, events);
      break;
    case "endpointslices.discovery.k8s.io":
      describeEndpointSlice(writer, object, events);
      break;
    case "nodes": {
      const lease = await optional(session, `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`);
      const pods = await listOf(session, "/api/v1/pods", {
        fieldSelector: `spec.nodeName=${name},status.phase!=Failed,status.phase!=Succeeded`,
      });
      describeNode(writer, object, lease, pods, events);
      break;
    }
    case "configmaps":
      describeConfigMap(writer, object, await around({}));
      break;
    case "secrets":
      describeSecret(writer, object);
      break;
    case "namespaces":
      describeNamespace(writer, object);
      break;
    case "serviceaccounts":
      describeServiceAccount(writer, object, await around({}));
      break;
    case "roles.rbac.authorization.k8s.io":
    case "clusterroles.rbac.authorization.k8s.io":
      describeRole(writer, object);
      break;
    case "rolebindings.rbac.authorization.k8s.io":
    case "clusterrolebindings.rbac.authorization.k8s.io":
      describeRoleBinding(writer, object);
      break;
    case "priorityclasses.scheduling.k8s.io":
      describePriorityClass(writer, object, events);
      break;
    default:
      describeAnything(writer, object, events);
  }
  return writer.toString();
}
