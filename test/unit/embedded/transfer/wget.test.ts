import { describe, expect, test } from "vitest";
import { networkPrograms } from "../../../../src/backends/embedded/machine/programs/network/index.ts";
import type { Lab } from "../internet/lab.ts";
import { createLab } from "../internet/lab.ts";

const runc = "https://github.com/opencontainers/runc/releases/download/v1.1.11/runc.amd64";
const missing = runc.replace("1.1.11", "1.1.99");
const lab = (): Lab => createLab(networkPrograms, { wget: "1.20.3" });
/** The log without its times. */
const timeless = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME").replace(/\([\d.]+ [KM]?B\/s\)/g, "(SPEED)");

describe("wget", () => {
  test("follows a release to its storage and keeps the URL's name", async () => {
    const { machine, run } = lab();
    const result = await run(["wget", runc]);
    expect(result.code).toBe(0);
    const size = machine.rootFiles.stat("/root/runc.amd64").size;
    const log = timeless(result.err);
    expect(log).toContain(
      `--TIME--  ${runc}\nResolving github.com (github.com)... 140.82.121.4\nConnecting to github.com (github.com)|140.82.121.4|:443... connected.\nHTTP request sent, awaiting response... 302 Found\nLocation: https://objects.githubusercontent.com/`,
    );
    expect(log).toContain(" [following]\n--TIME--  https://objects.githubusercontent.com/");
    expect(log).toContain(
      `HTTP request sent, awaiting response... 200 OK\nLength: ${size} [application/octet-stream]\nSaving to: ‘runc.amd64’\n\n`,
    );
    expect(log).toContain(`TIME (SPEED) - ‘runc.amd64’ saved [${size}/${size}]\n\n`);
  });

  test("a second download gets another name, -O and -P choose it", async () => {
    const { machine, run } = lab();
    await run(["wget", "-q", runc]);
    await run(["wget", "-q", runc]);
    await run(["wget", "-q", runc, "-O", "mine"]);
    await run(["wget", "-qP", "folder", runc]);
    expect(machine.rootFiles.list("/root")).toEqual(["folder", "mine", "runc.amd64", "runc.amd64.1"]);
    expect(machine.rootFiles.list("/root/folder")).toEqual(["runc.amd64"]);
  });

  test("a page that is not there", async () => {
    const { machine, run } = lab();
    const result = await run(["wget", missing, "-O", "out"]);
    expect(result.code).toBe(8);
    expect(timeless(result.err)).toMatch(/awaiting response\.\.\. 404 Not Found\nTIME ERROR 404: Not Found\.\n\n$/);
    // With -O the file is made first, as by the real one.
    expect(machine.rootFiles.stat("/root/out").size).toBe(0);
    expect(await run(["wget", "-q", missing])).toEqual({ code: 8, out: "", err: "" });
  });

  test("names and ports that do not answer", async () => {
    const { run } = lab();
    const unknown = await run(["wget", "http://nowhere.lab/x"]);
    expect(unknown.code).toBe(4);
    expect(timeless(unknown.err)).toBe(
      "--TIME--  http://nowhere.lab/x\nResolving nowhere.lab (nowhere.lab)... failed: Name or service not known.\nwget: unable to resolve host address ‘nowhere.lab’\n",
    );
    const refused = await run(["wget", "http://127.0.0.1:1/x"]);
    expect(refused.code).toBe(4);
    expect(timeless(refused.err)).toBe(
      "--TIME--  http://127.0.0.1:1/x\nConnecting to 127.0.0.1:1... failed: Connection refused.\n",
    );
  });

  test("wrong use", async () => {
    const { run } = lab();
    expect(await run(["wget"])).toMatchObject({
      code: 1,
      err: "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
    });
    expect((await run(["wget", "--foo", runc])).err).toContain("wget: unrecognized option '--foo'\n");
    expect((await run(["wget", runc, "-O", "/nowhere/x"])).code).toBe(1);
  });

  test("-nv says one line, -O - writes to standard output", async () => {
    const { run } = lab();
    expect(timeless((await run(["wget", "-nv", "https://dl.k8s.io/release/stable.txt"])).err)).toBe(
      'TIME URL:https://dl.k8s.io/release/stable.txt [7/7] -> "stable.txt" [1]\n',
    );
    expect((await run(["wget", "-qO-", "https://dl.k8s.io/release/stable.txt"])).out).toBe("v1.29.2");
  });
});
