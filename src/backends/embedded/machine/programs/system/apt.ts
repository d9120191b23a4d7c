import type { Process, Program } from "../../process.ts";
import { internalsOf } from "../../system/internals.ts";
import { Available } from "../../system/packages/available.ts";
import type { Offer } from "../../system/packages/available.ts";
import { compareVersions, parseRelations } from "../../../../../domain/debian.ts";
import { formatStanza } from "../../system/packages/control.ts";
import { shownSuite } from "../../system/packages/sources.ts";
import { aptInstall, aptRemove, aptUpgrade, upgradable } from "./apt-install.ts";
import type { AptRun } from "./apt-install.ts";
import { aptUpdate } from "./apt-update.ts";
import { parseArguments } from "./arguments.ts";

const flags = [
  "-y",
  "--yes",
  "--assume-yes",
  "-q",
  "--quiet",
  "-qq",
  "--no-install-recommends",
  "--install-recommends",
  "--allow-downgrades",
  "--allow-change-held-packages",
  "--allow-remove-essential",
  "--reinstall",
  "-d",
  "--download-only",
  "-s",
  "--simulate",
  "--dry-run",
  "--just-print",
  "-f",
  "--fix-broken",
  "-m",
  "--fix-missing",
  "--purge",
  "--auto-remove",
  "--autoremove",
  "--no-upgrade",
  "-V",
  "--verbose-versions",
  "--allow-unauthenticated",
  "--allow-releaseinfo-change",
  "--installed",
  "--upgradable",
  "--all-versions",
  "-a",
  "--no-remove",
  "-v",
  "--version",
  "-h",
  "--help",
  "--force-yes",
  "--assume-no",
  "--only-upgrade",
];
const valued = ["-o", "--option", "-t", "--target-release", "-c"];

const nonInteractive = "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n";

/** apt(8) and apt-get(8): the same work, slightly different words. */
const aptLike =
  (friendly: boolean): Program =>
  async (given) => {
    const args = parseArguments(given.argv.slice(1), flags, valued);
    const quiet =
      (args.options.get("-q")?.length ?? 0) >= 2 || args.has("-qq") || Number(args.value("--quiet") || 0) >= 2;
    const process = quiet ? silenced(given) : given;
    if (args.unknown !== undefined) {
      await process.err(
        args.unknown.startsWith("--")
          ? `E: Command line option ${args.unknown} is not understood in combination with the other options\n`
          : `E: Command line option '${args.unknown.slice(1)}' [from ${args.unknown}] is not understood in combination with the other options.\n`,
      );
      return 100;
    }
    if (args.has("-v", "--version")) {
      await process.out(`apt ${process.executable.version} (amd64)\n`);
      return 0;
    }
    const [verb, ...names] = args.operands;
    // -qq implies -y, as in apt-get(8).
    const yes = quiet || args.has("-y", "--yes", "--assume-yes", "--force-yes");
    const run: AptRun = { process, args, yes, simulate: args.has("-s", "--simulate", "--dry-run", "--just-print") };
    if (friendly && !process.stdout.isTerminal && verb !== undefined && !quiet) await process.err(nonInteractive);
    switch (verb) {
      case "update": {
        const code = await aptUpdate(process);
        if (friendly && code === 0) {
          const count = upgradable(process).length;
          await process.out(`Building dependency tree...\nReading state information...\n`);
          await process.out(
            count === 0
              ? "All packages are up to date.\n"
              : `${count} package${count === 1 ? "" : "s"} can be upgraded. Run 'apt list --upgradable' to see ${count === 1 ? "it" : "them"}.\n`,
          );
        }
        return code;
      }
      case "install":
      case "reinstall":
        return aptInstall(run, names);
      case "remove":
      case "purge":
        return aptRemove(
          run,
          names,
          verb === "purge" || args.has("--purge"),
          args.has("--auto-remove", "--autoremove"),
        );
      case "autoremove":
      case "auto-remove":
      case "autopurge":
        return aptRemove(run, names, args.has("--purge") || verb === "autopurge", true);
      case "upgrade":
      case "dist-upgrade":
      case "full-upgrade":
        return aptUpgrade(run);
      case "clean":
      case "autoclean":
      case "auto-clean":
        return 0;
      case "check":
        return 0;
      case "list":
        return list(
          process,
          names,
          args.has("--installed"),
          args.has("--upgradable"),
          args.has("-a", "--all-versions"),
        );
      case "search":
        return search(process, names);
      case "show":
        return show(process, names, args.has("-a", "--all-versions"));
      case "policy":
        return policy(process, names);
      case "download":
        return aptInstall({ ...run, simulate: false }, ["--", ...names]);
      case undefined:
        await process.out(
          `apt ${process.executable.version} (amd64)\nUsage: ${friendly ? "apt" : "apt-get"} [options] command\n\nMost used commands:\n  update - retrieve new lists of packages\n  install - install packages\n  remove - remove packages\n  autoremove - remove what is no longer needed\n`,
        );
        return friendly ? 1 : 0;
      default:
        await process.err(`E: Invalid operation ${verb}\n`);
        return 100;
    }
  };

