import type { Clock } from "../../../../src/domain/clock.ts";
import { FileSystem, root } from "../../../../src/backends/embedded/machine/files/file-system.ts";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { createLabNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import type { EmbeddedNetwork } from "../../../../src/backends/embedded/network/lab-network.ts";
import type { Internet } from "../../../../src/backends/embedded/network/internet/internet.ts";
import { decode, encode, concat } from "../../../../src/backends/embedded/machine/io.ts";
import type { HttpResponse } from "../../../../src/backends/embedded/network/network.ts";

/** A clock whose sleeps end at once, in order. */
export function instantClock(now = Date.parse("2024-02-28T10:00:00Z")): Clock & { advance(ms: number): void } {
  let time = now;
  return {
    now: () => time,
    monotonic: () => time - now,
    sleep: (ms, signal) => {
      if (signal?.aborted) return Promise.reject(signal.reason);
      time += ms;
      return Promise.resolve();
    },
    after: () => () => {},
    advance: (ms) => {
      time += ms;
    },
  };
}

/** The part of a machine that the network reads. */
type NetworkedMachine = Pick<ModelledMachine, "name" | "address" | "rootFiles" | "bootedAt" | "durable"> & {
  kernel: Pick<ModelledMachine["kernel"], "parameter">;
  environment: Pick<ModelledMachine["environment"], "touch"> & { network: Pick<EmbeddedNetwork, "detachPods"> };
};

function isWholeMachine(machine: NetworkedMachine | ModelledMachine): machine is ModelledMachine {
  return machine.name !== "";
}

export function labOfThree(internet?: Internet): {
  network: EmbeddedNetwork;
  clock: ReturnType<typeof instantClock>;
  hosts(name: string, text: string): void;
  machine(name: string): ModelledMachine;
  /** Sets net.ipv4.ip_forward everywhere. */
  forward(value: "0" | "1"): void;
} {
  const clock = instantClock();
  let forwarding = "1";
  const machines = [
    ["master", "10.0.0.182"],
    ["worker1", "10.0.0.177"],
    ["worker2", "10.0.0.150"],
  ].map(([name = "", address = ""]): ModelledMachine => {
    const rootFiles = new FileSystem(clock).as(root);
    rootFiles.makeDirectory("/etc");
    rootFiles.write("/etc/hosts", `127.0.0.1 localhost\n127.0.1.1 ${name}\n`);
    const states = new Map<string, unknown>();
    const machine: NetworkedMachine = {
      name,
      address,
      rootFiles,
      bootedAt: 0,
      durable<T extends object>(key: string, initial: () => T): T {
        if (!states.has(key)) states.set(key, initial());
        return states.get(key) as T;
      },
      kernel: { parameter: () => forwarding },
      environment: { touch: () => undefined, network: { detachPods: (which) => network.detachPods(which) } },
    };
    if (!isWholeMachine(machine)) throw new Error("unnamed machine");
    return machine;
  });
  const network: EmbeddedNetwork = createLabNetwork({
    machine: (name) => machines.find((machine) => machine.name === name),
    machines: () => machines,
    internet: internet ?? { resolve: () => undefined, hostAt: () => undefined },
    clock,
  });
  return {
    network,
    clock,
    machine(name) {
      const found = machines.find((machine) => machine.name === name);
      if (!found) throw new Error(`no machine ${name}`);
      return found;
    },
    forward: (value) => (forwarding = value),
    hosts: (name, text) => machines.find((machine) => machine.name === name)?.rootFiles.write("/etc/hosts", text),
  };
}

export async function textOf(response: HttpResponse): Promise<string> {
  if (response.body instanceof Uint8Array) return decode(response.body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return decode(concat(chunks));
}

export const answering = (text: string) => (): Promise<HttpResponse> =>
  Promise.resolve({ status: 200, headers: {}, body: encode(text) });
