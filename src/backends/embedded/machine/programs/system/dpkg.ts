import type { Process, Program } from "../../process.ts";
import { internalsOf } from "../../system/internals.ts";
import { compareVersions, parseRelations, satisfies } from "../../../../../domain/debian.ts";
import { formatStanza } from "../../system/packages/control.ts";
import type { Stanza } from "../../system/packages/control.ts";
import { controlFields, parseDeb } from "../../system/packages/deb.ts";
import type { Deb } from "../../system/packages/deb.ts";
import { isInstalled } from "../../system/packages/dpkg-database.ts";
import { configure, readingDatabase, removePackage, unpack } from "../../system/packages/installer.ts";
import { lockWords, withLock } from "./apt-locks.ts";

const root = (process: Process): boolean => process.credentials.uid === 0;

const listHead =
  "Desired=Unknown/Install/Remove/Purge/Hold\n| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend\n|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)\n";

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[.+^${}()|\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  );

async function list(process: Process, patterns: readonly string[]): Promise<number> {
  const stanzas = internalsOf(process.machine).dpkg.stanzas();
  const chosen = stanzas.filter((stanza) => {
    const name = stanza.get("Package") ?? "";
    return patterns.length === 0 ? true : patterns.some((pattern) => glob(pattern.replace(/:amd64$/, "")).test(name));
  });
  for (const pattern of patterns) {
    if (!chosen.some((stanza) => glob(pattern.replace(/:amd64$/, "")).test(stanza.get("Package") ?? "")))
      await process.err(`dpkg-query: no packages found matching ${pattern}\n`);
  }
  if (chosen.length === 0) return 1;
  const cells = chosen.map(
    (stanza) =>
      [
        mark(stanza),
        stanza.get("Package") ?? "",
        stanza.get("Version") ?? "",
        stanza.get("Architecture") ?? "amd64",
        (stanza.get("Description") ?? "").split("\n")[0] ?? "",
      ] as const,
  );
  const widths = [1, 2, 3].map((index) =>
    Math.max(...cells.map((row) => (row[index] ?? "").length), [0, 4, 7, 12][index] ?? 0),
  );
  const row = (parts: readonly string[], fill = " "): string =>
    [
      parts[0] ?? "",
      ...[1, 2, 3].map((index) => (parts[index] ?? "").padEnd(widths[index - 1] ?? 0, fill)),
      parts[4] ?? "",
    ].join(" ");
  const ruler = `+++-${widths.map((width) => "=".repeat(width)).join("-")}-${"=".repeat(32)}\n`;
  await process.out(
    `${listHead}||/ ${row(["", "Name", "Version", "Architecture", "Description"]).slice(1)}\n${ruler}${cells.map((cell) => `${row(cell)}\n`).join("")}`,
  );
  return 0;
}

function mark(stanza: Stanza): string {
  const status = stanza.get("Status") ?? "";
  const wanted = status.startsWith("hold") ? "h" : status.startsWith("deinstall") ? "r" : "i";
  return `${wanted}${status.endsWith("installed") ? "i" : status.endsWith("config-files") ? "c" : "U"} `;
}

async function listFiles(process: Process, names: readonly string[]): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  for (const name of names) {
    if (!dpkg.get(name)) {
      await process.err(
        `dpkg-query: package '${name}' is not installed\nUse dpkg --contents (= dpkg-deb --contents) to list archive files contents.\n`,
      );
      return 1;
    }
    await process.out(
      dpkg
        .files(name)
        .map((path) => `${path}\n`)
        .join(""),
    );
  }
  return 0;
}

async function searchFiles(process: Process, patterns: readonly string[]): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  let code = 0;
  for (const pattern of patterns) {
    const fits =
      pattern.startsWith("/") && !/[*?[]/.test(pattern)
        ? (path: string): boolean => path === pattern
        : (path: string): boolean => (/[*?[]/.test(pattern) ? glob(pattern).test(path) : path.includes(pattern));
    const found = dpkg.list().flatMap((item) => item.files.filter(fits).map((path) => `${item.name}: ${path}\n`));
    if (found.length === 0) {
      await process.err(`dpkg-query: no path found matching pattern ${pattern}\n`);
      code = 1;
    }
    await process.out(found.join(""));
  }
  return code;
}

async function status(process: Process, names: readonly string[]): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  for (const name of names) {
    const stanza = dpkg.stanza(name);
    if (!stanza) {
      await process.err(
        `dpkg-query: package '${name}' is not installed and no information is available\nUse dpkg --info (= dpkg-deb --info) to examine archive files.\n`,
      );
      return 1;
    }
    await process.out(formatStanza(stanza));
  }
  return 0;
}

