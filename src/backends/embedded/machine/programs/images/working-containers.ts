import { FileError } from "../../files/errors.ts";
import { resolvePath } from "../../files/paths.ts";
import type { ContainerDefaults, ImageContent } from "../../../runtime/images/oci.ts";
import { assembleImage, sha256 } from "../../../runtime/images/oci.ts";
import { imageRootfs, mergeLayers } from "../../../runtime/images/rootfs.ts";
import { packTar } from "../../../runtime/images/tar.ts";
import { gzipSync } from "node:zlib";
import { alignColumns } from "./image-table.ts";
import type { Buildah } from "./session.ts";
import { baseImage, BuildahError, localName } from "./session.ts";
import { containerMachine, ContainerRoot } from "./container-machine.ts";
import { copySources } from "./copy-sources.ts";
import { keyValues } from "./dockerfile.ts";
import { parseGoFlags } from "./flags.ts";
import { CopyProgress } from "./progress.ts";

/** A container made by `buildah from`, as it is kept between commands. */
interface WorkingContainer {
  id: string;
  name: string;
  /** `scratch` or the image's name. */
  from: string;
  imageId: string;
  defaults: ContainerDefaults;
  annotations: Record<string, string>;
}

type Command = (buildah: Buildah, args: readonly string[]) => Promise<number>;

const indexOf = (buildah: Buildah): string => `${buildah.storage}/overlay-containers/containers.json`;
const diffOf = (buildah: Buildah, container: WorkingContainer): string =>
  `${buildah.storage}/overlay-containers/${container.id}/diff.tar`;

function containers(buildah: Buildah): WorkingContainer[] {
  const path = indexOf(buildah);
  if (!buildah.process.files.exists(path)) return [];
  const parsed: unknown = JSON.parse(buildah.process.files.readText(path));
  return Array.isArray(parsed) ? parsed.filter(isContainer) : [];
}

const isContainer = (value: unknown): value is WorkingContainer =>
  typeof value === "object" && value !== null && "id" in value && "name" in value && "defaults" in value;

function save(buildah: Buildah, all: readonly WorkingContainer[]): void {
  buildah.process.files.makeDirectories(`${buildah.storage}/overlay-containers`, 0o700);
  buildah.process.files.write(indexOf(buildah), JSON.stringify(all));
}

function find(buildah: Buildah, name: string | undefined): WorkingContainer {
  const found = containers(buildah).find(
    (other) => other.name === name || (name !== undefined && other.id.startsWith(name)),
  );
  if (!found) throw new BuildahError(`reading build container ${JSON.stringify(name ?? "")}: container not known`);
  return found;
}

function imageOf(buildah: Buildah, container: WorkingContainer): ImageContent | undefined {
  const image = container.imageId === "" ? undefined : buildah.store.find(container.imageId);
  return image && buildah.store.content(image);
}

/** The container's files, with what `before` says is already in its image. */
function open(buildah: Buildah, container: WorkingContainer): { root: ContainerRoot; keep: () => void } {
  const image = imageOf(buildah, container);
  const { clock } = buildah.process.machine.environment;
  const path = diffOf(buildah, container);
  const { files } = buildah.process;
  const lower = image ? image.layers.map((layer) => layer.bytes) : [];
  const layers = files.exists(path) ? [...lower, files.readBytes(path)] : lower;
  const root = new ContainerRoot(clock, mergeLayers(layers));
  const keep = (): void => {
    const whole = new ContainerRoot(clock, image ? imageRootfs(image) : new Map());
    for (const name of whole.view.list("/"))
      if (!["dev", "proc", "sys"].includes(name)) whole.view.removeTree(`/${name}`);
    copySources({
      from: root.view,
      base: "/",
      shownBase: "/",
      sources: ["/"],
      to: whole.view,
      destination: "/",
      owner: { uid: 0, gid: 0 },
      mode: undefined,
      ignored: (other) => /^(dev|proc|sys)(\/|$)/.test(other),
    });
    files.makeDirectories(path.slice(0, path.lastIndexOf("/")), 0o700);
    files.write(path, packTar(whole.takeLayer()));
  };
  return { root, keep };
}

