import { FileError } from "../../files/errors.ts";
import { resolvePath } from "../../files/paths.ts";
import type { Process } from "../../process.ts";
import type { ContainerDefaults, HistoryEntry, ImageConfig, ImageContent } from "../../../runtime/images/oci.ts";
import { assembleImage, sha256 } from "../../../runtime/images/oci.ts";
import { imageRootfs } from "../../../runtime/images/rootfs.ts";
import { packTar, unpackTar } from "../../../runtime/images/tar.ts";
import { gzipSync } from "node:zlib";
import { containerMachine, ContainerRoot } from "./container-machine.ts";
import { CopyError, copySources, ignoreRules } from "./copy-sources.ts";
import type { Dockerfile, Instruction, StageText } from "./dockerfile.ts";
import { expandVariables, keyValues, splitWords } from "./dockerfile.ts";

/** A build ended; `message` follows `Error: `, `exitCode` is buildah's. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 125) {
    super(message);
    this.exitCode = exitCode;
  }
}

export interface BuildOptions {
  /** Folder of the sources; absolute. */
  context: string;
  dockerfile: Dockerfile;
  arguments: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** One layer for each instruction that changes files. */
  layers: boolean;
  /** The stage to stop at; default the last. */
  target: string | undefined;
  os: string;
  architecture: string;
  quiet: boolean;
  /** Gets a base image, pulling it where needed. Rejects with BuildError. */
  base(name: string): Promise<ImageContent>;
  storage: string;
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Carries out a Dockerfile. Rejects with BuildError. */
export async function buildImage(process: Process, options: BuildOptions): Promise<ImageContent> {
  const globals: Record<string, string> = { ...platformArguments(options) };
  for (const instruction of options.dockerfile.globals) {
    for (const [key, value] of argumentsOf(instruction.text)) {
      globals[key] = options.arguments[key] ?? expandVariables(value ?? "", globals);
    }
  }
  const all = options.dockerfile.stages;
  const last =
    options.target === undefined
      ? all.length - 1
      : all.findIndex((stage) => stage.name === options.target?.toLowerCase());
  if (last < 0) throw new BuildError(`The target "${options.target}" was not found in the provided Dockerfile`);
  const needed = neededStages(all, last, globals);
  const stages: Stage[] = [];
  const finished = new Map<string, Stage>();
  for (const [index, text] of all.slice(0, last + 1).entries()) {
    if (!needed.has(index)) continue;
    const stage = new Stage(process, options, text, { position: index + 1, count: last + 1, globals, finished });
    await stage.run();
    stages.push(stage);
    finished.set(text.name, stage);
    finished.set(String(index), stage);
  }
  const final = stages.at(-1);
  if (!final) throw new BuildError("no stages to build");
  return final.commit();
}

function neededStages(
  stages: readonly StageText[],
  last: number,
  globals: Readonly<Record<string, string>>,
): Set<number> {
  const needed = new Set<number>();
  const visit = (index: number): void => {
    const stage = stages[index];
    if (!stage || needed.has(index)) return;
    needed.add(index);
    const names = [
      expandVariables(stage.from, globals),
      ...stage.instructions.map((instruction) => instruction.flags["from"] ?? ""),
    ];
    for (const name of names) {
      const earlier = stages
        .slice(0, index)
        .findIndex((other, at) => other.name === name.toLowerCase() || String(at) === name);
      if (earlier >= 0) visit(earlier);
    }
  };
  visit(last);
  return needed;
}

const platformArguments = (options: BuildOptions): Record<string, string> => ({
  TARGETPLATFORM: `${options.os}/${options.architecture}`,
  TARGETOS: options.os,
  TARGETARCH: options.architecture,
  BUILDPLATFORM: "linux/amd64",
  BUILDOS: "linux",
  BUILDARCH: "amd64",
});

function argumentsOf(text: string): [string, string | undefined][] {
  return splitWords(text).map((word) => {
    const equals = word.indexOf("=");
    return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
  });
}

interface StageSurroundings {
  position: number;
  count: number;
  globals: Readonly<Record<string, string>>;
  finished: ReadonlyMap<string, Stage>;
}

