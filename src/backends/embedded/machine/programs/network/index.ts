import type { ProgramTable } from "../../process.ts";
import { curl } from "./curl/curl.ts";
import { wget } from "./wget.ts";

/** Clients of the network, by the name in their binary. */
export const networkPrograms: ProgramTable = { curl, wget };
