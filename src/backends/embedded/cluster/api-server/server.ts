import { createHash } from "node:crypto";
import { encode } from "../../machine/io.ts";
import { ApiError, type ApiRequest, type ApiResponse, type UserInfo } from "../api.ts";
import { copy, isObject, listAt, textAt, type JsonObject } from "../json.ts";
import { openapiDocument, openapiIndex, openapiV2Document, openapiV2Protobuf } from "../openapi/documents.ts";
import { rootType } from "../openapi/fields.ts";
import { cannotHandle, pruneUnknown } from "../openapi/decode.ts";
import { apiGroups, apiVersionOf, kindOf, type ResourceKind } from "../resources/kinds.ts";
import { authorize } from "./authorization.ts";
import type { TokenKeys } from "./authentication.ts";
import { parseBody, parsePatch, patchTypeOf, type PatchType } from "./body.ts";
import { storageKey, timestamp, type Caller, type ServerContext } from "./context.ts";
import { aggregatedType, discoveryDocument } from "./discovery.ts";
import { badRequest, internal, invalid, methodNotAllowed, notFound, required, resourceNotFound } from "./errors.ts";
import { eventForGroup, eventFromGroup } from "./events.ts";
import { applyFields } from "./managed-fields.ts";
import { Objects, type Selection } from "./objects.ts";
import { paginate } from "./paging.ts";
import { jsonPatch, mergePatch, strategicMerge } from "./patch.ts";
import {
  deletedStatus,
  jsonResponse,
  negotiate,
  showList,
  showObject,
  textResponse,
  type Format,
} from "./responses.ts";
import { removeOptions } from "./remove-options.ts";
import { parseFieldSelector, parseLabelSelector } from "./selectors.ts";
import { answerReview, applyScale, bindPod, componentStatuses, evictPod, issueToken, scaleOf } from "./subresources.ts";
import { attributesOf, parseTarget, type ResourceTarget } from "./targets.ts";
import { deprecation, versionDocument, type ServerVersion } from "./version.ts";
import { watchBody, watchObjects } from "./watch.ts";

/** Requests that lead out of the server, to a kubelet, a pod or a service. */
export type StreamHandler = (request: ApiRequest, target: ResourceTarget) => Promise<ApiResponse>;

interface ApiServerOptions extends ServerContext {
  version: ServerVersion;
  /** `address:port` as discovery shows it. */
  address: string;
  tokenKeys?: TokenKeys;
  /** Whether something listens on a port of the server's machine. */
  isListening?: (port: number) => boolean;
  /** Answers log, exec, attach, portforward and proxy. */
  streams?: StreamHandler;
}

const returnsDeleted = new Set([
  "Pod",
  "Service",
  "ServiceAccount",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "PodTemplate",
  "ResourceQuota",
]);
const streamed = new Set(["log", "exec", "attach", "portforward", "proxy"]);

