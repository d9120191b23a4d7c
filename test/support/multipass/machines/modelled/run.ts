import { createConnection } from "node:net";
import { frame, frames, type Order, socketPath, unframed } from "./protocol.ts";

// Runs a command on a modelled machine: this process stands for the one that sshd would start there.
const [folder = "", name = "", user = "", command = ""] = process.argv.slice(2);
const order: Order = { do: "exec", name, user: user === "root" ? "root" : "ubuntu", command };
const socket = createConnection({ path: socketPath(folder), allowHalfOpen: true });
let code = 255;
const take = unframed((kind, payload) => {
  if (kind === frames.stdout) process.stdout.write(payload);
  else if (kind === frames.stderr) process.stderr.write(payload);
  else code = Number(payload.toString());
});
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(code));
socket.on("error", () => process.exit(code));
socket.on("data", take);
socket.on("end", () => process.stdout.write("", () => process.exit(code)));
socket.write(`${JSON.stringify(order)}\n`);
process.stdin.on("data", (bytes: Buffer) => socket.write(frame(frames.stdout, bytes)));
process.stdin.on("end", () => socket.end());
process.stdin.on("error", () => socket.end());
