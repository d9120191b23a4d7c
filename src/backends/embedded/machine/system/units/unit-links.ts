import type { FileView } from "../../files/file-system.ts";
import { dirname } from "../../files/paths.ts";
import type { UnitResult } from "../../machine.ts";
import { fileState, installLinks, loadUnit, unitName } from "./unit-loader.ts";
import { words } from "./unit-file.ts";

const success: UnitResult = { ok: true, message: "" };
const failure = (message: string): UnitResult => ({ ok: false, message });

/** Makes the links of a unit's `[Install]` section; says which. */
export function enableUnit(files: FileView, name: string): UnitResult {
  const unit = loadUnit(files, name);
  if (unit.loadState === "masked") return failure(`Failed to enable unit: Unit file ${unit.fragment} is masked.`);
  if (unit.loadState === "not-found")
    return failure(`Failed to enable unit: Unit file ${unitName(name)} does not exist.`);
  if (unit.id !== unitName(name))
    return failure(`Failed to enable unit: Refusing to operate on alias name or linked unit file: ${unitName(name)}`);
  const links = installLinks(unit);
  const also = words(unit.settings, "Install", "Also");
  if (links.length === 0 && also.length === 0) return { ok: true, message: noInstallSection };
  const said: string[] = [];
  for (const link of links) {
    files.makeDirectories(dirname(link.path));
    if (linkTarget(files, link.path) === link.target) continue;
    files.removeTree(link.path);
    files.symlink(link.target, link.path);
    said.push(`Created symlink ${link.path} → ${link.target}.`);
  }
  for (const other of also) if (fileState(files, other) === "disabled") said.push(enableUnit(files, other).message);
  return { ok: true, message: said.filter(Boolean).join("\n") };
}

/** Takes away every link that pulls a unit in or names it. */
export function disableUnit(files: FileView, name: string): UnitResult {
  const wanted = unitName(name);
  const unit = loadUnit(files, wanted);
  if (unit.loadState === "not-found") return failure(`Failed to disable unit: Unit file ${wanted} does not exist.`);
  const said: string[] = [];
  const folder = "/etc/systemd/system";
  const candidates = installLinks(unit).map((link) => link.path);
  for (const entry of files.isDirectory(folder) ? files.list(folder) : []) {
    if (/\.(wants|requires)$/.test(entry)) candidates.push(`${folder}/${entry}/${unit.id}`);
  }
  for (const path of new Set(candidates)) {
    if (linkTarget(files, path) === undefined) continue;
    files.unlink(path);
    said.push(`Removed ${path}.`);
  }
  return { ok: true, message: said.join("\n") };
}

/** Makes a unit impossible to start. */
export function maskUnit(files: FileView, name: string): UnitResult {
  const path = `/etc/systemd/system/${unitName(name)}`;
  const missing = loadUnit(files, name).loadState === "not-found";
  if (linkTarget(files, path) === "/dev/null") return success;
  if (files.exists(path)) return failure(`Failed to mask unit: File ${path} already exists.`);
  files.makeDirectories(dirname(path));
  files.removeTree(path);
  files.symlink("/dev/null", path);
  const warning = missing ? `Unit ${unitName(name)} does not exist, proceeding anyway.\n` : "";
  return { ok: true, message: `${warning}Created symlink ${path} → /dev/null.` };
}

/** Takes a mask away. */
export function unmaskUnit(files: FileView, name: string): UnitResult {
  const path = `/etc/systemd/system/${unitName(name)}`;
  if (linkTarget(files, path) !== "/dev/null") return success;
  files.unlink(path);
  return { ok: true, message: `Removed ${path}.` };
}

function linkTarget(files: FileView, path: string): string | undefined {
  try {
    return files.readLink(path);
  } catch {
    return undefined;
  }
}

const noInstallSection = `The unit files have no installation config (WantedBy=, RequiredBy=, Also=,
Alias= settings in the [Install] section, and DefaultInstance= for template
units). This means they are not meant to be enabled using systemctl.
 
Possible reasons for having this kind of units are:
• A unit may be statically enabled by being symlinked from another unit's
  .wants/ or .requires/ directory.
• A unit's purpose may be to act as a helper for some other unit which has
  a requirement dependency on it.
• A unit may be started when needed via activation (socket, path, timer,
  D-Bus, udev, scripted systemctl call, ...).
• In case of template units, the unit is meant to be enabled with some
  instance name specified.`;
