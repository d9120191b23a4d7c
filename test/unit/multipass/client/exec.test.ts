import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Multipass, openMultipass } from "../../../../src/backends/multipass/client/index.ts";
import { execOf, failureOf, listOf, scripted } from "./scripted.ts";

const running = { list: listOf({ web: "Running" }) };
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe("exec by what the client says", () => {
  it.each([
    [{ code: 2, stderr: "exec failed: ssh connection failed: 'No route to host'\n" }, "ssh-failed"],
    [{ code: 255, stderr: "exec failed: ssh connection failed: 'Connection refused'\n" }, "ssh-failed"],
    [{ code: 2, stderr: "exec failed: Cannot retrieve credentials in unknown state\n" }, "unknown-state"],
    [{ code: 2, stderr: "exec failed: cannot connect to the multipass socket\n" }, "daemon-unreachable"],
    [{ code: 1, stderr: "[2025-07-17T14:36:45.874] [error] [client] Caught an unhandled exception: x\n" }, "failed"],
    [{ code: 255 }, "ssh-failed"],
    [{ code: 255, stdout: "[TOKEN]half", stderr: "[TOKEN]" }, "connection-lost"],
    [{ code: 2, stdout: "[TOKEN]half", stderr: "[TOKEN]exec failed: ssh connection failed: 'x'\n" }, "connection-lost"],
    [{ ended: { signal: "SIGKILL" }, stdout: "[TOKEN]" }, "connection-lost"],
    [{ ended: { notStarted: "EACCES" } }, "not-installed"],
  ])("%j rejects with %s", async (reply, code) => {
    expect(await failureOf(scripted({ ...running, exec: reply }).client.exec("web", ["true"]))).toMatchObject({ code });
  });

  it.each([0, 1, 2, 3, 4, 5, 124, 204, 255])("keeps the command's %i", async (code) => {
    const { client } = scripted({ ...running, exec: execOf(code, "out", "err") });
    const result = await client.exec("web", ["x"]);
    expect({ ...result, stdout: text(result.stdout), stderr: text(result.stderr) }).toEqual({
      exitCode: code,
      stdout: "out",
      stderr: "err",
    });
  });

  it("gives what a guest without bash says", async () => {
    const { client } = scripted({ ...running, exec: { code: 127, stderr: "sh: bash: not found\n" } });
    expect(await client.exec("web", ["x"])).toMatchObject({
      exitCode: 127,
      stderr: Buffer.from("sh: bash: not found\n"),
    });
  });

  it.each([
    ["Stopped", "not-running"],
    ["Suspended", "not-running"],
    ["Starting", "wrong-state"],
    ["Deleted", "soft-deleted"],
    ["Unknown", "unknown-state"],
    ["Unavailable", "zone-unavailable"],
  ])("does not start an instance by the way: %s rejects with %s", async (state, code) => {
    const { client, calls } = scripted({ list: listOf({ web: state }) });
    expect(await failureOf(client.exec("web", ["true"]))).toMatchObject({ code });
    expect(calls.filter((call) => call.startsWith("exec"))).toEqual([]);
  });

  it("asks for the state of an instance that it has not seen running lately", async () => {
    const { client, calls } = scripted({ ...running, exec: execOf(0), stop: "" });
    await client.exec("web", ["true"]);
    await client.exec("web", ["true"]);
    await client.stop("web");
    await client.exec("web", ["true"]);
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["list", "exec", "exec", "stop", "list", "exec"]);
    expect(await failureOf(client.exec("other", ["true"]))).toMatchObject({ code: "unknown-instance" });
    expect(await failureOf(client.exec("web", []))).toMatchObject({ code: "wrong-use" });
  });

  it("is given up before it began, where its instance's state is not told", async () => {
    const { client, calls } = scripted({ list: { hangs: true } });
    const started = client.startExec("web", ["true"], { onOutput: () => undefined });
    started.kill();
    expect(await failureOf(started.ended)).toMatchObject({ code: "ssh-failed" });
    expect(calls.filter((call) => call.startsWith("exec"))).toEqual([]);
  });

  it("lets output go through files on Windows", async () => {
    const long = "x".repeat(10_000);
    const { client, calls } = scripted(
      { ...running, exec: execOf(4), "transfer web:/tmp/multipass-exec-TOKEN/stdout": long, transfer: "oh" },
      { platform: "win32" },
    );
    const told: string[] = [];
    const result = await client.exec("web", ["cat", "big"], { onOutput: ({ bytes }) => told.push(text(bytes)) });
    expect(result).toMatchObject({ exitCode: 4, stdout: Buffer.from(long), stderr: Buffer.from("oh") });
    expect(told).toEqual([long, "oh"]);
    expect(calls.at(-1)).toContain("rm -rf /tmp/multipass-exec-TOKEN");
  });
});

