import type { FileView } from "../../files/file-system.ts";
import type { InstalledPackage, PackageDatabase } from "../../machine.ts";
import { fileLines } from "../users.ts";
import { formatStanza, parseStanzas } from "./control.ts";
import type { Stanza } from "./control.ts";

const statusPath = "/var/lib/dpkg/status";
const extendedPath = "/var/lib/apt/extended_states";
export const listPath = (name: string): string => `/var/lib/dpkg/info/${name}.list`;

/** dpkg's database as it lies in /var/lib/dpkg: whoever removes the files makes dpkg forget. */
export class DpkgDatabase implements PackageDatabase {
  readonly #files: FileView;
  #version = "";
  #stanzas = new Map<string, Stanza>();

  constructor(files: FileView) {
    this.#files = files;
  }

  get(name: string): InstalledPackage | undefined {
    const stanza = this.stanza(name);
    return stanza && isInstalled(stanza) ? this.#describe(name, stanza) : undefined;
  }

  list(): readonly InstalledPackage[] {
    return this.stanzas()
      .filter(isInstalled)
      .map((stanza) => this.#describe(stanza.get("Package") ?? "", stanza));
  }

  /** Everything dpkg knows of a package, also of one that was removed and left its configuration. */
  stanza(name: string): Stanza | undefined {
    this.#read();
    return this.#stanzas.get(name);
  }

  stanzas(): Stanza[] {
    this.#read();
    return [...this.#stanzas.keys()].sort().map((name) => this.#stanzas.get(name) ?? new Map());
  }

  put(name: string, stanza: Stanza): void {
    this.#read();
    this.#stanzas.set(name, stanza);
    this.#write();
  }

  putAll(stanzas: Iterable<readonly [string, Stanza]>): void {
    this.#read();
    for (const [name, stanza] of stanzas) this.#stanzas.set(name, stanza);
    this.#write();
  }

  delete(name: string): void {
    this.#read();
    this.#stanzas.delete(name);
    this.#write();
  }

  setHeld(name: string, held: boolean): boolean {
    const stanza = this.stanza(name);
    const status = stanza?.get("Status");
    if (!stanza || status === undefined) return false;
    const next = status.replace(/^\w+/, held ? "hold" : "install");
    if (next === status) return false;
    stanza.set("Status", next);
    this.#write();
    return true;
  }

  files(name: string): string[] {
    return fileLines(this.#files, listPath(name));
  }

  /** Packages that were installed only because another needed them. */
  autoInstalled(): Set<string> {
    if (!this.#files.exists(extendedPath)) return new Set();
    const marked = parseStanzas(this.#files.readText(extendedPath)).filter(
      (stanza) => stanza.get("Auto-Installed") === "1",
    );
    return new Set(marked.map((stanza) => stanza.get("Package") ?? ""));
  }

  setAutoInstalled(names: ReadonlySet<string>): void {
    const text = [...names].sort().map((name) =>
      formatStanza([
        ["Package", name],
        ["Architecture", "amd64"],
        ["Auto-Installed", "1"],
      ]),
    );
    this.#files.makeDirectories("/var/lib/apt");
    this.#files.write(extendedPath, text.join("\n"));
  }

  #describe(name: string, stanza: Stanza): InstalledPackage {
    return {
      name,
      version: stanza.get("Version") ?? "",
      files: this.files(name),
      held: (stanza.get("Status") ?? "").startsWith("hold "),
    };
  }

  #read(): void {
    if (!this.#files.exists(statusPath)) {
      this.#stanzas.clear();
      this.#version = "";
      return;
    }
    const stat = this.#files.stat(statusPath);
    const version = `${stat.inode}:${stat.version}`;
    if (version === this.#version) return;
    this.#stanzas = new Map(
      parseStanzas(this.#files.readText(statusPath)).map((stanza) => [stanza.get("Package") ?? "", stanza]),
    );
    this.#version = version;
  }

  #write(): void {
    this.#files.makeDirectories("/var/lib/dpkg/info");
    const names = [...this.#stanzas.keys()].sort();
    this.#files.write(statusPath, names.map((name) => formatStanza(this.#stanzas.get(name) ?? new Map())).join("\n"));
    const stat = this.#files.stat(statusPath);
    this.#version = `${stat.inode}:${stat.version}`;
  }
}

export const isInstalled = (stanza: Stanza): boolean => (stanza.get("Status") ?? "").endsWith(" installed");
