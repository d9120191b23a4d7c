import type { ProgramTable } from "../../machine/process.ts";
import { containerd } from "./containerd.ts";
import { kubeControllerManager, kubeScheduler } from "./control-plane.ts";
import { crictl } from "./crictl.ts";
import { crio } from "./crio.ts";
import { ctr } from "./ctr/main.ts";
import { kubeProxy } from "./kube-proxy.ts";
import { kubelet } from "./kubelet.ts";
import { crun } from "./crun.ts";
import { conmon } from "./low-level.ts";
import { runc } from "./runc.ts";
import { runcShim, spinShim } from "./shims.ts";
import { coredns, nginx, pause } from "./workloads.ts";

/** The programs of a node and the components that run on it as containers. */
export const nodePrograms: ProgramTable = {
  kubelet,
  crio,
  containerd,
  crun,
  runc,
  conmon,
  crictl,
  ctr,
  "containerd-shim-runc-v2": runcShim,
  "containerd-shim-spin-v2": spinShim,
  "kube-controller-manager": kubeControllerManager,
  "kube-scheduler": kubeScheduler,
  "kube-proxy": kubeProxy,
  coredns,
  pause,
  nginx,
};
