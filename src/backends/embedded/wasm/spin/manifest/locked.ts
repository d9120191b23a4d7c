import { SpinManifestError } from "./model.ts";
import type { SpinComponent, SpinManifest, SpinTrigger } from "./model.ts";
import { isTable } from "./toml.ts";
import type { Table } from "./toml.ts";

/** The application as a registry keeps it: its modules by digest. `digests` has one for each component's id. */
export function lockedApplication(manifest: SpinManifest, digests: ReadonlyMap<string, string>): string {
  const { name, applicationVersion, description, authors } = manifest;
  const metadata = {
    ...(authors.length === 0 ? {} : { authors }),
    ...(description === undefined ? {} : { description }),
    name,
    trigger: { type: manifest.triggers[0]?.type ?? "http" },
    ...(applicationVersion === undefined ? {} : { version: applicationVersion }),
  };
  const triggers = manifest.triggers.map(({ type, route, component }, index) => ({
    id: `trigger-${component}${index === 0 ? "" : `-${index}`}`,
    trigger_type: type,
    trigger_config: { component, route },
  }));
  const components = manifest.components.map(({ id, description: text, environment, allowedOutboundHosts }) => ({
    id,
    metadata: {
      ...(allowedOutboundHosts.length === 0 ? {} : { allowed_outbound_hosts: allowedOutboundHosts }),
      ...(text === undefined ? {} : { description: text }),
    },
    source: { content_type: "application/wasm", digest: digests.get(id) ?? "" },
    ...(Object.keys(environment).length === 0 ? {} : { env: environment }),
  }));
  return JSON.stringify({ spin_lock_version: 1, metadata, triggers, components });
}

/** Reads the configuration of an application in a registry. Throws SpinManifestError. */
export function parseLockedApplication(text: string): SpinManifest {
  let locked: unknown;
  try {
    locked = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw wrong(error.message);
  }
  if (!isTable(locked)) throw wrong("invalid type: expected struct LockedApp");
  const { spin_lock_version: version, metadata, triggers, components } = locked;
  if (version !== 0 && version !== 1) throw wrong(`invalid value: ${JSON.stringify(version)}, expected lock version 1`);
  if (!Array.isArray(triggers)) throw wrong("missing field `triggers`");
  if (!Array.isArray(components)) throw wrong("missing field `components`");
  const about = isTable(metadata) ? metadata : {};
  const { authors } = about;
  return {
    version: 2,
    name: optional(about, "name") ?? "",
    applicationVersion: optional(about, "version"),
    description: optional(about, "description"),
    authors: Array.isArray(authors) ? authors.filter((author) => typeof author === "string") : [],
    triggers: triggers.map(readTrigger),
    components: components.map(readComponent),
  };
}

const wrong = (...causes: readonly string[]): SpinManifestError =>
  new SpinManifestError("failed to parse the locked application", causes);

const optional = (table: Table, key: string): string | undefined => {
  const value = table[key];
  return typeof value === "string" ? value : undefined;
};

function readTrigger(own: unknown): SpinTrigger {
  const config = isTable(own) && isTable(own["trigger_config"]) ? own["trigger_config"] : undefined;
  const component = config && optional(config, "component");
  if (!isTable(own) || !config || component === undefined) throw wrong("a trigger has no component");
  return { type: optional(own, "trigger_type") ?? "http", route: optional(config, "route") ?? "/", component };
}

function readComponent(own: unknown): SpinComponent {
  const source = isTable(own) && isTable(own["source"]) ? own["source"] : undefined;
  const id = isTable(own) ? optional(own, "id") : undefined;
  const digest = source && optional(source, "digest");
  if (!isTable(own) || id === undefined || digest === undefined) throw wrong("a component has no digest");
  const { env, metadata } = own;
  const hosts = isTable(metadata) ? metadata["allowed_outbound_hosts"] : undefined;
  return {
    id,
    description: isTable(metadata) ? optional(metadata, "description") : undefined,
    source: { kind: "digest", digest },
    environment: isTable(env)
      ? Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]))
      : {},
    allowedOutboundHosts: Array.isArray(hosts) ? hosts.filter((host) => typeof host === "string") : [],
    wantsFiles: Array.isArray(own["files"]) && own["files"].length > 0,
    build: undefined,
  };
}
