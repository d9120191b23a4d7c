import { describe, expect, it } from "vitest";
import type { EditRequest } from "../../../../src/domain/machine.ts";
import type { ModelledMachine } from "../../../../src/backends/embedded/machine/machine.ts";
import { type SavedShell, execOnMachine, openMachineShell } from "../../../../src/backends/embedded/machine/session.ts";
import { createFakeMachine } from "../fakes/machine.ts";
import { programs } from "./support.ts";

function open(
  options: {
    machine?: ModelledMachine;
    saved?: SavedShell;
    user?: string;
    onEdit?: (request: EditRequest) => void;
  } = {},
) {
  const machine = options.machine ?? createFakeMachine({ programs });
  let screen = "";
  const shell = openMachineShell(
    machine,
    {
      columns: 80,
      rows: 24,
      onOutput: (text) => {
        screen += text;
      },
      ...(options.user ? { user: options.user } : {}),
      ...(options.onEdit ? { onEdit: options.onEdit } : {}),
    },
    options.saved ? { saved: options.saved } : {},
  );
  return {
    machine,
    shell,
    /** Runs a line and returns what it printed. */
    async type(line: string) {
      screen = "";
      const result = await shell.run(line);
      return { ...result, screen };
    },
    screen: () => screen,
    clear: () => {
      screen = "";
    },
  };
}

