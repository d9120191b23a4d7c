import { parse } from "smol-toml";
import type { FileView } from "../../machine/files/file-system.ts";
import type { RegistryEndpoint } from "./registry-client.ts";
import { formatReference, isShortName, parseReference, parseTagged } from "./reference.ts";

const dockerHub = "registry-1.docker.io";

/** The registries.conf of containers/image is not usable; `message` is its wording. */
export class RegistriesConfError extends Error {
  override readonly name = "RegistriesConfError";
}

interface ConfiguredRegistry {
  prefix: string;
  location: string;
  insecure: boolean;
  blocked: boolean;
  mirrors: { location: string; insecure: boolean }[];
}

/** What /etc/containers/registries.conf and its drop-ins say. */
export interface RegistriesConf {
  searchRegistries: string[];
  aliases: Readonly<Record<string, string>>;
  registries: ConfiguredRegistry[];
  shortNameMode: "disabled" | "permissive" | "enforcing";
}

/** Reads the files for a user; drop-ins override in byte order. Throws RegistriesConfError for TOML that is none. */
export function readRegistriesConf(files: FileView, home?: string): RegistriesConf {
  const conf: RegistriesConf = { searchRegistries: [], aliases: {}, registries: [], shortNameMode: "permissive" };
  const userFile = home === undefined ? "" : `${home}/.config/containers/registries.conf`;
  const mainFile = userFile !== "" && files.exists(userFile) ? userFile : "/etc/containers/registries.conf";
  const paths = [mainFile];
  for (const folder of [
    "/etc/containers/registries.conf.d",
    ...(home ? [`${home}/.config/containers/registries.conf.d`] : []),
  ]) {
    if (files.isDirectory(folder)) {
      paths.push(
        ...files
          .list(folder)
          .filter((name) => name.endsWith(".conf"))
          .map((name) => `${folder}/${name}`),
      );
    }
  }
  for (const path of paths) if (files.exists(path)) applyFile(conf, path, files.readText(path));
  return conf;
}

