import { decode } from "../../io.ts";
import type { Process, Program } from "../../process.ts";
import { ImageStore, rootlessStorage, storageRoots } from "../../../runtime/images/image-store.ts";
import type { ImageContent } from "../../../runtime/images/oci.ts";
import { LayoutError, readFolder, readLayout, writeFolder, writeLayout } from "../../../runtime/images/oci-layout.ts";
import { fetchByContainersImage, PullError, pushByContainersImage } from "../../../runtime/images/pull.ts";
import { formatReference, InvalidReference, parseTagged, repositoryOf } from "../../../runtime/images/reference.ts";
import { RegistriesConfError } from "../../../runtime/images/registries-conf.ts";
import type { GoFlags } from "./flags.ts";
import { FlagError, parseGoFlags } from "./flags.ts";
import { CopyProgress } from "./progress.ts";

class SkopeoError extends Error {
  override readonly name = "SkopeoError";
}

/** skopeo: `inspect` and `copy` between registries, the local storage, OCI layouts (`oci:`) and folders (`dir:`). */
export const skopeo: Program = async (process) => {
  const [command, ...args] = process.argv.slice(1);
  if (command === "--version" || command === "-v") {
    await process.out(`skopeo version ${process.executable.version}\n`);
    return 0;
  }
  try {
    if (command === "inspect") return await inspect(process, args);
    if (command === "copy") return await copy(process, args);
    throw new SkopeoError(
      command === undefined
        ? "a command is needed: copy, inspect"
        : `unknown command ${JSON.stringify(command)} for "skopeo"`,
    );
  } catch (error) {
    const known =
      error instanceof SkopeoError ||
      error instanceof PullError ||
      error instanceof LayoutError ||
      error instanceof FlagError ||
      error instanceof InvalidReference ||
      error instanceof RegistriesConfError;
    if (!known) throw error;
    const time = new Date(process.machine.environment.clock.now()).toISOString().slice(0, 19);
    await process.err(`time="${time}Z" level=fatal msg=${JSON.stringify(error.message)}\n`);
    return 1;
  }
};

const storeOf = (process: Process): ImageStore =>
  new ImageStore(
    process.machine,
    process.credentials.uid === 0 ? storageRoots.containers : rootlessStorage(process.env["HOME"] ?? "/root"),
    process.files,
  );

async function source(
  process: Process,
  name: string,
  tlsVerify: boolean | undefined,
): Promise<{ name: string; content: ImageContent }> {
  const [, transport, rest = ""] = /^([a-z-]+):(?:\/\/)?(.*)$/.exec(name) ?? [];
  if (transport === "containers-storage") {
    const image = storeOf(process).find(rest);
    const content = image && storeOf(process).content(image);
    if (!content)
      throw new SkopeoError(
        `parsing image name ${JSON.stringify(name)}: reference ${JSON.stringify(rest)} does not resolve to an image ID: identifier is not an image`,
      );
    return { name: rest, content };
  }
  if (transport === "oci") {
    const { folder, tag } = layoutOf(process, rest);
    return { name, content: readLayout(process.files, folder, tag) };
  }
  if (transport === "dir") return { name, content: readFolder(process.files, process.resolve(rest)) };
  if (transport !== "docker")
    throw new SkopeoError(
      `parsing image name ${JSON.stringify(name)}: Invalid image name ${JSON.stringify(name)}, unknown transport ${JSON.stringify(transport ?? "")}`,
    );
  const full = formatReference(parseTagged(rest));
  const home = process.env["HOME"];
  const { content } = await fetchByContainersImage({
    machine: process.machine,
    name: full,
    signal: process.signal,
    tlsVerify,
    home,
    onBlob: () => Promise.resolve(),
  });
  return { name: full, content };
}

/** `path` or `path:tag`. */
function layoutOf(process: Process, text: string): { folder: string; tag: string | undefined } {
  const [, path = "", tag] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  return { folder: process.resolve(path).replace(/\/$/, ""), tag: tag === "" ? undefined : tag };
}

async function inspect(process: Process, args: readonly string[]): Promise<number> {
  const flags = parseGoFlags(args, "raw config tls-verify creds= authfile= format= no-tags n");
  const [name] = flags.operands;
  if (name === undefined) throw new SkopeoError("Exactly one argument expected");
  const found = await source(process, name, flags.boolean("tls-verify"));
  const { content } = found;
  if (flags.has("raw")) await process.out(decode(flags.has("config") ? content.configBytes : content.manifestBytes));
  else if (flags.has("config")) await process.out(`${JSON.stringify(content.config, null, 4)}\n`);
  else if (flags.value("format") === "{{.Digest}}") await process.out(`${content.manifestDigest}\n`);
  else {
    const view = {
      ...(/^(oci|dir):/.test(name) ? {} : { Name: repositoryOf(parseTagged(found.name)) }),
      Digest: content.manifestDigest,
      RepoTags: [],
      Created: content.config.created,
      DockerVersion: "",
      Labels: content.config.config?.Labels ?? null,
      Architecture: content.config.architecture,
      Os: content.config.os,
      Layers: content.layers.map((layer) => layer.descriptor.digest),
      Env: content.config.config?.Env ?? [],
    };
    await process.out(`${JSON.stringify(view, null, 4)}\n`);
  }
  return 0;
}

async function copy(process: Process, args: readonly string[]): Promise<number> {
  const flags: GoFlags = parseGoFlags(
    args,
    "src-tls-verify dest-tls-verify a,all q,quiet f,format= src-creds= dest-creds= authfile=",
  );
  const [from, to] = flags.operands;
  if (from === undefined || to === undefined) throw new SkopeoError("Exactly two arguments expected");
  const { content } = await source(process, from, flags.boolean("src-tls-verify"));
  const [, transport, rest = ""] = /^([a-z-]+):(?:\/\/)?(.*)$/.exec(to) ?? [];
  const progress = new CopyProgress(process, flags.has("quiet"));
  await progress.start();
  if (transport === "containers-storage") storeOf(process).add(content, [formatReference(parseTagged(rest))]);
  else if (transport === "docker") {
    await pushByContainersImage({
      machine: process.machine,
      name: formatReference(parseTagged(rest)),
      content,
      tlsVerify: flags.boolean("dest-tls-verify"),
      home: process.env["HOME"],
      signal: process.signal,
      onBlob: (descriptor, kind, present) => progress.blob(descriptor, kind, present, true),
    });
  } else if (transport === "oci") {
    const { folder, tag } = layoutOf(process, rest);
    for (const layer of content.layers) await progress.blob(layer.descriptor, "layer", false, true);
    await progress.blob(content.manifest.config, "config", false, true);
    writeLayout(process.files, folder, tag, content);
  } else if (transport === "dir") {
    for (const layer of content.layers) await progress.blob(layer.descriptor, "layer", false, true);
    await progress.blob(content.manifest.config, "config", false, true);
    writeFolder(process.files, process.resolve(rest), content);
  } else
    throw new SkopeoError(
      `parsing image name ${JSON.stringify(to)}: unknown transport ${JSON.stringify(transport ?? "")}`,
    );
  await progress.finish();
  return 0;
}
