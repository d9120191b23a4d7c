import type { FileView } from "../../files/file-system.ts";
import { basename, dirname, resolvePath } from "../../files/paths.ts";
import { parseUnitFile, setting, words } from "./unit-file.ts";
import type { UnitSettings } from "./unit-file.ts";

/** Where systemd looks, first match wins. */
const unitFolders = [
  "/etc/systemd/system",
  "/run/systemd/system",
  "/usr/local/lib/systemd/system",
  "/lib/systemd/system",
];
export const adminFolder = "/etc/systemd/system";

export interface LoadedUnit {
  /** Its own name; an alias leads to the unit it is a link to. */
  id: string;
  loadState: "loaded" | "not-found" | "masked" | "bad-setting";
  fragment: string;
  dropIns: string[];
  settings: UnitSettings;
  /** Changes when the files on disk do. */
  fingerprint: string;
}

const suffixes = /\.(service|target|socket|timer|mount|swap|path|slice|scope|device)$/;

/** `crio` is `crio.service`. */
export const unitName = (name: string): string => (suffixes.test(name) ? name : `${name}.service`);

const templateOf = (name: string): string | undefined => {
  const match = /^([^@]+@)[^.]+(\.[a-z]+)$/.exec(name);
  return match ? `${match[1]}${match[2]}` : undefined;
};

function findFragment(files: FileView, name: string): string | undefined {
  for (const candidate of [name, templateOf(name)]) {
    if (candidate === undefined) continue;
    for (const folder of unitFolders) {
      const path = `${folder}/${candidate}`;
      try {
        files.lstat(path);
        return path;
      } catch {
        // Not here: the next folder is asked.
      }
    }
  }
  return undefined;
}

/** Reads a unit with its drop-ins from the files as they are now. */
export function loadUnit(files: FileView, wanted: string): LoadedUnit {
  let name = unitName(wanted);
  let path = findFragment(files, name);
  for (let hops = 0; hops < 10 && path !== undefined && files.lstat(path).type === "symlink"; hops += 1) {
    const target = resolvePath(dirname(path), files.readLink(path));
    if (target === "/dev/null")
      return { id: name, loadState: "masked", fragment: path, dropIns: [], settings: new Map(), fingerprint: "masked" };
    if (suffixes.test(basename(target)) && templateOf(name) === undefined) name = basename(target);
    path = shownPath(target);
    if (!exists(files, path)) path = undefined;
  }
  if (path === undefined || !files.exists(path) || files.isDirectory(path)) {
    return { id: name, loadState: "not-found", fragment: "", dropIns: [], settings: new Map(), fingerprint: "" };
  }
  const settings: UnitSettings = new Map();
  const text = files.readText(path);
  if (text === "" && path.startsWith(adminFolder)) {
    return { id: name, loadState: "masked", fragment: path, dropIns: [], settings, fingerprint: "masked" };
  }
  parseUnitFile(text, settings);
  const dropIns = dropInsOf(files, name);
  for (const dropIn of dropIns) parseUnitFile(files.readText(dropIn), settings);
  const stamp = [path, ...dropIns].map((item) => {
    const stat = files.stat(item);
    return `${item}:${stat.inode}:${stat.version}:${stat.mtime}`;
  });
  const exec = settings.get("Service")?.get("ExecStart") ?? [];
  const bad =
    name.endsWith(".service") && (exec.length === 0 || exec.some((value) => !/^[-@:+!]*("|\/|\$\{?\w)/.test(value)));
  const oneshotWithoutExec = bad && setting(settings, "Service", "Type") === "oneshot" && exec.length === 0;
  return {
    id: name,
    loadState: bad && !oneshotWithoutExec ? "bad-setting" : "loaded",
    fragment: path,
    dropIns,
    settings,
    fingerprint: stamp.join("|"),
  };
}

function exists(files: FileView, path: string): boolean {
  try {
    files.lstat(path);
    return true;
  } catch {
    return false;
  }
}

/** systemd on Ubuntu 20.04 speaks of /lib even where that is a link to /usr/lib. */
const shownPath = (path: string): string => (path.startsWith("/usr/lib/systemd/system/") ? path.slice(4) : path);

function dropInsOf(files: FileView, name: string): string[] {
  const found = new Map<string, string>();
  for (const folder of [...unitFolders].reverse()) {
    for (const owner of [templateOf(name), name]) {
      if (owner === undefined) continue;
      const path = `${folder}/${owner}.d`;
      if (!files.isDirectory(path)) continue;
      for (const file of files.list(path)) if (file.endsWith(".conf")) found.set(file, `${path}/${file}`);
    }
  }
  return [...found.keys()].sort().map((file) => found.get(file) ?? "");
}

/** Names of all unit files, each once. */
export function unitFileNames(files: FileView): string[] {
  const names = new Set<string>();
  for (const folder of unitFolders) {
    if (!files.isDirectory(folder)) continue;
    for (const name of files.list(folder)) if (suffixes.test(name)) names.add(name);
  }
  return [...names].sort();
}

/** Units that `target` pulls in through its `.wants` and `.requires` folders. */
export function pulledInBy(files: FileView, target: string): string[] {
  const names = new Set<string>();
  for (const folder of unitFolders) {
    for (const kind of ["wants", "requires"]) {
      const path = `${folder}/${target}.${kind}`;
      if (files.isDirectory(path)) for (const name of files.list(path)) names.add(name);
    }
  }
  return [...names];
}

export type FileState = "enabled" | "disabled" | "static" | "masked" | "alias" | "not-found";

/** What `systemctl is-enabled` answers. */
export function fileState(files: FileView, wanted: string): FileState {
  const name = unitName(wanted);
  const path = findFragment(files, name);
  if (path === undefined) return "not-found";
  const unit = loadUnit(files, name);
  if (unit.loadState === "masked") return "masked";
  if (unit.loadState === "not-found") return "not-found";
  if (unit.id !== name && templateOf(name) === undefined) return "alias";
  for (const link of installLinks(unit)) if (exists(files, link.path)) return "enabled";
  const wants =
    words(unit.settings, "Install", "WantedBy").length + words(unit.settings, "Install", "RequiredBy").length;
  const aliases = words(unit.settings, "Install", "Alias").length;
  if (wantsLinkExists(files, unit.id)) return "enabled";
  return wants + aliases + words(unit.settings, "Install", "Also").length > 0 ? "disabled" : "static";
}

/** A link that somebody made by hand counts as well. */
function wantsLinkExists(files: FileView, id: string): boolean {
  if (!files.isDirectory(adminFolder)) return false;
  return files
    .list(adminFolder)
    .some((name) => /\.(wants|requires)$/.test(name) && exists(files, `${adminFolder}/${name}/${id}`));
}

/** The links that enabling makes, in systemd's order. */
export function installLinks(unit: LoadedUnit): { path: string; target: string }[] {
  const links = words(unit.settings, "Install", "Alias").map((alias) => `${adminFolder}/${alias}`);
  for (const target of words(unit.settings, "Install", "WantedBy"))
    links.push(`${adminFolder}/${target}.wants/${unit.id}`);
  for (const target of words(unit.settings, "Install", "RequiredBy"))
    links.push(`${adminFolder}/${target}.requires/${unit.id}`);
  return links.map((path) => ({ path, target: unit.fragment }));
}
