import { describe, expect, test } from "vitest";
import { Collector, encode, Pipe, sourceOf } from "../../../../src/backends/embedded/machine/io.ts";
import type { ByteSink, ByteSource } from "../../../../src/backends/embedded/machine/io.ts";
import type { ModelledMachine, RunningProcess } from "../../../../src/backends/embedded/machine/machine.ts";
import { folder, machineWith, runOurs, words } from "./compare.ts";

const ubuntu = { uid: 1000, gid: 1000, groups: [1000, 27] };

function start(
  machine: ModelledMachine,
  command: string,
  streams: { stdin?: ByteSource; stdout?: ByteSink; stderr?: ByteSink } = {},
): RunningProcess {
  return machine.processes.spawn({
    argv: words(command),
    env: { PATH: "/usr/bin", TZ: "UTC" },
    cwd: folder,
    credentials: ubuntu,
    umask: 0o022,
    ...streams,
  });
}

/** Resolves when the collected text satisfies the condition. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe("programs that never end by themselves", () => {
  test.each([
    "yes",
    "cat /dev/zero",
    "awk 'BEGIN{while(1){}}'",
    "awk 'BEGIN{for(;;);}'",
    "awk 'BEGIN{while(1) print}'",
    "sed ':a;ba' f",
    "tail -f f",
    "tail -F nofile",
    "sleep infinity",
    "seq 1 1e15",
    "tr a b",
    "grep x",
    "head -c 999999999999 /dev/urandom",
    "wc -c /dev/zero",
    "md5sum /dev/zero",
    "sort",
    "tee copy",
  ])("%s ends when it is killed", async (command) => {
    const machine = machineWith({ f: "line\n" }, ubuntu);
    const waiting = new Pipe();
    const running = start(machine, command, { stdin: waiting });
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    running.kill("SIGTERM");
    expect(await running.exit).toBe(143);
  });

  test("yes ends when nobody reads any more", async () => {
    const machine = machineWith({}, ubuntu);
    const pipe = new Pipe();
    const writer = start(machine, "yes", { stdout: pipe });
    const output = new Collector();
    const reader = start(machine, "head -n 1", { stdin: pipe, stdout: output });
    expect(await reader.exit).toBe(0);
    pipe.closeReader();
    expect(await writer.exit).toBe(141);
    expect(output.text()).toBe("y\n");
  });
});

describe("output appears while input still comes", () => {
  test.each([
    ["cat", "one\n", "one\n"],
    ["grep o", "one\n", "one\n"],
    ["sed s/o/0/", "one\ntwo\n", "0ne\n"],
    ["awk '{print NR, $0}'", "one\n", "1 one\n"],
    ["tr a-z A-Z", "one\n", "ONE\n"],
    ["cut -c1", "one\n", "o\n"],
    ["tee copy", "one\n", "one\n"],
    ["uniq", "one\ntwo\n", "one\n"],
    ["nl", "one\n", "     1\tone\n"],
    ["rev", "one\n", "eno\n"],
    ["xargs -n1 echo", "a b\n", "a\nb\n"],
  ])("%s", async (command, given, expected) => {
    const machine = machineWith({}, ubuntu);
    const input = new Pipe();
    const output = new Collector();
    const running = start(machine, command, { stdin: input, stdout: output });
    await input.write(encode(given));
    await until(() => output.text().startsWith(expected));
    input.closeWriter();
    expect(await running.exit).toBe(0);
  });

  test("tail -f shows what is appended, also after the file was replaced with -F", async () => {
    const machine = machineWith({ log: "old\n" }, ubuntu);
    const output = new Collector();
    const running = start(machine, "tail -n1 -F log", { stdout: output });
    await until(() => output.text() === "old\n");
    machine.rootFiles.write(`${folder}/log`, "new\n", { append: true });
    await until(() => output.text() === "old\nnew\n");
    machine.rootFiles.unlink(`${folder}/log`);
    machine.rootFiles.write(`${folder}/log`, "fresh\n");
    await until(() => output.text() === "old\nnew\nfresh\n");
    running.kill("SIGINT");
    expect(await running.exit).toBe(130);
  });
});

describe("an ordinary user", () => {
  const secret = { "mine.txt": "mine\n" };
  const refused = async (command: string, prepare?: (machine: ModelledMachine) => void): Promise<string> => {
    const machine = machineWith(secret, ubuntu);
    prepare?.(machine);
    const stderr = new Collector();
    const status = await start(machine, command, { stderr }).exit;
    expect(status).toBeGreaterThan(0);
    return stderr.text();
  };

  test.each([
    ["cat /etc/sudoers", "cat: /etc/sudoers: Permission denied\n"],
    ["cp mine.txt /etc/f", "cp: cannot create regular file '/etc/f': Permission denied\n"],
    ["mv mine.txt /etc/f", "mv: cannot move 'mine.txt' to '/etc/f': Permission denied\n"],
    ["rm /etc/hosts", "rm: cannot remove '/etc/hosts': Permission denied\n"],
    ["mkdir /etc/d", "mkdir: cannot create directory ‘/etc/d’: Permission denied\n"],
    ["touch /etc/f", "touch: cannot touch '/etc/f': Permission denied\n"],
    ["chmod 777 /etc/hosts", "chmod: changing permissions of '/etc/hosts': Operation not permitted\n"],
    ["chown root mine.txt", "chown: changing ownership of 'mine.txt': Operation not permitted\n"],
    ["ls /root", "ls: cannot open directory '/root': Permission denied\n"],
    ["tee /etc/f", "tee: /etc/f: Permission denied\n"],
    ["ln -s x /etc/l", "ln: failed to create symbolic link '/etc/l': Permission denied\n"],
    ["grep x /etc/sudoers", "grep: /etc/sudoers: Permission denied\n"],
    ["sed -n p /etc/sudoers", "sed: can't read /etc/sudoers: Permission denied\n"],
    ["find /root", "find: ‘/root’: Permission denied\n"],
    [
      "tar cf /etc/x.tar mine.txt",
      "tar: /etc/x.tar: Cannot open: Permission denied\ntar: Error is not recoverable: exiting now\n",
    ],
    [
      "install -m 755 mine.txt /usr/local/sbin/runc",
      "install: cannot create regular file '/usr/local/sbin/runc': Permission denied\n",
    ],
  ])("%s", async (command, message) => {
    expect(await refused(command)).toBe(message);
  });

  test("sed -i needs to write the folder", async () => {
    expect(await refused("sed -i s/a/b/ /etc/hosts")).toMatch(
      /^sed: couldn't open temporary file \/etc\/sed\w{6}: Permission denied\n$/,
    );
  });
});

test("cp -i asks and reads the answer", async () => {
  const files = { a: "new\n", b: "old\n" };
  const yes = await runOurs(["cp", "-i", "a", "b"], files, "y\n", ubuntu);
  const no = await runOurs(["cp", "-i", "a", "b"], files, "n\n", ubuntu);
  expect(yes.stderr).toBe("cp: overwrite 'b'? ");
  expect([yes.tree["b"], no.tree["b"]]).toEqual(["644 new\n", "644 old\n"]);
});

test("ls -l shows type, owner, size, time and target", async () => {
  const machine = machineWith({ "run.sh": "mode 755:#!/bin/sh\n", sub: "/", link: "->run.sh" }, ubuntu);
  const stdout = new Collector();
  await start(machine, "ls -lF", { stdout }).exit;
  const lines = stdout.text().split("\n");
  expect(lines[0]).toBe("total 8");
  expect(lines[1]).toMatch(/^lrwxrwxrwx 1 ubuntu ubuntu {4}6 \w{3} [ \d]\d \d\d:\d\d link -> run\.sh$/);
  expect(lines.slice(2, 4)).toEqual([
    "-rwxr-xr-x 1 ubuntu ubuntu   10 Feb 28  2024 run.sh*",
    "drwxr-xr-x 2 ubuntu ubuntu 4096 Feb 28  2024 sub/",
  ]);
});

test("a binary keeps its program when it is copied, archived and installed", async () => {
  const machine = machineWith({}, ubuntu);
  const run = async (command: string): Promise<number> => start(machine, command).exit;
  expect(await run("cp /usr/bin/true tool")).toBe(0);
  expect(await run("tar czf t.tgz tool")).toBe(0);
  expect(await run("rm tool")).toBe(0);
  expect(await run("mkdir out")).toBe(0);
  expect(await run("tar Cxzvf out t.tgz")).toBe(0);
  expect(await run("install -m 700 out/tool installed")).toBe(0);
  expect(await run("./installed")).toBe(0);
  expect(machine.rootFiles.stat(`${folder}/out/tool`).mode).toBe(0o755);
  const stdout = new Collector();
  await start(machine, "file -b installed", { stdout, stdin: sourceOf("") }).exit;
  expect(stdout.text()).toMatch(/^ELF 64-bit LSB/);
});
