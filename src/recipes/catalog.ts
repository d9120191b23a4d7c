import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { LabError } from "../domain/errors.ts";

/** Architectures of the machines, as dpkg names them. */
export const architectures = ["amd64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];

const digest = z.string().regex(/^[0-9a-f]{64}$/, "is not a sha256 in hexadecimal");
const count = z
  .string()
  .regex(/^[1-9][0-9]*$/, "is not a number above zero")
  .transform(Number);
const sizeSchema = z.strictObject({ cpus: count, memoryMiB: count, diskGiB: count });
const release = z.string().regex(/^\d\d\.\d\d$/, "is not a release of Ubuntu such as 24.04");

const downloadSchema = z
  .strictObject({
    kind: z.enum(["file", "apt", "image", "key", "vm-image"]).default("file"),
    component: z.string(),
    /** Absent: that of the component. */
    version: z.string().optional(),
    /**
     * May hold {version}, {minor}, {arch} (amd64), {machine} (x86_64), {spinarch} (amd64, aarch64), {release} (24.04),
     * {series} (noble) and {archive} (address of Ubuntu's packages).
     */
    url: z.string(),
    /** By architecture, or one for `any`. */
    sha256: z.partialRecord(z.enum([...architectures, "any"]), digest).optional(),
    /** Where each digest was published, for people who doubt it. */
    proof: z.string().optional(),
    /** May also hold {url}. */
    checksumUrl: z.string().optional(),
    /** Why nobody can say which digest is right. */
    unverified: z.string().optional(),
    /** The download that this one takes the place of where that is gone. */
    insteadOf: z.string().optional(),
    /** What is then other than in the thesis. */
    deviation: z.string().optional(),
    /** Releases of Ubuntu that need it; absent: all. */
    releases: z.array(release).optional(),
    /** Repositories of packages: the download with the key, and what is asked of them. */
    key: z.string().optional(),
    suites: z.array(z.string()).optional(),
    sections: z.array(z.string()).optional(),
    packages: z.array(z.string()).optional(),
  })
  .refine((download) => download.sha256 ?? download.checksumUrl ?? download.unverified ?? download.kind !== "file", {
    error: "says neither sha256 nor checksumUrl nor why it is unverified",
  });

const profileSchema = z.looseObject({
  components: z.record(z.string(), z.looseObject({ version: z.string() })),
  machines: z.strictObject({
    /** The first is what new machines boot. */
    releases: z.tuple([release], release),
    architectures: z.array(z.enum(architectures)).min(1),
    sizes: z.strictObject({ master: sizeSchema, worker1: sizeSchema, worker2: sizeSchema }),
    /** Pod network that setup.sh makes where it is not told another one. */
    network: z.enum(["bridge", "flannel"]),
    /** Packages that the labs take for granted. */
    tools: z.array(z.string()),
  }),
  downloads: z.record(z.string().regex(/^[a-z0-9-]+$/), downloadSchema),
});

const catalogSchema = z.looseObject({
  ubuntu: z.record(release, z.strictObject({ series: z.string() })),
  profiles: z.strictObject({ thesis: profileSchema, current: profileSchema }),
});

/** vm-images/catalog.yaml as real machines use it. */
export type RecipeCatalog = z.infer<typeof catalogSchema>;
export type Download = z.infer<typeof downloadSchema>;

/** Reads the catalogue in the folder `vm-images`. Throws LabError `catalog-invalid` with the first wrong place. */
export function readCatalog(folder: string): RecipeCatalog {
  const path = join(folder, "catalog.yaml");
  let data: unknown;
  try {
    // The failsafe schema keeps versions such as 1.10 as they are written.
    data = parse(readFileSync(path, "utf8"), { schema: "failsafe" });
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message.split("\n", 1)[0] : "cannot be read", undefined, error);
  }
  const result = catalogSchema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = (issue?.path ?? []).map(String);
  const value = place.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    data,
  );
  throw invalid(`${path}: ${place.join(".")}`, issue?.message, value, result.error);
}

function invalid(where: string, what = "is wrong", value?: unknown, cause?: unknown): LabError {
  return new LabError("catalog-invalid", `${where}: ${what}, got ${JSON.stringify(value) ?? "nothing"}`, {
    remedy: "Mend the catalogue at the place named above, or install wasm-k8s-lab again.",
    cause,
  });
}