function applyFile(conf: RegistriesConf, path: string, text: string): void {
  let parsed: Record<string, unknown>;
  try {
    parsed = parse(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new RegistriesConfError(`loading registries configuration "${path}": toml: ${reason}`);
  }
  const search = parsed["unqualified-search-registries"];
  if (Array.isArray(search)) conf.searchRegistries = search.filter((name) => typeof name === "string");
  const mode = parsed["short-name-mode"];
  if (mode === "disabled" || mode === "permissive" || mode === "enforcing") conf.shortNameMode = mode;
  if (isTable(parsed["aliases"])) conf.aliases = { ...conf.aliases, ...stringsOf(parsed["aliases"]) };
  applyVersion1(conf, parsed["registries"]);
  for (const table of tables(parsed["registry"])) {
    const prefix = stringOf(table["prefix"]) || stringOf(table["location"]);
    if (prefix === "") throw new RegistriesConfError("invalid condition: both location and prefix are unset");
    conf.registries = conf.registries.filter((other) => other.prefix !== prefix);
    conf.registries.push({
      prefix,
      location: stringOf(table["location"]) || prefix,
      insecure: table["insecure"] === true,
      blocked: table["blocked"] === true,
      mirrors: tables(table["mirror"]).map((mirror) => ({
        location: stringOf(mirror["location"]),
        insecure: mirror["insecure"] === true,
      })),
    });
  }
}

/** The older form: `[registries.search] registries = [...]`, `[registries.insecure]`. */
function applyVersion1(conf: RegistriesConf, value: unknown): void {
  if (!isTable(value)) return;
  const listed = (key: string): string[] => {
    const table = value[key];
    const names = isTable(table) ? table["registries"] : undefined;
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  };
  if (listed("search").length > 0) conf.searchRegistries = listed("search");
  for (const prefix of listed("insecure")) {
    conf.registries.push({ prefix, location: prefix, insecure: true, blocked: false, mirrors: [] });
  }
}

/**
 * Full names to try for what a person typed, in order: an alias, or every search registry.
 * Throws RegistriesConfError when a short name leads nowhere, InvalidReference when it is none.
 */
export function resolveShortName(text: string, conf: RegistriesConf): string[] {
  if (!isShortName(text)) return [formatReference(parseTagged(text))];
  parseReference(text);
  const match = /^([^:@]+)(.*)$/.exec(text);
  const name = match?.[1] ?? text;
  const alias = conf.aliases[name];
  if (alias !== undefined) return [formatReference(parseTagged(alias + (match?.[2] ?? "")))];
  if (conf.searchRegistries.length === 0) {
    throw new RegistriesConfError(
      `short-name "${text}" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"`,
    );
  }
  return conf.searchRegistries.map((registry) => formatReference(parseTagged(`${registry}/${text}`)));
}

/** Where buildah, skopeo and CRI-O ask for a repository, mirrors first. `tlsVerify` false is `--tls-verify=false`. */
export function containersEndpoints(repository: string, conf: RegistriesConf, tlsVerify?: boolean): RegistryEndpoint[] {
  const registry = conf.registries
    .filter((other) => matchesPrefix(repository, other.prefix))
    .sort((one, other) => other.prefix.length - one.prefix.length)[0];
  const host = repository.split("/")[0] ?? repository;
  if (registry?.blocked) {
    throw new RegistriesConfError(
      `registry ${registry.prefix} is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d`,
    );
  }
  const endpoints = [
    ...(registry?.mirrors ?? []),
    { location: registry ? hostOf(registry.location) : host, insecure: registry?.insecure ?? false },
  ];
  return endpoints.map(({ location, insecure }) =>
    containersEndpoint(hostOf(location), tlsVerify === undefined ? insecure : !tlsVerify),
  );
}

function containersEndpoint(host: string, insecure: boolean): RegistryEndpoint {
  return {
    host: host === "docker.io" ? dockerHub : host,
    schemes: insecure ? ["https", "http"] : ["https"],
    insecure,
  };
}

const hostOf = (location: string): string => location.split("/")[0] ?? location;

function matchesPrefix(repository: string, prefix: string): boolean {
  if (prefix.startsWith("*.")) return hostOf(repository).endsWith(prefix.slice(1));
  return repository === prefix || repository.startsWith(`${prefix}/`) || repository.startsWith(`${prefix}:`);
}

/**
 * Where containerd asks: `<config_path>/<host>/hosts.toml` or `_default`, else the mirrors of its configuration's
 * registry table, else the registry itself.
 */
export function containerdEndpoints(files: FileView, host: string, registryTable: unknown): RegistryEndpoint[] {
  const table = isTable(registryTable) ? registryTable : {};
  const configPath = stringOf(table["config_path"]);
  if (configPath !== "") {
    for (const folder of configPath.split(":")) {
      for (const name of [host, host.replace(":", "_") + "_", "_default"]) {
        const path = `${folder}/${name}/hosts.toml`;
        if (files.exists(path)) return hostsToml(files.readText(path), host);
      }
    }
    return [containerdEndpoint(host)];
  }
  const mirrors = isTable(table["mirrors"]) ? table["mirrors"] : {};
  const mirror = mirrors[host] ?? mirrors["*"];
  const configured = isTable(mirror) && Array.isArray(mirror["endpoint"]) ? mirror["endpoint"] : [];
  const configs = isTable(table["configs"]) ? table["configs"] : {};
  const skipVerify = (name: string): boolean => {
    const config = configs[name];
    const tls = isTable(config) ? config["tls"] : undefined;
    return isTable(tls) && tls["insecure_skip_verify"] === true;
  };
  const urls = configured.filter((url) => typeof url === "string");
  const endpoints = urls.map((url) => {
    const name = url.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
    return fromUrl(url, skipVerify(name));
  });
  const fallback = containerdEndpoint(host);
  if (!endpoints.some((endpoint) => endpoint.host === fallback.host)) {
    endpoints.push({ ...fallback, insecure: skipVerify(host) });
  }
  return endpoints;
}

/** Hosts on the loopback are asked without TLS by default, as containerd does. */
function containerdEndpoint(host: string): RegistryEndpoint {
  const loopback = /^(localhost|127\.0\.0\.1)(:|$)/.test(host);
  return { host: host === "docker.io" ? dockerHub : host, schemes: loopback ? ["http"] : ["https"], insecure: false };
}

function hostsToml(text: string, host: string): RegistryEndpoint[] {
  let parsed: Record<string, unknown>;
  try {
    parsed = parse(text);
  } catch {
    throw new RegistriesConfError("failed to parse hosts.toml");
  }
  const endpoints: RegistryEndpoint[] = [];
  const hosts = isTable(parsed["host"]) ? parsed["host"] : {};
  for (const [url, options] of Object.entries(hosts)) {
    endpoints.push(fromUrl(url, isTable(options) && options["skip_verify"] === true));
  }
  const server = stringOf(parsed["server"]);
  endpoints.push(server === "" ? containerdEndpoint(host) : fromUrl(server, parsed["skip_verify"] === true));
  return endpoints;
}

function fromUrl(url: string, insecure: boolean): RegistryEndpoint {
  const scheme = url.startsWith("http://") ? "http" : "https";
  const host = url.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return { host: host === "docker.io" ? dockerHub : host, schemes: [scheme], insecure };
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const tables = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value.filter(isTable) : []);

const stringOf = (value: unknown): string => (typeof value === "string" ? value : "");

const stringsOf = (table: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(table).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