/** The Kubernetes API over a store: from a parsed request of a known user to its answer. */
export class ApiServer {
  readonly objects: Objects;
  readonly context: ServerContext;
  readonly #options: ApiServerOptions;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.context = options;
    this.objects = new Objects(options);
  }

  /** Never rejects: what goes wrong is a Status in the answer. */
  async handle(request: ApiRequest): Promise<ApiResponse> {
    const warnings: string[] = [];
    try {
      const response = await this.#answer(request, warnings);
      const headers: Record<string, string> = { "cache-control": "no-cache, private", ...response.headers };
      if (warnings.length > 0) {
        headers["warning"] = [...new Set(warnings)].map((text) => `299 - ${JSON.stringify(text)}`).join(", ");
      }
      return { ...response, headers };
    } catch (error) {
      const known =
        error instanceof ApiError ? error : internal(error instanceof Error ? error.message : String(error));
      const response = jsonResponse(known.code, JSON.stringify(known.status));
      return { ...response, headers: { "cache-control": "no-cache, private", ...response.headers } };
    }
  }

  async #answer(request: ApiRequest, warnings: string[]): Promise<ApiResponse> {
    const target = parseTarget(request.path);
    authorize(this.context, request.user, attributesOf(request, target));
    const caller = this.#callerOf(request, warnings);
    if (!target) return this.#answerPath(request);
    if (target === "unknown") throw resourceNotFound();
    caller.apiVersion = apiVersionOf(target.kind);
    return this.#answerResource(request, target, caller);
  }

  #callerOf(request: ApiRequest, warnings: string[]): Caller {
    const impersonated = this.#impersonated(request);
    const dryRun = request.query.getAll("dryRun");
    if (dryRun.length > 0 && !dryRun.every((item) => item === "All")) {
      throw invalid({ name: "", group: "meta.k8s.io", kind: "CreateOptions" }, [
        {
          reason: "FieldValueNotSupported",
          message: `Unsupported value: ${JSON.stringify(dryRun[0])}: supported values: "All"`,
          field: "dryRun",
        },
      ]);
    }
    const agent = agentOf(request);
    return {
      user: impersonated,
      dryRun: dryRun.length > 0,
      fieldManager: (request.query.get("fieldManager") ?? (agent || "unknown")).slice(0, 128),
      warn: (message) => warnings.push(message),
    };
  }

  #impersonated(request: ApiRequest): UserInfo {
    const name = request.headers["impersonate-user"];
    if (name === undefined || name === "") return request.user;
    const about = { verb: "impersonate", group: "", subresource: "", namespace: "", path: "" };
    authorize(this.context, request.user, { ...about, resource: "users", name });
    const groups = (request.headers["impersonate-group"] ?? "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
    for (const group of groups) authorize(this.context, request.user, { ...about, resource: "groups", name: group });
    const user = { name, groups: [...groups, "system:authenticated"] };
    authorize(this.context, user, attributesOf(request, parseTarget(request.path)));
    return user;
  }

  #answerPath(request: ApiRequest): ApiResponse {
    const { path } = request;
    const [root = ""] = path.split("/").filter((part) => part !== "");
    if (root === "version")
      return jsonResponse(200, JSON.stringify(versionDocument(this.#options.version), undefined, 2));
    if (["healthz", "livez", "readyz"].includes(root)) return this.#health(path, root, request.query.has("verbose"));
    if (root === "api" || root === "apis") {
      const aggregated = (request.headers["accept"] ?? "").includes("as=APIGroupDiscoveryList");
      const document = discoveryDocument(path.replace(/\/$/, ""), aggregated, this.#options.address);
      if (document === undefined) return textResponse(404, "404 page not found\n");
      const depth = path.split("/").filter((part) => part !== "").length;
      if (!aggregated || depth !== 1) {
        return { status: 200, headers: { "content-type": "application/json", vary: "Accept" }, body: encode(document) };
      }
      const etag = JSON.stringify(createHash("sha512").update(document).digest("hex").toUpperCase());
      const headers = { vary: "Accept", "cache-control": "public", etag };
      if (request.headers["if-none-match"] === etag) return { status: 304, headers, body: new Uint8Array() };
      return { status: 200, headers: { "content-type": aggregatedType, ...headers }, body: encode(document) };
    }
    if (path === "/openapi/v2") return this.#openapiV2(request);
    if (path === "/openapi/v3")
      return jsonResponse(200, JSON.stringify(openapiIndex(this.#options.version.gitVersion)));
    if (path.startsWith("/openapi/v3/")) {
      const document = openapiDocument(path.slice("/openapi/v3/".length));
      return document === undefined ? textResponse(404, "404 page not found\n") : jsonResponse(200, document);
    }
    if (path === "/") {
      const paths = [
        "/api",
        "/api/v1",
        "/apis",
        ...apiGroups.map(({ name }) => `/apis/${name}`),
        "/healthz",
        "/livez",
        "/openapi/v3",
        "/readyz",
        "/version",
      ];
      return jsonResponse(200, JSON.stringify({ paths }));
    }
    return textResponse(404, "404 page not found\n");
  }

  #openapiV2(request: ApiRequest): ApiResponse {
    const { gitVersion } = this.#options.version;
    if ((request.headers["accept"] ?? "").includes("protobuf")) {
      return { status: 200, headers: { "content-type": openapiV2Protobuf }, body: openapiV2Document(gitVersion) };
    }
    const info = { title: "Kubernetes", version: gitVersion };
    return jsonResponse(200, JSON.stringify({ swagger: "2.0", info, paths: {}, definitions: {} }));
  }

  #health(path: string, root: string, verbose: boolean): ApiResponse {
    let ok = true;
    try {
      this.context.store();
    } catch {
      ok = false;
    }
    if (path !== `/${root}` && path !== `/${root}/ping` && path !== `/${root}/etcd`)
      return textResponse(404, "404 page not found\n");
    if (ok && !verbose) return textResponse(200, "ok");
    const etcd = ok ? "[+]etcd ok" : "[-]etcd failed: reason withheld";
    const lines = ["[+]ping ok", "[+]log ok", etcd, "[+]poststarthook/start-kube-apiserver-admission-initializer ok"];
    return textResponse(ok ? 200 : 500, `${lines.join("\n")}\n${root} check ${ok ? "passed" : "failed"}\n`);
  }

  async #answerResource(request: ApiRequest, target: ResourceTarget, caller: Caller): Promise<ApiResponse> {
    const { kind, subresource, name } = target;
    if (streamed.has(subresource)) {
      if (!this.#options.streams) throw methodNotAllowed();
      return this.#options.streams(request, target);
    }
    const format = negotiate(request.headers["accept"]);
    const deprecated = deprecation(this.#options.version, kind.group, kind.kind);
    if (deprecated !== undefined) caller.warn(deprecated);
    const known = subresource === "" || kind.subresources.some((item) => item.name === subresource);
    if (!known) throw resourceNotFound();
    switch (request.method) {
      case "GET":
      case "HEAD":
        if (!isWatch(request)) this.#tellRead(request, target);
        return name === "" ? this.#list(request, target, format) : this.#get(request, target, format);
      case "POST":
        return this.#post(request, target, caller, format);
      case "PUT":
        return this.#put(request, target, caller, format);
      case "PATCH":
        return this.#patch(request, target, caller, format);
      case "DELETE":
        return this.#delete(request, target, caller, format);
      default:
        throw methodNotAllowed();
    }
  }

  #tellRead(request: ApiRequest, { kind, name, subresource: part }: ResourceTarget): void {
    const { user } = request;
    this.context.observe?.({ action: "read", user, agent: agentOf(request), kind: kind.kind, part, name });
  }

  #show(object: JsonObject, kind: ResourceKind, status: number, request: ApiRequest, format: Format): ApiResponse {
    const include = request.query.get("includeObject") ?? "Metadata";
    const shown =
      kind.group === "events.k8s.io" && format.as !== "table" ? eventForGroup(object) : inVersion(object, kind);
    return jsonResponse(
      status,
      showObject(shown, format, { now: this.context.clock.now(), include, columns: true }),
      format,
    );
  }

  #get(request: ApiRequest, target: ResourceTarget, format: Format): ApiResponse {
    const { kind, namespace, name, subresource } = target;
    if (!kind.verbs.includes("get")) throw methodNotAllowed();
    if (isWatch(request)) return this.#watch(request, { ...target, name: "" }, format, name);
    if (kind.kind === "ComponentStatus") {
      const found = this.#components().find((item) => textAt(item, "metadata", "name") === name);
      if (!found) throw notFound({ name, group: "", kind: kind.plural });
      return this.#show(found, kind, 200, request, format);
    }
    const object = this.objects.get(kind, namespace, name);
    return this.#show(subresource === "scale" ? scaleOf(object) : object, kind, 200, request, format);
  }

  #components(): JsonObject[] {
    return componentStatuses(this.#etcdAnswers(), this.#options.isListening ?? (() => true));
  }

  #etcdAnswers(): boolean {
    try {
      return this.context.store().revision > 0;
    } catch {
      return false;
    }
  }

  #selection(request: ApiRequest, target: ResourceTarget, name = ""): Selection {
    const fields = request.query.get("fieldSelector") ?? "";
    const own = name === "" ? [] : [{ field: "metadata.name", equals: true, value: name }];
    return {
      namespace: target.namespace,
      labels: parseLabelSelector(request.query.get("labelSelector") ?? ""),
      fields: [...parseFieldSelector(fields, target.kind.kind), ...own],
    };
  }

  #list(request: ApiRequest, target: ResourceTarget, format: Format): ApiResponse {
    const { kind } = target;
    if (!kind.verbs.includes("list")) throw methodNotAllowed();
    if (isWatch(request)) return this.#watch(request, target, format);
    const include = request.query.get("includeObject") ?? "Metadata";
    const table = { now: this.context.clock.now(), include, columns: true };
    if (kind.kind === "ComponentStatus") {
      return jsonResponse(200, showList(kind, this.#components(), { resourceVersion: "" }, format, table), format);
    }
    const all = this.objects.list(kind, this.#selection(request, target));
    const page = paginate(kind, all, request.query, this.context.store().revision);
    const shown =
      kind.group === "events.k8s.io" && format.as !== "table"
        ? page.items.map(eventForGroup)
        : page.items.map((object) => inVersion(object, kind));
    return jsonResponse(200, showList(kind, shown, page.metadata, format, table), format);
  }

  #watch(request: ApiRequest, target: ResourceTarget, format: Format, name = ""): ApiResponse {
    const { kind } = target;
    if (!kind.verbs.includes("watch")) throw methodNotAllowed();
    const seconds = Number(request.query.get("timeoutSeconds"));
    const resourceVersion = request.query.get("resourceVersion") ?? "";
    if (resourceVersion !== "" && !/^\d+$/.test(resourceVersion)) {
      throw invalid({ name: "", group: "meta.k8s.io", kind: "ListOptions" }, [
        {
          reason: "FieldValueInvalid",
          message: `Invalid value: ${JSON.stringify(resourceVersion)}: strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`,
          field: "resourceVersion",
        },
      ]);
    }
    const events = watchObjects(this.context, kind, {
      selection: this.#selection(request, target, name),
      resourceVersion,
      bookmarks: request.query.get("allowWatchBookmarks") === "true",
      timeout: seconds > 0 ? Math.min(seconds, 2_000_000) * 1000 : 30 * 60 * 1000 * (1 + this.context.random.next()),
      signal: request.signal,
      user: request.user,
      agent: agentOf(request),
    });
    const include = request.query.get("includeObject") ?? "Metadata";
    let columns = true;
    const body = watchBody(events, ({ type, object }) => {
      if (type === "ERROR") return JSON.stringify(object);
      const shown =
        kind.group === "events.k8s.io" && format.as !== "table" ? eventForGroup(object) : inVersion(object, kind);
      const text =
        type === "BOOKMARK" && format.as !== "table"
          ? JSON.stringify(object)
          : showObject(shown, format, { now: this.context.clock.now(), include, columns });
      columns = false;
      return text;
    });
    return { status: 200, headers: { "content-type": "application/json" }, body };
  }

  /** Decodes as the server does: unknown fields are refused, warned about or dropped as the request says. */
  #decode(object: JsonObject, kind: ResourceKind, request: ApiRequest, caller: Caller): JsonObject {
    const apiVersion = apiVersionOf(kind);
    const givenKind = textAt(object, "kind");
    const givenVersion = textAt(object, "apiVersion");
    if ((givenKind !== "" && givenKind !== kind.kind) || (givenVersion !== "" && givenVersion !== apiVersion)) {
      throw badRequest(
        `the API version in the data (${givenVersion || apiVersion}) does not match the expected API version (${apiVersion})`,
      );
    }
    const mode = request.query.get("fieldValidation") || "Warn";
    if (!["Strict", "Warn", "Ignore"].includes(mode)) {
      throw invalid({ name: "", group: "meta.k8s.io", kind: "CreateOptions" }, [
        {
          reason: "FieldValueNotSupported",
          message: `Unsupported value: ${JSON.stringify(mode)}: supported values: "", "Ignore", "Strict", "Warn"`,
          field: "fieldValidation",
        },
      ]);
    }
    const unknown = pruneUnknown(apiVersion, kind.kind, object);
    if (unknown.length > 0 && mode === "Strict") {
      throw cannotHandle(
        apiVersion,
        kind.kind,
        `strict decoding error: ${unknown.map((path) => `unknown field "${path}"`).join(", ")}`,
      );
    }
    if (mode === "Warn") for (const path of unknown) caller.warn(`unknown field "${path}"`);
    if (object["metadata"] !== undefined && !isObject(object["metadata"])) {
      throw cannotHandle(apiVersion, kind.kind, "json: cannot unmarshal metadata");
    }
    return kind.group === "events.k8s.io" ? eventFromGroup(object) : object;
  }

  #post(request: ApiRequest, target: ResourceTarget, caller: Caller, format: Format): ApiResponse {
    const { kind, namespace, name, subresource } = target;
    const contentType = request.headers["content-type"];
    if (subresource !== "") return this.#postSubresource(request, target, caller, format);
    if (name !== "" || !kind.verbs.includes("create")) throw methodNotAllowed();
    const body = parseBody(request.body, contentType, kind.kind);
    if (!kind.stored) {
      const answer = answerReview(this.context, kind, namespace, body, caller, this.#options.tokenKeys);
      if (answer) return jsonResponse(201, JSON.stringify(answer), format);
      bindPod(this.context, this.objects, namespace, textAt(body, "metadata", "name"), body, caller);
      return jsonResponse(
        201,
        JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 }),
      );
    }
    const made = this.objects.create(storedAs(kind), namespace, this.#decode(body, kind, request, caller), caller);
    return this.#show(made, kind, 201, request, format);
  }

  #postSubresource(
    request: ApiRequest,
    { namespace, name, subresource }: ResourceTarget,
    caller: Caller,
    format: Format,
  ): ApiResponse {
    const done = JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
    const read = (expected: string): JsonObject => parseBody(request.body, request.headers["content-type"], expected);
    switch (subresource) {
      case "binding":
        bindPod(this.context, this.objects, namespace, name, read("Binding"), caller);
        return jsonResponse(201, done, format);
      case "eviction":
        evictPod(this.context, this.objects, namespace, name, read("Eviction"), caller);
        return jsonResponse(201, done, format);
      case "token": {
        const keys = this.#options.tokenKeys;
        if (!keys) throw methodNotAllowed();
        const body = request.body.length === 0 ? {} : read("TokenRequest");
        return jsonResponse(
          201,
          JSON.stringify(issueToken(this.context, this.objects, keys, namespace, name, body)),
          format,
        );
      }
      default:
        throw methodNotAllowed();
    }
  }

  #put(request: ApiRequest, target: ResourceTarget, caller: Caller, format: Format): ApiResponse {
    const { kind, namespace, name, subresource } = target;
    if (name === "" || !kind.verbs.includes("update")) throw methodNotAllowed();
    const contentType = request.headers["content-type"];
    if (subresource === "scale") {
      const wanted = parseBody(request.body, contentType, "Scale");
      const scale = applyScale(this.objects, kind, namespace, name, caller, () => wanted);
      return jsonResponse(200, JSON.stringify(scale), format);
    }
    const body = this.#decode(parseBody(request.body, contentType, kind.kind), kind, request, caller);
    const updated = this.objects.update(storedAs(kind), namespace, name, body, caller, updatable(subresource));
    return this.#show(updated, kind, 200, request, format);
  }

  #patch(request: ApiRequest, target: ResourceTarget, caller: Caller, format: Format): ApiResponse {
    const { kind, namespace, name, subresource } = target;
    const type = patchTypeOf(request.headers["content-type"]);
    if (name === "" || !kind.verbs.includes("patch")) throw methodNotAllowed();
    if (type === "apply" && request.query.get("fieldManager") === null) {
      throw invalid({ name: "", group: "meta.k8s.io", kind: "PatchOptions" }, [
        required("fieldManager", "is required for apply patch"),
      ]);
    }
    const patch = parsePatch(request.body, type);
    if (subresource === "scale") {
      const scale = applyScale(this.objects, kind, namespace, name, caller, (old) =>
        patched(old, patch, type, "V1Scale"),
      );
      return jsonResponse(200, JSON.stringify(scale), format);
    }
    if (type === "apply") return this.#apply(request, target, patch, caller, format);
    const edit = (old: JsonObject): JsonObject => {
      const next = patched(old, patch, type, rootType(apiVersionOf(kind), kind.kind));
      next["kind"] = kind.kind;
      next["apiVersion"] = apiVersionOf(kind);
      return this.#decode(next, kind, request, caller);
    };
    const updated = this.objects.change(storedAs(kind), namespace, name, caller, edit, patchable(subresource));
    return this.#show(updated, kind, 200, request, format);
  }

  #apply(request: ApiRequest, target: ResourceTarget, patch: unknown, caller: Caller, format: Format): ApiResponse {
    const { kind, namespace, name, subresource } = target;
    if (!isObject(patch)) throw badRequest("error decoding YAML: expected an object");
    const wanted = this.#decode(copy(patch), kind, request, caller);
    if (listAt(wanted, "metadata", "managedFields").length > 0) throw badRequest("metadata.managedFields must be nil");
    const live = this.context.store().get(kind.storage, storageKey(kind, namespace, name));
    const merged = applyFields(
      {
        kind: kind.kind,
        group: kind.group,
        plural: kind.plural,
        owner: {
          name: caller.fieldManager,
          operation: "Apply",
          apiVersion: apiVersionOf(kind),
          time: timestamp(this.context.clock.now()),
          ...(subresource === "" ? {} : { subresource }),
        },
        force: request.query.get("force") === "true",
      },
      live,
      wanted,
    );
    const noted: Caller = { ...caller, fieldManager: `apply:${caller.fieldManager}` };
    if (!live) return this.#show(this.objects.create(kind, namespace, merged, noted), kind, 201, request, format);
    const updated = this.objects.update(kind, namespace, name, merged, noted, patchable(subresource));
    return this.#show(updated, kind, 200, request, format);
  }

  #delete(request: ApiRequest, target: ResourceTarget, caller: Caller, format: Format): ApiResponse {
    const { kind, namespace, name } = target;
    const options = removeOptions(request);
    const own: Caller = options.dryRun ? { ...caller, dryRun: true } : caller;
    if (name === "") {
      if (!kind.verbs.includes("deletecollection")) throw methodNotAllowed();
      const gone = this.objects
        .list(kind, this.#selection(request, target))
        .map(
          (object) =>
            this.objects.remove(
              kind,
              textAt(object, "metadata", "namespace"),
              textAt(object, "metadata", "name"),
              options,
              own,
            ).object,
        );
      const page = { resourceVersion: String(this.context.store().revision) };
      const table = { now: this.context.clock.now(), include: "Metadata", columns: true };
      return jsonResponse(200, showList(kind, gone, page, format, table), format);
    }
    if (!kind.verbs.includes("delete")) throw methodNotAllowed();
    const { object, gone } = this.objects.remove(kind, namespace, name, options, own);
    if (gone && !returnsDeleted.has(kind.kind))
      return jsonResponse(200, JSON.stringify(deletedStatus(kind, object)), format);
    return this.#show(object, kind, 200, request, format);
  }
}

