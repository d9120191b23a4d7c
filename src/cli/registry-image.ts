import { unpackTar } from "../backends/embedded/runtime/images/tar.ts";
import { exitCodes, LabError } from "../domain/errors.ts";
import type { Session } from "../runner/session.ts";

/** An image of the lab's registry with the module in it. */
export interface ModuleImage {
  image: string;
  /** Of all layers, as they lie in the registry and travel to a node. */
  layerBytes: number;
  module: Uint8Array;
}

type Machines = Pick<Session, "exec">;

const manifestTypes = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** Images of the lab's registry that Deployments name, in the order of their names. */
export async function deployedImages(machines: Machines): Promise<string[]> {
  const { stdout } = await machines.exec("master", [
    "bash",
    "-lc",
    `kubectl get deployments -A -o jsonpath='{range .items[*].spec.template.spec.containers[*]}{.image}{"\\n"}{end}'`,
  ]);
  const images = new Set(stdout.split("\n").filter((image) => partsOf(image)));
  return [...images].toSorted();
}

/** Reads an image through the registry's own API. Throws LabError `image-not-read`; undefined when it has no module. */
export async function readModuleImage(machines: Machines, image: string): Promise<ModuleImage | undefined> {
  const parts = partsOf(image);
  if (!parts) throw notRead(image, "no reference like registry.lab:5000/name:tag");
  const { host, name, reference } = parts;
  const base = `http://${host}/v2/${name}`;
  const manifest = readManifest(await fetchOn(machines, image, `${base}/manifests/${reference}`, manifestTypes));
  if (!manifest) throw notRead(image, "a manifest of another shape");
  const layerBytes = manifest.layers.reduce((sum, { size }) => sum + size, 0);
  for (const layer of manifest.layers) {
    const module = moduleIn(await fetchOn(machines, image, `${base}/blobs/${layer.digest}`, "*/*"));
    if (module) return { image, layerBytes, module };
  }
  return undefined;
}

function partsOf(image: string): { host: string; name: string; reference: string } | undefined {
  const found =
    /^(?<host>[a-z0-9.-]+:\d+)\/(?<name>[a-z0-9._/-]+?)(?:@(?<digest>sha256:[0-9a-f]{64})|:(?<tag>[\w.-]+))?$/.exec(
      image,
    )?.groups;
  if (!found) return undefined;
  return {
    host: found["host"] ?? "",
    name: found["name"] ?? "",
    reference: found["digest"] ?? found["tag"] ?? "latest",
  };
}

async function fetchOn(machines: Machines, image: string, url: string, accept: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const { exitCode, stderr } = await machines.exec("master", ["curl", "-sSf", "-H", `Accept: ${accept}`, url], {
    onOutput: ({ stream, bytes }) => {
      if (stream === "stdout") chunks.push(bytes);
    },
  });
  if (exitCode !== 0) throw notRead(image, stderr.trim() || `exit code ${exitCode}`);
  return Buffer.concat(chunks);
}

const notRead = (image: string, reason: string): LabError =>
  new LabError("image-not-read", `${image}: the image cannot be read from the registry, got ${reason}`, {
    remedy: "Push it from master, and name it as `registry.lab:5000/name:tag`.",
    exitCode: exitCodes.couldNotCheck,
  });

function readManifest(bytes: Uint8Array): { layers: { digest: string; size: number }[] } | undefined {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const layers: unknown = typeof value === "object" && value ? Reflect.get(value, "layers") : undefined;
  if (!Array.isArray(layers)) return undefined;
  return { layers: layers.flatMap((each: unknown) => (isLayer(each) ? [each] : [])) };
}

const isLayer = (value: unknown): value is { digest: string; size: number } =>
  typeof value === "object" &&
  value !== null &&
  "digest" in value &&
  typeof value.digest === "string" &&
  "size" in value &&
  typeof value.size === "number";

/** The layer itself when it is a module, else the first module among the files of its archive. */
function moduleIn(layer: Uint8Array): Uint8Array | undefined {
  if (isModule(layer)) return layer;
  try {
    return unpackTar(layer).find(({ type, bytes }) => type === "file" && isModule(bytes))?.bytes;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const isModule = (bytes: Uint8Array): boolean =>
  bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
