import type { ProgramTable } from "../../process.ts";
import { bash } from "./bash.ts";

/** The shell and the programs that deal with users and processes. */
export const shellPrograms: ProgramTable = {
  bash,
  sh: bash,
};
