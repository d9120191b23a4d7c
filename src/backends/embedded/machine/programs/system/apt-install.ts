import { basename } from "../../files/paths.ts";
import { decode } from "../../io.ts";
import type { Process } from "../../process.ts";
import { internalsOf } from "../../system/internals.ts";
import { Available } from "../../system/packages/available.ts";
import type { Offer } from "../../system/packages/available.ts";
import { compareVersions } from "../../../../../domain/debian.ts";
import { controlFields, parseDeb } from "../../system/packages/deb.ts";
import type { Deb } from "../../system/packages/deb.ts";
import { configure, readingDatabase, removePackage, unpack } from "../../system/packages/installer.ts";
import { dependants, planInstall, unneeded } from "../../system/packages/resolver.ts";
import { readSources } from "../../system/packages/sources.ts";
import { aptFetch, aptSize } from "./apt-fetch.ts";
import { frontendLock, lockWords, withLock } from "./apt-locks.ts";
import type { Arguments } from "./arguments.ts";

/** How one run of apt or apt-get was asked to behave. */
export interface AptRun {
  process: Process;
  args: Arguments;
  yes: boolean;
  simulate: boolean;
}

/** Names in lines of at most 80 columns, as apt lists packages. */
function wrapNames(names: readonly string[]): string {
  const lines: string[] = [];
  let line = " ";
  for (const name of names) {
    if (line.length + name.length + 1 > 79 && line !== " ") {
      lines.push(line);
      line = " ";
    }
    line += ` ${name}`;
  }
  return names.length === 0 ? "" : `${[...lines, line].join("\n")}\n`;
}

async function readingLists(process: Process): Promise<void> {
  const done = process.stdout.isTerminal ? " Done" : "";
  await process.out(
    `Reading package lists...${done}\nBuilding dependency tree...\nReading state information...${done}\n`,
  );
}

/** apt's question; true for yes, which is also the empty answer. */
async function confirmed(process: Process): Promise<boolean> {
  await process.out("Do you want to continue? [Y/n] ");
  let answer = "";
  for (;;) {
    const chunk = await process.stdin.read();
    if (chunk === null) {
      if (answer === "") {
        await process.out("Abort.\n");
        return false;
      }
      break;
    }
    answer += decode(chunk);
    if (answer.includes("\n")) break;
  }
  const agreed = /^\s*(y.*)?$/i.test(answer.split("\n")[0] ?? "");
  if (!agreed) await process.out("Abort.\n");
  return agreed;
}

interface Wanted {
  offers: Offer[];
  /** Contents of local files, by package. */
  local: Map<string, Deb>;
  removals: string[];
  already: string[];
}

/** `apt-get install`. */
export async function aptInstall(run: AptRun, names: readonly string[]): Promise<number> {
  const { process } = run;
  if (process.credentials.uid !== 0 && !run.simulate) {
    await process.err(lockWords.frontendDenied);
    return 100;
  }
  const { error } = readSources(process.files);
  if (error !== undefined) {
    await process.err(error);
    return 100;
  }
  return withLock(process, frontendLock, lockWords.frontendHeld, () => install(run, names));
}

async function install(run: AptRun, names: readonly string[]): Promise<number> {
  const { process, args } = run;
  const { dpkg } = internalsOf(process.machine);
  await readingLists(process);
  const available = new Available(process.machine.rootFiles);
  const wanted = await resolveNames(run, names, available);
  if (!wanted) return 100;
  const plan = planInstall(wanted.offers, available, dpkg, !args.has("--no-install-recommends"));
  if (plan.unmet.length > 0) {
    await process.out(
      "Some packages could not be installed. This may mean that you have\nrequested an impossible situation or if you are using the unstable\ndistribution that some required packages have not yet been created\nor been moved out of Incoming.\nThe following information may help to resolve the situation:\n\n",
    );
    await process.err(
      `The following packages have unmet dependencies:\n${plan.unmet.join("\n")}\nE: Unable to correct problems, you have held broken packages.\n`,
    );
    return 100;
  }
  for (const line of wanted.already) await process.out(line);
  const requested = new Set(wanted.offers.map((offer) => offer.name));
  const automatic = dpkg.autoInstalled();
  let marks = false;
  for (const name of names) if (dpkg.get(name) && automatic.delete(name)) marks = true;
  if (marks) dpkg.setAutoInstalled(automatic);
  return carryOut(run, {
    install: plan.install,
    remove: [...new Set([...plan.remove, ...wanted.removals])],
    requested,
    local: wanted.local,
  });
}