async function installFiles(process: Process, paths: readonly string[]): Promise<number> {
  if (!root(process)) {
    await process.err("dpkg: error: requested operation requires superuser privilege\n");
    return 2;
  }
  return withLock(process, "/var/lib/dpkg/lock", lockWords.frontendHeld, async () => {
    const { dpkg } = internalsOf(process.machine);
    const ready: Deb[] = [];
    const failed: string[] = [];
    for (const path of paths) {
      const absolute = process.resolve(path);
      if (!process.files.exists(absolute)) {
        await process.err(`dpkg: error: cannot access archive '${path}': No such file or directory\n`);
        return 2;
      }
      const deb = parseDeb(process.files.readBytes(absolute));
      if (!deb) {
        await process.err(
          `dpkg-deb: error: '${path}' is not a Debian format archive\ndpkg: error processing archive ${path} (--install):\n dpkg-deb --control subprocess returned error exit status 2\nErrors were encountered while processing:\n ${path}\n`,
        );
        return 1;
      }
      if (!dpkg.get(deb.name)) await process.out(`Selecting previously unselected package ${deb.name}.\n`);
      await process.out(readingDatabase(process));
      if (await unpack(process, deb, path)) ready.push(deb);
      else failed.push(path);
    }
    for (const deb of ready) {
      const missing = parseRelations(deb.depends).find(
        (group) =>
          !group.some(
            (item) =>
              satisfiedBy(process, item.name, item.operator, item.version) ||
              ready.some((other) => other.name === item.name),
          ),
      );
      if (!missing) {
        await configure(process, deb);
        continue;
      }
      const first = missing[0];
      const shown =
        first?.operator === undefined
          ? (first?.name ?? "")
          : `${first.name} (${first.operator} ${first.version ?? ""})`;
      await process.err(
        `dpkg: dependency problems prevent configuration of ${deb.name}:\n ${deb.name} depends on ${shown}; however:\n  Package ${first?.name ?? ""} is not installed.\n\ndpkg: error processing package ${deb.name} (--install):\n dependency problems - leaving unconfigured\n`,
      );
      failed.push(deb.name);
    }
    if (failed.length > 0)
      await process.err(`Errors were encountered while processing:\n${failed.map((item) => ` ${item}\n`).join("")}`);
    return failed.length > 0 ? 1 : 0;
  });
}

function satisfiedBy(
  process: Process,
  name: string,
  operator: string | undefined,
  version: string | undefined,
): boolean {
  const { dpkg } = internalsOf(process.machine);
  const installed = dpkg.get(name);
  if (installed) return satisfies(installed.version, { name, operator, version });
  return dpkg
    .stanzas()
    .some(
      (stanza) =>
        isInstalled(stanza) &&
        parseRelations(stanza.get("Provides")).some((group) => group.some((item) => item.name === name)),
    );
}

async function remove(process: Process, names: readonly string[], purge: boolean): Promise<number> {
  if (!root(process)) {
    await process.err("dpkg: error: requested operation requires superuser privilege\n");
    return 2;
  }
  return withLock(process, "/var/lib/dpkg/lock", lockWords.frontendHeld, async () => {
    const { dpkg } = internalsOf(process.machine);
    for (const name of names) {
      if (!dpkg.stanza(name)) {
        await process.err(`dpkg: warning: ignoring request to remove ${name} which isn't installed\n`);
        continue;
      }
      if (dpkg.stanza(name)?.get("Essential") === "yes") {
        await process.err(
          `dpkg: error processing package ${name} (--${purge ? "purge" : "remove"}):\n this is an essential package; it should not be removed\nErrors were encountered while processing:\n ${name}\n`,
        );
        return 1;
      }
      await process.out(readingDatabase(process));
      await removePackage(process, name, purge);
    }
    return 0;
  });
}

