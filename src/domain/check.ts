import type { Action } from "./course.ts";
import type { Machine } from "./machine.ts";
import type { HostAccess, Language, Profile } from "./backend.ts";

/** Facts of a failure, in the words of a person: what was seen, what should be, why, what to type next. */
export interface Failure {
  /** Stable id of this way to fail, e.g. `deployment-not-ready`. */
  id: string;
  observed: string;
  expected: string;
  cause: string;
  next: string;
}

export type Outcome =
  | { status: "passed" }
  | ({ status: "failed" } & Failure)
  | { status: "errored"; error: string }
  | { status: "skipped"; reason: string };

/** A small read-only view of the cluster, kept apart from the library that reads it. */
export interface KubeReader {
  /** Undefined when the object does not exist; rejects when the API cannot be asked. */
  get(apiVersion: string, kind: string, name: string, namespace?: string): Promise<KubeObject | undefined>;
  list(
    apiVersion: string,
    kind: string,
    options?: { namespace?: string; labelSelector?: string },
  ): Promise<KubeObject[]>;
}

/** A Kubernetes object as JSON. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

export interface CheckContext {
  machine(name: string): Promise<Machine>;
  /** Rejects with LabError `no-cluster` before there is one. */
  kube(): Promise<KubeReader>;
  host(): Promise<HostAccess>;
  profile: Profile;
  /** Of what an outcome says. */
  language: Language;
  signal: AbortSignal;
}

/** A read-only, repeatable question. `P` is the shape that `params` validates. */
export interface CheckKind<P> {
  /** Permanent name, as written in `lab.yaml`. */
  readonly kind: string;
  /** Throws LabError `check-params` naming the field; never asks a machine. */
  parse(params: unknown, where: string): P;
  /** Every id a failure of this kind can have. */
  readonly failures: readonly string[];
  run(params: P, context: CheckContext): Promise<Outcome>;
  /** What breaks a passed check of this kind, for the test of the course; none where that depends on the step. */
  wrongAnswers?(params: P): WrongAnswer[];
}

/** Something that makes a passed check fail, and the id of the failure that it must then report. */
export interface WrongAnswer {
  id: string;
  actions: Action[];
  failure: string;
}
