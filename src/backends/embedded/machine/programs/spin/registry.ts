import { FileError } from "../../files/errors.ts";
import { decode, encode } from "../../io.ts";
import type { Process } from "../../process.ts";
import { mediaTypes, sha256 } from "../../../runtime/images/oci.ts";
import type { ImageConfig, ImageContent, ImageManifest } from "../../../runtime/images/oci.ts";
import { InvalidReference, parseTagged } from "../../../runtime/images/reference.ts";
import type { ImageReference } from "../../../runtime/images/reference.ts";
import { pullImage, pushImage, RegistryClient, RegistryError } from "../../../runtime/images/registry-client.ts";
import { lockedApplication } from "../../../wasm/spin-manifest.ts";
import { findManifest, localModules, readApplication } from "./application.ts";
import { parseArguments } from "./arguments.ts";
import { buildApplication } from "./build-application.ts";
import { SpinFailure, UsageError } from "./failure.ts";

/** Media types of an application in a registry. */
const applicationType = "application/vnd.fermyon.spin.application.v1+config";
const moduleType = "application/vnd.wasm.content.layer.v1+wasm";

const usage = `Commands for working with OCI registries to distribute applications

USAGE:
    spin registry <SUBCOMMAND>

SUBCOMMANDS:
    login    Log in to a registry
    pull     Pull a Spin application from a registry
    push     Push a Spin application to a registry
`;

/** `spin registry`: applications as artifacts of an OCI registry. */
export async function registry(process: Process, args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "push") return push(process, rest);
  if (command === "pull") return pull(process, rest);
  if (command === "login") return login(process, rest);
  if (command === "-h" || command === "--help" || command === "help") {
    await process.out(usage);
    return 0;
  }
  if (command !== undefined) throw new UsageError(`error: The subcommand '${command}' wasn't recognized\n\n${usage}`);
  await process.err(usage);
  return 2;
}

const insecure = { "-k": "insecure", "--insecure": "insecure", "-h": "help", "--help": "help" };

async function push(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("registry push", args, {
    values: { "-f": "from", "--from": "from", "--file": "from" },
    switches: { ...insecure, "--build": "build" },
  });
  const reference = requiredReference("push", given.operands[0]);
  const path = findManifest(process, given.value("from"));
  if (given.has("build")) await buildApplication(process, path);
  const application = readApplication(process, path);
  const modules = localModules(process, application);
  const layers = [...modules.values()].map((bytes) => described(bytes, moduleType));
  const digests = new Map([...modules].map(([id, bytes]) => [id, sha256(bytes)]));
  const locked = described(encode(lockedApplication(application.manifest, digests)), applicationType);
  const isNew = !process.executable.version.startsWith("2.");
  const labels = isNew ? { Labels: { "com.fermyon.spin.lockedAppDigest": locked.descriptor.digest } } : {};
  const { manifest: about } = application;
  const now = new Date(process.machine.environment.clock.now()).toISOString();
  const annotations = {
    "org.opencontainers.image.created": now,
    "org.opencontainers.image.title": about.name,
    ...(about.applicationVersion === undefined ? {} : { "org.opencontainers.image.version": about.applicationVersion }),
    ...(about.description === undefined ? {} : { "org.opencontainers.image.description": about.description }),
    ...(about.authors.length === 0 ? {} : { "org.opencontainers.image.authors": about.authors.join(", ") }),
  };
  const content = artifact([...unique(layers), locked], labels, isNew ? annotations : undefined);
  if (isNew) await process.err("Pushing app to the Registry.\n");
  await process.machine.environment.pacing.wait("download", process.signal);
  try {
    const client = clientOf(process, reference, given.has("insecure"));
    await pushImage(client, reference.path, content, { reference: reference.tag ?? "latest" });
  } catch (error) {
    throw refusal(error, "cannot push Spin application");
  }
  await process.out(`Pushed with digest ${content.manifestDigest}\n`);
  return 0;
}

type Layer = ImageContent["layers"][number];

const described = (bytes: Uint8Array, mediaType: string): Layer => ({
  descriptor: { mediaType, digest: sha256(bytes), size: bytes.length },
  bytes,
});

const unique = (layers: readonly Layer[]): Layer[] => [
  ...new Map(layers.map((layer) => [layer.descriptor.digest, layer])).values(),
];

/** The modules and the locked application as layers below a configuration that says little. */
function artifact(
  layers: Layer[],
  labels: { Labels?: Record<string, string> },
  annotations: Record<string, string> | undefined,
): ImageContent {
  const config: ImageConfig = {
    architecture: "wasm",
    os: "wasip1",
    config: labels,
    rootfs: { type: "layers", diff_ids: [] },
    history: [],
  };
  const configBytes = encode(JSON.stringify(config));
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: sha256(configBytes), size: configBytes.length },
    layers: layers.map((layer) => layer.descriptor),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const manifestBytes = encode(JSON.stringify(manifest));
  return { manifestBytes, manifest, manifestDigest: sha256(manifestBytes), configBytes, config, layers };
}

async function pull(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("registry pull", args, { values: {}, switches: insecure });
  const reference = requiredReference("pull", given.operands[0]);
  await pullApplication(process, reference, given.has("insecure"));
  if (!process.executable.version.startsWith("2.0")) {
    await process.out("Successfully pulled the app from the registry\n");
  }
  return 0;
}