async function resolveNames(run: AptRun, names: readonly string[], available: Available): Promise<Wanted | undefined> {
  const { process, args } = run;
  const { dpkg } = internalsOf(process.machine);
  const wanted: Wanted = { offers: [], local: new Map(), removals: [], already: [] };
  let failed = false;
  for (const word of names) {
    if (word.includes("/") && (word.endsWith(".deb") || word.startsWith("."))) {
      const path = process.resolve(word);
      const deb = process.files.exists(path) ? parseDeb(process.files.readBytes(path)) : undefined;
      if (!deb) {
        await process.err(`E: Unsupported file ${word} given on commandline\n`);
        failed = true;
        continue;
      }
      await process.out(`Note, selecting '${deb.name}' instead of '${word}'\n`);
      wanted.local.set(deb.name, deb);
      const source = { uri: "file:", suite: "local/", components: [], signedBy: undefined, trusted: true, file: path };
      wanted.offers.push({
        name: deb.name,
        version: deb.version,
        stanza: new Map(controlFields(deb)),
        source,
        component: undefined,
      });
      continue;
    }
    const match = /^([^=/]+)(?:=(.*)|\/(.*))?$/.exec(word);
    let name = (match?.[1] ?? word).replace(/:amd64$/, "");
    const version = match?.[2];
    if (name.endsWith("-") && available.offers(name).length === 0 && dpkg.get(name.slice(0, -1))) {
      wanted.removals.push(name.slice(0, -1));
      continue;
    }
    if (name.endsWith("+") && available.offers(name).length === 0) name = name.slice(0, -1);
    const installed = dpkg.get(name);
    let offers = available.offers(name);
    if (offers.length === 0 && !installed) {
      const providers = available.providers(name);
      const [only] = providers;
      if (providers.length === 1 && only !== undefined) {
        await process.out(`Note, selecting '${only}' instead of '${name}'\n`);
        name = only;
        offers = available.offers(only);
      } else if (providers.length > 1) {
        await process.out(
          `Package ${name} is a virtual package provided by:\n${providers.map((item) => `  ${item} ${available.offers(item)[0]?.version ?? ""}\n`).join("")}You should explicitly select one to install.\n\n`,
        );
        await process.err(`E: Package '${name}' has no installation candidate\n`);
        failed = true;
        continue;
      } else {
        await process.err(`E: Unable to locate package ${word.split("=")[0] ?? word}\n`);
        if (word.includes(".") && !word.includes("=")) {
          await process.err(
            `E: Couldn't find any package by glob '${word}'\nE: Couldn't find any package by regex '${word}'\n`,
          );
        }
        failed = true;
        continue;
      }
    }
    if (version !== undefined) {
      const offer = offers.find(
        (candidate) =>
          candidate.version === version ||
          (version.endsWith("*") && candidate.version.startsWith(version.slice(0, -1))),
      );
      if (installed?.version === version && !args.has("--reinstall")) {
        wanted.already.push(`${name} is already the newest version (${version}).\n`);
      } else if (offer) {
        if (offer.version !== offers[0]?.version || version.endsWith("*")) {
          const where = offer.source.suite.endsWith("/") ? new URL(offer.source.uri).host : offer.source.suite;
          wanted.already.push(`Selected version '${offer.version}' (${where} [amd64]) for '${name}'\n`);
        }
        wanted.offers.push(offer);
      } else {
        await process.err(`E: Version '${version}' for '${name}' was not found\n`);
        failed = true;
      }
      continue;
    }
    const [best] = offers;
    const current = dpkg.get(name);
    if (current && (!best || compareVersions(best.version, current.version) <= 0) && !args.has("--reinstall")) {
      wanted.already.push(`${name} is already the newest version (${current.version}).\n`);
    } else if (best && (!current || !args.has("--no-upgrade"))) wanted.offers.push(best);
  }
  return failed ? undefined : wanted;
}

