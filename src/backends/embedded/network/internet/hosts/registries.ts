import type { Catalog } from "../catalog.ts";
import { answer, headOf, notFound, redirect } from "../http.ts";
import { componentBuilder, contentBuilders } from "../images/contents.ts";
import type { ContentRequest } from "../images/contents.ts";
import type { InternetHost } from "../internet.ts";
import type { HttpResponse } from "../../network.ts";
import type { ImageContent } from "../../../runtime/images/oci.ts";
import { mediaTypes } from "../../../runtime/images/oci.ts";
import { jsonBody } from "../../../runtime/images/registry-client.ts";

const hubToken = { realm: "https://auth.docker.io/token", service: "registry.docker.io" };

interface Served {
  /** By tag. */
  builders: Map<string, () => ImageContent>;
  built: Map<string, ImageContent>;
}

/** The public registries, serving the catalogue's images by the OCI distribution protocol. */
export function registryHosts(catalog: Catalog, date: string): InternetHost[] {
  const repositories = collect(catalog, date);
  const host = (names: string[], domain: string): InternetHost => ({
    names,
    handle: (request) => {
      if (!request.secure) return Promise.resolve(redirect(`https://${request.host}${request.target}`, 301));
      const path = request.target.replace(/\?.*/, "");
      if (!path.startsWith("/v2/")) return Promise.resolve(notFound());
      // Simplified: any bearer token is good, and only Docker Hub asks for one.
      const anonymous = request.headers["authorization"] === undefined;
      if (domain === "docker.io" && anonymous) return Promise.resolve(challenge(path));
      const response = serve(repositories, domain, path);
      return Promise.resolve(request.method === "HEAD" ? headOf(response) : response);
    },
  });
  return [
    host(["registry-1.docker.io", "docker.io", "index.docker.io"], "docker.io"),
    host(["registry.k8s.io", "k8s.gcr.io"], "registry.k8s.io"),
    host(["ghcr.io"], "ghcr.io"),
    host(["quay.io"], "quay.io"),
    {
      names: ["auth.docker.io"],
      handle: () =>
        Promise.resolve(
          answer(200, jsonBody({ token: "anonymous", access_token: "anonymous", expires_in: 300 }), {
            "content-type": "application/json",
          }),
        ),
    },
  ];
}

function collect(catalog: Catalog, date: string): Map<string, Served> {
  const repositories = new Map<string, Served>();
  const add = (
    name: string,
    tag: string,
    build: (request: ContentRequest) => ImageContent,
    version: string,
    day: string,
  ) => {
    const served = repositories.get(name) ?? { builders: new Map(), built: new Map() };
    repositories.set(name, served);
    const request = { name, tag, version, architecture: "amd64", created: `${day}T00:00:00Z` };
    served.builders.set(tag, () => build(request));
  };
  const kubernetes = catalog.kubernetesImages;
  for (const [version, day] of Object.entries(kubernetes.versions)) {
    if (day > date) continue;
    for (const component of kubernetes.components) {
      add(`${kubernetes.registry}/${component}`, `v${version}`, componentBuilder(component), version, day);
    }
  }
  const first = "2023-08-15";
  for (const tag of kubernetes.etcd) add(`${kubernetes.registry}/etcd`, tag, componentBuilder("etcd"), tag, first);
  for (const tag of kubernetes.coredns) {
    add(`${kubernetes.registry}/coredns/coredns`, tag, componentBuilder("coredns"), tag, first);
  }
  for (const tag of kubernetes.pause) add(`${kubernetes.registry}/pause`, tag, componentBuilder("pause"), tag, first);
  for (const image of catalog.communityImages) {
    if (image.since > date) continue;
    const build = contentBuilders[image.content];
    if (!build)
      throw new Error(`vm-images/catalog.yaml: images.community names an unknown content, got ${image.content}`);
    // Tags of one entry are one image, so the request is the same for all of them.
    const [firstTag = "latest"] = image.tags;
    let made: ImageContent | undefined;
    for (const tag of image.tags) {
      const once = (request: ContentRequest): ImageContent => (made ??= build({ ...request, tag: firstTag }));
      add(image.name, tag, once, image.version, image.since);
    }
  }
  return repositories;
}

function serve(repositories: ReadonlyMap<string, Served>, domain: string, path: string): HttpResponse {
  if (path === "/v2/") return json(200, {});
  const match = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path);
  const [, name = "", kind, wanted = ""] = match ?? [];
  const served = repositories.get(`${domain}/${name}`);
  if (!match || !served) return missing(domain, name);
  if (kind === "tags") return json(200, { name, tags: [...served.builders.keys()] });
  if (kind === "manifests") {
    const image = wanted.startsWith("sha256:")
      ? all(served).find((other) => other.manifestDigest === wanted)
      : tagged(served, wanted);
    if (!image) return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown", { Tag: wanted });
    return answer(200, image.manifestBytes, {
      "content-type": image.manifest.mediaType ?? mediaTypes.ociManifest,
      "docker-content-digest": image.manifestDigest,
      "docker-distribution-api-version": "registry/2.0",
    });
  }
  const bytes = blobOf(served, wanted);
  if (!bytes) return refuse(404, "BLOB_UNKNOWN", "blob unknown to registry", { digest: wanted });
  return answer(200, bytes, { "content-type": "application/octet-stream", "docker-content-digest": wanted });
}

function tagged(served: Served, tag: string): ImageContent | undefined {
  let image = served.built.get(tag);
  if (!image) {
    image = served.builders.get(tag)?.();
    if (image) served.built.set(tag, image);
  }
  return image;
}

const all = (served: Served): ImageContent[] =>
  [...served.builders.keys()].map((tag) => tagged(served, tag)).filter((image) => image !== undefined);

function blobOf(served: Served, digest: string): Uint8Array | undefined {
  const find = (images: Iterable<ImageContent>): Uint8Array | undefined => {
    for (const image of images) {
      if (image.manifest.config.digest === digest) return image.configBytes;
      const layer = image.layers.find((candidate) => candidate.descriptor.digest === digest);
      if (layer) return layer.bytes;
    }
    return undefined;
  };
  return find(served.built.values()) ?? find(all(served));
}

const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse =>
  answer(status, jsonBody(value), {
    "content-type": "application/json",
    "docker-distribution-api-version": "registry/2.0",
    ...headers,
  });

const refuse = (status: number, code: string, message: string, detail: unknown): HttpResponse =>
  json(status, { errors: [{ code, message, detail }] });

/** An unknown repository: Docker Hub and GitHub do not tell it from a private one. */
function missing(domain: string, name: string): HttpResponse {
  if (domain === "docker.io") {
    return refuse(401, "DENIED", "requested access to the resource is denied", [{ Type: "repository", Name: name }]);
  }
  if (domain === "ghcr.io") return refuse(403, "DENIED", "requested access to the resource is denied", null);
  if (domain === "quay.io")
    return refuse(401, "UNAUTHORIZED", "access to the requested resource is not authorized", {});
  return refuse(404, "NAME_UNKNOWN", "repository name not known to registry", { name });
}

function challenge(path: string): HttpResponse {
  const name = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(path)?.[1];
  const scope = name === undefined ? "" : `,scope="repository:${name}:pull"`;
  return json(
    401,
    { errors: [{ code: "UNAUTHORIZED", message: "authentication required", detail: null }] },
    { "www-authenticate": `Bearer realm="${hubToken.realm}",service="${hubToken.service}"${scope}` },
  );
}