const from: Command = async (buildah, args) => {
  const flags = parseGoFlags(args, "name= pull pull-always tls-verify q,quiet platform= arch= os= creds= authfile=");
  const [image = ""] = flags.operands;
  if (image === "") throw new BuildahError('an image name (or "scratch") must be specified');
  const content = image === "scratch" ? undefined : await baseImage(buildah, image, flags, flags.has("quiet"));
  const all = containers(buildah);
  const short =
    image
      .replace(/[:@].*$/, "")
      .split("/")
      .at(-1) ?? image;
  const usual = image === "scratch" ? "working-container" : `${short}-working-container`;
  let name = flags.value("name") ?? usual;
  for (let number = 1; all.some((other) => other.name === name); number += 1) name = `${usual}-${number}`;
  const id = Buffer.from(buildah.process.machine.environment.random.bytes(32)).toString("hex");
  all.push({
    id,
    name,
    from: image,
    imageId: content?.manifest.config.digest ?? "",
    defaults: structuredClone(content?.config.config ?? {}),
    annotations: {},
  });
  save(buildah, all);
  await buildah.process.out(`${name}\n`);
  return 0;
};

const list: Command = async (buildah, args) => {
  const flags = parseGoFlags(args, "q,quiet a,all n,noheading notruncate json");
  const all = containers(buildah);
  if (flags.has("quiet")) {
    await buildah.process.out(all.map((container) => `${container.id}\n`).join(""));
    return 0;
  }
  const rows = all.map((container) => [
    container.id.slice(0, 12),
    "   *   ",
    container.imageId.slice(7, 19),
    container.from,
    container.name,
  ]);
  await buildah.process.out(
    alignColumns([["CONTAINER ID", "BUILDER", "IMAGE ID", "IMAGE NAME", "CONTAINER NAME"], ...rows]),
  );
  return 0;
};

const copy: Command = (buildah, args) => {
  const flags = parseGoFlags(args, "chown= chmod= from= q,quiet contextdir=");
  const [name, ...words] = flags.operands;
  const container = find(buildah, name);
  const target = words.length > 1 ? (words.pop() ?? "") : "";
  if (words.length === 0) throw new BuildahError("src must be specified");
  const { root, keep } = open(buildah, container);
  const destination =
    resolvePath(container.defaults.WorkingDir || "/", target) + (target.endsWith("/") || target === "" ? "/" : "");
  const chmod = flags.value("chmod");
  for (const word of words) {
    const path = buildah.process.resolve(word).replace(/\/$/, "");
    if (!buildah.process.files.exists(path)) {
      throw new BuildahError(
        `checking on sources under ${JSON.stringify(buildah.process.cwd)}: copier: stat: ${JSON.stringify(`/${word.replace(/^\/+/, "")}`)}: no such file or directory`,
      );
    }
    copySources({
      from: buildah.process.files,
      base: "/",
      shownBase: buildah.process.cwd,
      sources: [path],
      to: root.view,
      destination: destination.replace(/\/+$/, "/") || "/",
      owner: { uid: 0, gid: 0 },
      mode: chmod === undefined ? undefined : Number.parseInt(chmod, 8),
      ignored: () => false,
    });
  }
  keep();
  return Promise.resolve(0);
};

const config: Command = (buildah, args) => {
  const flags = parseGoFlags(
    args,
    "entrypoint= cmd= e,env= l,label= p,port= workingdir= u,user= annotation= a stop-signal= v,volume= author= created-by= arch= os= shell= add-history",
  );
  const all = containers(buildah);
  const container = find(buildah, flags.operands[0]);
  const { defaults } = container;
  const entrypoint = flags.value("entrypoint");
  if (entrypoint !== undefined) defaults.Entrypoint = commandOf(entrypoint);
  const cmd = flags.value("cmd");
  if (cmd !== undefined) defaults.Cmd = cmd.startsWith("[") ? commandOf(cmd) : cmd.split(/\s+/).filter(Boolean);
  for (const pair of flags.values("env"))
    defaults.Env = [...(defaults.Env ?? []).filter((line) => !line.startsWith(`${pair.split("=")[0]}=`)), pair];
  for (const pair of flags.values("label"))
    defaults.Labels = { ...defaults.Labels, ...Object.fromEntries(keyValues(pair)) };
  for (const pair of flags.values("annotation"))
    container.annotations = { ...container.annotations, ...Object.fromEntries(keyValues(pair)) };
  for (const port of flags.values("port"))
    defaults.ExposedPorts = { ...defaults.ExposedPorts, [port.includes("/") ? port : `${port}/tcp`]: {} };
  const folder = flags.value("workingdir");
  if (folder !== undefined) defaults.WorkingDir = folder;
  const user = flags.value("user");
  if (user !== undefined) defaults.User = user;
  save(
    buildah,
    all.map((other) => (other.id === container.id ? container : other)),
  );
  return Promise.resolve(0);
};

