import type { ProgramTable } from "./machine/process.ts";
import { buildPrograms } from "./machine/programs/build/index.ts";
import { coreutilsPrograms } from "./machine/programs/coreutils/index.ts";
import { imagePrograms } from "./machine/programs/images/index.ts";
import { kubernetesPrograms } from "./machine/programs/kubernetes/index.ts";
import { networkPrograms } from "./machine/programs/network/index.ts";
import { spinPrograms } from "./machine/programs/spin/index.ts";
import { systemPrograms } from "./machine/programs/system/index.ts";
import { shellPrograms } from "./machine/shell/programs/index.ts";
import { clusterPrograms } from "./cluster/programs/index.ts";
import { nodePrograms } from "./runtime/programs/index.ts";

/** Every program a modelled binary can be. */
export const programs: ProgramTable = {
  ...shellPrograms,
  ...coreutilsPrograms,
  ...systemPrograms,
  ...networkPrograms,
  ...imagePrograms,
  ...buildPrograms,
  ...spinPrograms,
  ...kubernetesPrograms,
  ...nodePrograms,
  ...clusterPrograms,
};
