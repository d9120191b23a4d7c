import type { Clock, Random } from "../../domain/clock.ts";
import { RemoteMachine } from "../../remote/remote-machine.ts";
import type { Multipass } from "./client/index.ts";
import type { MachineDirectory } from "./directory.ts";
import { multipassTransport } from "./transport.ts";

/** A machine behind `multipass exec`. */
export class MultipassMachine extends RemoteMachine {
  #client: Multipass;
  #instance: string;

  constructor(options: {
    client: Multipass;
    directory: MachineDirectory;
    clock: Clock;
    random: Random;
    name: string;
    instance: string;
  }) {
    const { client, directory, clock, random, name, instance } = options;
    super({
      name,
      transport: multipassTransport(client, name, instance),
      address: () => directory.addressOf(name),
      state: () => directory.stateOf(name),
      clock,
      random,
    });
    this.#client = client;
    this.#instance = instance;
  }

  terminal(): { file: string; argv: readonly string[] } {
    return this.#client.shellCommand(this.#instance);
  }
}