function commandOf(text: string): string[] {
  if (text.startsWith("[")) {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  }
  return ["/bin/sh", "-c", text];
}

const run: Command = async (buildah, args) => {
  const flags = parseGoFlags(args, "e,env= u,user= t,terminal v,volume= isolation= workingdir= cap-add= network=", {
    stopAtOperand: true,
  });
  const [name, ...rest] = flags.operands;
  const container = find(buildah, name);
  const argv = rest[0] === "--" ? rest.slice(1) : rest;
  if (argv.length === 0) throw new BuildahError("command must be specified");
  const { root, keep } = open(buildah, container);
  const { process } = buildah;
  const env = Object.fromEntries(
    (container.defaults.Env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]).map((line) => [
      line.slice(0, line.indexOf("=")),
      line.slice(line.indexOf("=") + 1),
    ]),
  );
  try {
    const { exit } = containerMachine(process.machine, root.files).processes.spawn({
      argv,
      env,
      cwd: container.defaults.WorkingDir || "/",
      credentials: { uid: 0, gid: 0, groups: [0] },
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: process.signal,
      place: process.place,
    });
    const code = await exit;
    keep();
    if (code !== 0) throw new BuildahError(`while running runtime: exit status ${code}`, code);
    return 0;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new BuildahError(
      `executable file \`${argv[0]}\` not found in $PATH: No such file or directory: exit status 1`,
      1,
    );
  }
};

const commit: Command = async (buildah, args) => {
  const flags = parseGoFlags(args, "rm q,quiet squash format= tls-verify iidfile= annotation=");
  const [name, target] = flags.operands;
  const container = find(buildah, name);
  const base = imageOf(buildah, container);
  const { process } = buildah;
  const path = diffOf(buildah, container);
  const archive = process.files.exists(path) ? process.files.readBytes(path) : packTar([]);
  const layer = new Uint8Array(gzipSync(archive));
  const created = new Date(process.machine.environment.clock.now()).toISOString();
  const content = assembleImage(
    {
      created,
      architecture: process.machine.hardware.architecture,
      os: "linux",
      config: container.defaults,
      rootfs: { type: "layers", diff_ids: [...(base?.config.rootfs.diff_ids ?? []), sha256(archive)] },
      history: [...(base?.config.history ?? []), { created, created_by: "/bin/sh" }],
    },
    [...(base?.layers.map((other) => other.bytes) ?? []), layer],
    container.annotations,
  );
  const progress = new CopyProgress(process, flags.has("quiet"));
  await progress.start();
  for (const { descriptor } of content.layers) await progress.blob(descriptor, "layer", false, false);
  await progress.blob(content.manifest.config, "config", false, false);
  await progress.finish();
  const stored = buildah.store.add(content, target === undefined ? [] : [localName(target)]);
  if (flags.has("rm")) removeContainer(buildah, container);
  await process.out(`${stored.id.slice(7)}\n`);
  return 0;
};

function removeContainer(buildah: Buildah, container: WorkingContainer): void {
  save(
    buildah,
    containers(buildah).filter((other) => other.id !== container.id),
  );
  buildah.process.files.removeTree(`${buildah.storage}/overlay-containers/${container.id}`);
}

const rm: Command = async (buildah, args) => {
  const flags = parseGoFlags(args, "a,all");
  const wanted = flags.has("all") ? containers(buildah) : flags.operands.map((name) => find(buildah, name));
  if (wanted.length === 0 && !flags.has("all")) throw new BuildahError("container ID must be specified");
  for (const container of wanted) {
    removeContainer(buildah, container);
    await buildah.process.out(`${container.id}\n`);
  }
  return 0;
};

/** The commands that work on containers step by step. Simplified: `mount` is not there. */
export const workingContainers: Readonly<Record<string, Command>> = {
  from,
  containers: list,
  ls: list,
  ps: list,
  copy,
  add: copy,
  config,
  run,
  commit,
  rm,
};
