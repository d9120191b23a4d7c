import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MachineRole, Profile } from "../domain/backend.ts";
import { LabError } from "../domain/errors.ts";
import type { MachineRecipe } from "../domain/recipe.ts";
import { architectures, readCatalog, type RecipeCatalog } from "./catalog.ts";
import { sourcesOf } from "./sources.ts";

export interface RecipeOptions {
  /** The folder `vm-images`. */
  folder: string;
  profile: Profile;
  /** Address of a server that has everything (`bundle serve`); the recipe then uses nothing else. */
  offline?: string;
}

/** Reads what a profile's machines boot. Throws LabError `catalog-invalid`. */
export function readRecipe({ folder, profile, offline = "" }: RecipeOptions): MachineRecipe {
  const catalog = readCatalog(folder);
  const { machines } = catalog.profiles[profile];
  const [release] = machines.releases;
  if (offline !== "" && !/^https?:\/\/[\w.:[\]-]+(?:\/[\w./-]*)?$/.test(offline)) {
    throw new LabError("offline-address", `--offline: is no address of a server, got ${JSON.stringify(offline)}`, {
      remedy: "Give the address that `bundle serve` prints, such as http://192.168.1.20:8080.",
    });
  }
  const template = (name: string): string => readFileSync(join(folder, name), "utf8");
  const body = template("prepare.sh").replace(/^#!.*\n/, "");
  const prepare = (role: MachineRole): string => {
    const told = {
      NAME: role,
      OFFLINE: offline,
      TOOLS: machines.tools.join(" "),
      SOURCES: machineSources(catalog, profile, offline),
    };
    const version = createHash("sha256")
      .update(JSON.stringify([told, body]))
      .digest("hex");
    const lines = Object.entries({ ...told, VERSION: version }).map(([name, value]) => `${name}=${quoted(value)}\n`);
    return `#!/bin/bash\n${lines.join("")}${body}`;
  };
  const userData = template("cloud-init.yaml");
  return {
    release,
    ...(offline === "" ? {} : { image: (architecture) => offlineImage(catalog, profile, architecture, offline) }),
    architectures: machines.architectures,
    size: (role) => machines.sizes[role],
    prepare,
    userData: (role) =>
      userData.replace("{{NAME}}", role).replace("{{PREPARE}}", Buffer.from(prepare(role)).toString("base64")),
  };
}

/** Where the offline server has the image that new machines boot. */
function offlineImage(
  catalog: RecipeCatalog,
  profile: Profile,
  architecture: string,
  offline: string,
): string | undefined {
  const known = architectures.find((each) => each === architecture);
  const image = known && sourcesOf(catalog, profile, known).find(({ kind }) => kind === "vm-image");
  return image && `${offline.replace(/\/+$/, "")}/${image.url.replace(/^https?:\/\//, "")}`;
}

/** /etc/wasm-k8s-lab/sources, which setup.sh reads: the network, the offline server, and digests by address. */
function machineSources(catalog: RecipeCatalog, profile: Profile, offline: string): string {
  const { machines } = catalog.profiles[profile];
  const digests = machines.architectures.flatMap((architecture) =>
    machines.releases.flatMap((release) =>
      sourcesOf(catalog, profile, architecture, release).flatMap(({ sha256, url }) =>
        sha256 === undefined ? [] : [`sha256 ${sha256} ${url}`],
      ),
    ),
  );
  return [
    "# What setup.sh asks on this machine; from vm-images/catalog.yaml.",
    `network ${machines.network}`,
    ...(offline === "" ? [] : [`offline ${offline}`]),
    ...new Set(digests),
  ].join("\n");
}

/** A word for bash. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