interface Action {
  install: Offer[];
  remove: string[];
  requested: ReadonlySet<string>;
  local: ReadonlyMap<string, Deb>;
  purge?: boolean;
}

/** Says what will happen, asks, fetches, unpacks and sets up. */
async function carryOut(run: AptRun, action: Action): Promise<number> {
  const { process, args } = run;
  const { dpkg } = internalsOf(process.machine);
  const fresh = action.install
    .filter((offer) => !dpkg.get(offer.name))
    .map((offer) => offer.name)
    .sort();
  const changed = action.install.filter((offer) => dpkg.get(offer.name));
  const downgraded = changed
    .filter((offer) => compareVersions(offer.version, dpkg.get(offer.name)?.version ?? "") < 0)
    .map((offer) => offer.name)
    .sort();
  const upgraded = changed
    .filter((offer) => compareVersions(offer.version, dpkg.get(offer.name)?.version ?? "") > 0)
    .map((offer) => offer.name)
    .sort();
  const extra = action.install
    .filter((offer) => !action.requested.has(offer.name))
    .map((offer) => offer.name)
    .sort();
  const held = [...changed.map((offer) => offer.name), ...action.remove].filter((name) => dpkg.get(name)?.held).sort();
  const leftovers = unneeded(dpkg, new Set(action.remove)).filter(
    (name) => !action.remove.includes(name) && !action.install.some((offer) => offer.name === name),
  );
  const section = async (title: string, names: readonly string[]): Promise<void> => {
    if (names.length > 0) await process.out(`${title}\n${wrapNames(names)}`);
  };
  if (leftovers.length > 0) {
    await section(
      leftovers.length === 1
        ? "The following package was automatically installed and is no longer required:"
        : "The following packages were automatically installed and are no longer required:",
      leftovers,
    );
    await process.out(
      `Use '${process.credentials.uid === 0 ? "" : "sudo "}apt autoremove' to remove ${leftovers.length === 1 ? "it" : "them"}.\n`,
    );
  }
  await section("The following additional packages will be installed:", extra);
  await section(
    "The following packages will be REMOVED:",
    action.remove.map((name) => (action.purge ? `${name}*` : name)).sort(),
  );
  await section("The following held packages will be changed:", held);
  await section("The following NEW packages will be installed:", fresh);
  await section("The following packages will be upgraded:", upgraded);
  await section("The following packages will be DOWNGRADED:", downgraded);
  const upgradable = countUpgradable(process) - upgraded.length;
  await process.out(
    `${upgraded.length} upgraded, ${fresh.length} newly installed, ${downgraded.length > 0 ? `${downgraded.length} downgraded, ` : ""}${action.remove.length} to remove and ${Math.max(0, upgradable)} not upgraded.\n`,
  );
  if (action.install.length === 0 && action.remove.length === 0) return 0;
  const remote = action.install.filter((offer) => !action.local.has(offer.name));
  const size = remote.reduce((sum, offer) => sum + Number(offer.stanza.get("Size") ?? 0), 0);
  const disk =
    action.install.reduce((sum, offer) => sum + Number(offer.stanza.get("Installed-Size") ?? 0), 0) -
    [...action.remove, ...changed.map((offer) => offer.name)].reduce(
      (sum, name) => sum + Number(dpkg.stanza(name)?.get("Installed-Size") ?? 0),
      0,
    );
  if (remote.length > 0) await process.out(`Need to get ${aptSize(size)} of archives.\n`);
  await process.out(
    `After this operation, ${aptSize(Math.abs(disk) * 1024)} ${disk < 0 ? "disk space will be freed" : "of additional disk space will be used"}.\n`,
  );
  const needed = action.remove.filter((name) => dpkg.stanza(name)?.get("Essential") === "yes");
  if (needed.length > 0 && !args.has("--allow-remove-essential")) {
    // Simplified: a real apt-get lets itself be talked into it by a whole sentence.
    await process.out(
      `WARNING: The following essential packages will be removed.\nThis should NOT be done unless you know exactly what you are doing!\n${wrapNames(needed)}`,
    );
    await process.err("E: Essential packages were removed and -y was used without --allow-remove-essential.\n");
    return 100;
  }
  if (held.length > 0 && run.yes && !args.has("--allow-change-held-packages")) {
    await process.err("E: Held packages were changed and -y was used without --allow-change-held-packages.\n");
    return 100;
  }
  if (downgraded.length > 0 && run.yes && !args.has("--allow-downgrades")) {
    await process.err("E: Packages were downgraded and -y was used without --allow-downgrades.\n");
    return 100;
  }
  if (run.simulate) {
    for (const name of action.remove) await process.out(`Remv ${name} [${dpkg.get(name)?.version ?? ""}]\n`);
    for (const offer of action.install)
      await process.out(`Inst ${offer.name} (${offer.version} ${offer.source.suite} [amd64])\n`);
    for (const offer of action.install)
      await process.out(`Conf ${offer.name} (${offer.version} ${offer.source.suite} [amd64])\n`);
    return 0;
  }
  const asks =
    extra.length > 0 ||
    action.remove.length > 0 ||
    held.length > 0 ||
    downgraded.length > 0 ||
    upgraded.length > action.requested.size;
  if (asks && !run.yes && !(await confirmed(process))) return 1;
  const debs = await download(process, action);
  if (!debs) return 100;
  if (args.has("-d", "--download-only")) return 0;
  return withLock(process, "/var/lib/dpkg/lock", lockWords.frontendHeld, () => apply(process, action, debs));
}

