import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { openEmbeddedBackend } from "../../../../../src/backends/embedded/backend.ts";
import { systemClock, systemRandom } from "../../../../../src/cli/system-clock.ts";
import type { MachineRole, Profile } from "../../../../../src/domain/backend.ts";
import { openDoors } from "./doors.ts";
import { frame, frames, lockPath, type Order, roleOf, socketPath, unframed } from "./protocol.ts";
import { playTerminal } from "./terminal.ts";

// Holds the modelled machines of one state folder until that is disposed of.
const [folder = ""] = process.argv.slice(2);
try {
  mkdirSync(lockPath(folder));
} catch {
  process.exit();
}
const backend = await openEmbeddedBackend({
  folder: join(folder, "modelled", "lab"),
  profile: (process.env["MP_FAKE_PROFILE"] ?? "thesis") as Profile,
  pace: "instant",
  clock: systemClock,
  random: systemRandom,
});
const doors = openDoors(folder);
const connections = new Map<Socket, string>();

/** What a machine has when Multipass says that it is launched, and the lab that it is prepared. */
const born: Readonly<Record<string, string>> = {
  "/var/lib/cloud/instance/boot-finished": "finished\n",
  "/run/cloud-init/result.json": '{"v1": {"datasource": "DataSourceNoCloud [seed=/dev/sr0]", "errors": []}}\n',
  "/var/lib/wasm-k8s-lab/prepared": "modelled\n",
};
const cloudInit = readFileSync(join(import.meta.dirname, "../../cloud-init/cloud-init.sh"), "utf8");

async function ensure(instance: string): Promise<string> {
  const name = roleOf(instance);
  const machine = await backend.ensure({ name, role: name as MachineRole });
  for (const [path, text] of Object.entries(born)) await machine.writeFile(path, text);
  await machine.writeFile("/usr/local/bin/cloud-init", cloudInit.replace("@root@", ""), { mode: 0o755 });
  return machine.address();
}

async function leadOutside(): Promise<void> {
  const { nodePorts, kubeconfig } = await backend.hostAccess();
  const addresses = new Map((await backend.list()).map(({ name, address }) => [name, address]));
  const lead = (name: string, port: number, to: { address: string; port: number } | undefined): void => {
    const address = addresses.get(name);
    if (address !== undefined && to) doors.lead({ address, port, to });
  };
  lead("worker1", 31_001, nodePorts[31_001]);
  lead("worker2", 31_002, nodePorts[31_002]);
  const server =
    kubeconfig === undefined ? undefined : /server: https:\/\/([\d.]+):(\d+)/.exec(readFileSync(kubeconfig, "utf8"));
  if (server) lead("master", 6443, { address: server[1] ?? "", port: Number(server[2]) });
}

async function obey(order: Exclude<Order, { do: "exec" }>): Promise<string> {
  switch (order.do) {
    case "ensure":
      return ensure(order.name);
    case "drop":
    case "remove":
      for (const [socket, name] of connections) if (name === order.name) socket.destroy();
      if (order.do === "remove") await backend.remove(roleOf(order.name));
      return "";
    case "save":
      await backend.snapshots?.save(order.id);
      return "";
    case "restore":
      await backend.snapshots?.restore(order.id);
      return "";
  }
}

function serve(socket: Socket): void {
  let order: Order | undefined;
  let head = "";
  const input: Buffer[] = [];
  let terminal: ReturnType<typeof playTerminal>;
  const send = (kind: number, payload: string | Uint8Array): void => {
    if (socket.writable) socket.write(frame(kind, payload));
  };
  const finish = (work: Promise<string>): void => {
    work
      .then(
        (answer) => send(frames.end, answer),
        (error: unknown) => send(frames.stderr, error instanceof Error ? error.message : String(error)),
      )
      .finally(() => socket.end());
  };
  const take = unframed((_kind, payload) => {
    if (terminal) terminal.type(payload.toString());
    else input.push(payload);
  });
  const begin = (given: Order): void => {
    order = given;
    if (order.do !== "exec") return finish(obey(order));
    connections.set(socket, order.name);
    const { name, command } = order;
    terminal = playTerminal(command, {
      machine: () => backend.machine(roleOf(name)),
      stdout: (text) => send(frames.stdout, text),
      stderr: (text) => send(frames.stderr, text),
    });
    if (terminal) finish(terminal.ended.then(String));
  };
  socket.on("data", (piece: Buffer) => {
    if (order) return take(piece);
    head += piece.toString("latin1");
    const at = head.indexOf("\n");
    if (at < 0) return;
    begin(JSON.parse(Buffer.from(head.slice(0, at), "latin1").toString()) as Order);
    take(Buffer.from(head.slice(at + 1), "latin1"));
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connections.delete(socket));
  socket.on("end", () => {
    if (terminal) terminal.hangUp();
    else if (order?.do === "exec") finish(run(order, Buffer.concat(input), send));
  });
}

async function run(
  { name, user, command }: Extract<Order, { do: "exec" }>,
  stdin: Uint8Array,
  send: (kind: number, payload: Uint8Array) => void,
): Promise<string> {
  const machine = await backend.machine(roleOf(name));
  const { exitCode } = await machine.exec([...(user === "root" ? ["sudo"] : []), "bash", "-c", command], {
    stdin,
    onOutput: ({ stream, bytes }) => send(frames[stream], bytes),
  });
  await leadOutside();
  return String(exitCode);
}

const server = createServer({ allowHalfOpen: true }, serve).listen(socketPath(folder));
const disposed = setInterval(() => {
  if (existsSync(join(folder, "state.db"))) return;
  clearInterval(disposed);
  server.close();
  doors.close();
  void backend.close().finally(() => {
    rmSync(lockPath(folder), { recursive: true, force: true });
    process.exit();
  });
}, 100);
