import type { Profile } from "../../domain/backend.ts";
import { exitCodes } from "../../domain/errors.ts";
import { type DriftReport, exitCodeOfDrift, type Finding, probeSources } from "../../offline/drift.ts";
import { Upstream } from "../../offline/upstream.ts";
import { print, printJson } from "../output.ts";
import { systemClock } from "../system-clock.ts";
import { targetOf, type TargetArguments } from "./bundle.ts";

export interface DriftArguments extends TargetArguments {
  json?: boolean;
}

const words: Readonly<Record<Finding, string>> = {
  there: "ok",
  expires: "EXPIRES SOON",
  replaced: "replaced",
  changed: "CHANGED",
  vanished: "VANISHED",
  unknown: "could not ask",
};

/** Asks every source of one profile, or of both; resolves with 0, 1 (something has gone or changed) or 3. */
export async function drift(given: DriftArguments): Promise<number> {
  const profiles: readonly Profile[] = given.profile ? [given.profile] : ["thesis", "current"];
  const upstream = new Upstream({
    clock: systemClock,
    attempts: 2,
    patienceMs: 15_000,
    parallel: 8,
    ...(given.offline ? { server: given.offline } : {}),
  });
  const reports: { profile: Profile; release: string; architecture: string; report: DriftReport }[] = [];
  for (const profile of profiles) {
    const { sources, release, architecture } = targetOf(profile, given);
    process.stderr.write(`asking for ${sources.length} sources of ${profile}\n`);
    const report = await probeSources({ sources, upstream, architecture });
    reports.push({ profile, release, architecture, report });
  }
  if (given.json) {
    const profilesJson = reports.map(({ report, ...about }) => ({ ...about, ...report }));
    printJson({ formatVersion: 1, date: new Date(systemClock.now()).toISOString(), profiles: profilesJson });
  } else for (const { profile, release, report } of reports) show(`${profile} (Ubuntu ${release})`, report);
  const codes = reports.map(({ report }) => exitCodeOfDrift(report));
  if (codes.includes(exitCodes.checkFailed)) return exitCodes.checkFailed;
  return codes.includes(exitCodes.couldNotCheck) ? exitCodes.couldNotCheck : exitCodes.passed;
}

function show(title: string, { network, sources }: DriftReport): void {
  print(title);
  if (!network) {
    print("  No server answered at all: this computer's network is down, or nothing gets through. Nothing is known.");
  }
  for (const { finding, source, version, url, detail } of sources) {
    print(`  ${words[finding].padEnd(13)} ${source.padEnd(30)} ${version.padEnd(12)} ${detail}`);
    if (finding !== "there") print(`  ${"".padEnd(13)} ${url}`);
  }
  const counts = Object.entries(words).flatMap(([finding, word]) => {
    const count = sources.filter((each) => each.finding === finding).length;
    return count > 0 ? [`${count} ${word}`] : [];
  });
  print(`  ${counts.join(", ")}`);
}
