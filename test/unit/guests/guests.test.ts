import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guestSupport, openGuests } from "../../support/guests/guests.ts";

const support = guestSupport();
if (!support.possible) console.warn(`guests are not tested: ${support.reason}`);

describe.skipIf(!support.possible)("guests", () => {
  const folder = mkdtempSync(join(tmpdir(), "wkl-guests-"));
  const guests = openGuests({ folder });
  const inside = (name: string, script: string): string => {
    const [file = "", ...argv] = guests.enter(name);
    const { stdout, stderr } = spawnSync(file, [...argv, "bash", "-c", script], { encoding: "utf8" });
    return (stdout + stderr).trim();
  };

  beforeAll(async () => {
    for (const name of ["one", "two"]) {
      await guests.create(name);
      await guests.start(name);
    }
  });
  afterAll(async () => {
    await guests.removeAll();
    rmSync(folder, { recursive: true });
  });

  test("each has a name, an address, processes and files of its own, and reaches the other", () => {
    expect(inside("one", "hostname; hostname -I")).toBe(`one\n${guests.address("one")}`);
    expect(inside("one", "ps -e -o comm=").split("\n")).toEqual(["sleep", "ps"]);
    inside("one", "echo kept >/srv/file; echo gone >/tmp/file");
    expect(inside("two", "ls /srv")).toBe("");
    expect(inside("two", "touch /usr/file")).toContain("Read-only file system");
    expect(inside("two", `timeout 1 bash -c 'echo >/dev/tcp/${guests.address("one")}/22'`)).toContain("refused");
  });

  test("the user ubuntu is root by sudo without a password", () => {
    const ubuntu = "setpriv --reuid 1000 --regid 1000 --init-groups";
    expect(inside("one", `${ubuntu} id -un; ${ubuntu} sudo -n id -un`)).toBe("ubuntu\nroot");
  });

  test("processes that lost their parent are reaped, and those in the background end with the guest", async () => {
    expect(inside("one", "(sleep 0.01 & exec sleep 0.02) & wait; ps -e -o stat=,comm=")).not.toContain("Z");
    inside("one", "setsid sleep 1000 >/dev/null 2>&1 </dev/null &");
    const other = openGuests({ folder });
    expect(other.running("one")).toBe(true);
    await other.stop("one");
    expect([guests.running("one"), other.names().sort()]).toEqual([false, ["one", "two"]]);
    other.moveAddress("one");
    await Promise.all([guests.start("one"), other.start("one")]);
    expect(inside("one", "hostname -I | xargs; cat /srv/file; ls /tmp; ps -e -o comm=").split("\n")).toEqual([
      guests.address("one"),
      "kept",
      "sleep",
      "ps",
    ]);
  });

  test("those of a folder that is gone end when others are made", async () => {
    const gone = mkdtempSync(join(tmpdir(), "wkl-guests-"));
    const lost = openGuests({ folder: gone });
    await lost.create("lost");
    await lost.start("lost");
    const [, , pid = ""] = lost.enter("lost");
    expect(existsSync(`/proc/${pid}/exe`)).toBe(true);
    rmSync(gone, { recursive: true });
    await guests.create("three");
    // One that has ended may wait for whoever started it, with nothing left of it but its number.
    await expect.poll(() => !existsSync(`/proc/${pid}/exe`), { timeout: 20_000 }).toBe(true);
  });
});