/** An application from a registry, which is kept in the user's cache. Rejects with SpinFailure. */
export async function pullApplication(
  process: Process,
  reference: ImageReference,
  isInsecure: boolean,
): Promise<{ locked: string; module(digest: string): Uint8Array | undefined }> {
  await process.machine.environment.pacing.wait("download", process.signal);
  let content: ImageContent;
  try {
    content = await pullImage(clientOf(process, reference, isInsecure), reference.path, {
      reference: reference.digest ?? reference.tag ?? "latest",
      architecture: "wasm",
    });
  } catch (error) {
    throw refusal(error, "cannot pull Spin application");
  }
  const locked = content.layers.find((layer) => layer.descriptor.mediaType === applicationType);
  if (!locked) throw new SpinFailure("no locked application in the image: it was not pushed with spin registry push");
  keep(process, reference, content, locked.bytes);
  return {
    locked: decode(locked.bytes),
    module: (digest) => content.layers.find((layer) => layer.descriptor.digest === digest)?.bytes,
  };
}

function keep(process: Process, reference: ImageReference, content: ImageContent, locked: Uint8Array): void {
  const cache = `${process.env["XDG_CACHE_HOME"] ?? `${process.env["HOME"] ?? ""}/.cache`}/spin/registry`;
  const folder = `${cache}/manifests/${reference.domain}/${reference.path}/${reference.tag ?? "latest"}`;
  process.files.makeDirectories(folder);
  process.files.makeDirectories(`${cache}/wasm`);
  process.files.write(`${folder}/manifest.json`, content.manifestBytes);
  process.files.write(`${folder}/config.json`, locked);
  for (const { descriptor, bytes } of content.layers) {
    if (descriptor.mediaType === moduleType) process.files.write(`${cache}/wasm/${descriptor.digest}`, bytes);
  }
}

async function login(process: Process, args: readonly string[]): Promise<number> {
  const given = parseArguments("registry login", args, {
    values: { "-u": "username", "--username": "username", "-p": "password", "--password": "password" },
    switches: { "--password-stdin": "stdin", "-h": "help", "--help": "help" },
  });
  const [server] = given.operands;
  const user = given.value("username");
  const password = given.has("stdin") ? (await everything(process)).trimEnd() : given.value("password");
  if (server === undefined) throw missing("registry login", "<SERVER>");
  if (user === undefined || password === undefined) {
    // Simplified: Spin asks for what is missing.
    throw new SpinFailure("give --username and --password or --password-stdin: the lab's Spin does not ask for them");
  }
  const host = server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  try {
    await new RegistryClient(process.machine, { host, schemes: ["https"], insecure: false }, process.signal).ping();
  } catch (error) {
    const { causes } = refusal(error, "");
    throw new SpinFailure("cannot log in to the registry", [
      `cannot authenticate as ${user} to registry ${host}: ${causes.at(-1) ?? ""}`,
    ]);
  }
  const folder = `${process.env["HOME"] ?? ""}/.config/fermyon`;
  const path = `${folder}/registry-auth.json`;
  process.files.makeDirectories(folder);
  const auths = { ...readAuths(process, path), [host]: Buffer.from(`${user}:${password}`).toString("base64") };
  process.files.writeWithMode(path, encode(JSON.stringify({ auths })), 0o600);
  await process.out(`Successfully logged in as ${user} to registry ${server}\n`);
  return 0;
}

function readAuths(process: Process, path: string): object {
  try {
    const parsed: unknown = JSON.parse(process.files.readText(path));
    return typeof parsed === "object" && parsed !== null && "auths" in parsed ? Object(parsed.auths) : {};
  } catch (error) {
    if (error instanceof FileError || error instanceof SyntaxError) return {};
    throw error;
  }
}

async function everything(process: Process): Promise<string> {
  let text = "";
  for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) text += decode(chunk);
  return text;
}

const missing = (command: string, name: string): UsageError =>
  new UsageError(
    `error: The following required arguments were not provided:\n    ${name}\n\nUSAGE:\n    spin ${command} [OPTIONS] ${name}\n\nFor more information try --help\n`,
  );

function requiredReference(command: string, text: string | undefined): ImageReference {
  if (text === undefined) throw missing(`registry ${command}`, "<REFERENCE>");
  return referenceOf(text);
}

/** Reads a reference to an application. Throws SpinFailure. */
export function referenceOf(text: string): ImageReference {
  try {
    return parseTagged(text);
  } catch (error) {
    if (!(error instanceof InvalidReference)) throw error;
    throw new SpinFailure(`cannot parse reference ${text}`, ["invalid reference format"]);
  }
}

/** Without `--insecure` Spin speaks HTTPS only, with it HTTP only. */
const clientOf = (process: Process, reference: ImageReference, isInsecure: boolean): RegistryClient =>
  new RegistryClient(
    process.machine,
    {
      host: reference.domain === "docker.io" ? "registry-1.docker.io" : reference.domain,
      schemes: [isInsecure ? "http" : "https"],
      insecure: isInsecure,
    },
    process.signal,
  );

/** What went wrong with a registry, in the words of Spin's HTTP client. Rethrows what is no answer of a registry. */
function refusal(error: unknown, message: string): SpinFailure {
  if (!(error instanceof RegistryError)) throw error;
  const { problem } = error;
  if (problem.kind === "connection") {
    const words = /HTTP response to HTTPS client/.test(problem.detail)
      ? "received corrupt message of type InvalidContentType"
      : /refused/.test(problem.detail)
        ? "tcp connect error: Connection refused (os error 111)"
        : /no such host/.test(problem.detail)
          ? "dns error: failed to lookup address information: Name or service not known"
          : problem.detail;
    return new SpinFailure(message, [
      `error sending request for url (${problem.url})`,
      `error trying to connect: ${words}`,
    ]);
  }
  if (problem.kind === "refused") {
    return new SpinFailure(message, [
      `Registry error: url ${problem.url}, envelope: OCI API errors: [${problem.detail}]`,
    ]);
  }
  return new SpinFailure(message, [error.message]);
}
