import type { KubeObject } from "../../../../domain/check.ts";
import type { ModelledMachine } from "../../machine/machine.ts";
import { NetworkError } from "../../network/network.ts";
import { ApiError, type ApiClient, type ListOptions, type UserInfo, type WatchEvent } from "../api.ts";
import type { Caller } from "../api-server/context.ts";
import { eventFromGroup } from "../api-server/events.ts";
import { resourceNotFound } from "../api-server/errors.ts";
import { mergePatch } from "../api-server/patch.ts";
import { parseFieldSelector, parseLabelSelector } from "../api-server/selectors.ts";
import { ApiServer } from "../api-server/server.ts";
import { bindPod } from "../api-server/subresources.ts";
import { watchObjects } from "../api-server/watch.ts";
import { copy, isObject, type JsonObject } from "../json.ts";
import { kindOf, type ResourceKind } from "../resources/kinds.ts";

/** Where components on the API server's own machine find it. Simplified: real ones go through its TLS port. */
export const apiServerSocket = "/run/kube-apiserver.sock";

/** An object of the API as callers know it: every stored object has metadata with a name. */
export function isKubeObject(value: unknown): value is KubeObject {
  return isObject(value) && isObject(value["metadata"]);
}

function own(object: JsonObject): KubeObject {
  const result = copy(object);
  if (!isKubeObject(result)) throw new TypeError("an object without metadata");
  return result;
}

/**
 * An ApiClient for a component that runs beside the API server, as `user`, without HTTP and JSON between them.
 * Calls reject with NetworkError ECONNREFUSED while the machine's API server does not run.
 */
export function createStoreClient(machine: ModelledMachine, user: UserInfo, port = 6443): ApiClient {
  const connect = (): ApiServer => {
    const server = machine.sockets.connect(apiServerSocket);
    if (!(server instanceof ApiServer)) throw new NetworkError("ECONNREFUSED", machine.address, port);
    return server;
  };
  return createServerClient(connect, user);
}

/** As createStoreClient, over whatever server `connect` finds at each call. */
export function createServerClient(connect: () => ApiServer, user: UserInfo): ApiClient {
  const caller: Caller = {
    user,
    dryRun: false,
    fieldManager: user.name.replace(/^system:/, ""),
    isComponent: true,
    warn: () => undefined,
  };
  const resource = ({ apiVersion, resource: plural }: { apiVersion: string; resource: string }): ResourceKind => {
    const kind = kindOf(apiVersion, plural);
    if (!kind) throw resourceNotFound();
    return kind;
  };
  const selection = (options: ListOptions, kind: ResourceKind) => ({
    namespace: options.namespace ?? "",
    labels: parseLabelSelector(options.labelSelector ?? ""),
    fields: parseFieldSelector(options.fieldSelector ?? "", kind.kind),
  });
  return {
    async get(key) {
      try {
        return own(connect().objects.get(resource(key), key.namespace, key.name));
      } catch (error) {
        if (error instanceof ApiError && error.code === 404) return undefined;
        throw error;
      }
    },
    async list(options) {
      const server = connect();
      const kind = resource(options);
      const items = server.objects.list(kind, selection(options, kind)).map(own);
      return { items, resourceVersion: String(server.context.store().revision) };
    },
    async create(key, object) {
      const server = connect();
      if (key.resource === "bindings" || key.resource === "pods/binding") {
        bindPod(server.context, server.objects, key.namespace, object.metadata.name, object, caller);
        return own(object);
      }
      if (key.apiVersion === "events.k8s.io/v1" && key.resource === "events") {
        const event = eventFromGroup(copy(jsonOf(object)));
        const noted = { ...caller, apiVersion: key.apiVersion };
        return own(server.objects.create(resource({ ...key, apiVersion: "v1" }), key.namespace, event, noted));
      }
      return own(server.objects.create(resource(key), key.namespace, object, caller));
    },
    async update(key, object) {
      return own(connect().objects.update(resource(key), key.namespace, key.name, copy(jsonOf(object)), caller));
    },
    async updateStatus(key, object) {
      return own(
        connect().objects.update(resource(key), key.namespace, key.name, copy(jsonOf(object)), caller, "status"),
      );
    },
    async patch(key, patch, subresource) {
      const edit = (old: JsonObject): JsonObject => {
        const next = mergePatch(old, patch);
        return isObject(next) ? next : old;
      };
      return own(connect().objects.change(resource(key), key.namespace, key.name, caller, edit, subresource ?? ""));
    },
    async delete(key, options = {}) {
      connect().objects.remove(resource(key), key.namespace, key.name, options, caller);
    },
    watch(options, signal) {
      return watchLocal(
        connect,
        resource(options),
        selection(options, resource(options)),
        options.resourceVersion,
        signal,
        user,
      );
    },
  };
}

const jsonOf = (object: KubeObject): JsonObject => object;

async function* watchLocal(
  connect: () => ApiServer,
  kind: ResourceKind,
  selection: Parameters<typeof watchObjects>[2]["selection"],
  resourceVersion: string,
  signal: AbortSignal,
  user: UserInfo,
): AsyncGenerator<WatchEvent> {
  const events = watchObjects(connect().context, kind, {
    selection,
    resourceVersion,
    bookmarks: false,
    timeout: 2 ** 30,
    signal,
    user,
  });
  for await (const { type, object } of events) {
    yield { type, object: type === "ERROR" ? { ...object, metadata: { name: "" } } : own(object) };
  }
}