async function download(process: Process, action: Action): Promise<Map<string, Deb> | undefined> {
  const debs = new Map<string, Deb>(action.local);
  const started = process.machine.environment.clock.now();
  const problems: string[] = [];
  let bytes = 0;
  let number = 0;
  for (const offer of action.install) {
    if (debs.has(offer.name)) continue;
    number += 1;
    const size = Number(offer.stanza.get("Size") ?? 0);
    const where = `${offer.source.uri} ${offer.component === undefined ? "" : `${offer.source.suite}/${offer.component} amd64 `}${offer.name} ${offer.stanza.get("Architecture") ?? "amd64"} ${offer.version}`;
    await process.machine.environment.pacing.wait("download", process.signal);
    const url = `${offer.source.uri}/${offer.stanza.get("Filename") ?? ""}`;
    const fetched = await aptFetch(process, url);
    const deb = fetched.ok ? parseDeb(fetched.bytes) : undefined;
    if (!fetched.ok || !deb) {
      const words = fetched.ok ? "File has unexpected size" : fetched.words;
      await process.out(`Err:${number} ${where}\n  ${words}\n`);
      problems.push(`E: Failed to fetch ${url}  ${words}\n`);
      continue;
    }
    await process.out(`Get:${number} ${where} [${aptSize(size)}]\n`);
    bytes += size;
    debs.set(offer.name, deb);
  }
  if (problems.length > 0) {
    for (const line of problems) await process.err(line);
    await process.err("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n");
    return undefined;
  }
  const seconds = Math.max(1, Math.round((process.machine.environment.clock.now() - started) / 1000));
  if (bytes > 0) await process.out(`Fetched ${aptSize(bytes)} in ${seconds}s (${aptSize(bytes / seconds)}/s)\n`);
  return debs;
}

