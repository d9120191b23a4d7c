import type { Process } from "../../process.ts";
import type { ImageStore, StoredImage } from "../../../runtime/images/image-store.ts";
import type { ImageContent } from "../../../runtime/images/oci.ts";
import { fetchByContainersImage, PullError } from "../../../runtime/images/pull.ts";
import {
  familiarName,
  formatReference,
  InvalidReference,
  isShortName,
  parseReference,
  parseTagged,
  repositoryOf,
} from "../../../runtime/images/reference.ts";
import { readRegistriesConf, RegistriesConfError, resolveShortName } from "../../../runtime/images/registries-conf.ts";
import { BuildError } from "./build.ts";
import type { GoFlags } from "./flags.ts";
import { CopyProgress } from "./progress.ts";

/** A command failed; printed as `Error: ...`, exit code 125 unless said otherwise. */
export class BuildahError extends Error {
  override readonly name = "BuildahError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 125) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** One run of buildah with its store. */
export interface Buildah {
  process: Process;
  store: ImageStore;
  storage: string;
  home: string;
}

/** `app:v1` is kept as `localhost/app:v1`. */
export function localName(text: string): string {
  try {
    return formatReference(parseTagged(isShortName(text) ? `localhost/${text}` : text));
  } catch (error) {
    if (error instanceof InvalidReference)
      throw new BuildahError(`parsing tag ${JSON.stringify(text)}: ${error.message}`);
    throw error;
  }
}

/** A base image from the store, else pulled with its words on standard error. */
export async function baseImage(
  buildah: Buildah,
  name: string,
  flags: GoFlags | undefined,
  quiet: boolean,
): Promise<ImageContent> {
  const stored = buildah.store.find(name);
  const present = stored && buildah.store.content(stored);
  if (present && !flags?.has("pull-always")) return present;
  try {
    const pulled = await pull(buildah, name, flags, quiet);
    const content = buildah.store.content(pulled);
    if (content) return content;
    throw new BuildahError(`creating build container: image ${name} is damaged`);
  } catch (error) {
    if (error instanceof PullError || error instanceof RegistriesConfError)
      throw new BuildError(`creating build container: ${error.message}`);
    if (error instanceof InvalidReference)
      throw new BuildError(`creating build container: parsing reference ${JSON.stringify(name)}: ${error.message}`);
    throw error;
  }
}

/** Pulls with the words of buildah on standard error. Rejects with PullError, RegistriesConfError or InvalidReference. */
export async function pull(
  buildah: Buildah,
  name: string,
  flags: GoFlags | undefined,
  quiet: boolean,
): Promise<StoredImage> {
  const { process, store, home } = buildah;
  const conf = readRegistriesConf(process.machine.rootFiles, home);
  const plain = name.replace(/^docker:\/\//, "");
  const candidates = resolveShortName(plain, conf);
  const alias = isShortName(plain) ? conf.aliases[plain.replace(/[:@].*$/, "")] : undefined;
  if (alias !== undefined && !quiet) {
    await process.err(
      `Resolved ${JSON.stringify(plain.replace(/[:@].*$/, ""))} as an alias (/etc/containers/registries.conf.d/000-shortnames.conf)\n`,
    );
  }
  let last: PullError | undefined;
  for (const candidate of candidates) {
    if (!quiet) await process.err(`Trying to pull ${candidate}...\n`);
    try {
      const progress = new CopyProgress(process, quiet);
      let started = false;
      const { reference, content } = await fetchByContainersImage({
        machine: process.machine,
        store,
        name: candidate,
        signal: process.signal,
        tlsVerify: flags?.boolean("tls-verify"),
        home,
        onBlob: async (descriptor, kind, present) => {
          if (!started) await progress.start();
          started = true;
          await progress.blob(descriptor, kind, present, true);
        },
      });
      await progress.finish();
      const names = reference.digest === undefined ? [formatReference(reference)] : [];
      return store.add(content, names, [`${repositoryOf(reference)}@${content.manifestDigest}`]);
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      last = new PullError(
        `initializing source docker://${familiarName(parseReference(candidate))}: ${error.message}`,
        error.notFound,
      );
    }
  }
  throw last ?? new BuildahError(`no image ${name}`);
}
