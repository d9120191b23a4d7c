import type { ProgramTable } from "../../process.ts";
import { aptPrograms } from "./apt.ts";
import { addAptRepository, aptKey } from "./apt-keys.ts";
import { dpkgPrograms } from "./dpkg.ts";

/** apt and dpkg. */
export const packagePrograms: ProgramTable = {
  ...aptPrograms,
  ...dpkgPrograms,
  "apt-key": aptKey,
  "add-apt-repository": addAptRepository,
  "update-alternatives": () => Promise.resolve(0),
};
