import { controlBuiltins } from "./control.ts";
import { jobBuiltins } from "./jobs.ts";
import { lookupBuiltins } from "./lookup.ts";
import { outputBuiltins } from "./output.ts";
import type { Builtin } from "./types.ts";
import { variableBuiltins } from "./variables.ts";

/** The commands of the shell itself. */
export const builtins: Readonly<Record<string, Builtin>> = {
  ...controlBuiltins,
  ...outputBuiltins,
  ...variableBuiltins,
  ...lookupBuiltins,
  ...jobBuiltins,
};