describe("exec of real commands", () => {
  let folder: string;
  let client: Multipass;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "multipass-client-"));
    const file = join(folder, "multipass");
    // Runs on this computer what it is told to run in an instance, as clients up to 1.16 do: after a spinner, again after a 4.
    writeFileSync(
      file,
      `#!/bin/bash
case $1 in
  version) echo '{"multipass": "1.16.3"}' ;;
  list) echo '{"list": [{"name": "web", "state": "Running", "ipv4": []}]}' ;;
  exec)
    shift 4
    printf '\\e[2K\\e[0A\\e[0EStarting web  \\b|\\b \\e[2K\\e[0A\\e[0E'
    echo 'WARNING: cgroup v1' >&2
    for _ in 1 2 3; do "$@"; rc=$?; [ $rc -eq 4 ] || exit $rc; done
    echo 'still a 4' >&2; exit 99 ;;
esac
`,
    );
    chmodSync(file, 0o755);
    client = openMultipass({ executable: file, platform: "linux" });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const sh = async (script: string, stdin?: string) => {
    const { exitCode, stdout, stderr } = await client.exec(
      "web",
      ["sh", "-c", script],
      stdin === undefined ? {} : { stdin },
    );
    return { exitCode, stdout: text(stdout), stderr: text(stderr) };
  };

  it("gives exit codes, output and arguments as they are", async () => {
    for (const exitCode of [0, 2, 4, 255]) {
      expect(await sh(`echo out; echo err >&2; exit ${exitCode}`)).toEqual({
        exitCode,
        stdout: "out\n",
        stderr: "err\n",
      });
    }
    const odd = ["", "a b", "$HOME", "*", "'\"\\", "ü→💡", "-n"];
    const { stdout } = await client.exec("web", ["printf", "<%s>", ...odd]);
    expect(text(stdout)).toBe(odd.map((each) => `<${each}>`).join(""));
  });

  it("gives what ends by a signal, cannot be found, or is a word of the shell, without words of its own", async () => {
    expect(await sh("kill -9 $$")).toEqual({ exitCode: 137, stdout: "", stderr: "" });
    expect(await client.exec("web", ["exit", "3"])).toMatchObject({ exitCode: 3 });
    const absent = await client.exec("web", ["no-such-program"]);
    expect(absent.exitCode).toBe(127);
    expect(text(absent.stderr)).toMatch(/^bash: line \d+: no-such-program: command not found\n$/);
  });

  it("reads what is given and then an end of file", async () => {
    expect(await sh("cat; echo end", "given ")).toMatchObject({ stdout: "given end\n" });
    expect(await sh("cat; echo end")).toMatchObject({ stdout: "end\n" });
  });

  it("keeps standard input open until it is ended, and tells output as it comes", async () => {
    const seen: string[] = [];
    const echoed = Promise.withResolvers<void>();
    const started = client.startExec("web", ["sh", "-c", "read -r line; echo got $line; cat >/dev/null; exit 2"], {
      onOutput: ({ bytes }) => {
        seen.push(text(bytes));
        echoed.resolve();
      },
    });
    started.write("one\n");
    await echoed.promise;
    started.end();
    expect(await started.ended).toEqual({ exitCode: 2 });
    expect(seen.join("")).toBe("got one\n");
  });

  it("is over at once when it is killed or given up, whatever goes on in the instance", async () => {
    const argv = ["sh", "-c", "echo begun; sleep 3"];
    const begun = Promise.withResolvers<void>();
    const started = client.startExec("web", argv, { onOutput: () => begun.resolve() });
    await begun.promise;
    started.kill();
    expect(await failureOf(started.ended)).toMatchObject({ code: "connection-lost" });
    const controller = new AbortController();
    const onOutput = (): void => controller.abort(new Error("enough"));
    await expect(client.exec("web", argv, { signal: controller.signal, onOutput })).rejects.toThrow("enough");
  });

  it("gives any bytes", async () => {
    const copies = "f=$(mktemp) && cat >$f && cat $f && cat $f >&2; rm $f";
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const { stdout, stderr } = await client.exec("web", ["sh", "-c", copies], { stdin: bytes });
        expect([Buffer.from(stdout), Buffer.from(stderr)]).toEqual([Buffer.from(bytes), Buffer.from(bytes)]);
      }),
      { numRuns: 10 },
    );
  });
});
