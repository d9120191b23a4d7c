import { STATUS_CODES } from "node:http";
import type { Process } from "../../../process.ts";
import { createWireLog } from "./wire-log.ts";
import { type Caller, Connection } from "../client/connection.ts";
import { Discovery } from "../client/discovery.ts";
import { UnreachableError } from "../client/errors.ts";
import {
  clusterAccess,
  loadKubeconfig,
  type AccessFlags,
  type ClusterAccess,
  type Kubeconfig,
} from "../client/kubeconfig.ts";
import { klogHeader } from "../go/duration.ts";
import type { FlagSpecs, ParsedFlags } from "../go/flags.ts";

/** Flags that every kubectl command takes. */
export const globalFlags: FlagSpecs = {
  kubeconfig: { kind: "string" },
  context: { kind: "string" },
  cluster: { kind: "string" },
  user: { kind: "string" },
  namespace: { kind: "string", short: "n" },
  server: { kind: "string", short: "s" },
  token: { kind: "string" },
  as: { kind: "string" },
  "as-group": { kind: "strings" },
  "as-uid": { kind: "string" },
  "certificate-authority": { kind: "string" },
  "client-certificate": { kind: "string" },
  "client-key": { kind: "string" },
  "insecure-skip-tls-verify": { kind: "bool" },
  "tls-server-name": { kind: "string" },
  "request-timeout": { kind: "string" },
  "cache-dir": { kind: "string" },
  "disable-compression": { kind: "bool" },
  "match-server-version": { kind: "bool" },
  "warnings-as-errors": { kind: "bool" },
  profile: { kind: "string" },
  "profile-output": { kind: "string" },
  v: { kind: "int", short: "v" },
  vmodule: { kind: "string" },
  help: { kind: "bool", short: "h" },
};

/** One run of kubectl: its process, its flags, and the API as this user reaches it. */
export class Session {
  readonly process: Process;
  readonly flags: ParsedFlags;
  /** Minor version of this kubectl: wording follows it. */
  readonly minor: number;
  #config: Kubeconfig | undefined;
  #connection: Connection | undefined;
  #discovery: Discovery | undefined;
  #warned = 0;

  constructor(process: Process, flags: ParsedFlags) {
    this.process = process;
    this.flags = flags;
    this.minor = Number(/^v?\d+\.(\d+)/.exec(process.executable.version)?.[1] ?? "28");
  }

  get config(): Kubeconfig {
    if (!this.#config) this.#config = loadKubeconfig(this.process, this.flags.text("kubeconfig"));
    return this.#config;
  }

  get access(): ClusterAccess {
    return this.connection.access;
  }

  get connection(): Connection {
    this.#connection ??= this.connect();
    return this.#connection;
  }

  get discovery(): Discovery {
    this.#discovery ??= new Discovery(this.connection);
    return this.#discovery;
  }

  get namespace(): string {
    return this.access.namespace;
  }

  now(): number {
    return this.process.machine.environment.clock.now();
  }

  /** A further connection with the same access. */
  connect(): Connection {
    const { flags, process } = this;
    const access: AccessFlags = {};
    const set = (key: Exclude<keyof AccessFlags, "insecure">, flag: string): void => {
      const value = flags.text(flag);
      if (value !== undefined) access[key] = value;
    };
    set("context", "context");
    set("cluster", "cluster");
    set("user", "user");
    set("server", "server");
    set("token", "token");
    set("namespace", "namespace");
    set("authority", "certificate-authority");
    set("clientCertificate", "client-certificate");
    set("clientKey", "client-key");
    set("serverName", "tls-server-name");
    set("impersonate", "as");
    if (flags.has("insecure-skip-tls-verify")) access.insecure = flags.bool("insecure-skip-tls-verify");
    return new Connection(clusterAccess(process, this.config, access), {
      ...this.#watchers(Number(flags.text("v") ?? "0")),
      network: process.machine.environment.network,
      place: process.place,
      signal: process.signal,
      userAgent: `kubectl/${process.executable.version}`,
    });
  }

  /** Who prints requests at this verbosity: one line each, or from 7 on what goes over the wire. */
  #watchers(verbosity: number): Pick<Caller, "trace" | "wire"> {
    if (verbosity < 6) return {};
    if (verbosity === 6) return { trace: this.#tracer() };
    const print = (place: string, text: string): Promise<void> =>
      this.process.err(`${klogHeader("I", this.now(), this.process.pid, place)}${text}\n`);
    return {
      wire: createWireLog({
        print,
        verbosity,
        minor: this.minor,
        path: this.config.path,
        clock: this.process.machine.environment.clock,
      }),
    };
  }

  /** What `-v=6` prints of each request. */
  #tracer(): NonNullable<Caller["trace"]> {
    const { clock } = this.process.machine.environment;
    const print = (place: string, text: string): Promise<void> =>
      this.process.err(`${klogHeader("I", this.now(), this.process.pid, place)}${text}\n`);
    let last = clock.monotonic();
    let isFirst = true;
    return async (request, status) => {
      // A real one asks for all groups at once; what is asked here for each is not told.
      if (/\/apis?\/[^?]*\?timeout=/.test(request)) return;
      if (isFirst) {
        isFirst = false;
        await print(
          this.minor >= 32 ? "loader.go:402" : "loader.go:395",
          `Config loaded from file:  ${this.config.path}`,
        );
      }
      const milliseconds = Math.round(clock.monotonic() - last);
      last = clock.monotonic();
      const text = `${request} ${status} ${STATUS_CODES[status] ?? ""} in ${milliseconds} milliseconds`;
      await print(this.minor >= 32 ? "round_trippers.go:560" : "round_trippers.go:553", text);
    };
  }

  /** Warns about kubeconfig files that are not there. */
  async warnMissingConfig(): Promise<void> {
    for (const path of this.config.missing) {
      await this.process.err(
        `${klogHeader("W", this.now(), this.process.pid, "loader.go:222")}Config not found: ${path}\n`,
      );
    }
  }

  /** Reads what the server serves; tells of a failure five times, as the discovery cache does. */
  async discover(): Promise<Discovery> {
    try {
      await this.discovery.resources();
    } catch (error) {
      if (error instanceof UnreachableError) {
        const text = `couldn't get current server API group list: ${error.message}`;
        const line = this.minor >= 31 ? `"Unhandled Error" err=${JSON.stringify(text)}` : text;
        for (let i = 0; i < 5; i += 1) {
          await this.process.err(`${klogHeader("E", this.now(), this.process.pid, "memcache.go:265")}${line}\n`);
        }
      }
      throw error;
    }
    return this.discovery;
  }

  async out(text: string): Promise<void> {
    await this.flushWarnings();
    await this.process.out(text);
  }

  async err(text: string): Promise<void> {
    await this.process.err(text);
  }

  /** Prints the API's warnings that came since the last time. */
  async flushWarnings(): Promise<void> {
    const warnings = this.#connection?.warnings ?? [];
    for (const text of warnings.slice(this.#warned)) await this.process.err(`Warning: ${text}\n`);
    this.#warned = warnings.length;
  }
}

/** A command's part in the command tree. */
export interface Command {
  /** Flags beside the global ones. */
  flags?: FlagSpecs;
  /** One line for the list of commands. */
  summary: string;
  /** Usage line of `--help`. */
  usage: string;
  group?: string;
  run?(session: Session): Promise<number>;
  commands?: Readonly<Record<string, Command>>;
  aliases?: readonly string[];
}
