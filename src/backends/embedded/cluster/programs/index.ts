import type { ProgramTable } from "../../machine/process.ts";
import { etcd } from "./etcd.ts";
import { etcdctl } from "./etcdctl.ts";
import { kubeApiserver } from "./kube-apiserver.ts";

/** The components of a control plane that serve and keep its state. */
export const clusterPrograms: ProgramTable = { etcd, etcdctl, "kube-apiserver": kubeApiserver };
