import type { ProgramTable } from "../../process.ts";
import { bash } from "./bash.ts";
import { env, nice, nohup, timeout, which } from "./environment.ts";
import { clear, editor, less, watch } from "./pagers.ts";
import { kill, killall, pgrep, pkill, ps, top } from "./process-list.ts";
import { su, sudo } from "./sudo.ts";

/** The shell and the programs that deal with users, processes and terminals. */
export const shellPrograms: ProgramTable = {
  bash,
  sh: bash,
  dash: bash,
  rbash: bash,
  sudo,
  sudoedit: sudo,
  su,
  env,
  timeout,
  nohup,
  nice,
  which,
  watch,
  clear,
  reset: clear,
  nano: editor,
  vi: editor,
  vim: editor,
  editor,
  less,
  more: less,
  ps,
  kill,
  pkill,
  pgrep,
  killall,
  top,
};
