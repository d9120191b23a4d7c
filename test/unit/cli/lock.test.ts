import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockHolder, takeLock } from "../../../src/cli/lock.ts";

const racer = join(import.meta.dirname, "../../support/lock-racer.ts");
let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
  path = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A lock as a process leaves it that is killed. */
function leaveStaleLock(): void {
  const pid = spawnSync(process.execPath, ["-e", ""]).pid;
  writeFileSync(path, JSON.stringify({ pid, startedAt: "1", command: "up", since: "then" }));
}

interface Racer {
  said: string;
  letGo(): Promise<void>;
}

async function race(count: number): Promise<Racer[]> {
  const moment = String(Date.now() + 400);
  return Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, [racer, path, join(folder, "journal"), moment], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      // Who was refused has ended before it is told to let go.
      child.stdin.on("error", () => undefined);
      const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
      const said = await new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
      return {
        said,
        letGo: async () => {
          child.stdin.end("go\n");
          await gone;
        },
      };
    }),
  );
}

describe("the lock of a state folder", () => {
  it("is held once, names its holder to the next, and can be taken again", () => {
    const release = takeLock(path, "up", 0);
    expect(lockHolder(path)).toMatchObject({ pid: process.pid, command: "up", since: "1970-01-01T00:00:00.000Z" });
    expect(() => takeLock(path, "start", 0)).toThrow(`in use by \`up\` (process ${process.pid}`);
    release();
    expect(lockHolder(path)).toBeUndefined();
    takeLock(path, "start", 0)();
  });

  it.each([
    ["of a dead process", leaveStaleLock],
    [
      "of a dead process whose number another one has now",
      () => writeFileSync(path, JSON.stringify({ pid: process.ppid, startedAt: "1", command: "up", since: "then" })),
    ],
    ["that is damaged", () => writeFileSync(path, "")],
  ])("is taken over silently when it is one %s", (_, leave) => {
    leave();
    expect(lockHolder(path)).toBeUndefined();
    takeLock(path, "up", 0)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("has exactly one winner in 20 races, with and without a dead process's lock", { timeout: 120_000 }, async () => {
    for (let round = 0; round < 20; round += 1) {
      if (round % 2 === 1) leaveStaleLock();
      const racers = await race(2 + (round % 3));
      const winners = racers.filter((each) => each.said === "held\n");
      expect(winners).toHaveLength(1);
      for (const each of racers) {
        if (each.said !== "held\n")
          expect(each.said).toMatch(/^refused: the lab is in use by `up` \(process \d+, since /);
      }
      expect(readFileSync(join(folder, "journal"), "utf8")).toBe("held\n".repeat(round + 1));
      for (const each of racers) await each.letGo();
      expect(readdirSync(folder)).toEqual(["journal"]);
    }
  });
});
