import { describe, expect, it } from "vitest";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import { FileError } from "../../../../src/backends/embedded/machine/files/errors.ts";
import { BrokenPipe, Collector } from "../../../../src/backends/embedded/machine/io.ts";
import type { Program } from "../../../../src/backends/embedded/machine/process.ts";
import { createFakeMachine } from "../fakes/machine.ts";

const ubuntu = { uid: 1000, gid: 1000, groups: [1000] };

function setUp(program: Program, name = "tool") {
  const machine = createFakeMachine({ programs: { [name]: program } });
  const stderr = new Collector();
  const stdout = new Collector();
  const spawn = (argv: readonly string[], signal?: AbortSignal) =>
    machine.processes.spawn({
      argv,
      env: { PATH: "/opt/bin:/usr/bin" },
      cwd: "/home/ubuntu",
      credentials: ubuntu,
      stdout,
      stderr,
      ...(signal ? { signal } : {}),
    });
  return { machine, spawn, stdout, stderr };
}

const codeOf = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    if (error instanceof FileError) return error.code;
    throw error;
  }
  return "none";
};

describe("processes", () => {
  it("find programs as execvp does", async () => {
    const { machine, spawn, stdout } = setUp(async (process) => {
      await process.out(`${process.path} ${process.argv.slice(1).join(",")}`);
      return 0;
    });
    expect(codeOf(() => spawn(["none"]))).toBe("ENOENT");
    expect(codeOf(() => spawn(["./none"]))).toBe("ENOENT");
    machine.rootFiles.makeDirectories("/opt/bin");
    machine.rootFiles.writeWithMode("/opt/bin/locked", executableBytes({ program: "tool", version: "1" }), 0o644);
    expect(codeOf(() => spawn(["locked"]))).toBe("EACCES");
    machine.rootFiles.writeWithMode("/opt/bin/tool", executableBytes({ program: "tool", version: "2" }), 0o644);
    expect(await spawn(["tool", "a"]).exit).toBe(0);
    expect(stdout.text()).toBe("/usr/bin/tool a");
    expect(codeOf(() => spawn(["/usr"]))).toBe("EACCES");
    machine.rootFiles.writeWithMode("/opt/bin/text", "echo hi\n", 0o755);
    expect(codeOf(() => spawn(["text"]))).toBe("ENOEXEC");
  });

  it("run scripts by their interpreter", async () => {
    const { machine, spawn, stdout } = setUp(async (process) => {
      await process.out(process.argv.join(" "));
      return 0;
    });
    machine.rootFiles.writeWithMode("/home/ubuntu/s", "#!/usr/bin/tool -x y\n", 0o755);
    expect(await spawn(["./s", "arg"]).exit).toBe(0);
    expect(stdout.text()).toBe("/usr/bin/tool -x y ./s arg");
    machine.rootFiles.writeWithMode("/home/ubuntu/gone", "#!/no/such\n", 0o755);
    expect(codeOf(() => spawn(["./gone"]))).toBe("ENOENT");
  });

  it("end promptly when killed, also when the program does not listen", async () => {
    const { machine, spawn } = setUp(() => new Promise<number>(() => undefined));
    const running = spawn(["tool"]);
    expect(machine.processes.list().map((entry) => entry.pid)).toContain(running.pid);
    expect(machine.processes.kill(running.pid, "SIGTERM")).toBe(true);
    expect(await running.exit).toBe(143);
    expect(machine.processes.kill(running.pid, "SIGTERM")).toBe(false);
    const second = spawn(["tool"]);
    second.kill("SIGKILL");
    expect(await second.exit).toBe(137);
  });

  it("let a program end in its own way", async () => {
    const { spawn } = setUp(
      (process) => new Promise<number>((resolve) => process.signal.addEventListener("abort", () => resolve(0))),
    );
    const running = spawn(["tool"]);
    await new Promise((resolve) => setImmediate(resolve));
    running.kill("SIGTERM");
    expect(await running.exit).toBe(0);
  });

  it("take their children with them", async () => {
    let childExit: Promise<number> | undefined;
    const { spawn } = setUp(async (process) => {
      if (process.argv[1] === "child") return new Promise<number>(() => undefined);
      childExit = process.run(["tool", "child"]);
      return childExit;
    });
    const abort = new AbortController();
    const running = spawn(["tool"], abort.signal);
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect(await running.exit).toBe(143);
    expect(await childExit).toBe(143);
  });

  it("turn what escapes into a message and a code", async () => {
    const file = setUp((process) => Promise.reject(new FileError("ENOENT", process.argv[1] ?? "")));
    expect(await file.spawn(["tool", "/x"]).exit).toBe(1);
    expect(file.stderr.text()).toBe("tool: /x: No such file or directory\n");
    const pipe = setUp(() => Promise.reject(new BrokenPipe()));
    expect(await pipe.spawn(["tool"]).exit).toBe(141);
    expect(pipe.stderr.text()).toBe("");
  });

  it("answer 127 and 126 to a program that runs another", async () => {
    const { spawn, stderr } = setUp((process) => process.run(process.argv.slice(1)));
    expect(await spawn(["tool", "none"]).exit).toBe(127);
    expect(await spawn(["tool", "/etc/passwd"]).exit).toBe(126);
    expect(stderr.text()).toBe("tool: none: No such file or directory\ntool: /etc/passwd: Permission denied\n");
  });
});
