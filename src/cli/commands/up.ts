import type { MachineRole } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { textsFor } from "../../texts/texts.ts";
import { languageOf } from "../language.ts";
import { connectToHost, type LabArguments, openLab, openLocalSession, serveSession } from "../open-session.ts";
import { print, printJson } from "../output.ts";

const roles: MachineRole[] = ["master", "worker1", "worker2"];

/** Starts the machines and holds the lab until it is interrupted or `down` is called. */
export async function up(given: LabArguments & { json?: boolean }): Promise<number> {
  const texts = textsFor(languageOf(given.lang));
  const lab = await openLab("up", "brisk", given);
  try {
    for (const name of roles) await lab.backend.ensure({ name, role: name });
    const session = await openLocalSession(lab, given);
    const ended = Promise.withResolvers<number>();
    const interrupt = (): void => ended.resolve(exitCodes.interrupted);
    process.once("SIGINT", interrupt);
    process.once("SIGTERM", interrupt);
    const control = await serveSession(lab, session, () => ended.resolve(exitCodes.passed));
    const machines = await lab.backend.list();
    const host = await lab.backend.hostAccess();
    const kubeconfig = lab.backend.kubeconfigPath?.() ?? host.kubeconfig;
    if (given.json) printJson({ machines, host, kubeconfig });
    else {
      print(`${texts.up.machines}: ${machines.map(({ name, address }) => `${name} ${address}`).join(", ")}`);
      if (kubeconfig !== undefined) print(texts.up.kubeconfig(kubeconfig));
      if (host.kubeconfig === undefined) print(`  (${texts.up.noCluster})`);
      for (const [port, target] of Object.entries(host.nodePorts)) {
        print(texts.up.nodePort(Number(port), `http://${target.address}:${target.port}`));
      }
      print(texts.up.hold);
    }
    const exitCode = await ended.promise;
    await control.close();
    await session.close();
    return exitCode;
  } finally {
    await lab.close();
  }
}

/** Ends the process that holds the lab; the saved lab stays. */
export async function down(): Promise<number> {
  const host = await connectToHost();
  if (!host) {
    throw new LabError("not-up", "no process holds the lab", { remedy: "There is nothing to end.", exitCode: 2 });
  }
  await host.stopHost();
  return exitCodes.passed;
}
