const numbers = (version: string): number[] =>
  version
    .replace(/^v/, "")
    .split(/[.\-+~]/, 3)
    .map((part) => Number.parseInt(part, 10) || 0);

/** True when `version` is `since` or newer, by its first three numbers. */
export function atLeast(version: string, since: string): boolean {
  const have = numbers(version);
  const wanted = numbers(since);
  for (let place = 0; place < 3; place += 1) {
    const difference = (have[place] ?? 0) - (wanted[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The newest format of config.toml that a containerd 2 reads and prints. */
export const newestFormat = (version: string): number => (atLeast(version, "2.3.0") ? 4 : 3);

/** True when it unpacks an artifact, whose layers are no parts of a file system, instead of refusing it. */
export const takesArtifacts = (version: string): boolean =>
  atLeast(version, "1.7.0") ? atLeast(version, "1.7.7") : atLeast(version, "1.6.25");
