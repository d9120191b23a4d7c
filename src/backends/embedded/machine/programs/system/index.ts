import type { ProgramTable } from "../../process.ts";
import { accountPrograms } from "./accounts.ts";
import { hostPrograms } from "./host-tools.ts";
import { journalctl } from "./journalctl.ts";
import { kernelPrograms } from "./kernel-tools.ts";
import { namespaceTools } from "./namespace-tools.ts";
import { networkTools } from "./network-tools.ts";
import { notModelledPrograms } from "./not-modelled.ts";
import { packagePrograms } from "./packages.ts";
import { storagePrograms } from "./storage-tools.ts";
import { systemctl } from "./systemctl.ts";

/** Programs that look after the machine itself: units, packages, kernel, accounts, network settings. */
export const systemPrograms: ProgramTable = {
  ...notModelledPrograms,
  systemctl,
  journalctl,
  ...packagePrograms,
  ...kernelPrograms,
  ...hostPrograms,
  ...storagePrograms,
  ...accountPrograms,
  ...networkTools,
  ...namespaceTools,
};