/** First word of the client's user agent. */
const agentOf = ({ headers }: ApiRequest): string => (headers["user-agent"] ?? "").split("/")[0] ?? "";

const isWatch = ({ query }: ApiRequest): boolean => ["1", "true"].includes(query.get("watch") ?? "");

/** Events of both groups are kept in the form of the legacy group. */
function storedAs(kind: ResourceKind): ResourceKind {
  return kind.group === "events.k8s.io" ? (kindOf("v1", "events") ?? kind) : kind;
}

/** A stored object under the version that the request asked for. */
function inVersion(object: JsonObject, kind: ResourceKind): JsonObject {
  const stored = object["apiVersion"];
  return kind.storage === "horizontalpodautoscalers" && stored !== apiVersionOf(kind)
    ? { ...object, apiVersion: apiVersionOf(kind) }
    : object;
}

function updatable(subresource: string): "" | "status" | "finalize" | "approval" | "ephemeralcontainers" {
  if (subresource === "" || subresource === "status" || subresource === "finalize") return subresource;
  if (subresource === "approval" || subresource === "ephemeralcontainers") return subresource;
  throw methodNotAllowed();
}

function patchable(subresource: string): "" | "status" | "approval" | "ephemeralcontainers" {
  const known = updatable(subresource);
  if (known === "finalize") throw methodNotAllowed();
  return known;
}

function patched(old: JsonObject, patch: unknown, type: PatchType, model: string | undefined): JsonObject {
  if (type === "json") return jsonPatch(old, patch);
  if (!isObject(patch)) {
    throw badRequest(
      "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
    );
  }
  const result = type === "strategic" ? strategicMerge(old, patch, model) : mergePatch(old, patch);
  if (!isObject(result)) throw badRequest("error decoding patch: the result is not an object");
  return result;
}
