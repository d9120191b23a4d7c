import type { Clock } from "../../domain/clock.ts";
import type { Pace } from "../../domain/backend.ts";

/** Modelled durations in milliseconds: `real` as upstream has them, `brisk` so that a person sees progress, `instant` for autopilots. */
const durations = {
  /** One package or file fetched from the modelled internet. */
  download: { real: 4_000, brisk: 150, instant: 0 },
  /** One package unpacked and set up by dpkg. */
  unpack: { real: 1_500, brisk: 30, instant: 0 },
  /** One crate compiled, or one source file of crun. */
  compile: { real: 2_500, brisk: 40, instant: 0 },
  /** One image layer pulled. */
  imagePull: { real: 2_000, brisk: 250, instant: 0 },
  /** One line of progress in a longer command. */
  progress: { real: 300, brisk: 20, instant: 0 },
  /** kubeadm waiting for a control-plane component. */
  controlPlaneStart: { real: 6_000, brisk: 300, instant: 0 },
  /** A daemon's start until it is ready. */
  daemonStart: { real: 800, brisk: 60, instant: 0 },
  /** First wait before a crashed container is started again; doubles up to the maximum. */
  crashBackOff: { real: 10_000, brisk: 800, instant: 60 },
  crashBackOffMaximum: { real: 300_000, brisk: 20_000, instant: 500 },
  /** First wait before a failed image pull is tried again; doubles up to the maximum. */
  imageBackOff: { real: 10_000, brisk: 1_500, instant: 100 },
  imageBackOffMaximum: { real: 300_000, brisk: 20_000, instant: 1_000 },
  /** Silence of a kubelet after which its node is NotReady, and then until its pods are evicted. */
  nodeMonitorGrace: { real: 40_000, brisk: 6_000, instant: 1_500 },
  podEviction: { real: 300_000, brisk: 15_000, instant: 3_000 },
  /** How often a kubelet renews its lease and reports its status. */
  nodeLease: { real: 10_000, brisk: 1_500, instant: 300 },
  /** systemd's wait before a failed unit starts again (RestartSec of the kubelet is 10 s). */
  unitRestart: { real: 10_000, brisk: 1_000, instant: 100 },
  /** How long a container gets between SIGTERM and SIGKILL. */
  terminationGrace: { real: 30_000, brisk: 500, instant: 200 },
} as const;

export type ModelledDuration = keyof typeof durations;

/** How long modelled work takes. The semantics of the API never depend on it. */
export interface Pacing {
  readonly pace: Pace;
  /** Milliseconds. */
  duration(kind: ModelledDuration): number;
  /** Waits that long, `times` over; rejects when aborted. */
  wait(kind: ModelledDuration, signal?: AbortSignal, times?: number): Promise<void>;
}

export function createPacing(pace: Pace, clock: Clock): Pacing {
  return {
    pace,
    duration: (kind) => durations[kind][pace],
    async wait(kind, signal, times = 1) {
      const ms = durations[kind][pace] * times;
      if (ms > 0) await clock.sleep(ms, signal);
      else signal?.throwIfAborted();
    },
  };
}