const turns = async (count = 30) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function until(condition: () => boolean) {
  for (let turn = 0; turn < 2000 && !condition(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(condition()).toBe(true);
}

describe("an interactive shell", () => {
  it("shows user, host and directory in its prompt, and # for root", async () => {
    const { shell, type } = open();
    expect(shell.prompt()).toBe("ubuntu@master:~$ ");
    await type("cd /etc");
    expect(shell.prompt()).toBe("ubuntu@master:/etc$ ");
    expect(open({ user: "root" }).shell.prompt()).toBe("root@master:~# ");
  });

  it("keeps directory, variables, functions and status between lines", async () => {
    const { type } = open();
    await type("mkdir -p d && cd d && x=5");
    await type('f() { echo "in $PWD: $x $1"; return 3; }');
    expect((await type("f a")).screen).toBe("in /home/ubuntu/d: 5 a\n");
    expect((await type("echo $?")).screen).toBe("3\n");
  });

  it("waits for the rest of an incomplete command", async () => {
    const { shell, type } = open();
    expect(await type("for i in 1 2; do")).toMatchObject({ incomplete: true });
    expect(shell.prompt()).toBe("> ");
    expect(await type("echo $i")).toMatchObject({ incomplete: true });
    expect((await type("done")).screen).toBe("1\n2\n");
    expect(await type("cat <<EOF")).toMatchObject({ incomplete: true });
    await type("hello");
    expect((await type("EOF")).screen).toBe("hello\n");
    expect(await type("echo 'open")).toMatchObject({ incomplete: true });
    expect((await type("quote'")).screen).toBe("open\nquote\n");
    expect(await type("echo one \\")).toMatchObject({ incomplete: true });
    expect((await type("two")).screen).toBe("one two\n");
  });

  it("runs several pasted lines one after the other", async () => {
    const { type } = open();
    expect((await type("echo a\nif true; then\n  echo b\nfi\necho c")).screen).toBe("a\nb\nc\n");
  });

  it("forgets an incomplete command on Ctrl-C", async () => {
    const { shell, type } = open();
    await type("echo 'abc");
    shell.signal("SIGINT");
    expect(shell.prompt()).toBe("ubuntu@master:~$ ");
    expect((await type("echo ok")).screen).toBe("ok\n");
  });

  it.each([
    "while :; do :; done",
    "for ((;;)); do ((i++)); done",
    "until false; do true; done",
    "f() { f; }; while true; do x=$((x+1)); done",
  ])("survives an endless loop and ends it on Ctrl-C: %s", async (line) => {
    const { shell, type } = open();
    const running = type(line);
    await turns();
    expect(shell.busy()).toBe(true);
    shell.signal("SIGINT");
    expect(await running).toMatchObject({ exitCode: 130, exited: false });
    expect((await type("echo still here")).screen).toBe("still here\n");
  });

  it.each([
    "s=x; while :; do s=$s$s; done",
    "f() { f; }; f",
    "bomb() { bomb | bomb & }; bomb; wait",
    "echo {1..99999999}",
  ])("survives a script that wants everything: %s", async (line) => {
    const { shell, type } = open();
    const running = type(line);
    await turns(300);
    shell.signal("SIGINT");
    expect(await running).toMatchObject({ exited: false });
    expect((await type("echo still here")).screen).toContain("still here\n");
  });

  it("ends the running program on Ctrl-C, not itself", async () => {
    const { shell, type } = open();
    const running = type("sleep 1000");
    await turns();
    shell.signal("SIGINT");
    expect(await running).toMatchObject({ exitCode: 130 });
    expect((await type("echo $?")).screen).toBe("130\n");
  });

  it("streams output while the command runs, and passes what is typed to it", async () => {
    const { shell, type, screen } = open();
    const running = type("echo first; cat; echo last");
    await until(() => screen() === "first\n");
    shell.input("typed\n");
    await until(() => screen() === "first\ntyped\n");
    shell.input(null);
    await running;
    expect(screen()).toBe("first\ntyped\nlast\n");
  });

  it("does not lose typed text to a program that is gone", async () => {
    const { shell, type, screen } = open();
    const running = type("cat");
    await turns();
    shell.signal("SIGINT");
    await running;
    const reading = type('read x; echo "got $x"');
    await turns();
    shell.input("me\n");
    await reading;
    expect(screen()).toBe("got me\n");
  });

  it("reads a password without echo", async () => {
    const { shell, type } = open();
    const running = type("read -s -p 'secret: ' x; echo; echo ${#x}");
    await until(() => !shell.echo());
    shell.input("hidden\n");
    expect((await running).screen).toBe("secret: \n6\n");
    expect(shell.echo()).toBe(true);
  });

  it("refuses what an ordinary user may not write", async () => {
    const { type } = open();
    expect((await type("echo x > /etc/f")).screen).toBe("-bash: /etc/f: Permission denied\n");
    expect((await type("sudo echo x > /etc/f")).screen).toBe("-bash: /etc/f: Permission denied\n");
    expect(await type("echo x | sudo tee /etc/f")).toMatchObject({ screen: "x\n", exitCode: 0 });
    expect((await type("cat /etc/f; stat -c %U /etc/f")).screen).toBe("x\nroot\n");
    expect((await type("ls | cat > /etc/g")).screen).toBe("-bash: /etc/g: Permission denied\n");
    expect((await type("cd /root")).screen).toBe("-bash: cd: /root: Permission denied\n");
  });

  it("words its errors as bash does", async () => {
    const { type } = open();
    expect(await type("nosuchcmd")).toMatchObject({ screen: "-bash: nosuchcmd: command not found\n", exitCode: 127 });
    await type("printf 'echo hi\\n' > s.sh");
    expect(await type("./s.sh")).toMatchObject({ screen: "-bash: ./s.sh: Permission denied\n", exitCode: 126 });
    expect(await type("./none")).toMatchObject({ screen: "-bash: ./none: No such file or directory\n", exitCode: 127 });
    expect(await type("/etc")).toMatchObject({ screen: "-bash: /etc: Is a directory\n", exitCode: 126 });
    expect(await type("echo )")).toMatchObject({
      screen: "-bash: syntax error near unexpected token `)'\n",
      exitCode: 2,
    });
    expect(await type("sudo ./s.sh")).toMatchObject({ screen: "sudo: ./s.sh: command not found\n", exitCode: 1 });
    await type("printf '\\x00asm\\x01\\0\\0\\0' > m.wasm; chmod +x m.wasm");
    expect(await type("./m.wasm")).toMatchObject({
      screen: "-bash: ./m.wasm: cannot execute binary file: Exec format error\n",
      exitCode: 126,
    });
    await type("chmod +x s.sh");
    expect((await type("./s.sh")).screen).toBe("hi\n");
  });

  it("gives sudo's environment to the command", async () => {
    const { type } = open();
    expect((await type("sudo sh -c 'echo $USER $HOME $SUDO_USER $SUDO_UID'")).screen).toBe("root /root ubuntu 1000\n");
    expect(
      (await type("A=1 sudo sh -c 'echo [$A]'; A=1 sudo -E sh -c 'echo [$A]'; sudo A=2 sh -c 'echo [$A]'")).screen,
    ).toBe("[]\n[1]\n[2]\n");
    expect((await type("sudo -u nobody id -un; sudo -i pwd; sudo whoami")).screen).toBe("nobody\n/root\nroot\n");
  });

  it("opens a root shell inside the session", async () => {
    const { shell, type, screen } = open();
    const running = type("sudo -i");
    await until(() => screen().endsWith("# "));
    shell.input("whoami\n");
    await until(() => screen().includes("root\n") && screen().endsWith("# "));
    shell.input("sleep 1000\n");
    await turns(100);
    shell.signal("SIGINT");
    await until(() => screen().includes("^C"));
    shell.input("exit\n");
    expect(await running).toMatchObject({ exited: false });
    expect((await type("whoami")).screen).toBe("ubuntu\n");
  });

  it("remembers, shows and repeats history", async () => {
    const { machine, shell, type } = open();
    await type("echo one");
    await type("echo two");
    expect(shell.history()).toEqual(["echo one", "echo two"]);
    expect((await type("!!")).screen).toBe("echo two\ntwo\n");
    expect((await type("!1")).screen).toBe("echo one\none\n");
    expect((await type("history 2")).screen).toMatch(/^ +\d+ {2}echo one\n +\d+ {2}history 2\n$/);
    expect((await type("echo wow!")).screen).toBe("wow!\n");
    await type("exit");
    const again = open({ machine });
    await again.type("true");
    expect(again.shell.history()).toContain("echo two");
  });

  it("completes commands, files, variables and subcommands", async () => {
    const { shell, type } = open();
    await type("mkdir folder; touch file1 'file two'; chmod +x file1; MYVAR=1");
    expect(await shell.complete("sle", 3)).toEqual({ start: 0, candidates: ["sleep "] });
    expect((await shell.complete("sudo slee", 9)).candidates).toEqual(["sleep "]);
    expect((await shell.complete("cat fi", 6)).candidates).toEqual(["file\\ two ", "file1 "]);
    expect((await shell.complete("cd f", 4)).candidates).toEqual(["folder/"]);
    expect(await shell.complete("echo $MYV", 9)).toEqual({ start: 6, candidates: ["MYVAR"] });
    expect((await shell.complete("kubectl get po", 14)).candidates).toEqual(["pods "]);
    expect((await shell.complete("ls /et", 6)).candidates).toEqual(["/etc/"]);
  });

  it("runs jobs in the background and says when they are done", async () => {
    const { type } = open();
    expect((await type("sleep 0.01 &")).screen).toMatch(/^\[1\] \d+\n$/);
    expect((await type("jobs")).screen).toMatch(/^\[1\]\+ {2}Running +sleep 0.01 &\n$/);
    await type("sleep 0.1");
    expect((await type("sleep 1000 & kill $!; wait $!; echo $?")).screen).toContain("143\n");
    expect((await type("sleep 1000 &")).screen).toMatch(/\[\d\] \d+\n/);
    expect((await type("kill %%; wait")).exitCode).toBe(0);
  });

  it("opens an editor with the user's permissions", async () => {
    const requests: EditRequest[] = [];
    const { type } = open({ onEdit: (request) => requests.push(request) });
    const editing = type("nano notes.txt");
    await until(() => requests.length === 1);
    await requests[0]?.save("hello\n");
    requests[0]?.close();
    expect((await editing).exitCode).toBe(0);
    expect((await type("cat notes.txt; stat -c %U notes.txt")).screen).toBe("hello\nubuntu\n");
    const protectedFile = type("vi /etc/hosts");
    await until(() => requests.length === 2);
    expect(requests[1]).toMatchObject({ path: "/etc/hosts", readOnly: true });
    await expect(requests[1]?.save("x")).rejects.toThrow("Error writing /etc/hosts: Permission denied");
    requests[1]?.close();
    await protectedFile;
    const asRoot = type("sudo nano /etc/hosts");
    await until(() => requests.length === 3);
    expect(requests[2]?.readOnly).toBe(false);
    requests[2]?.close();
    await asRoot;
  });

  it("says that there is no editor where nobody could edit", async () => {
    const result = await execOnMachine(createFakeMachine({ programs }), ["nano", "x"]);
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: "nano: there is no editor here because there is no terminal; change x with tee or sed\n",
    });
  });

  it("redraws with watch until Ctrl-C", async () => {
    const { shell, type, screen } = open();
    const running = type("watch -n 0.1 echo tick");
    await until(() => (screen().match(/tick\n/g) ?? []).length >= 3);
    expect(screen()).toContain("Every 0.1s: echo tick");
    shell.signal("SIGINT");
    expect((await running).exitCode).toBe(130);
  });

  it("pages with less until q", async () => {
    const { shell, type, screen } = open();
    const running = type("seq 1 100 > n; less n");
    await until(() => screen().endsWith("\u001b[7mn\u001b[0m"));
    expect(screen()).toContain("23\n");
    expect(screen()).not.toContain("24\n");
    shell.input(" ");
    await until(() => screen().includes("46\n") && screen().endsWith(":"));
    shell.input("q");
    expect((await running).exitCode).toBe(0);
  });

  it("tells programs the size of the terminal", async () => {
    const { shell, type } = open();
    await type("true");
    shell.resize(100, 40);
    expect((await type("echo $COLUMNS $LINES")).screen).toBe("100 40\n");
  });

  it("leaves with exit, and reads the startup files", async () => {
    const machine = createFakeMachine({ programs });
    machine.rootFiles.write("/home/ubuntu/.profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n");
    machine.rootFiles.write("/home/ubuntu/.bashrc", "alias ll='ls -l'\nexport GREETING=hi\n");
    const { type } = open({ machine });
    expect((await type("echo $GREETING; alias ll")).screen).toBe("hi\nalias ll='ls -l'\n");
    expect(await type("exit 3")).toMatchObject({ exited: true, exitCode: 3 });
  });

  it("comes back from a snapshot with directory, variables and functions", async () => {
    const first = open();
    await first.type("mkdir -p deep; cd deep; a=(1 'two words'); declare -A m=([k]=v); export E=1");
    await first.type("greet() { echo \"hello $1\"; }; alias hi='greet'; set -o pipefail; umask 077");
    const saved = JSON.parse(JSON.stringify(first.shell.snapshot())) as SavedShell;
    const second = open({ machine: first.machine, saved });
    expect(second.shell.prompt()).toBe("ubuntu@master:~/deep$ ");
    expect((await second.type('hi you; echo "${a[1]} ${m[k]} $E $PWD"; false | true; echo $?; umask')).screen).toBe(
      "hello you\ntwo words v 1 /home/ubuntu/deep\n1\n0077\n",
    );
    expect(second.shell.history()).toContain(
      "mkdir -p deep; cd deep; a=(1 'two words'); declare -A m=([k]=v); export E=1",
    );
  });
});