/** The same process with its standard output thrown away. */
function silenced(process: Process): Process {
  const out = (): Promise<void> => Promise.resolve();
  return new Proxy(process, { get: (target, member) => (member === "out" ? out : bound(target, member)) });
}

function bound(target: Process, member: string | symbol): unknown {
  const value: unknown = Reflect.get(target, member, target);
  return typeof value === "function" ? value.bind(target) : value;
}

async function list(
  process: Process,
  patterns: readonly string[],
  installedOnly: boolean,
  upgradableOnly: boolean,
  all: boolean,
): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  const available = new Available(process.machine.rootFiles);
  await process.out("Listing...\n");
  const automatic = dpkg.autoInstalled();
  const names = new Set([...available.names(), ...dpkg.list().map((item) => item.name)]);
  const fits = (name: string): boolean =>
    patterns.length === 0 ||
    patterns.some((pattern) =>
      new RegExp(
        `^${pattern
          .replaceAll(/[.+^${}()|\\]/g, "\\$&")
          .replaceAll("*", ".*")
          .replaceAll("?", ".")}$`,
      ).test(name),
    );
  for (const name of [...names].sort()) {
    if (!fits(name)) continue;
    const current = dpkg.get(name);
    const [best] = available.offers(name);
    if (installedOnly && !current) continue;
    if (upgradableOnly) {
      if (current && best && compareVersions(best.version, current.version) > 0)
        await process.out(
          `${name}/${shownSuite(best.source) || "unknown"} ${best.version} amd64 [upgradable from: ${current.version}]\n`,
        );
      continue;
    }
    const offers = all ? available.offers(name) : best ? [best] : [];
    if (current && !offers.some((offer) => offer.version === current.version))
      await process.out(`${name}/now ${current.version} amd64 [installed,local]\n`);
    for (const offer of offers) {
      const mark = current?.version === offer.version ? ` [installed${automatic.has(name) ? ",automatic" : ""}]` : "";
      if (installedOnly && mark === "") continue;
      await process.out(
        `${name}/${shownSuite(offer.source) || "unknown"} ${offer.version} ${offer.stanza.get("Architecture") ?? "amd64"}${mark}\n`,
      );
    }
  }
  return 0;
}

const summary = (offer: Offer): string => (offer.stanza.get("Description") ?? "").split("\n")[0] ?? "";

async function search(process: Process, words: readonly string[]): Promise<number> {
  const available = new Available(process.machine.rootFiles);
  for (const name of available.names()) {
    const [best] = available.offers(name);
    if (!best || !words.every((word) => `${name} ${summary(best)}`.toLowerCase().includes(word.toLowerCase())))
      continue;
    await process.out(`${name} - ${summary(best)}\n`);
  }
  return 0;
}

async function show(process: Process, names: readonly string[], all: boolean): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  const available = new Available(process.machine.rootFiles);
  for (const word of names) {
    const [name = "", version] = word.split("=");
    const offers = available.offers(name).filter((offer) => version === undefined || offer.version === version);
    const own = dpkg.stanza(name);
    if (offers.length === 0 && !own) {
      await process.err(
        `${process.argv[0]?.endsWith("apt-cache") ? "N" : "E"}: ${version === undefined ? `Unable to locate package ${name}` : `Version '${version}' for '${name}' was not found`}\nE: No packages found\n`,
      );
      return 100;
    }
    const shown = all ? offers : offers.slice(0, 1);
    for (const offer of shown) await process.out(`${formatStanza(offer.stanza)}\n`);
    if (shown.length === 0 && own) await process.out(`${formatStanza(own)}\n`);
  }
  return 0;
}

