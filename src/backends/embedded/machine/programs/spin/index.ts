import type { ProgramTable } from "../../process.ts";
import { spin } from "./spin.ts";

/** Spin's command line, by the name in its binary. */
export const spinPrograms: ProgramTable = { spin };
