import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openMachines } from "../machines/machines.ts";
import { readSettings } from "../settings.ts";
import { openStore } from "../store.ts";
import { launch } from "./launch.ts";
import type { Message, Request } from "./messages.ts";
import { openSession } from "./session.ts";
import { start } from "./start.ts";

// The daemon's side of one request that outlives its client: reads the request from a file, tells on standard output.
const [file = ""] = process.argv.slice(2);
const request = JSON.parse(readFileSync(file, "utf8")) as Request;
rmSync(file);
const settings = readSettings(process.env);
const store = openStore(settings.folder);
const machines = await openMachines(settings);
process.stdout.on("error", () => undefined);
const tell = (message: Message): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

const disposed = setInterval(() => {
  if (!existsSync(join(settings.folder, "state.db"))) process.exit();
}, 100);
const session = openSession({ settings, store, machines, tell }, request);
if (request.operation === "launch") await launch(session, request);
else await start(session, request);
clearInterval(disposed);