async function policy(process: Process, names: readonly string[]): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  const available = new Available(process.machine.rootFiles);
  for (const name of names) {
    const offers = available.offers(name);
    const current = dpkg.get(name);
    if (offers.length === 0 && !current) {
      await process.err(`N: Unable to locate package ${name}\n`);
      continue;
    }
    const best =
      offers[0] && (!current || compareVersions(offers[0].version, current.version) > 0)
        ? offers[0].version
        : current?.version;
    let text = `${name}:\n  Installed: ${current?.version ?? "(none)"}\n  Candidate: ${best ?? "(none)"}\n  Version table:\n`;
    const versions = [
      ...new Set([...offers.map((offer) => offer.version), ...(current ? [current.version] : [])]),
    ].sort((a, b) => compareVersions(b, a));
    for (const version of versions) {
      text += ` ${current?.version === version ? "***" : "   "} ${version} 500\n`;
      for (const offer of offers)
        if (offer.version === version)
          text += `        500 ${offer.source.uri} ${shownSuite(offer.source)}${offer.component === undefined ? "" : `/${offer.component} amd64`} Packages\n`;
      if (current?.version === version) text += "        100 /var/lib/dpkg/status\n";
    }
    await process.out(text);
  }
  return 0;
}

const aptCache: Program = async (process) => {
  const args = parseArguments(process.argv.slice(1), [...flags, "-n", "--names-only", "-i"], valued);
  const [verb, ...names] = args.operands;
  const available = new Available(process.machine.rootFiles);
  switch (verb) {
    case "search":
      return search(process, names);
    case "show":
      return show(process, names, true);
    case "policy":
      return policy(process, names);
    case "madison":
      for (const name of names) {
        if (available.offers(name).length === 0) await process.err(`N: Unable to locate package ${name}\n`);
        for (const offer of available.offers(name)) {
          await process.out(
            `${name.padStart(10)} | ${offer.version.padStart(10)} | ${offer.source.uri} ${shownSuite(offer.source)}${offer.component === undefined ? "" : `/${offer.component} amd64`} Packages\n`,
          );
        }
      }
      return 0;
    case "depends":
      for (const name of names) {
        const [best] = available.offers(name);
        if (!best) {
          await process.err("E: No packages found\n");
          return 100;
        }
        await process.out(
          `${name}\n${parseRelations(best.stanza.get("Depends"))
            .map(
              (group) =>
                `${group.map((item, index) => `  ${index < group.length - 1 ? "|" : ""}Depends: ${item.name}`).join("\n")}\n`,
            )
            .join("")}`,
        );
      }
      return 0;
    case "pkgnames":
      await process.out(
        available
          .names()
          .map((name) => `${name}\n`)
          .join(""),
      );
      return 0;
    default:
      await process.err(`E: Invalid operation ${verb ?? ""}\n`);
      return 100;
  }
};

const aptMark: Program = async (process) => {
  const [verb = "", ...names] = process.argv.slice(1).filter((arg) => !arg.startsWith("-"));
  const { dpkg } = internalsOf(process.machine);
  if (verb === "showhold") {
    await process.out(
      dpkg
        .list()
        .filter((item) => item.held)
        .map((item) => `${item.name}\n`)
        .join(""),
    );
    return 0;
  }
  const automatic = dpkg.autoInstalled();
  if (verb === "showauto" || verb === "showmanual") {
    await process.out(
      dpkg
        .list()
        .filter((item) => automatic.has(item.name) === (verb === "showauto"))
        .map((item) => `${item.name}\n`)
        .join(""),
    );
    return 0;
  }
  if (!["hold", "unhold", "auto", "manual"].includes(verb)) {
    await process.err(`E: Invalid operation ${verb}\n`);
    return 100;
  }
  const available = new Available(process.machine.rootFiles);
  for (const name of names) {
    if (dpkg.get(name) || available.offers(name).length > 0) continue;
    await process.err(`E: Unable to locate package ${name}\nE: No packages found\n`);
    return 100;
  }
  if (process.credentials.uid !== 0) {
    await process.err(
      "E: Could not open lock file /var/lib/dpkg/lock - open (13: Permission denied)\nE: Unable to lock the administration directory (/var/lib/dpkg/), are you root?\n",
    );
    return 100;
  }
  for (const name of names) {
    const current = dpkg.get(name);
    if (verb === "hold" || verb === "unhold") {
      if (!current) {
        await process.err(
          `E: Can't select installed nor candidate version from package '${name}' as it has neither of them\n`,
        );
        continue;
      }
      const changed = dpkg.setHeld(name, verb === "hold");
      await process.out(
        changed
          ? verb === "hold"
            ? `${name} set on hold.\n`
            : `Canceled hold on ${name}.\n`
          : `${name} was already ${verb === "hold" ? "set on hold" : "not hold"}.\n`,
      );
      continue;
    }
    if (verb === "auto") automatic.add(name);
    else automatic.delete(name);
    await process.out(`${name} set to ${verb === "auto" ? "automatically" : "manually"} installed.\n`);
  }
  dpkg.setAutoInstalled(automatic);
  return 0;
};

export const aptPrograms = {
  apt: aptLike(true),
  "apt-get": aptLike(false),
  "apt-cache": aptCache,
  "apt-mark": aptMark,
};
