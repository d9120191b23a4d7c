import { basename, dirname } from "../../files/paths.ts";
import type { Process } from "../../process.ts";
import { internalsOf } from "../internals.ts";
import { controlFields, debFileContent, debFileMode } from "./deb.ts";
import type { Deb } from "./deb.ts";
import { isInstalled, listPath } from "./dpkg-database.ts";

const countOfFiles = (process: Process): number =>
  58_000 +
  internalsOf(process.machine)
    .dpkg.list()
    .reduce((sum, item) => sum + item.files.length, 0);

export const readingDatabase = (process: Process): string =>
  `(Reading database ... ${countOfFiles(process)} files and directories currently installed.)\n`;

/** dpkg --unpack of one package: its files, then its entry in the database. */
export async function unpack(process: Process, deb: Deb, archive: string): Promise<boolean> {
  const { dpkg } = internalsOf(process.machine);
  const files = process.machine.rootFiles;
  const before = dpkg.get(deb.name);
  await process.out(`Preparing to unpack ${archive} ...\n`);
  await process.out(
    before
      ? `Unpacking ${deb.name} (${deb.version}) over (${before.version}) ...\n`
      : `Unpacking ${deb.name} (${deb.version}) ...\n`,
  );
  await process.machine.environment.pacing.wait("unpack", process.signal);
  for (const file of deb.files) {
    const owner = ownerOf(process, file.path);
    if (owner === undefined || owner === deb.name || file.conffile || file.link !== undefined) continue;
    if (!files.exists(file.path) || files.isDirectory(file.path)) continue;
    await process.err(
      `dpkg: error processing archive ${archive} (--unpack):\n trying to overwrite '${file.path}', which is also in package ${owner} ${dpkg.get(owner)?.version ?? ""}\n`,
    );
    return false;
  }
  const knownConffiles = new Set(
    (dpkg.stanza(deb.name)?.get("Conffiles") ?? "").split("\n").map((line) => line.trim()),
  );
  for (const file of deb.files) {
    files.makeDirectories(dirname(file.path));
    if (file.link !== undefined) {
      if (files.isDirectory(file.path)) continue;
      files.removeTree(file.path);
      files.symlink(file.link, file.path);
      continue;
    }
    const content = debFileContent(file);
    if (!content) {
      files.makeDirectories(file.path);
      if (file.mode !== undefined) files.chmod(file.path, file.mode);
      continue;
    }
    // Simplified: dpkg asks about a changed configuration file; here the administrator's one always stays, and so does a deleted one.
    if (file.conffile && (files.exists(file.path) || (before && knownConffiles.has(file.path)))) continue;
    if (files.exists(file.path)) files.unlink(file.path);
    files.writeWithMode(file.path, content, debFileMode(file));
  }
  const brought = new Set(deb.files.map((file) => file.path));
  for (const old of before?.files ?? []) {
    if (old !== "/." && !brought.has(old) && files.exists(old) && !files.isDirectory(old) && !knownConffiles.has(old))
      files.unlink(old);
  }
  files.makeDirectories("/var/lib/dpkg/info");
  files.write(listPath(deb.name), `${["/.", ...deb.files.map((file) => file.path)].join("\n")}\n`);
  record(process, deb, `${before?.held ? "hold" : "install"} ok unpacked`);
  return true;
}

function record(process: Process, deb: Deb, status: string): void {
  const [first, ...rest] = controlFields(deb);
  internalsOf(process.machine).dpkg.put(
    deb.name,
    new Map([...(first ? [first] : []), ["Status", status] as [string, string], ...rest]),
  );
}

/** dpkg --configure of one package: what its postinst does. */
export async function configure(process: Process, deb: Deb): Promise<void> {
  const { dpkg, systemd } = internalsOf(process.machine);
  await process.out(`Setting up ${deb.name} (${deb.version}) ...\n`);
  const held = (dpkg.stanza(deb.name)?.get("Status") ?? "").startsWith("hold ");
  record(process, deb, `${held ? "hold" : "install"} ok installed`);
  for (const line of deb.says) await process.out(`${line}\n`);
  const bringsUnits = deb.files.some((file) => file.path.includes("/systemd/system/"));
  if (bringsUnits) systemd.reload();
  for (const unit of deb.enable) {
    const result = systemd.fileState(unit) === "masked" ? undefined : systemd.enable(unit);
    if (result && result.message !== "") await process.out(`${result.message}\n`);
  }
  for (const unit of deb.start) {
    if (systemd.fileState(unit) === "masked") continue;
    // deb-systemd-invoke goes on when a unit does not come up.
    if (systemd.status(unit).active === "active" || systemd.status(unit).active === "activating")
      await systemd.restart(unit);
    else await systemd.start(unit);
  }
  if (deb.files.some((file) => /\.so(\.\d+)*$/.test(file.path))) await process.run(["/sbin/ldconfig"]);
}

/** dpkg --remove or --purge of one installed package. */
export async function removePackage(process: Process, name: string, purge: boolean): Promise<void> {
  const { dpkg, systemd } = internalsOf(process.machine);
  const files = process.machine.rootFiles;
  const stanza = dpkg.stanza(name);
  if (!stanza) return;
  const version = stanza.get("Version") ?? "";
  const conffiles = (stanza.get("Conffiles") ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (isInstalled(stanza)) {
    await process.out(`Removing ${name} (${version}) ...\n`);
    await process.machine.environment.pacing.wait("unpack", process.signal);
    const paths = dpkg.files(name).filter((path) => path !== "/.");
    for (const path of paths) {
      if (/\/systemd\/system\/[^/]+\.service$/.test(path) && files.exists(path)) await systemd.stop(basename(path));
    }
    for (const path of paths.reverse()) {
      if (conffiles.includes(path)) continue;
      try {
        if (files.lstat(path).type !== "directory") files.unlink(path);
        else if (files.list(path).length === 0) files.removeDirectory(path);
      } catch {
        // The administrator was faster.
      }
    }
    systemd.reload();
  }
  if (purge) {
    if (conffiles.length > 0) await process.out(`Purging configuration files for ${name} (${version}) ...\n`);
    for (const path of conffiles) files.removeTree(path);
    for (const path of dpkg.files(name)) {
      if (/\/systemd\/system\/[^/]+\.service$/.test(path)) systemd.disable(basename(path));
    }
  }
  if (purge || conffiles.length === 0) {
    dpkg.delete(name);
    files.removeTree(listPath(name));
  } else {
    stanza.set("Status", "deinstall ok config-files");
    dpkg.put(name, stanza);
  }
  const automatic = dpkg.autoInstalled();
  if (automatic.delete(name)) dpkg.setAutoInstalled(automatic);
}

/** The installed package whose list names `path`. */
function ownerOf(process: Process, path: string): string | undefined {
  const { dpkg } = internalsOf(process.machine);
  return dpkg.list().find((item) => item.files.includes(path))?.name;
}
