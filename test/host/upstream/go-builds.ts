import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, cached } from "../cache.ts";
import { run } from "../run.ts";

/** A program of the catalogue's version, built here from the source that its authors tagged. */
export interface GoProgram {
  name: string;
  /** Folder of its package in the module. */
  package: string;
  tags?: string;
  cgo?: boolean;
  /** Variables that the authors' own builds set, with their values. */
  variables?: Readonly<Record<string, string>>;
}

export interface GoModule {
  path: string;
  version: string;
  programs: readonly GoProgram[];
  /** Makes the source one that builds outside of its authors' repository. */
  prepare?(folder: string): void;
}

const environment = (): Record<string, string> => {
  const folder = join(cacheFolder(), "go");
  // One core: whoever runs this may be at work on something else.
  return {
    GOPATH: join(folder, "path"),
    GOCACHE: join(folder, "cache"),
    GOTOOLCHAIN: "local",
    GOFLAGS: "-mod=mod -p=1 -modcacherw",
    GOMAXPROCS: "1",
  };
};

/** Folder with the source of a module, from the module proxy; never changed. */
export async function moduleSource({ path, version }: { path: string; version: string }): Promise<string> {
  const answer: unknown = JSON.parse(
    await run("go", ["mod", "download", "-json", `${path}@v${version}`], { env: environment() }),
  );
  if (typeof answer === "object" && answer !== null && "Dir" in answer) return String(answer.Dir);
  throw new Error(`go mod download ${path}@v${version}: no folder in its answer`);
}

/** Folder with the programs of a module. Throws where Go is missing or too old. */
export function builtPrograms(module: GoModule): Promise<string> {
  const { path, version, programs } = module;
  const place = `built/${path.replaceAll("/", "_")}@${version}`;
  return cached(
    place,
    `${programs.map(({ name }) => name).join(", ")} ${version} from source, minutes`,
    async (folder) => {
      const source = await moduleSource(module);
      // The source in the module cache stays as it came.
      const copy = `${folder}.source`;
      await run("cp", ["-r", source, copy]);
      mkdirSync(folder);
      try {
        module.prepare?.(copy);
        for (const { name, package: from, tags, cgo, variables } of programs) {
          const set = Object.entries(variables ?? {}).map(([variable, value]) => `-X ${variable}=${value}`);
          const flags = ["-trimpath", "-tags", tags ?? "", "-ldflags", ["-s -w", ...set].join(" ")];
          const argv = ["-n", "19", "go", "build", ...flags, "-o", join(folder, name), `./${from}`];
          await run("nice", argv, { cwd: copy, env: { ...environment(), CGO_ENABLED: cgo === true ? "1" : "0" } });
        }
      } finally {
        await run("rm", ["-rf", copy]);
      }
    },
  );
}
