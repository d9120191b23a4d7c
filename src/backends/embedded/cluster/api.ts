import type { Duplex } from "node:stream";
import type { KubeObject } from "../../../domain/check.ts";

export interface UserInfo {
  name: string;
  groups: readonly string[];
}

/** One request as the API server handles it, after authentication. */
export interface ApiRequest {
  method: string;
  /** Without query. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  user: UserInfo;
  signal: AbortSignal;
}

export interface ApiResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array | AsyncIterable<Uint8Array>;
  /** With status 101: takes the connection over. */
  upgrade?(stream: Duplex): void;
}

/** An error of the API as its Status object says it. */
export interface StatusObject {
  kind: "Status";
  apiVersion: "v1";
  metadata: Record<string, unknown>;
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: Record<string, unknown>;
  code?: number;
}

/** What the API refused, as clients see it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: StatusObject;
  constructor(status: StatusObject) {
    super(status.message ?? status.reason ?? "unknown");
    this.status = status;
  }
  get code(): number {
    return this.status.code ?? 500;
  }
}

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: KubeObject;
}

export interface ListResult {
  items: KubeObject[];
  resourceVersion: string;
}

/** Where an object lives: `namespace` empty for cluster-scoped kinds. */
export interface ObjectKey {
  /** e.g. `apps/v1` or `v1`. */
  apiVersion: string;
  /** Plural, lower case, e.g. `deployments`. */
  resource: string;
  namespace: string;
  name: string;
}

export interface ListOptions {
  apiVersion: string;
  resource: string;
  /** Empty lists all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/**
 * The API as a component uses it: controllers reach the store in their own process, a kubelet goes over the lab's network.
 * Objects returned are the caller's own copies. Every method rejects with ApiError, or NetworkError when nobody answers.
 */
export interface ApiClient {
  get(key: ObjectKey): Promise<KubeObject | undefined>;
  list(options: ListOptions): Promise<ListResult>;
  create(key: Omit<ObjectKey, "name">, object: KubeObject): Promise<KubeObject>;
  /** Fails with reason Conflict when `metadata.resourceVersion` is not the current one. */
  update(key: ObjectKey, object: KubeObject): Promise<KubeObject>;
  updateStatus(key: ObjectKey, object: KubeObject): Promise<KubeObject>;
  /** A JSON merge patch. */
  patch(key: ObjectKey, patch: unknown, subresource?: "status"): Promise<KubeObject>;
  delete(key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** From `resourceVersion` on (exclusive); ends when aborted, or with an ERROR event. */
  watch(options: ListOptions & { resourceVersion: string }, signal: AbortSignal): AsyncIterable<WatchEvent>;
}

export interface DeleteOptions {
  uid?: string;
  gracePeriodSeconds?: number;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
}
