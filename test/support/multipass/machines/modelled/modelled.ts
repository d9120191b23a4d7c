import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../settings.ts";
import type { Machines } from "../machines.ts";
import { frames, lockPath, type Order, socketPath, unframed } from "./protocol.ts";

/**
 * The embedded backend's machines, held by a process of their own, behind Multipass's face: labs without a virtual
 * machine. They come prepared, what is stopped only cannot be reached, and a snapshot of one is one of all: where they
 * were made one after the other, to bring all back to their beginnings is more than these can play.
 */
export function openModelled({ folder }: Settings): Machines {
  const cache = process.env["NODE_COMPILE_CACHE"];
  const file = (name: string, what: string): string => join(folder, "modelled", `${name}.${what}`);
  const address = (name: string): string => readFileSync(file(name, "address"), "utf8");
  const stop = async (name: string): Promise<void> => {
    if (!existsSync(file(name, "running"))) return;
    rmSync(file(name, "running"), { force: true });
    await ask(folder, { do: "drop", name });
  };
  const remove = async (name: string): Promise<void> => {
    await stop(name);
    if (!existsSync(file(name, "address"))) return;
    rmSync(file(name, "address"), { force: true });
    await ask(folder, { do: "remove", name });
  };
  return {
    prepared: true,
    stop,
    remove,
    address,
    addresses: (name) => [address(name)],
    running: (name) => existsSync(file(name, "running")),
    moveAddress: () => undefined,
    async create(name) {
      mkdirSync(join(folder, "modelled"), { recursive: true });
      writeFileSync(file(name, "address"), await ask(folder, { do: "ensure", name }));
    },
    async start(name) {
      writeFileSync(file(name, "running"), "");
    },
    async removeAll() {
      // The daemon ends by itself when the state is gone.
      for (let waited = 0; waited < 10_000 && existsSync(lockPath(folder)); waited += 20) await sleep(20);
    },
    inside: (name, command, user) => ({
      file: process.execPath,
      argv: [join(import.meta.dirname, "run.ts"), folder, name, user, command],
      env: cache === undefined ? {} : { NODE_COMPILE_CACHE: cache },
    }),
    async save(_name, to) {
      mkdirSync(to, { recursive: true });
      await ask(folder, { do: "save", id: snapshotId(to) });
    },
    async restore(_name, from) {
      await ask(folder, { do: "restore", id: snapshotId(from) });
    },
  };
}

const snapshotId = (path: string): string => `${basename(dirname(path))} ${basename(path)}`;

/** Gives an order to the daemon, which is started when there is none. Rejects with what it could not do. */
async function ask(folder: string, order: Order): Promise<string> {
  const socket = await connected(folder);
  let answer: string | undefined;
  let problem = "the daemon of the modelled machines has ended";
  socket.on(
    "data",
    unframed((kind, payload) => {
      if (kind === frames.end) answer = payload.toString();
      else problem = payload.toString();
    }),
  );
  const over = new Promise((done) => socket.on("close", done));
  socket.end(`${JSON.stringify(order)}\n`);
  await over;
  if (answer === undefined) throw new Error(problem);
  return answer;
}

async function connected(folder: string): Promise<Socket> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const socket = createConnection({ path: socketPath(folder), allowHalfOpen: true });
    const open = await new Promise<boolean>((done) => {
      socket.once("connect", () => done(true)).once("error", () => done(false));
    });
    if (open) return socket;
    if (attempt === 0) {
      spawn(
        process.execPath,
        ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "daemon.ts"), folder],
        {
          detached: true,
          stdio: "ignore",
          cwd: "/",
        },
      ).unref();
    }
    await sleep(50);
  }
  throw new Error("the daemon of the modelled machines did not start");
}
