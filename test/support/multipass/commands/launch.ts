import { existsSync, readFileSync, statSync } from "node:fs";
import { askDaemon } from "../daemon/ask.ts";
import { parseSize } from "../format.ts";
import { readable } from "../snap.ts";
import { type Call, exits, fail, wrong } from "../call.ts";
import { findImage, type Image } from "../images.ts";
import type { Instance } from "../store.ts";
import { refuseMount } from "./mounts.ts";
import { timeoutOf } from "../timeout.ts";

const mebi = 1024 ** 2;

/** `multipass launch` */
export async function run(call: Call): Promise<number> {
  const { settings, positionals } = call;
  if (positionals.length > 1) return wrong(call, "Too many arguments supplied");
  if (call.has("mem"))
    call.err(
      'Warning: the "--mem" long option is deprecated in favour of "--memory". Please update any scripts, etc.\n',
    );
  const cpus = call.value("cpus") ?? "1";
  if (!/^\d+$/.test(cpus) || Number(cpus) < 1) {
    return wrong(call, `Error: invalid CPU count '${cpus}', need a positive integer value.`);
  }
  const memory = sizeOf(call, call.value("memory") ?? call.value("mem") ?? "1G");
  const disk = sizeOf(call, call.value("disk") ?? "5G");
  if (memory === undefined || disk === undefined) return exits.wrongUse;
  const userData = await userDataOf(call);
  if (userData === undefined) return exits.wrongUse;
  const mounts = call.values("mount").map((mount) => mount.split(":"));
  for (const [source = ""] of mounts) {
    if (!existsSync(source)) return wrong(call, `Mount source path "${source}" does not exist`);
    if (!statSync(source).isDirectory()) return wrong(call, `Mount source path "${source}" is not a directory`);
  }
  const timeout = timeoutOf(call);
  if (timeout === false) return exits.wrongUse;

  const small = (bytes: number, [before, since]: readonly [number, number]): boolean =>
    bytes < (settings.atLeast("1.17") ? since : before) * mebi;
  const name = call.value("name") ?? freeName(Object.keys(call.store().read().instances));
  const invalid = !/^([a-zA-Z]|[a-zA-Z][a-zA-Z0-9-]*[a-zA-Z0-9])$/.test(name)
    ? `Invalid instance name supplied: ${name}`
    : small(disk, [512, 1024])
      ? `Invalid disk size value supplied: ${call.value("disk") ?? ""}.`
      : small(memory, [128, 512])
        ? `Invalid memory size value supplied: ${call.value("memory") ?? call.value("mem") ?? ""}.`
        : undefined;
  if (invalid !== undefined) return fail(call, "Invalid arguments supplied", invalid);
  if (call.has("network") || call.has("bridged")) {
    return fail(
      call,
      "Invalid arguments supplied",
      settings.atLeast("1.17")
        ? "Invalid network options. To troubleshoot, see https://canonical.com/multipass/docs/stable/how-to-guides/troubleshoot/"
        : "Invalid network options supplied",
    );
  }
  // Whether the name is free is asked before what is to be launched.
  const { [name]: there } = call.store().read().instances;
  if (there) return fail(call, taken(there));
  const image = findImage(positionals[0] ?? "lts", settings);
  if (typeof image === "string") return fail(call, image);
  const zone = zoneOf(call.value("zone"));
  const refusal = register(call, { name, image, cpus: Number(cpus), memory, disk, zone });
  if (refusal !== undefined) return fail(call, refusal);
  const code = await askDaemon(call, {
    operation: "launch",
    name,
    userData,
    ...(timeout === undefined ? {} : { timeout }),
  });
  return code === exits.ok && mounts.length > 0 ? refuseMount(call, name) : code;
}

/** Bytes; undefined when the client gives up on it. */
function sizeOf(call: Call, text: string): number | undefined {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  const moment = new Date().toISOString().replace("Z", "");
  call.err(
    `[${moment}] [error] [client] Caught an unhandled exception: ${text} is not a valid memory size - need a ` +
      "non-negative integer (in base 10) or a decimal followed by K, M, or G (e.g. 1234B, 42MiB, 0.5G)\n",
  );
  return undefined;
}

/** Undefined, and the reason printed, when it cannot be read. */
async function userDataOf(call: Call): Promise<string | undefined> {
  const source = call.value("cloud-init");
  if (source === undefined) return "";
  const prefix = call.settings.atLeast("1.12")
    ? "Could not load cloud-init configuration"
    : "error loading cloud-init config";
  let text: string;
  if (source === "-") {
    text = readFileSync(0, "utf8");
  } else if (readable(source, call.settings) && existsSync(source) && statSync(source).isFile()) {
    text = readFileSync(source, "utf8");
  } else {
    wrong(
      call,
      `${prefix}: bad file${call.settings.atLeast("1.12") ? `: ${source}\nPlease ensure that Multipass can read it.` : ""}`,
    );
    return undefined;
  }
  const { parseDocument } = await import("yaml");
  const [error] = parseDocument(text, { prettyErrors: true }).errors;
  if (!error) return text;
  const { line = 1, col = 1 } = error.linePos?.[0] ?? {};
  const said = error.message.split("\n")[0]?.replace(/ at line.*$/, "") ?? "";
  wrong(call, `${prefix}: yaml-cpp: error at line ${line}, column ${col}: ${said}`);
  return undefined;
}

function zoneOf(wanted: string | undefined): string {
  return wanted === undefined ? "zone1" : /^\d$/.test(wanted) ? `zone${wanted}` : wanted;
}

interface Wanted {
  name: string;
  image: Image;
  cpus: number;
  memory: number;
  disk: number;
  zone: string;
}

const taken = ({ name, preparing }: Instance): string =>
  `instance "${name}" ${preparing ? "is being prepared" : "already exists"}`;

/** Takes the name; gives the reason when it is taken. */
function register(call: Call, { name, image, ...sizes }: Wanted): string | undefined {
  return call.store().change((state) => {
    const there = state.instances[name];
    if (there) return taken(there);
    if (sizes.disk < image.bytes) {
      return `Requested disk (${sizes.disk} bytes) below minimum for this image (${image.bytes} bytes)`;
    }
    state.instances[name] = {
      ...sizes,
      name,
      state: "Starting",
      preparing: true,
      release: image.release,
      title: image.title,
      hash: image.hash,
      snapshots: [],
      head: "",
      snapshotsTaken: 0,
      otherAddresses: [],
      management: "known",
    };
    return undefined;
  });
}

function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const name = `calm-otter${number === 1 ? "" : `-${number}`}`;
    if (!taken.includes(name)) return name;
  }
}
