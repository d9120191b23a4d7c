import type { ContainerDefaults, ImageContent } from "../../../runtime/images/oci.ts";
import { assembleImage, sha256 } from "../../../runtime/images/oci.ts";
import type { TarEntry } from "../../../runtime/images/tar.ts";
import { packTar } from "../../../runtime/images/tar.ts";
import { gzipSync } from "node:zlib";

export interface ImageRecipe {
  architecture: string;
  /** Default linux. */
  os?: string;
  /** RFC 3339. */
  created: string;
  /** One layer each, bottom first. */
  layers: TarEntry[][];
  defaults: ContainerDefaults;
  annotations?: Readonly<Record<string, string>>;
}

/** An image whose digests follow from its content. */
export function buildImage(recipe: ImageRecipe): ImageContent {
  const archives = recipe.layers.map((entries) => packTar(entries));
  return assembleImage(
    {
      created: recipe.created,
      architecture: recipe.architecture,
      os: recipe.os ?? "linux",
      config: recipe.defaults,
      rootfs: { type: "layers", diff_ids: archives.map((archive) => sha256(archive)) },
      history: archives.map(() => ({ created: recipe.created, created_by: "modelled image" })),
    },
    archives.map((archive) => new Uint8Array(gzipSync(archive))),
    recipe.annotations,
  );
}
