import { applyCommand } from "./apply.ts";
import { describeCommand } from "./describe/command.ts";
import { deleteCommand } from "./delete.ts";
import { getCommand } from "./get.ts";
import { annotateCommand, labelCommand } from "./label.ts";
import { cordonCommand, drainCommand, taintCommand, uncordonCommand } from "./nodes.ts";
import type { Command } from "./session.ts";
import { exposeCommand, patchCommand, scaleCommand, setCommand } from "./workloads.ts";

/** Every kubectl command, in the order of its help. */
export const commands: Readonly<Record<string, Command>> = {
  expose: exposeCommand,
  set: setCommand,
  get: getCommand,
  delete: deleteCommand,
  scale: scaleCommand,
  cordon: cordonCommand,
  uncordon: uncordonCommand,
  drain: drainCommand,
  taint: taintCommand,
  describe: describeCommand,
  patch: patchCommand,
  apply: applyCommand,
  label: labelCommand,
  annotate: annotateCommand,
};
