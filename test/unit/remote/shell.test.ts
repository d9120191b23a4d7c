import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../../src/domain/errors.ts";
import type { EditRequest, MachineShell } from "../../../src/domain/machine.ts";
import { type LocalPlace, openLocalPlace } from "../../support/local-transport.ts";

// The protocol against this computer's own bash and script; the contract suites play the rest on whole machines.
describe.skipIf(process.platform !== "linux")("a remote shell (on Linux)", () => {
  let place: LocalPlace;
  let shell: MachineShell;
  let shown = "";
  let edits: EditRequest[] = [];
  const open = (onEdit = true): Promise<MachineShell> =>
    place.machine().openShell({
      columns: 100,
      rows: 30,
      onOutput: (text) => (shown += text),
      ...(onEdit ? { onEdit: (request: EditRequest) => void edits.push(request) } : {}),
    });
  const type = async (line: string): Promise<string> => {
    shown = "";
    await shell.run(line);
    return shown.replaceAll("\r", "");
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const edited = async (line: string, act: (request: EditRequest) => Promise<void>): Promise<number> => {
    edits = [];
    const running = shell.run(line);
    await until(() => edits.length > 0);
    for (const request of edits) await act(request);
    return (await running).exitCode;
  };

  beforeAll(() => {
    place = openLocalPlace();
  });
  afterAll(() => place.dispose());
  beforeEach(async () => {
    shown = "";
    shell = await open();
  });
  afterEach(async () => {
    // Even one that is stuck leaves nothing to the next.
    if (shell.busy()) shell.signal("SIGINT");
    await shell.run("exit");
    await shell.close();
  });

  it("shows what is printed and nothing of how it talks to us", async () => {
    expect(shown).toBe("");
    expect(await type("echo one; echo two >&2")).toBe("one\ntwo\n");
    expect(await type("fi")).toContain("syntax error near unexpected token `fi'\n");
    expect(await type("!nothing-like-it")).toContain("event not found\n");
    expect(await type("set -x; true")).toContain("+ true\n");
    expect(await type("echo traced")).toBe("+ echo traced\ntraced\n");
    expect(await type("set +x; set -eu; echo strict")).toContain("strict\n");
    expect(await type("echo still; set +eu")).toBe("still\n");
    expect(await type("stty sane; echo sane")).toBe("sane\n");
    expect(await type("echo again")).toBe("again\n");
  });

  it("takes any line as it is: tabs, control characters, 50 000 characters", async () => {
    expect(await type("printf '%s|' 'a\tb' \"ü€\" '\u0015\u0016\u0004'")).toBe("a\tb|ü€|\u0015\u0016\u0004|");
    expect(await type(`echo ${"y".repeat(50_000)} | wc -c`)).toBe("50001\n");
    expect(await type("for n in 1 2; do\n  echo $n\ndone")).toBe("1\n2\n");
  });

  it("follows a prompt that is changed, in colours and with a title", async () => {
    await shell.run("cd /; PS1='\\[\\e]0;title\\a\\e[1m\\]\\W> \\[\\e[0m\\]'");
    expect(shell.prompt()).toBe("/> ");
    await shell.run("cd tmp; PROMPT_COMMAND='true'");
    expect(shell.prompt()).toBe("tmp> ");
  });

  it("never runs what a command left unread", async () => {
    const running = shell.run("sleep 0.3");
    shell.input("echo taken for a command\n");
    shell.input(null);
    await running;
    expect(await type("echo clean")).toBe("clean\n");
  });

  it("stops a command at Ctrl-Z, and goes on with it", async () => {
    const running = shell.run("echo begun; sleep 100");
    await until(() => shown.includes("begun"));
    shell.signal("SIGTSTP");
    expect((await running).exitCode).toBe(148);
    expect(await type("jobs")).toContain("Stopped");
    await shell.run("kill -9 %1");
    const quit = shell.run("echo again; sleep 100");
    await until(() => shown.includes("again"));
    shell.signal("SIGQUIT");
    expect((await quit).exitCode).toBe(131);
  });

  it("ends at Ctrl-C what had not begun when the terminal sent the signal, and not what catches it", async () => {
    for (let times = 0; times < 5; times += 1) {
      shown = "";
      const running = shell.run("echo begun; sleep 100");
      await until(() => shown.includes("begun"));
      shell.signal("SIGINT");
      expect((await running).exitCode).toBe(130);
    }
    // A stand-in for the moment between two programs: the terminal's signal reaches nobody who would end of it.
    let running = shell.run("stty intr undef; echo deaf; sleep 100; stty sane");
    await until(() => shown.includes("deaf"));
    shell.signal("SIGINT");
    expect((await running).exitCode).toBe(130);
    await shell.run("stty sane");
    running = shell.run(
      "bash -c 'trap \"echo caught; n=94\" INT; echo armed; for ((n = 0; n < 100; n += 1)); do read -rt 0.1 _ <> <(:); done; true'",
    );
    await until(() => shown.includes("armed"));
    shell.signal("SIGINT");
    expect((await running).exitCode).toBe(0);
    expect(shown.match(/caught/g)).toHaveLength(1);
  });

  it("hands lines to a shell in the shell", async () => {
    const running = shell.run("bash --norc");
    shell.input("echo $((6 * 7))\n");
    await until(() => shown.includes("42"));
    expect(shell.busy()).toBe(true);
    shell.input("exit 3\n");
    expect((await running).exitCode).toBe(3);
  });

  // The kernel says what a process waits for to root alone, where ptrace is restricted.
  it.skipIf(process.getuid?.() !== 0)("tells when a command waits for input, and only then", async () => {
    const asked: string[] = [];
    let running = shell.run("sleep 0.4; echo done");
    shell.waitsForInput?.(() => void asked.push(shown));
    await running;
    expect(asked).toEqual([]);
    // Who asked is told of the next command that waits.
    running = shell.run("sleep 0.2; read -rp 'Go on? ' answer; echo $answer");
    await until(() => asked.length > 0);
    expect(asked[0]).toContain("Go on? ");
    shell.input("yes\n");
    await running;
    expect(shown).toContain("yes\r\n");
    running = shell.run("bash --norc");
    shell.waitsForInput?.(() => shell.input("exit 6\n"));
    expect((await running).exitCode).toBe(6);
  });

  it("knows a password prompt, and a program that takes the keyboard", async () => {
    let running = shell.run("read -rsp 'Password: ' word; echo; echo got $word");
    await until(() => shown.includes("Password: "));
    expect(shell.echo()).toBe(false);
    shell.input("secret\n");
    await running;
    expect(shown).toContain("got secret");
    expect(shell.echo()).toBe(true);
    shown = "";
    running = shell.run("printf '\\e[?1049h\\e[?1h\\e=full'; read -r; printf '\\e[?1l\\e>\\e[?1049l'");
    await until(() => shown.includes("full"));
    expect(shell.echo()).toBe(false);
    shell.input("\n");
    await running;
    expect(shell.echo()).toBe(true);
  });

  it("completes what this shell knows", async () => {
    await shell.run("cd; mkdir -p 'two words/below'; touch plain; greet_somebody() { :; }; GREETING=x");
    const complete = async (line: string): Promise<string[]> => (await shell.complete(line, line.length)).candidates;
    expect(await complete("greet_s")).toEqual(["greet_somebody "]);
    expect(await complete("echo $GREET")).toEqual(["GREETING"]);
    expect(await complete("cat two")).toEqual(["two\\ words/"]);
    expect(await complete("cd p")).toEqual([]);
    expect(await complete("cat ./pl")).toEqual(["./plain "]);
    await shell.run("complete -W 'alpha beta' lettered; complete -o nospace -F _own own; _own() { COMPREPLY=(x=); }");
    expect(await complete("lettered a")).toEqual(["alpha "]);
    expect(await complete("own ")).toEqual(["x="]);
    expect(await type("echo $?")).toBe("0\n");
  });

  it("gives the editor a file to show, and writes it back", async () => {
    const path = join(place.home, "notes.txt");
    writeFileSync(path, "before\n");
    const exitCode = await edited("cd; nano notes.txt", async (request) => {
      expect(request).toMatchObject({ path, text: "before\n", readOnly: false });
      await request.save("after ü\n");
      request.close();
    });
    expect(exitCode).toBe(0);
    expect(readFileSync(path, "utf8")).toBe("after ü\n");
    await edited("sudo vim /no/such/folder/file", async (request) => {
      expect(request).toMatchObject({ path: "/no/such/folder/file", text: "", readOnly: true });
      await expect(request.save("x")).rejects.toThrow("Error writing /no/such/folder/file: No such file or directory");
      request.close();
    });
    // What starts an editor by itself gets the same one.
    await edited("$EDITOR notes.txt", async (request) => request.close());
    expect(await type("vi")).toBe("vi: name the file to edit, for example: vi notes.txt\n");
    expect(await type("nano /tmp")).toBe("/tmp is a directory\n");
  });

  it("says so where nobody can show an editor", async () => {
    const other = await open(false);
    shown = "";
    expect((await other.run("nano notes.txt")).exitCode).toBe(1);
    expect(shown).toContain("change notes.txt with tee or sed");
    await other.run("exit");
  });

  it("has the size that it is given", async () => {
    expect(await type("stty size")).toBe("30 100\n");
    shell.resize(81, 25);
    const wait = "while [ \"$(stty size)\" != '25 81' ]; do read -rt 0.05 _ <> <(:); done; stty size";
    expect(await type(wait)).toBe("25 81\n");
  });

  it("goes on where it was after the connection was lost, and afresh after exit", async () => {
    await shell.run("cd /tmp; KEPT='a b'; set -u");
    const running = shell.run("echo begun; sleep 100");
    await until(() => shown.includes("begun"));
    place.cut(new LabError("machine-unreachable", "here: gone", { remedy: "Wait." }));
    await expect(running).rejects.toMatchObject({
      code: "machine-unreachable",
    });
    expect(await type('echo "$PWD $KEPT $-"')).toMatch(/^\/tmp a b .*u/);
    expect(shell.prompt()).toContain(":/tmp");
    await shell.run("exit 4");
    shell = await open();
    expect(await type('echo "[${KEPT-}]"')).toBe("[]\n");
  });

  it("keeps its state though a command is still running", async () => {
    await shell.run("HELD=on");
    const running = shell.run("echo begun; sleep 100");
    await until(() => shown.includes("begun"));
    await shell.close();
    expect((await running).exited).toBe(true);
    shell = await open();
    expect(await type("echo $HELD")).toBe("on\n");
  });
});
