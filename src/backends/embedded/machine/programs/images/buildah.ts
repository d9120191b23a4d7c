import { FileError } from "../../files/errors.ts";
import { resolvePath } from "../../files/paths.ts";
import { decode, readAll } from "../../io.ts";
import type { Program } from "../../process.ts";
import type { StoredImage } from "../../../runtime/images/image-store.ts";
import { ImageStore, rootlessStorage, storageRoots } from "../../../runtime/images/image-store.ts";
import { PullError, pushByContainersImage } from "../../../runtime/images/pull.ts";
import {
  formatReference,
  InvalidReference,
  isShortName,
  parseReference,
  parseTagged,
  repositoryOf,
} from "../../../runtime/images/reference.ts";
import { RegistriesConfError } from "../../../runtime/images/registries-conf.ts";
import { BuildError, buildImage } from "./build.ts";
import { DockerfileError, parseDockerfile } from "./dockerfile.ts";
import { FlagError, parseGoFlags } from "./flags.ts";
import type { GoFlags } from "./flags.ts";
import { alignColumns, humanDuration, humanSize } from "./image-table.ts";
import { CopyProgress } from "./progress.ts";
import type { Buildah } from "./session.ts";
import { baseImage, BuildahError, localName, pull } from "./session.ts";
import { workingContainers } from "./working-containers.ts";

type Command = (buildah: Buildah, args: readonly string[]) => Promise<number>;

/** buildah: images built from Dockerfiles or step by step. */
export const buildah: Program = async (process) => {
  const [name = "", ...args] = skipGlobalFlags(process.argv.slice(1));
  const command = commands[name];
  if (name === "" || name === "--help" || name === "-h" || name === "help") {
    await process.out(
      `A tool that facilitates building OCI images\n\nUsage:\n  buildah [flags]\n  buildah [command]\n\nAvailable Commands:\n${Object.keys(
        commands,
      )
        .sort()
        .map((other) => `  ${other}\n`)
        .join("")}`,
    );
    return name === "" ? 125 : 0;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    await process.out(`buildah version ${process.executable.version} (image-spec 1.1.0-rc5, runtime-spec 1.1.0)\n`);
    return 0;
  }
  if (!command) {
    await process.err(
      `Error: unknown command ${JSON.stringify(name)} for "buildah"\nRun 'buildah --help' for usage.\n`,
    );
    return 125;
  }
  const home = process.env["HOME"] ?? "/root";
  const storage = process.credentials.uid === 0 ? storageRoots.containers : rootlessStorage(home);
  const store = new ImageStore(process.machine, storage, process.files);
  try {
    return await command({ process, store, storage, home }, args);
  } catch (error) {
    const words = wordsOf(error);
    if (!words) throw error;
    await process.err(`Error: ${words.message}\n`);
    return words.exitCode;
  }
};

function wordsOf(error: unknown): { message: string; exitCode: number } | undefined {
  if (error instanceof BuildahError || error instanceof BuildError) return error;
  if (
    error instanceof FlagError ||
    error instanceof PullError ||
    error instanceof InvalidReference ||
    error instanceof RegistriesConfError ||
    error instanceof DockerfileError
  ) {
    return { message: error.message, exitCode: 125 };
  }
  if (error instanceof FileError)
    return { message: `open ${error.path}: ${error.message.toLowerCase()}`, exitCode: 125 };
  return undefined;
}

function skipGlobalFlags(args: readonly string[]): string[] {
  const rest = [...args];
  while (rest[0]?.startsWith("--") && !["--version", "--help"].includes(rest[0])) {
    const flag = rest.shift() ?? "";
    if (
      !flag.includes("=") &&
      ["--log-level", "--root", "--runroot", "--storage-driver", "--storage-opt", "--registries-conf"].includes(flag)
    )
      rest.shift();
  }
  return rest;
}

const buildFlags =
  "t,tag= f,file= layers build-arg= annotation= platform= os= arch= label= target= q,quiet no-cache pull pull-always pull-never " +
  "squash rm force-rm format= tls-verify creds= authfile= isolation= network= iidfile= logfile= v,volume= cache-from= cache-to= " +
  "timestamp= jobs= manifest= userns= cap-add= cap-drop= security-opt= runtime= omit-history variant= ignorefile= D,disable-compression " +
  "env= device= dns= add-host= memory= cpu-shares= shm-size= ulimit= skip-unused-stages identity-label stdin ssh= secret= cert-dir= all-platforms";

