import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseDocument, stringify } from "yaml";
import { z } from "zod";
import type { MachineRole } from "../../domain/backend.ts";
import { exitCodes, LabError } from "../../domain/errors.ts";
import { writePrivateFile } from "../../remote/private-file.ts";

/** How one machine is reached: what `ssh` would be told on the command line. */
export interface InventoryMachine {
  /** A name, an address, or an alias of the ssh configuration. */
  host: string;
  port?: number;
  user?: string;
  identityFile?: string;
  /** As after `ssh -J`. */
  proxyJump?: string;
  /** IPv4 address by which the other machines reach it, where that is not the one that ssh arrives at. */
  address?: string;
}

export interface Inventory {
  /** Read instead of the user's own ssh configuration. */
  sshConfig?: string;
  machines: Partial<Record<MachineRole, InventoryMachine>>;
}

/** What ssh would take for an option, or a shell for several words, is no name of a host or user. */
const word = (what: string): z.ZodType<string> =>
  z.string(`must be ${what}`).regex(/^[^-\s\p{Cc}][^\s\p{Cc}]*$/u, `must be ${what}, without spaces or a leading "-"`);

const portRule = "must be a number from 1 to 65535";

const machineSchema = z.union(
  [
    word("a host name or an alias of your ssh configuration").transform((host): InventoryMachine => ({ host })),
    z.strictObject({
      host: word("a host name, an address or an alias of your ssh configuration"),
      port: z.int(portRule).min(1, portRule).max(65_535, portRule).optional(),
      user: word("a user name").optional(),
      identityFile: z.string("must be a path").min(1, "must be a path").optional(),
      proxyJump: word("as after `ssh -J`").optional(),
      address: z.ipv4("must be an IPv4 address such as 192.0.2.10").optional(),
    }),
  ],
  "must be a host name, or a mapping with `host`",
);

/** The schema's own words for what is no mapping; a field that there is not is told about with its name. */
const mapping = (what: string) => ({
  error: ({ code }: { code: string }) => (code === "invalid_type" ? `must be a mapping ${what}` : undefined),
});

const inventorySchema = z.strictObject(
  {
    sshConfig: z.string("must be a path").min(1, "must be a path").optional(),
    machines: z.strictObject(
      { master: machineSchema, worker1: machineSchema.optional(), worker2: machineSchema.optional() },
      mapping("from `master`, `worker1`, `worker2` to hosts"),
    ),
  },
  mapping("with `machines`"),
);

export const inventoryExample =
  "machines:\n  master: { host: 192.0.2.10, user: ubuntu }\n  worker1: { host: 192.0.2.11, user: ubuntu }\n" +
  "  worker2: an-alias-of-your-ssh-configuration\n";

/** Reads an inventory. Throws LabError `inventory-missing`, or `inventory-invalid` that lists every problem. */
export function readInventory(path: string): Inventory {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    throw new LabError(
      "inventory-missing",
      `${path}: the inventory cannot be read, got ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`,
      { remedy: "Give the path of a YAML file that names the machines: `--inventory lab.yaml`.", cause: error },
    );
  }
  const problems: string[] = [];
  const document = parseDocument(source);
  for (const error of document.errors) problems.push(`${path}: ${error.message.split("\n")[0] ?? ""}`);
  const content: unknown = document.errors.length === 0 ? document.toJS() : undefined;
  const parsed = inventorySchema.safeParse(content);
  if (document.errors.length === 0) {
    for (const issue of parsed.error?.issues ?? []) problems.push(...problemsOf(issue, content, path));
  }
  if (!parsed.success || problems.length > 0) throw invalid(problems);
  const { sshConfig, machines } = parsed.data;
  const inventory: Inventory = {
    ...(sshConfig === undefined ? {} : { sshConfig: absolute(sshConfig, path) }),
    machines: {},
  };
  const seen = new Map<string, string>();
  for (const [name, given] of entriesOf(machines)) {
    const { identityFile } = given;
    const machine = withoutUndefined({
      ...given,
      ...(identityFile === undefined ? {} : { identityFile: absolute(identityFile, path) }),
    });
    const place = `${machine.host}:${machine.port ?? ""}`;
    const other = seen.get(place);
    if (other !== undefined)
      problems.push(`${path}: machines.${name}: must be another machine than ${other}, got ${machine.host}`);
    seen.set(place, name);
    inventory.machines[name] = machine;
  }
  if (problems.length > 0) throw invalid(problems);
  return inventory;
}

/** Keeps an inventory in the state folder, with every path as it was meant there. */
export function keepInventory(inventory: Inventory, path: string): void {
  const text = `# Kept by wasm-k8s-lab; another one: --inventory FILE\n${stringify(inventory)}`;
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writePrivateFile(path, text);
}

export const entriesOf = <T>(machines: { [name in MachineRole]?: T | undefined }): [MachineRole, T][] =>
  (["master", "worker1", "worker2"] as const).flatMap((name): [MachineRole, T][] => {
    const machine = machines[name];
    return machine === undefined ? [] : [[name, machine]];
  });

function withoutUndefined(machine: { [field in keyof InventoryMachine]: InventoryMachine[field] | undefined }) {
  return Object.fromEntries(
    Object.entries(machine).filter(([, value]) => value !== undefined),
  ) as unknown as InventoryMachine;
}

/** `~` is the user's home; other paths are seen from the inventory. */
function absolute(path: string, inventory: string): string {
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return isAbsolute(path) ? path : resolve(dirname(inventory), path);
}

const invalid = (problems: string[]): LabError =>
  new LabError("inventory-invalid", problems.join("\n"), {
    remedy: `Mend the inventory; it looks like this:\n${inventoryExample.trimEnd()}`,
    exitCode: exitCodes.wrongUse,
  });

function problemsOf(issue: z.core.$ZodIssue, content: unknown, path: string): string[] {
  // Of the two ways to name a machine, the one that was chosen is told about.
  const given = valueAt(content, issue.path);
  if (issue.code === "invalid_union" && (typeof given === "string" || (typeof given === "object" && given !== null))) {
    const chosen = issue.errors[typeof given === "string" ? 0 : 1] ?? [];
    return chosen.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, content, path));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `${path}: ${[...issue.path, key].join(".")}: there is no such field`);
  }
  const value = valueAt(content, issue.path);
  const where = issue.path.length === 0 ? path : `${path}: ${issue.path.join(".")}`;
  if (value === undefined) return [`${where}: is missing`];
  const message = issue.message.startsWith("must") ? issue.message : `must fit (${issue.message})`;
  return [`${where}: ${message}, got ${JSON.stringify(value)}`];
}

function valueAt(content: unknown, path: readonly PropertyKey[]): unknown {
  let value = content;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
