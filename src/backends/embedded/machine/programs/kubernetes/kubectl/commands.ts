import { applyCommand } from "./apply.ts";
import {
  apiResourcesCommand,
  apiVersionsCommand,
  authCommand,
  clusterInfoCommand,
  completionCommand,
  eventsCommand,
  topCommand,
  versionCommand,
} from "./cluster.ts";
import { configCommand } from "./config.ts";
import { createCommand, runCommand } from "./create.ts";
import { deleteCommand } from "./delete.ts";
import { describeCommand } from "./describe/command.ts";
import { getCommand } from "./get.ts";
import { annotateCommand, labelCommand } from "./label.ts";
import { certificateCommand, cpCommand, diffCommand, explainCommand, portForwardCommand } from "./further.ts";
import { editCommand, replaceCommand } from "./edit.ts";
import { waitCommand } from "./wait.ts";
import { execCommand, logsCommand } from "./logs.ts";
import { cordonCommand, drainCommand, taintCommand, uncordonCommand } from "./nodes.ts";
import { rolloutCommand } from "./rollout.ts";
import type { Command } from "./session.ts";
import { exposeCommand, patchCommand, scaleCommand, setCommand } from "./workloads.ts";

/** Every kubectl command, in the order of its help. */
export const commands: Readonly<Record<string, Command>> = {
  create: createCommand,
  expose: exposeCommand,
  run: runCommand,
  set: setCommand,
  explain: explainCommand,
  get: getCommand,
  edit: editCommand,
  delete: deleteCommand,
  rollout: rolloutCommand,
  scale: scaleCommand,
  certificate: certificateCommand,
  "cluster-info": clusterInfoCommand,
  top: topCommand,
  cordon: cordonCommand,
  uncordon: uncordonCommand,
  drain: drainCommand,
  taint: taintCommand,

  describe: describeCommand,
  logs: logsCommand,
  exec: execCommand,
  "port-forward": portForwardCommand,
  cp: cpCommand,
  auth: authCommand,
  events: eventsCommand,
  diff: diffCommand,
  apply: applyCommand,
  patch: patchCommand,
  replace: replaceCommand,
  wait: waitCommand,
  label: labelCommand,
  annotate: annotateCommand,
  completion: completionCommand,
  "api-resources": apiResourcesCommand,
  "api-versions": apiVersionsCommand,
  config: configCommand,
  version: versionCommand,
};
