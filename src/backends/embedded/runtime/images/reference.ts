/** A normalised image name, as docker and containers/image read it. */
export interface ImageReference {
  /** Registry as written, with port: `docker.io`, `registry.lab:5000`. */
  domain: string;
  /** Repository below the registry: `library/nginx`. */
  path: string;
  tag: string | undefined;
  /** `sha256:…`. */
  digest: string | undefined;
}

/** A name that is no image reference; `message` is the Go library's. */
export class InvalidReference extends Error {
  override readonly name = "InvalidReference";
}

const alphanumeric = "[a-z0-9]+";
const separator = "(?:[._]|__|-+)";
const pathComponent = `${alphanumeric}(?:${separator}${alphanumeric})*`;
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domainPattern = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const namePattern = `(?:(${domainPattern})/)?(${pathComponent}(?:/${pathComponent})*)`;
const tagPattern = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const digestPattern = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const whole = new RegExp(`^${namePattern}(?::(${tagPattern}))?(?:@(${digestPattern}))?$`);
const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Reads a name as a person types it: `nginx` is `docker.io/library/nginx` without a tag.
 * Throws InvalidReference.
 */
export function parseReference(text: string): ImageReference {
  if (/^[a-f0-9]{64}$/.test(text)) {
    throw new InvalidReference(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { domain, rest } = splitDomain(text);
  const at = rest.indexOf("@");
  const beforeDigest = at < 0 ? rest : rest.slice(0, at);
  const colon = beforeDigest.indexOf(":");
  const repository = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  if (repository.toLowerCase() !== repository) {
    throw new InvalidReference("invalid reference format: repository name must be lowercase");
  }
  return parseCanonical(`${domain}/${rest}`);
}

/** The same with the tag `latest` where neither tag nor digest is given. */
export function parseTagged(text: string): ImageReference {
  const reference = parseReference(text);
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: "latest" } : reference;
}

/** `docker.io/library/nginx`. */
export const repositoryOf = (reference: ImageReference): string => `${reference.domain}/${reference.path}`;

/** The full name: `docker.io/library/nginx:latest`. */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return repositoryOf(reference) + tag + digest;
}

/** As `docker` shows it, and containers/image in `docker://` names: without `docker.io/` and `library/`. */
export function familiarName(reference: ImageReference): string {
  const full = formatReference(reference);
  if (reference.domain !== "docker.io") return full;
  const short = full.slice("docker.io/".length);
  const official = short.startsWith("library/") && !short.slice("library/".length).includes("/");
  return official ? short.slice("library/".length) : short;
}

/** True for a name whose first part is not a registry: it goes through the search registries. */
export function isShortName(text: string): boolean {
  const slash = text.indexOf("/");
  return slash < 0 || !isDomain(text.slice(0, slash));
}

const isDomain = (text: string): boolean =>
  text.includes(".") || text.includes(":") || text === "localhost" || text.toLowerCase() !== text;

function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf("/");
  let domain = "docker.io";
  let rest = text;
  if (slash >= 0 && isDomain(text.slice(0, slash))) {
    domain = text.slice(0, slash);
    rest = text.slice(slash + 1);
  }
  if (domain === "index.docker.io") domain = "docker.io";
  if (domain === "docker.io" && !rest.includes("/")) rest = `library/${rest}`;
  return { domain, rest };
}

function parseCanonical(text: string): ImageReference {
  const match = whole.exec(text);
  if (!match) {
    if (whole.test(text.toLowerCase())) {
      throw new InvalidReference("invalid reference format: repository name must be lowercase");
    }
    throw new InvalidReference("invalid reference format");
  }
  const [, domain = "docker.io", path = "", tag, digest] = match;
  if (domain.length + path.length + 1 > 255) {
    throw new InvalidReference("repository name must not be more than 255 characters");
  }
  if (digest !== undefined) {
    const [algorithm = "", hex = ""] = digest.split(":");
    const length = digestLengths[algorithm];
    if (length === undefined) throw new InvalidReference("unsupported digest algorithm");
    if (hex.length !== length) throw new InvalidReference("invalid checksum digest length");
    if (!/^[a-f0-9]+$/.test(hex)) throw new InvalidReference("invalid checksum digest format");
  }
  return { domain, path, tag, digest };
}
