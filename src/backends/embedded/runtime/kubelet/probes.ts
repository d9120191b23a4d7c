import type { Clock } from "../../../../domain/clock.ts";
import type { LabNetwork, NetworkPlace } from "../../network/network.ts";
import { NetworkError } from "../../network/network.ts";
import type { Container, Probe } from "../../cluster/controllers/types.ts";
import type { ContainerRuntime } from "../cri.ts";
import { CriError } from "../cri.ts";

type Kind = "Liveness" | "Readiness" | "Startup";

interface Running {
  ready: boolean;
  started: boolean;
  hasReadiness: boolean;
  abort: AbortController;
}

export interface ProbeEvents {
  /** A probe failed: the event's text. */
  unhealthy(message: string): void;
  /** Liveness or start-up has failed too often. */
  kill(kind: Kind): void;
  /** Readiness or start has changed. */
  changed(): void;
}

export interface ProberOptions {
  clock: Clock;
  network: LabNetwork;
  place: NetworkPlace;
  runtime: () => ContainerRuntime | undefined;
  /** Milliseconds here for one second of a probe's settings. */
  secondMs: number;
}

/** Asks running containers whether they are alive and ready. */
export class Prober {
  #options: ProberOptions;
  #running = new Map<string, Running>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Begins to probe a running container; harmless when it is being probed. */
  watch(id: string, container: Container, address: string, events: ProbeEvents): void {
    if (this.#running.has(id)) return;
    const { livenessProbe, readinessProbe, startupProbe } = container;
    const state: Running = {
      ready: readinessProbe === undefined,
      started: startupProbe === undefined,
      hasReadiness: readinessProbe !== undefined,
      abort: new AbortController(),
    };
    this.#running.set(id, state);
    const begin = (): void => {
      if (livenessProbe) {
        void this.#loop(id, container, "Liveness", livenessProbe, address, state, events, (ok) => {
          if (!ok) events.kill("Liveness");
        });
      }
      if (readinessProbe) {
        void this.#loop(id, container, "Readiness", readinessProbe, address, state, events, (ok) => {
          if (state.ready === ok) return;
          state.ready = ok;
          events.changed();
        });
      }
    };
    if (!startupProbe) return begin();
    void this.#loop(id, container, "Startup", startupProbe, address, state, events, (ok) => {
      if (!ok) return events.kill("Startup");
      if (state.started) return;
      state.started = true;
      events.changed();
      begin();
    });
  }

  /** False for a container that this run of the kubelet has not looked at yet. */
  isWatching(id: string): boolean {
    return this.#running.has(id);
  }

  isReady(id: string): boolean {
    return this.#running.get(id)?.ready ?? false;
  }

  isStarted(id: string): boolean {
    return this.#running.get(id)?.started ?? false;
  }

  forget(id: string): void {
    this.#running.get(id)?.abort.abort();
    this.#running.delete(id);
  }

  stop(): void {
    for (const id of this.#running.keys()) this.forget(id);
  }

  async #loop(
    id: string,
    container: Container,
    kind: Kind,
    probe: Probe,
    address: string,
    state: Running,
    events: ProbeEvents,
    result: (ok: boolean) => void,
  ): Promise<void> {
    const { clock, secondMs } = this.#options;
    const { signal } = state.abort;
    let good = 0;
    let bad = 0;
    try {
      await clock.sleep((probe.initialDelaySeconds ?? 0) * secondMs + 1, signal);
      while (!signal.aborted) {
        const failure = await this.#ask(id, container, probe, address, signal);
        if (signal.aborted) return;
        if (failure === undefined) {
          good += 1;
          bad = 0;
          if (good >= (probe.successThreshold ?? 1)) result(true);
          if (kind === "Startup" && state.started) return;
        } else {
          good = 0;
          bad += 1;
          events.unhealthy(`${kind} probe failed: ${failure}`);
          if (bad >= (probe.failureThreshold ?? 3)) {
            result(false);
            bad = kind === "Readiness" ? bad : 0;
          }
        }
        await clock.sleep(Math.max((probe.periodSeconds ?? 10) * secondMs, 20), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Undefined when all is well, else why not. */
  async #ask(
    id: string,
    container: Container,
    probe: Probe,
    address: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (probe.exec) {
      try {
        const outcome = await this.#options.runtime()?.exec(id, probe.exec.command ?? []);
        return outcome && outcome.exitCode === 0 ? undefined : `${outcome?.stdout ?? ""}${outcome?.stderr ?? ""}`;
      } catch (error) {
        if (error instanceof CriError) return `rpc error: code = ${error.code} desc = ${error.message}`;
        throw error;
      }
    }
    const wanted = probe.httpGet?.port ?? probe.tcpSocket?.port ?? 0;
    const named = container.ports?.find((port) => port.name === wanted)?.containerPort;
    const port = typeof wanted === "number" ? wanted : (named ?? (Number.parseInt(wanted, 10) || 0));
    const host = probe.httpGet?.host ?? probe.tcpSocket?.host ?? address;
    const limit = new AbortController();
    const cancel = this.#options.clock.after(Math.max((probe.timeoutSeconds ?? 1) * 1_000, 200), () => limit.abort());
    const bounded = AbortSignal.any([signal, limit.signal]);
    const { network, place } = this.#options;
    const path = probe.httpGet ? (probe.httpGet.path ?? "/") : "";
    const scheme = (probe.httpGet?.scheme ?? "HTTP").toLowerCase();
    const url = `${scheme}://${host}:${port}${path.startsWith("/") || path === "" ? path : `/${path}`}`;
    const words = (reason: string): string => (probe.httpGet ? `Get ${JSON.stringify(url)}: ${reason}` : reason);
    try {
      if (!probe.httpGet) {
        const connection = await network.connect(place, host, port, bounded);
        connection.destroy();
        return undefined;
      }
      const answer = await network.fetch(place, url, {
        insecure: true,
        signal: bounded,
        headers: { "user-agent": "kube-probe/1.28" },
      });
      if (!(answer.body instanceof Uint8Array)) for await (const _chunk of answer.body) if (bounded.aborted) break;
      return answer.status >= 200 && answer.status < 400
        ? undefined
        : `HTTP probe failed with statuscode: ${answer.status}`;
    } catch (error) {
      if (error instanceof NetworkError) {
        const reasons: Partial<Record<NetworkError["code"], string>> = {
          ECONNREFUSED: "connect: connection refused",
          EHOSTUNREACH: "connect: no route to host",
          ETIMEDOUT: "i/o timeout",
          ECONNRESET: "read: connection reset by peer",
        };
        return words(`dial tcp ${host}:${port}: ${reasons[error.code] ?? error.code}`);
      }
      if (limit.signal.aborted) {
        return words("context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
      }
      return words("EOF");
    } finally {
      cancel();
    }
  }
}
