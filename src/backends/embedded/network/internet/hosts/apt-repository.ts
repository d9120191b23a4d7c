import { controlFields, debBytes } from "../../../machine/system/packages/deb.ts";
import type { Deb } from "../../../machine/system/packages/deb.ts";
import { formatStanza } from "../../../machine/system/packages/control.ts";
import { signed } from "../../../machine/system/packages/keys.ts";
import type { SigningKey } from "../../../machine/system/packages/keys.ts";
import type { HttpResponse } from "../../network.ts";
import { file, notFound } from "../http.ts";

/** A package repository: an archive with suites and components, or a flat one. */
export interface AptRepository {
  /** Path on its server, without a trailing slash. */
  base: string;
  origin: string;
  label: string;
  key: SigningKey;
  /** Day of its newest change, for `Date:`. */
  date: string;
  /** Packages by suite and component. */
  suites?: Readonly<Record<string, Readonly<Record<string, readonly Deb[]>>>>;
  /** Packages of a flat repository. */
  flat?: readonly Deb[];
}

const fileName = (deb: Deb): string => `${deb.name}_${deb.version.replace(/^\d+:/, "")}_${deb.architecture}.deb`;
const poolPath = (deb: Deb): string => `pool/${deb.name.slice(0, 1)}/${deb.name}/${fileName(deb)}`;

const stanza = (deb: Deb, path: string): string =>
  formatStanza([
    ...controlFields(deb).filter(([key]) => key !== "Conffiles" && key !== "Description"),
    ["Filename", path],
    ["Size", String(deb.size)],
    ["Description", deb.description],
  ]);

/** What the repository answers for a path of its server; undefined when the path is not below it. */
export function answerFrom(repository: AptRepository, target: string): HttpResponse | undefined {
  const path = decodeURIComponent(target.replace(/\?.*/, ""));
  if (!path.startsWith(`${repository.base}/`)) return undefined;
  const rest = path.slice(repository.base.length + 1).replace(/^(\.\/)+/, "");
  const text = "text/plain; charset=utf-8";
  const release = (suite: string, components: readonly string[]): string =>
    signed(
      `Origin: ${repository.origin}\nLabel: ${repository.label}\n${suite === "" ? "" : `Suite: ${suite}\nCodename: ${suite}\nComponents: ${components.join(" ")}\n`}Date: ${repository.date}\nArchitectures: amd64\n`,
      repository.key,
    );
  if (repository.flat) {
    if (rest === "InRelease") return file(release("", []), text);
    if (rest === "Packages")
      return file(repository.flat.map((deb) => stanza(deb, `amd64/${fileName(deb)}`)).join("\n"), text);
    const wanted = repository.flat.find((deb) => rest === `amd64/${fileName(deb)}`);
    return wanted ? file(debBytes(wanted)) : undefined;
  }
  for (const [suite, components] of Object.entries(repository.suites ?? {})) {
    if (rest === `dists/${suite}/InRelease`) return file(release(suite, Object.keys(components)), text);
    for (const [component, debs] of Object.entries(components)) {
      if (rest === `dists/${suite}/${component}/binary-amd64/Packages`)
        return file(debs.map((deb) => stanza(deb, poolPath(deb))).join("\n"), text);
    }
  }
  if (!rest.startsWith("pool/")) return undefined;
  for (const components of Object.values(repository.suites ?? {})) {
    for (const debs of Object.values(components)) {
      const wanted = debs.find((deb) => rest === poolPath(deb));
      if (wanted) return file(debBytes(wanted));
    }
  }
  return undefined;
}

/** The first repository that has the path. */
export const answerFromAny = (repositories: readonly AptRepository[], target: string): HttpResponse => {
  for (const repository of repositories) {
    const response = answerFrom(repository, target);
    if (response) return response;
  }
  return notFound();
};