const build: Command = async (buildah, args) => {
  const { process } = buildah;
  const flags = parseGoFlags(args, buildFlags);
  const context = process.resolve(flags.operands[0] ?? ".").replace(/(.)\/$/, "$1");
  if (!process.files.exists(context)) {
    throw new BuildahError(`discovering Containerfile: stat ${context}: no such file or directory`);
  }
  const text = await dockerfileText(buildah, flags, context);
  const dockerfile = parseDockerfile(text);
  const [platformOs, platformArch] = (flags.value("platform") ?? "").split("/");
  const quiet = flags.has("quiet");
  const names = flags.values("tag").map((name) => localName(name));
  const pairs = (name: string): Record<string, string> =>
    Object.fromEntries(
      flags.values(name).map((pair) => {
        const equals = pair.indexOf("=");
        return equals < 0 ? [pair, process.env[pair] ?? ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      }),
    );
  const content = await buildImage(process, {
    context,
    dockerfile,
    arguments: pairs("build-arg"),
    annotations: pairs("annotation"),
    labels: pairs("label"),
    layers: flags.boolean("layers") ?? process.env["BUILDAH_LAYERS"] === "true",
    target: flags.value("target"),
    os: flags.value("os") ?? (platformOs || "linux"),
    architecture: flags.value("arch") ?? (platformArch || process.machine.hardware.architecture),
    quiet,
    storage: buildah.storage,
    base: (name) => baseImage(buildah, name, flags, quiet),
  });
  const stages = dockerfile.stages.length;
  const stage = stages > 1 ? `[${stages}/${stages}] ` : "";
  if (!quiet) await process.out(`${stage}COMMIT${names[0] === undefined ? "" : ` ${names[0]}`}\n`);
  const progress = new CopyProgress(process, quiet);
  await progress.start();
  for (const layer of content.layers)
    await progress.blob(layer.descriptor, "layer", buildah.store.blob(layer.descriptor.digest) !== undefined, false);
  await progress.blob(content.manifest.config, "config", false, false);
  await progress.finish();
  const stored = buildah.store.add(content, names);
  if (!quiet) await process.out(`--> ${stored.id.slice(7, 19)}\n`);
  if (!quiet) for (const name of names) await process.out(`Successfully tagged ${name}\n`);
  const file = flags.value("iidfile");
  if (file !== undefined) process.files.write(process.resolve(file), stored.id);
  await process.out(`${stored.id.slice(7)}\n`);
  return 0;
};

async function dockerfileText(buildah: Buildah, flags: GoFlags, context: string): Promise<string> {
  const { process } = buildah;
  const given = flags.value("file");
  if (given === "-") return decode(await readAll(process.stdin));
  const { files } = process;
  if (given !== undefined) {
    const path = [process.resolve(given), resolvePath(context, given)].find((candidate) => files.exists(candidate));
    if (path === undefined) throw new BuildahError(`stat ${process.resolve(given)}: no such file or directory`);
    return files.readText(path);
  }
  const path = [`${context}/Containerfile`, `${context}/Dockerfile`].find((candidate) => files.exists(candidate));
  if (path === undefined) {
    throw new BuildahError(
      `discovering Containerfile: cannot find Containerfile or Dockerfile in context directory: stat ${context}/Dockerfile: no such file or directory`,
    );
  }
  return files.readText(path);
}

const pullCommand: Command = async (buildah, args) => {
  const flags = parseGoFlags(
    args,
    "q,quiet tls-verify creds= authfile= all-tags a policy= platform= os= arch= cert-dir=",
  );
  const [name] = flags.operands;
  if (name === undefined) throw new BuildahError("an image name must be specified");
  const stored = await pull(buildah, name, flags, flags.has("quiet"));
  await buildah.process.out(`${stored.id.slice(7)}\n`);
  return 0;
};

const push: Command = async (buildah, args) => {
  const { process, store } = buildah;
  const flags = parseGoFlags(
    args,
    "q,quiet tls-verify creds= authfile= all D,disable-compression f,format= rm cert-dir= digestfile= compression-format= sign-by= remove-signatures",
  );
  const [name, target] = flags.operands;
  if (name === undefined) throw new BuildahError("At least a source image ID must be specified");
  const stored = store.find(name);
  if (!stored) throw new BuildahError(`locating image ${JSON.stringify(name)}: ${name}: image not known`);
  const content = store.content(stored);
  if (!content) throw new BuildahError(`locating image ${JSON.stringify(name)}: its layers are gone`);
  const destination = (target ?? stored.names.find((other) => other === localOrFull(name)) ?? name).replace(
    /^docker:\/\//,
    "",
  );
  const full = formatReference(
    parseTagged(target === undefined && isShortName(destination) ? `localhost/${destination}` : destination),
  );
  const quiet = flags.has("quiet");
  const progress = new CopyProgress(process, quiet);
  await progress.start();
  try {
    await pushByContainersImage({
      machine: process.machine,
      name: full,
      content,
      tlsVerify: flags.boolean("tls-verify"),
      home: buildah.home,
      signal: process.signal,
      onBlob: (descriptor, kind, present) => progress.blob(descriptor, kind, present, true),
    });
  } catch (error) {
    if (!(error instanceof PullError)) throw error;
    throw new BuildahError(
      `pushing image ${JSON.stringify(name)} to ${JSON.stringify(`docker://${full}`)}: ${error.message}`,
    );
  }
  await progress.finish();
  const digestFile = flags.value("digestfile");
  if (digestFile !== undefined) process.files.write(process.resolve(digestFile), content.manifestDigest);
  store.add(content, [], [`${repositoryOf(parseReference(full))}@${content.manifestDigest}`]);
  return 0;
};

function localOrFull(name: string): string | undefined {
  try {
    return formatReference(parseTagged(isShortName(name) ? `localhost/${name}` : name));
  } catch {
    return undefined;
  }
}

const images: Command = async (buildah, args) => {
  const { process, store } = buildah;
  const flags = parseGoFlags(args, "a,all digests json n,noheading no-trunc q,quiet f,filter= format= history");
  const [wanted] = flags.operands;
  let all = store.images();
  if (wanted !== undefined) {
    const found = store.find(wanted);
    all = all.filter(
      (image) =>
        image === found ||
        image.id === found?.id ||
        image.names.some((name) => name.includes(`/${wanted}:`) || name.startsWith(`${wanted}:`)),
    );
    if (all.length === 0) throw new BuildahError(`${wanted}: image not known`);
  }
  const now = process.machine.environment.clock.now();
  const idOf = (image: StoredImage): string => (flags.has("no-trunc") ? image.id : image.id.slice(7, 19));
  const rows = all.toReversed().flatMap((image) => {
    const created = Date.parse(store.content(image)?.config.created ?? "") || image.addedAt;
    const size = store.describe(image).size;
    const names = image.names.length > 0 ? image.names : ["<none>:<none>"];
    return names.map((name) => {
      const colon = name.lastIndexOf(":");
      return { image, repository: name.slice(0, colon), tag: name.slice(colon + 1), created, size };
    });
  });
  if (flags.has("json")) {
    const list = all.map((image) => ({
      id: image.id.slice(7),
      names: image.names,
      digest: image.manifest,
      createdat: new Date(image.addedAt).toISOString(),
      size: humanSize(store.describe(image).size),
      readonly: false,
      history: image.names,
    }));
    await process.out(`${JSON.stringify(list, null, 4)}\n`);
    return 0;
  }
  if (flags.has("quiet")) {
    await process.out([...new Set(rows.map((row) => `${idOf(row.image)}\n`))].join(""));
    return 0;
  }
  const format = flags.value("format");
  if (format !== undefined) {
    for (const row of rows) {
      const fields: Readonly<Record<string, string>> = {
        ID: idOf(row.image),
        Name: row.repository,
        Repository: row.repository,
        Tag: row.tag,
        Digest: row.image.manifest,
        Size: humanSize(row.size),
      };
      await process.out(`${format.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, field: string) => fields[field] ?? "")}\n`);
    }
    return 0;
  }
  const header = ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"];
  const cells = rows.map((row) => [
    row.repository,
    row.tag,
    idOf(row.image),
    `${humanDuration(now - row.created)} ago`,
    humanSize(row.size),
  ]);
  await process.out(alignColumns(flags.has("noheading") ? cells : [header, ...cells]));
  return 0;
};

const rmi: Command = async (buildah, args) => {
  const { process, store } = buildah;
  const flags = parseGoFlags(args, "a,all f,force p,prune");
  if (flags.has("all") || flags.has("prune")) {
    for (const image of store.images().filter((other) => flags.has("all") || other.names.length === 0)) {
      store.remove(image);
      await process.out(`${image.id.slice(7)}\n`);
    }
    return 0;
  }
  if (flags.operands.length === 0) throw new BuildahError("image name or ID must be specified");
  let exitCode = 0;
  for (const name of flags.operands) {
    const image = store.find(name);
    if (!image) {
      await process.err(`Error: ${name}: image not known\n`);
      exitCode = 1;
      continue;
    }
    const byId = /^(sha256:)?[a-f0-9]+$/.test(name) && !image.names.includes(name);
    const full =
      image.names.find((other) => other === localOrFull(name)) ??
      image.names.find((other) => other === formatReference(parseTagged(name)));
    if (!byId && image.names.length > 1 && full !== undefined) {
      store.untag(image, full);
      await process.out(`untagged: ${full}\n`);
      continue;
    }
    if (byId && image.names.length > 1 && !flags.has("force")) {
      throw new BuildahError(
        `unable to delete image ${JSON.stringify(image.id.slice(7))} by ID with more than one tag (${image.names.join(",")}): please force removal`,
        1,
      );
    }
    for (const tagged of image.names) await process.out(`untagged: ${tagged}\n`);
    store.remove(image);
    await process.out(`${image.id.slice(7)}\n`);
  }
  return exitCode;
};

const tag: Command = async ({ store }, args) => {
  const [name, ...names] = parseGoFlags(args, "").operands;
  if (name === undefined || names.length === 0) throw new BuildahError("requires at least 2 arg(s), only received 1");
  const image = store.find(name);
  if (!image) throw new BuildahError(`${name}: image not known`);
  for (const other of names) store.tag(image, localName(other));
  return Promise.resolve(0);
};

const inspect: Command = async ({ process, store }, args) => {
  const flags = parseGoFlags(args, "f,format= t,type=");
  const [name] = flags.operands;
  if (name === undefined) throw new BuildahError("container or image name must be specified");
  const image = store.find(name);
  const content = image && store.content(image);
  if (!image || !content) throw new BuildahError(`${name}: image not known`);
  const view = {
    Type: "buildah 0.0.1",
    FromImage: image.names.at(-1) ?? "",
    FromImageID: image.id.slice(7),
    FromImageDigest: image.manifest,
    Config: decode(content.configBytes),
    Manifest: decode(content.manifestBytes),
    ImageAnnotations: content.manifest.annotations ?? {},
    OCIv1: content.config,
  };
  const format = flags.value("format");
  await process.out(`${format === undefined ? JSON.stringify(view, null, 4) : goTemplate(format, view)}\n`);
  return 0;
};

function goTemplate(format: string, view: unknown): string {
  return format.replace(/\{\{\s*(?:json\s+)?\.([\w.]+)\s*\}\}/g, (whole, path: string) => {
    let value: unknown = view;
    for (const part of path.split(".")) {
      if (typeof value !== "object" || value === null) return "<no value>";
      const entry = Object.entries(value).find(([key]) => key.toLowerCase() === part.toLowerCase());
      value = entry?.[1];
    }
    if (whole.includes("json ")) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.join(" ")}]`;
    if (typeof value === "object" && value !== null)
      return `map[${Object.entries(value)
        .map(([key, item]) => `${key}:${String(item)}`)
        .join(" ")}]`;
    return value === undefined ? "<no value>" : String(value);
  });
}

const login: Command = async ({ process }, args) => {
  const flags = parseGoFlags(
    args,
    "u,username= p,password= password-stdin tls-verify authfile= get-login cert-dir= v,verbose",
  );
  if (flags.operands.length === 0) throw new BuildahError("please provide a registry to login to");
  if (flags.has("password-stdin")) await readAll(process.stdin);
  // Simplified: the lab's registries accept anyone, so the credentials are not kept.
  await process.out("Login Succeeded!\n");
  return 0;
};

const commands: Readonly<Record<string, Command>> = {
  bud: build,
  build,
  "build-using-dockerfile": build,
  images,
  inspect,
  login,
  logout: async ({ process }, args) => {
    await process.out(`Removed login credentials for ${args[0] ?? "all registries"}\n`);
    return 0;
  },
  pull: pullCommand,
  push,
  rmi,
  tag,
  unshare: ({ process }, args) =>
    process.run(args[0] === "--" ? args.slice(1) : args.length > 0 ? args : [process.env["SHELL"] ?? "/bin/bash"]),
  ...workingContainers,
};
