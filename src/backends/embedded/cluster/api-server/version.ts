/** What an image tag such as `v1.28.2` says of the server; everything that depends on the release is asked here. */
export interface ServerVersion {
  gitVersion: string;
  minor: number;
}

export function serverVersion(text: string): ServerVersion {
  const match = /^v?1\.(\d+)\.(\d+)/.exec(text);
  return match
    ? { gitVersion: `v1.${match[1]}.${match[2]}`, minor: Number(match[1]) }
    : { gitVersion: "v1.28.2", minor: 28 };
}

const commits: Readonly<Record<string, readonly [string, string, string]>> = {
  "v1.28.2": ["89a4ea3e1e4ddd7f7572286090359983e0387b2f", "2023-09-13T09:29:07Z", "go1.20.8"],
  "v1.36.4": ["bb826b1d48562f110659e64e8ec444327433db95", "2026-09-29T20:03:31Z", "go1.27.1"],
};

/** The answer of /version. */
export function versionDocument({ gitVersion, minor }: ServerVersion): Record<string, string> {
  const [gitCommit, buildDate, goVersion] = commits[gitVersion] ?? ["0".repeat(40), "2026-01-01T00:00:00Z", "go1.24.0"];
  return {
    major: "1",
    minor: String(minor),
    ...(minor >= 34
      ? {
          emulationMajor: "1",
          emulationMinor: String(minor),
          minCompatibilityMajor: "1",
          minCompatibilityMinor: String(minor - 1),
        }
      : {}),
    gitVersion,
    gitCommit,
    gitTreeState: "clean",
    buildDate,
    goVersion,
    compiler: "gc",
    platform: "linux/amd64",
  };
}

/** What the server warns about when a kind of an old version is used; undefined for all others. */
export function deprecation({ minor }: ServerVersion, group: string, kind: string): string | undefined {
  if (group !== "") return undefined;
  if (kind === "ComponentStatus") return "v1 ComponentStatus is deprecated in v1.19+";
  return kind === "Endpoints" && minor >= 33
    ? "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"
    : undefined;
}
