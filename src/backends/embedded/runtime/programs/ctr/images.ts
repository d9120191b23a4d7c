import { ClientError } from "../../containerd/clients.ts";
import { LayoutError, readLayoutArchive } from "../../images/oci-layout.ts";
import type { ImageContent } from "../../images/oci.ts";
import { sha256 } from "../../images/oci.ts";
import { PullError, pullForContainerd } from "../../images/pull.ts";
import { unpackTar } from "../../images/tar.ts";
import { gunzipSync } from "node:zlib";
import { unpackRootfs } from "../../oci/enter.ts";
import type { Command } from "./command.ts";
import { fullReference, parseFlags, table } from "./command.ts";

/** `ctr images …`; undefined for an action that there is not. */
export async function images(command: Command, action: string): Promise<number | undefined> {
  switch (action) {
    case "ls":
    case "list":
      return list(command);
    case "pull":
      return pull(command);
    case "import":
      return importArchive(command);
    case "rm":
    case "remove":
    case "del":
    case "delete":
      return remove(command);
    case "tag":
      return tag(command);
    case "mount":
      return mount(command);
    default:
      return undefined;
  }
}

async function list({ process, clients, namespace, args }: Command): Promise<number> {
  const flags = parseFlags(args, []);
  const store = clients.images(namespace);
  const rows = store.images().flatMap((image) => {
    const content = store.content(image);
    const platform = content ? `${content.config.os}/${content.config.architecture}` : "-";
    const type = content?.manifest.mediaType ?? "application/vnd.oci.image.manifest.v1+json";
    const size = sizeWords(store.describe(image).size);
    const labels = namespace === "k8s.io" ? "io.cri-containerd.image=managed" : "-";
    return image.names.map((name) => [name, type, image.manifest, size, platform, labels]);
  });
  if (flags.has("q", "quiet")) await process.out(rows.map(([name = ""]) => `${name}\n`).join(""));
  else await process.out(table([["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS"], ...rows]));
  return 0;
}

function sizeWords(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

const bar = "|++++++++++++++++++++++++++++++++++++++|";

/** Simplified: the progress is told once, at the end, and in containerd 1's words. */
async function pull({ process, machine, clients, namespace, args }: Command): Promise<number> {
  const flags = parseFlags(args, ["platform", "snapshotter", "user", "u", "hosts-dir", "label"]);
  const [name] = flags.operands;
  if (name === undefined) throw new ClientError("please provide an image reference to pull");
  const reference = fullReference(name);
  const store = clients.images(namespace);
  let manifest: string;
  let content: ImageContent | undefined;
  try {
    const image = await pullForContainerd({
      machine,
      store,
      name: reference,
      registryTable: clients.registryTable,
      version: clients.version,
      localPull: true,
      signal: process.signal,
    });
    manifest = image.manifest;
    content = store.content(image);
  } catch (error) {
    if (error instanceof PullError)
      throw new ClientError(error.message.replace(/^failed to pull and unpack image "[^"]*": /, ""));
    throw error;
  }
  const rows = [
    [`${reference}:`, "resolved"],
    [`manifest-${manifest}:`, "done"],
    ...(content?.layers ?? []).map((layer) => [`layer-${layer.descriptor.digest}:`, "done"]),
    [`config-${content?.manifest.config.digest ?? ""}:`, "done"],
  ];
  await process.out(rows.map(([what = "", state = ""]) => `${what.padEnd(82)}${state.padEnd(15)}${bar} \n`).join(""));
  await process.out(`unpacking linux/amd64 ${manifest}...\ndone\n`);
  return 0;
}

/** Unpacks each layer and compares its digest with what the configuration promises. Throws ClientError. */
function checkLayers(content: ImageContent): void {
  const wanted = content.config.rootfs.diff_ids;
  if (content.layers.length !== wanted.length) {
    throw new ClientError(
      "failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers",
    );
  }
  for (const [index, layer] of content.layers.entries()) {
    const isCompressed = layer.bytes[0] === 0x1f && layer.bytes[1] === 0x8b;
    const got = sha256(isCompressed ? new Uint8Array(gunzipSync(layer.bytes)) : layer.bytes);
    if (got !== wanted[index]) {
      throw new ClientError(
        `failed to extract layer ${wanted[index] ?? ""}: wrong diff id calculated on extraction ${JSON.stringify(got)}: unknown`,
      );
    }
  }
}

async function importArchive({ process, machine, clients, namespace, args }: Command): Promise<number> {
  const flags = parseFlags(args, ["base-name", "snapshotter", "platform"]);
  const [file] = flags.operands;
  if (file === undefined) throw new ClientError("please provide a path to the archive to import");
  const path = process.resolve(file);
  if (!process.files.exists(path)) throw new ClientError(`open ${file}: no such file or directory`);
  const members = new Map<string, Uint8Array>();
  try {
    for (const entry of unpackTar(process.files.readBytes(path))) members.set(entry.path, entry.bytes);
    const day = new Date(machine.environment.clock.now()).toISOString().slice(0, 10);
    const base = flags.values("base-name")[0] ?? `import-${day}`;
    for (const { name, tag: reference, content } of readLayoutArchive(members)) {
      const named = name ?? (reference?.includes("/") === true ? reference : `${base}:${reference ?? "latest"}`);
      checkLayers(content);
      clients.images(namespace).add(content, [named]);
      await process.out(`unpacking ${named} (${content.manifestDigest})...done\n`);
    }
  } catch (error) {
    if (error instanceof RangeError) throw new ClientError("archive/tar: invalid tar header");
    if (error instanceof LayoutError) throw new ClientError(error.message);
    throw error;
  }
  return 0;
}

async function remove({ process, clients, namespace, args }: Command): Promise<number> {
  let exitCode = 0;
  for (const name of parseFlags(args, []).operands) {
    const store = clients.images(namespace);
    const image = store.images().find((other) => other.names.includes(name));
    if (!image) {
      await process.err(`ctr: image ${JSON.stringify(name)}: not found\n`);
      exitCode = 1;
      continue;
    }
    if (image.names.length > 1) store.untag(image, name);
    else store.remove(image);
    await process.out(`${name}\n`);
  }
  return exitCode;
}

async function tag({ process, clients, namespace, args }: Command): Promise<number> {
  const [from = "", ...names] = parseFlags(args, []).operands;
  const store = clients.images(namespace);
  const image = store.images().find((other) => other.names.includes(from));
  if (!image) throw new ClientError(`image ${JSON.stringify(from)}: not found`);
  for (const name of names) {
    store.tag(image, name);
    await process.out(`${name}\n`);
  }
  return 0;
}

/** Simplified: the layers are copied to the target instead of being mounted there. */
async function mount({ process, machine, clients, namespace, args }: Command): Promise<number> {
  const [name = "", target = ""] = parseFlags(args, ["platform", "snapshotter"]).operands;
  const store = clients.images(namespace);
  const image = store.images().find((other) => other.names.includes(name));
  if (!image) throw new ClientError(`image ${JSON.stringify(name)}: not found`);
  const path = process.resolve(target);
  if (target === "" || !process.files.isDirectory(path))
    throw new ClientError(`mount target ${JSON.stringify(target)}: no such file or directory`);
  unpackRootfs(machine, store.rootfs(image), path);
  await process.out(`${image.manifest}\n${target}\n`);
  return 0;
}