class Stage {
  #process: Process;
  #options: BuildOptions;
  #text: StageText;
  #around: StageSurroundings;
  #config: ContainerDefaults = {};
  #layers: Uint8Array[] = [];
  #diffs: string[] = [];
  #history: HistoryEntry[] = [];
  #arguments: Record<string, string> = {};
  #shell = ["/bin/sh", "-c"];
  #root: ContainerRoot | undefined;
  #commandSet = false;

  constructor(process: Process, options: BuildOptions, text: StageText, around: StageSurroundings) {
    this.#process = process;
    this.#options = options;
    this.#text = text;
    this.#around = around;
  }

  get root(): ContainerRoot {
    if (!this.#root) throw new BuildError(`stage ${this.#text.name} has not been built`);
    return this.#root;
  }

  async run(): Promise<void> {
    const { instructions, fromInstruction } = this.#text;
    const total = instructions.length + 1;
    await this.#step(1, total, fromInstruction);
    await this.#begin();
    for (const [index, instruction] of instructions.entries()) {
      await this.#step(index + 2, total, instruction);
      try {
        await this.#carryOut(instruction);
      } catch (error) {
        if (error instanceof FileError)
          throw this.#failed(instruction, `${error.path}: ${error.message.toLowerCase()}`);
        if (error instanceof CopyError) throw this.#failed(instruction, error.message);
        throw error;
      }
      if (this.#options.layers) {
        this.#sealLayer(instruction);
        if (index + 1 < instructions.length)
          await this.#say(`--> ${this.#content().manifest.config.digest.slice(7, 19)}\n`);
      }
    }
  }

  /** The finished stage as an image. */
  commit(): ImageContent {
    const closing = this.#text.instructions.at(-1) ?? this.#text.fromInstruction;
    if (!this.#options.layers) this.#sealLayer(closing);
    const labels = {
      ...this.#config.Labels,
      ...this.#options.labels,
      "io.buildah.version": this.#process.executable.version,
    };
    this.#config = { ...this.#config, Labels: labels };
    return this.#content();
  }

  #content(): ImageContent {
    const config: ImageConfig = {
      created: this.#now(),
      architecture: this.#options.architecture,
      os: this.#options.os,
      config: this.#config,
      rootfs: { type: "layers", diff_ids: [...this.#diffs] },
      history: [...this.#history],
    };
    return assembleImage(config, this.#layers, {
      "org.opencontainers.image.base.digest": this.#base?.manifestDigest ?? "",
      "org.opencontainers.image.base.name": this.#base ? expandVariables(this.#text.from, this.#around.globals) : "",
      ...this.#options.annotations,
    });
  }

  #sealLayer(instruction: Instruction): void {
    const entries = this.root.takeLayer();
    const createdBy = `/bin/sh -c #(nop) ${instruction.original}`;
    const entry: HistoryEntry = {
      created: this.#now(),
      created_by: instruction.keyword === "RUN" ? `/bin/sh -c ${instruction.text}` : createdBy,
    };
    if (entries.length === 0 && (this.#options.layers || this.#layers.length > 0)) {
      this.#history.push({ ...entry, empty_layer: true });
      return;
    }
    const archive = packTar(entries);
    this.#diffs.push(sha256(archive));
    this.#layers.push(new Uint8Array(gzipSync(archive)));
    this.#history.push(entry);
  }

  async #begin(): Promise<void> {
    const from = expandVariables(this.#text.from, this.#around.globals);
    const clock = this.#process.machine.environment.clock;
    const earlier = this.#around.finished.get(from.toLowerCase());
    if (earlier) this.#inherit(earlier.commit());
    else if (from === "scratch") this.#config = { Env: [defaultPath] };
    else this.#inherit(await this.#options.base(from));
    const image = this.#base;
    this.#root = new ContainerRoot(clock, image ? imageRootfs(image) : new Map());
  }

  #base: ImageContent | undefined;

  #inherit(image: ImageContent): void {
    this.#base = image;
    this.#config = structuredClone(image.config.config ?? {});
    this.#layers = image.layers.map((layer) => layer.bytes);
    this.#diffs = [...image.config.rootfs.diff_ids];
    this.#history = [...(image.config.history ?? [])];
  }

  async #carryOut(instruction: Instruction): Promise<void> {
    const config = this.#config;
    const text = expandVariables(instruction.text, this.#variables());
    switch (instruction.keyword) {
      case "ARG":
        for (const [key, value] of argumentsOf(instruction.text)) {
          const given =
            this.#options.arguments[key] ??
            (value === undefined ? this.#around.globals[key] : expandVariables(value, this.#variables()));
          if (given !== undefined) this.#arguments[key] = given;
        }
        return;
      case "ENV":
        for (const [key, value] of keyValues(text))
          config.Env = [...(config.Env ?? []).filter((line) => !line.startsWith(`${key}=`)), `${key}=${value}`];
        return;
      case "LABEL":
        config.Labels = { ...config.Labels, ...Object.fromEntries(keyValues(text)) };
        return;
      case "WORKDIR":
        config.WorkingDir = resolvePath(config.WorkingDir || "/", text.trim());
        this.root.view.makeDirectories(config.WorkingDir);
        return;
      case "USER":
        config.User = text.trim();
        return;
      case "EXPOSE":
        for (const port of splitWords(text))
          config.ExposedPorts = { ...config.ExposedPorts, [port.includes("/") ? port : `${port}/tcp`]: {} };
        return;
      case "VOLUME":
        for (const path of instruction.exec ?? splitWords(text)) config.Volumes = { ...config.Volumes, [path]: {} };
        return;
      case "STOPSIGNAL":
        config.StopSignal = text.trim();
        return;
      case "SHELL":
        this.#shell = instruction.exec ?? this.#shell;
        return;
      case "ENTRYPOINT":
        config.Entrypoint = instruction.exec ?? [...this.#shell, instruction.text];
        if (!this.#commandSet) delete config.Cmd;
        return;
      case "CMD":
        this.#commandSet = true;
        config.Cmd = instruction.exec ?? [...this.#shell, instruction.text];
        return;
      case "COPY":
      case "ADD":
        return this.#copy(instruction);
      case "RUN":
        return this.#runCommand(instruction);
      default:
        return;
    }
  }

  async #copy(instruction: Instruction): Promise<void> {
    const variables = this.#variables();
    const words = (instruction.exec ?? splitWords(instruction.text)).map((word) => expandVariables(word, variables));
    const target = words.pop();
    if (target === undefined || words.length === 0) {
      throw this.#failed(instruction, `${instruction.keyword} requires at least two arguments`);
    }
    const working = this.#config.WorkingDir || "/";
    const destination = resolvePath(working, target) + (/(^|\/)\.?\/?$/.test(target) && target !== "/" ? "/" : "");
    const owner = this.#ownerOf(instruction, expandVariables(instruction.flags["chown"] ?? "", variables));
    const chmod = instruction.flags["chmod"];
    const from = instruction.flags["from"];
    const request = {
      to: this.root.view,
      destination: destination.replace(/\/+$/, "/") || "/",
      owner,
      mode: chmod === undefined ? undefined : Number.parseInt(chmod, 8),
    };
    if (from !== undefined) {
      const { view, shown } = await this.#sourceStage(expandVariables(from, variables));
      copySources({ ...request, from: view, base: "/", shownBase: shown, sources: words, ignored: () => false });
      return;
    }
    const { context } = this.#options;
    const archives = instruction.keyword === "ADD" ? words.filter((word) => /\.(tar|tgz|tar\.gz)$/.test(word)) : [];
    for (const archive of archives) this.#extract(resolvePath(context, `./${archive}`), request.destination);
    const sources = words.filter((word) => !archives.includes(word));
    if (sources.length === 0) return;
    copySources({
      ...request,
      from: this.#process.files,
      base: context,
      shownBase: context,
      sources,
      ignored: ignoreRules(this.#process.files, context),
    });
  }

  #extract(archive: string, destination: string): void {
    for (const entry of unpackTar(this.#process.files.readBytes(archive))) {
      const path = resolvePath(destination, entry.path);
      if (entry.type === "directory") this.root.view.makeDirectories(path);
      else {
        this.root.view.makeDirectories(path.slice(0, path.lastIndexOf("/")) || "/");
        if (entry.type === "symlink") this.root.view.symlink(entry.target, path);
        else this.root.view.writeWithMode(path, entry.bytes, entry.mode);
      }
    }
  }

  async #sourceStage(name: string): Promise<{ view: ContainerRoot["view"]; shown: string }> {
    const shown = (id: string): string =>
      `${this.#options.storage}/overlay/${sha256(new TextEncoder().encode(id)).slice(7)}/merged`;
    const stage = this.#around.finished.get(name.toLowerCase());
    if (stage) return { view: stage.root.view, shown: shown(name) };
    const image = await this.#options.base(name);
    const root = new ContainerRoot(this.#process.machine.environment.clock, imageRootfs(image));
    return { view: root.view, shown: shown(image.manifestDigest) };
  }

  #ownerOf(instruction: Instruction, text: string): { uid: number; gid: number } {
    if (text === "") return { uid: 0, gid: 0 };
    const [user = "", group] = text.split(":");
    const users = containerMachine(this.#process.machine, this.root.files).users;
    const found = /^\d+$/.test(user) ? { uid: Number(user), gid: Number(user) } : users.byName(user);
    if (!found)
      throw this.#failed(
        instruction,
        `looking up UID/GID for ${JSON.stringify(text)}: determining run uid: user: unknown user ${user}`,
      );
    const gid = group === undefined ? found.gid : /^\d+$/.test(group) ? Number(group) : users.groupId(group);
    if (gid === undefined)
      throw this.#failed(instruction, `looking up UID/GID for ${JSON.stringify(text)}: user: unknown group ${group}`);
    return { uid: found.uid, gid };
  }

  async #runCommand(instruction: Instruction): Promise<void> {
    const argv = instruction.exec ?? [...this.#shell, instruction.text];
    const container = containerMachine(this.#process.machine, this.root.files);
    const name = this.#config.User?.split(":")[0] || "root";
    const user = /^\d+$/.test(name) ? container.users.byId(Number(name)) : container.users.byName(name);
    if (!user && name !== "root" && name !== "0")
      throw this.#failed(instruction, `determining run uid: user: unknown user ${name}`);
    const credentials = user ? { uid: user.uid, gid: user.gid, groups: [user.gid] } : { uid: 0, gid: 0, groups: [0] };
    const env = Object.fromEntries(
      (this.#config.Env ?? [defaultPath]).map((line) => [
        line.slice(0, line.indexOf("=")),
        line.slice(line.indexOf("=") + 1),
      ]),
    );
    const cwd = this.#config.WorkingDir || "/";
    let code: number;
    try {
      code = await container.processes.spawn({
        argv,
        env: { ...this.#arguments, HOME: user?.home ?? "/root", HOSTNAME: container.name, ...env },
        cwd,
        credentials,
        stdout: this.#process.stdout,
        stderr: this.#process.stderr,
        signal: this.#process.signal,
        place: this.#process.place,
        parent: this.#process.pid,
      }).exit;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      const reason =
        error.code === "ENOENT"
          ? `executable file \`${argv[0]}\` not found${argv[0]?.includes("/") ? "" : " in $PATH"}: No such file or directory`
          : `open executable: ${error.message}`;
      await this.#process.err(
        `error running container: from /usr/bin/crun creating container for ${goList(argv)}: ${reason}\n: exit status 1\n`,
      );
      throw this.#failed(instruction, "while running runtime: exit status 1", 1);
    }
    this.#process.signal.throwIfAborted();
    if (code !== 0) throw this.#failed(instruction, `while running runtime: exit status ${code}`, code);
  }

  #variables(): Record<string, string> {
    const env = Object.fromEntries(
      (this.#config.Env ?? []).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
    return { ...this.#arguments, ...env };
  }

  #failed(instruction: Instruction, words: string, exitCode = 125): BuildError {
    return new BuildError(`building at STEP ${JSON.stringify(instruction.original)}: ${words}`, exitCode);
  }

  async #step(number: number, total: number, instruction: Instruction): Promise<void> {
    const { position, count } = this.#around;
    const stage = count > 1 ? `[${position}/${count}] ` : "";
    await this.#say(`${stage}STEP ${number}/${total}: ${instruction.original}\n`);
    await this.#process.machine.environment.pacing.wait("progress", this.#process.signal);
  }

  #say(text: string): Promise<void> {
    return this.#options.quiet ? Promise.resolve() : this.#process.out(text);
  }

  #now(): string {
    return new Date(this.#process.machine.environment.clock.now()).toISOString();
  }
}

/** As Go prints a list of strings with %v. */
const goList = (words: readonly string[]): string => `[${words.join(" ")}]`;