/** dpkg(1) and dpkg-query(1). */
const dpkg: Program = async (process) => {
  const [first = "", ...rest] = process.argv
    .slice(1)
    .filter((arg) => !/^--(force|no-|admindir|root|configure$)/.test(arg));
  const names = rest.filter((arg) => !arg.startsWith("-"));
  switch (first) {
    case "-l":
    case "--list":
      return list(process, names);
    case "-L":
    case "--listfiles":
      return listFiles(process, names);
    case "-S":
    case "--search":
      return searchFiles(process, names);
    case "-s":
    case "--status":
      return status(process, names);
    case "-i":
    case "--install":
      return installFiles(process, names);
    case "-r":
    case "--remove":
      return remove(process, names, false);
    case "-P":
    case "--purge":
      return remove(process, names, true);
    case "-I":
    case "--info":
    case "-c":
    case "--contents": {
      const path = process.resolve(names[0] ?? "");
      const deb = process.files.exists(path) ? parseDeb(process.files.readBytes(path)) : undefined;
      if (!deb) {
        await process.err(
          `dpkg-deb: error: ${process.files.exists(path) ? `'${names[0] ?? ""}' is not a Debian format archive` : `failed to read archive '${names[0] ?? ""}': No such file or directory`}\n`,
        );
        return 2;
      }
      await process.out(
        first === "-c" || first === "--contents"
          ? deb.files.map((file) => `-rw-r--r-- root/root .${file.path}\n`).join("")
          : ` new Debian package, version 2.0.\n${controlFields(deb)
              .map(([key, value]) => ` ${key}: ${value}\n`)
              .join("")}`,
      );
      return 0;
    }
    case "-W":
    case "--show":
      return query(process, names, rest);
    case "--get-selections": {
      const { dpkg: database } = internalsOf(process.machine);
      await process.out(
        database
          .list()
          .map((item) => `${item.name.padEnd(47)} ${item.held ? "hold" : "install"}\n`)
          .join(""),
      );
      return 0;
    }
    case "--print-architecture":
      await process.out(`${process.machine.hardware.architecture}\n`);
      return 0;
    case "--print-foreign-architectures":
      return 0;
    case "--compare-versions":
      return compare(rest);
    case "--version":
      await process.out(`Debian 'dpkg' package management program version ${process.executable.version} (amd64).\n`);
      return 0;
    case "-a":
    case "":
      if (process.argv.includes("--configure")) return 0;
      await process.err(
        "dpkg: error: need an action option\n\nType dpkg --help for help about installing and deinstalling packages [*];\nUse 'apt' or 'aptitude' for user-friendly package management;\n",
      );
      return 2;
    default:
      await process.err(
        `dpkg: error: unknown option ${first}\n\nType dpkg --help for help about installing and deinstalling packages [*];\n`,
      );
      return 2;
  }
};

async function query(process: Process, names: readonly string[], rest: readonly string[]): Promise<number> {
  const format =
    rest.map((arg) => /^(?:-f=?|--showformat=)(.*)$/s.exec(arg)?.[1]).find((item) => item !== undefined) ??
    "${Package}\t${Version}\n";
  const stanzas = internalsOf(process.machine).dpkg.stanzas();
  let code = 0;
  const wanted = names.length === 0 ? ["*"] : names;
  for (const pattern of wanted) {
    const found = stanzas.filter((stanza) => glob(pattern).test(stanza.get("Package") ?? ""));
    if (found.length === 0) {
      await process.err(`dpkg-query: no packages found matching ${pattern}\n`);
      code = 1;
    }
    for (const stanza of found) {
      const text = format
        .replaceAll("\\n", "\n")
        .replaceAll("\\t", "\t")
        .replaceAll(/\$\{([\w:-]+?)(;-?\d+)?\}/g, (_, key: string) =>
          key === "db:Status-Abbrev"
            ? mark(stanza)
            : key === "db:Status-Status"
              ? ((stanza.get("Status") ?? "").split(" ").at(-1) ?? "")
              : (stanza.get(key) ?? ""),
        );
      await process.out(text);
    }
  }
  return code;
}

function compare(words: readonly string[]): number {
  const [left = "", operator = "", right = ""] = words;
  const order = compareVersions(left, right);
  const truths: Readonly<Record<string, boolean>> = {
    lt: order < 0,
    le: order <= 0,
    eq: order === 0,
    ne: order !== 0,
    ge: order >= 0,
    gt: order > 0,
  };
  return truths[operator] ? 0 : 1;
}

export const dpkgPrograms = { dpkg, "dpkg-query": dpkg, "dpkg-deb": dpkg };
