import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openEmbeddedBackend } from "../../src/backends/embedded/backend.ts";
import { systemClock, systemRandom } from "../../src/cli/system-clock.ts";
import type { Backend } from "../../src/domain/backend.ts";

const folder = mkdtempSync(join(tmpdir(), "full-disk-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).status === 0;
afterAll(() => {
  if (mounted) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true, force: true });
});
if (!mounted) console.warn("NOT TESTED: a full disk, because this user may not mount a small one");

const notices: string[] = [];
const open = (): Promise<Backend> =>
  openEmbeddedBackend({
    folder: join(folder, "lab"),
    profile: "thesis",
    pace: "instant",
    clock: systemClock,
    random: systemRandom,
    onNotice: (text) => notices.push(text),
  });
const filler = join(folder, "filler");

function fillDisk(): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(filler, new Uint8Array(bavail * bsize));
}

describe.skipIf(!mounted)("a full disk", () => {
  it("stops nothing: the lab goes on, says so, and saves again once there is space", async () => {
    const lab = await open();
    const master = await lab.ensure({ name: "master", role: "master" });
    await master.exec(["bash", "-c", "echo before >> log"]);
    fillDisk();
    const during = await master.exec(["bash", "-c", "echo during >> log; cat log"]);
    expect(during).toMatchObject({ exitCode: 0, stdout: "before\nduring\n" });
    expect(notices.join("\n")).toMatch(/the disk is full, the lab could not be saved.*Free some space/);
    await expect(lab.save()).rejects.toMatchObject({ code: "disk-full" });
    rmSync(filler);
    await lab.save();
    expect(existsSync(filler)).toBe(false);
    await lab.close();
    const again = await open();
    const woken = await (await again.machine("master")).exec(["cat", "log"]);
    expect(woken.stdout).toBe("before\nduring\n");
    await again.close();
  });

  it("leaves the last whole state when the process ends while the disk is full", async () => {
    const lab = await open();
    const master = await lab.machine("master");
    await master.exec(["bash", "-c", "echo kept > kept"]);
    fillDisk();
    await master.exec(["bash", "-c", "echo lost > lost"]);
    await expect(lab.close()).rejects.toMatchObject({ code: "disk-full" });
    rmSync(filler);
    notices.length = 0;
    const again = await open();
    const found = await (await again.machine("master")).exec(["bash", "-c", "cat kept; ls lost"]);
    expect(found.stdout).toBe("kept\n");
    expect(notices.filter((notice) => notice.includes("damaged"))).toEqual([]);
    await again.close();
  });
});
