import { hasMachinesOutside } from "../../backends/registry.ts";
import type { MachineRole } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import type { Texts } from "../../texts/en.ts";
import { textsFor } from "../../texts/texts.ts";
import { languageOf } from "../language.ts";
import {
  connectToHost,
  type LabArguments,
  openLab,
  type OpenLab,
  openLocalSession,
  requireUsable,
  savedBackend,
  serveSession,
} from "../open-session.ts";
import { print, printJson } from "../output.ts";

const roles: MachineRole[] = ["master", "worker1", "worker2"];

/**
 * Starts the machines and holds the lab until it is interrupted or `down` is called; machines that need no process of
 * ours only come up.
 */
export async function up(given: LabArguments & { json?: boolean }): Promise<number> {
  const texts = textsFor(languageOf(given.lang));
  const lab = await openLab("up", "brisk", given);
  try {
    await requireUsable(lab);
    for (const name of roles) await lab.backend.ensure({ name, role: name });
    if (!lab.backend.info.features.simulated) {
      await describe(lab, given, texts);
      return exitCodes.passed;
    }
    const session = await openLocalSession(lab, given);
    const ended = Promise.withResolvers<number>();
    const interrupt = (): void => ended.resolve(exitCodes.interrupted);
    process.once("SIGINT", interrupt);
    process.once("SIGTERM", interrupt);
    const control = await serveSession(lab, session, () => ended.resolve(exitCodes.passed));
    await describe(lab, given, texts);
    const exitCode = await ended.promise;
    await control.close();
    await session.close();
    return exitCode;
  } finally {
    await lab.close();
  }
}

/** Says where the machines are and how this computer reaches them. */
async function describe({ backend }: OpenLab, given: { json?: boolean }, texts: Texts): Promise<void> {
  const machines = await backend.list();
  const host = await backend.hostAccess();
  const kubeconfig = backend.kubeconfigPath?.() ?? host.kubeconfig;
  if (given.json) return printJson({ machines, host, kubeconfig });
  print(`${texts.up.machines}: ${machines.map(({ name, address }) => `${name} ${address}`).join(", ")}`);
  if (kubeconfig !== undefined) print(texts.up.kubeconfig(kubeconfig));
  if (host.kubeconfig === undefined) print(`  (${texts.up.noCluster})`);
  for (const [port, target] of Object.entries(host.nodePorts)) {
    print(texts.up.nodePort(Number(port), `http://${target.address}:${target.port}`));
  }
  const { simulated, lifecycle } = backend.info.features;
  print(simulated ? texts.up.hold : lifecycle ? texts.up.stays : texts.up.yours);
}

export interface DownArguments extends LabArguments {
  /** Leaves real machines as they are. */
  keep?: boolean;
  /** Asks nothing. */
  yes?: boolean;
}

/** Ends the process that holds the lab, and removes the real machines that the lab has made; modelled ones stay saved. */
export async function down(given: DownArguments): Promise<number> {
  const texts = textsFor(languageOf(given.lang));
  const host = await connectToHost();
  if (host) await host.stopHost();
  if (!hasMachinesOutside(savedBackend())) {
    if (host) return exitCodes.passed;
    throw new LabError("not-up", "no process holds the lab", { remedy: "There is nothing to end.", exitCode: 2 });
  }
  const lab = await openLab("down", "instant", given);
  try {
    const { backend, progress } = lab;
    if (!backend.removeAll || given.keep) {
      print(texts.down.kept);
      return exitCodes.passed;
    }
    const names = (await backend.list()).map(({ name }) => name).join(", ");
    if (names !== "" && !given.yes && !(await confirmed(texts.down.confirm(names), texts.down.yes))) {
      return exitCodes.interrupted;
    }
    await backend.removeAll();
    forgetMachines(progress);
    print(texts.down.removed(names));
    return exitCodes.passed;
  } finally {
    await lab.close();
  }
}

/** Asks on a terminal; where there is none, the command itself is the answer. */
async function confirmed(question: string, yes: RegExp): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return true;
  const { createInterface } = await import("node:readline/promises");
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return yes.test((await asking.question(question)).trim());
  } finally {
    asking.close();
  }
}

/** What is solved stays solved, but every lab has to be prepared on new machines. */
function forgetMachines(progress: OpenLab["progress"]): void {
  const { data } = progress;
  data.prepared = [];
  delete data.environment;
  delete data.broken;
  delete data.undone;
  progress.save();
}
