import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedBackend } from "../../src/backends/embedded/backend.ts";
import { readCourse } from "../../src/cli/open-session.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import type { Backend, Profile } from "../../src/domain/backend.ts";
import type { Course } from "../../src/domain/course.ts";

export interface OpenedLab {
  backend: Backend;
  course: Course;
  folder: string;
  close(): Promise<void>;
}

export const labsFolder = join(import.meta.dirname, "../../labs");

/** A fresh embedded lab in a folder of its own, at the pace of an autopilot. */
export async function openFreshLab(profile: Profile = "thesis"): Promise<OpenedLab> {
  const folder = mkdtempSync(join(tmpdir(), "wasm-k8s-lab-test-"));
  const backend = await openEmbeddedBackend({
    folder,
    profile,
    pace: "instant",
    clock: systemClock,
    random: systemRandom,
  });
  return {
    backend,
    course: readCourse(profile),
    folder,
    async close() {
      await backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
