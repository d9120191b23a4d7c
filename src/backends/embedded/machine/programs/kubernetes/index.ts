import type { ProgramTable } from "../../process.ts";
import { kubeadm } from "./kubeadm/main.ts";
import { kubectl } from "./kubectl/main.ts";

/** kubectl and kubeadm, of whatever version their binaries are. */
export const kubernetesPrograms: ProgramTable = { kubeadm, kubectl };