describe("a single command", () => {
  it("runs in a fresh login environment as ubuntu and streams its output", async () => {
    const machine = createFakeMachine({ programs });
    const chunks: string[] = [];
    const result = await execOnMachine(machine, ["sh", "-c", "id -un; pwd; echo $HOME; cat; echo oops >&2; exit 4"], {
      stdin: "in\n",
      onOutput: ({ stream, bytes }) => chunks.push(`${stream}:${new TextDecoder().decode(bytes)}`),
    });
    expect(result).toMatchObject({ exitCode: 4, stdout: "ubuntu\n/home/ubuntu\n/home/ubuntu\nin\n", stderr: "oops\n" });
    expect(chunks.at(-1)).toBe("stderr:oops\n");
  });

  it("takes its arguments as they are", async () => {
    const result = await execOnMachine(createFakeMachine({ programs }), ["printf", "[%s]", "a b", "$HOME", "'", "*"]);
    expect(result.stdout).toBe("[a b][$HOME]['][*]");
  });

  it("ends after its time, and when it is aborted", async () => {
    const machine = createFakeMachine({ programs });
    expect(await execOnMachine(machine, ["sleep", "1000"], { timeoutMs: 20 })).toMatchObject({ exitCode: 124 });
    const abort = new AbortController();
    const running = execOnMachine(machine, ["sh", "-c", "while :; do :; done"], { signal: abort.signal });
    await turns();
    abort.abort();
    expect((await running).exitCode).toBeGreaterThan(128);
  });

  it("answers 127 for what is not there", async () => {
    const result = await execOnMachine(createFakeMachine({ programs }), ["nosuch"]);
    expect(result.exitCode).toBe(127);
    expect(result.stderr).toContain("nosuch: command not found");
  });
});
