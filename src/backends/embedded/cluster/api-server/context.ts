import type { Clock, Random } from "../../../../domain/clock.ts";
import type { ObjectPass } from "../../picture/traffic.ts";
import type { UserInfo } from "../api.ts";
import type { ObjectStore } from "../store/store.ts";
import { type ResourceKind } from "../resources/kinds.ts";

/** What every part of the API server works with. */
export interface ServerContext {
  clock: Clock;
  random: Random;
  /** Throws ApiError while etcd does not answer. */
  store(): ObjectStore;
  /** `--service-cluster-ip-range`. */
  serviceRange: string;
  /** Lowest and highest node port. */
  nodePorts: readonly [number, number];
  /** Told of every object that comes or goes, for who looks on. */
  observe?(pass: ObjectPass): void;
}

/** Who asks, and how it wants its change treated. */
export interface Caller {
  user: UserInfo;
  /** Nothing is stored. */
  dryRun: boolean;
  /** Name under which changed fields are noted; empty notes nothing. */
  fieldManager: string;
  /** A component of the control plane that reaches the server directly. */
  isComponent?: boolean;
  /** The version in which a change came, where it is not the one that is stored. */
  apiVersion?: string;
  /** Sent with the answer as Warning headers. */
  warn(message: string): void;
}

const alphanumerics = "bcdfghjklmnpqrstvwxz2456789";

/** The random end of a generated name. */
export function randomSuffix(random: Random, length = 5): string {
  let text = "";
  while (text.length < length) text += alphanumerics[Math.floor(random.next() * alphanumerics.length)] ?? "";
  return text;
}

export function newUid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** A time as objects hold it, in whole seconds. */
export const timestamp = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

export const storageKey = (kind: ResourceKind, namespace: string, name: string): string =>
  kind.namespaced ? `${namespace}/${name}` : name;

/** How errors name a resource. */
export const subject = (kind: ResourceKind, name: string): { name: string; group: string; kind: string } => ({
  name,
  group: kind.group,
  kind: kind.plural,
});

/** How errors about an object's content name it. */
export const objectSubject = (kind: ResourceKind, name: string): { name: string; group: string; kind: string } => ({
  name,
  group: kind.group,
  kind: kind.kind,
});