async function apply(process: Process, action: Action, debs: ReadonlyMap<string, Deb>): Promise<number> {
  const { dpkg } = internalsOf(process.machine);
  if (action.remove.length > 0) {
    await process.out(readingDatabase(process));
    for (const name of action.remove) await removePackage(process, name, action.purge ?? false);
  }
  const automatic = dpkg.autoInstalled();
  let first = true;
  const unpacked: Deb[] = [];
  for (const offer of action.install) {
    const deb = debs.get(offer.name);
    if (!deb) continue;
    if (!dpkg.get(deb.name)) {
      await process.out(`Selecting previously unselected package ${deb.name}.\n`);
      if (action.requested.has(deb.name)) automatic.delete(deb.name);
      else automatic.add(deb.name);
    }
    if (first) await process.out(readingDatabase(process));
    first = false;
    const archive = `.../${basename(offer.stanza.get("Filename") ?? `${deb.name}.deb`)}`;
    if (!(await unpack(process, deb, archive))) {
      await process.err(
        `Errors were encountered while processing:\n ${archive}\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n`,
      );
      return 100;
    }
    unpacked.push(deb);
  }
  dpkg.setAutoInstalled(automatic);
  for (const deb of unpacked) await configure(process, deb);
  const paths = unpacked.flatMap((deb) => deb.files.map((file) => file.path));
  const thesis = process.machine.environment.profile === "thesis";
  if (unpacked.length > 0)
    await process.out(`Processing triggers for man-db (${thesis ? "2.9.1-1" : "2.12.0-4build2"}) ...\n`);
  if (paths.some((path) => /\.so(\.\d+)*$/.test(path)))
    await process.out(`Processing triggers for libc-bin (${thesis ? "2.31-0ubuntu9.14" : "2.39-0ubuntu8"}) ...\n`);
  return 0;
}

function countUpgradable(process: Process): number {
  return upgradable(process).length;
}

/** Newer versions of what is installed and not held. */
export function upgradable(process: Process): Offer[] {
  const { dpkg } = internalsOf(process.machine);
  const available = new Available(process.machine.rootFiles);
  return dpkg.list().flatMap((item) => {
    const [best] = available.offers(item.name);
    return best && compareVersions(best.version, item.version) > 0 ? [best] : [];
  });
}

/** `apt-get upgrade` and its kin. */
export async function aptUpgrade(run: AptRun): Promise<number> {
  const { process } = run;
  if (process.credentials.uid !== 0 && !run.simulate) {
    await process.err(lockWords.frontendDenied);
    return 100;
  }
  return withLock(process, frontendLock, lockWords.frontendHeld, async () => {
    await readingLists(process);
    if (process.stdout.isTerminal) await process.out("Calculating upgrade... Done\n");
    else await process.out("Calculating upgrade...\n");
    const { dpkg } = internalsOf(process.machine);
    const all = upgradable(process);
    const kept = all.filter((offer) => dpkg.get(offer.name)?.held).map((offer) => offer.name);
    if (kept.length > 0) await process.out(`The following packages have been kept back:\n${wrapNames(kept)}`);
    const install = all.filter((offer) => !dpkg.get(offer.name)?.held);
    return carryOut(run, { install, remove: [], requested: new Set(), local: new Map() });
  });
}

/** `remove`, `purge` and `autoremove`. */
export async function aptRemove(run: AptRun, names: readonly string[], purge: boolean, auto: boolean): Promise<number> {
  const { process } = run;
  if (process.credentials.uid !== 0 && !run.simulate) {
    await process.err(lockWords.frontendDenied);
    return 100;
  }
  return withLock(process, frontendLock, lockWords.frontendHeld, async () => {
    await readingLists(process);
    const { dpkg } = internalsOf(process.machine);
    const available = new Available(process.machine.rootFiles);
    const gone = new Set<string>();
    for (const name of names) {
      const stanza = dpkg.stanza(name);
      if (!stanza && available.offers(name).length === 0) {
        await process.err(`E: Unable to locate package ${name}\n`);
        return 100;
      }
      if (!dpkg.get(name) && !(purge && stanza))
        await process.out(`Package '${name}' is not installed, so not removed\n`);
      else gone.add(name);
    }
    const remove = dependants(gone, dpkg);
    if (auto) remove.push(...unneeded(dpkg, new Set(remove)).filter((name) => !remove.includes(name)));
    return carryOut(run, { install: [], remove, requested: gone, local: new Map(), purge });
  });
}
