import stringWidth from "string-width";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/cli/system-clock.ts";
import { en } from "../../src/texts/en.ts";
import { playInUi } from "../../src/ui/play.tsx";
import { type Behaviour, FakeSession, type FakeStep } from "./fake-session.ts";
import { FakeTerminal } from "./terminal.ts";

const long =
  "sudo apt-get install -y make git gcc build-essential pkgconf libtool libsystemd-dev libprotobuf-c-dev libcap-dev libseccomp-dev";
const steps: FakeStep[] = [
  {
    id: "crun",
    title: "Build crun with WasmEdge",
    text: "A packaged crun of that age runs containers only. ".repeat(12),
    machine: "master",
    commands: [
      { on: "master", text: long },
      { on: "master", text: "crun --version" },
    ],
  },
  {
    id: "join",
    title: "Join the cluster",
    text: "Take the join command from the master.",
    machine: "worker1",
    commands: [
      { on: "master", text: "kubeadm token create --print-join-command" },
      { on: "worker1", text: "sudo kubeadm join 10.0.0.182:6443 --token … --discovery-token-ca-cert-hash sha256:…" },
      { on: "worker1", text: "tee file <<EOF\none\ntwo\nEOF" },
      { on: "host", text: "curl 127.0.0.1:31001" },
    ],
  },
];
const joinCommand = `kubeadm join 10.0.0.182:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:${"0123456789abcdef".repeat(4)}`;

interface Played {
  terminal: FakeTerminal;
  session: FakeSession;
  ended: Promise<number>;
  stop: AbortController;
}

const open: Played[] = [];

async function play(columns: number, rows: number, behaviour?: Behaviour): Promise<Played> {
  const terminal = new FakeTerminal(columns, rows);
  const session = new FakeSession(steps, behaviour);
  const stop = new AbortController();
  const { stdin, stdout } = terminal;
  const ended = playInUi(session, en, systemClock, stop.signal, { stdin, stdout, patchConsole: false });
  const played = { terminal, session, ended, stop };
  open.push(played);
  await terminal.shows("ubuntu@master:~$");
  return played;
}

afterEach(async () => {
  for (const { stop, ended } of open.splice(0)) {
    stop.abort();
    await ended.catch(() => undefined);
  }
});

/** The next command as a reader puts it together from the rows below its title. */
function readNext(terminal: FakeTerminal): string[] {
  const rows = terminal.rows();
  const title = rows.findIndex((row) => row.includes("▸ Next"));
  const column = rows[title]?.indexOf("▸ Next") ?? 0;
  const lines: string[] = [];
  let full = false;
  for (const row of rows.slice(title + 1).map((each) => each.slice(column))) {
    if (/^[$>] /.test(row)) lines.push(row.slice(2));
    else if (row.startsWith("  ")) lines[lines.length - 1] += (full ? "" : " ") + row.slice(2);
    else break;
    full = stringWidth(row) >= terminal.stdout.columns - column;
  }
  return lines;
}

const sizes = [
  [40, 12],
  [60, 20],
  [80, 24],
  [120, 40],
] as const;

describe.each(sizes)("at %d x %d", (columns, rows) => {
  it("shows the place, the next command whole, a shell and the keys, and nothing beyond the edge", async () => {
    const { terminal } = await play(columns, rows);
    const screen = terminal.rows();
    expect(screen[0]).toContain("3.2.3");
    expect(screen.at(-1)).toContain("Esc keys");
    expect(terminal.text()).toContain("[master]");
    expect(readNext(terminal)).toEqual([long]);
    for (const row of screen) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
  });

  it("shows every course key, and the steps and the help without a row too many", async () => {
    const { terminal } = await play(columns, rows);
    terminal.press("\u001b");
    await terminal.shows("c check");
    if (columns >= 60) for (const key of ["h hint", "m machine", "? help", "q quit"]) await terminal.shows(key);
    terminal.press("l");
    await terminal.shows("0/2 points");
    expect(terminal.rows().at(-1)).toContain("choose");
    terminal.press("\u001b");
    await terminal.shows("c check");
    terminal.press("?");
    await terminal.shows("Keys");
    expect(terminal.rows()[0]).toContain("3.2.3");
    expect(terminal.rows().at(-1)).toContain("scroll");
  });

  it("tells what a check saw, and the way on once it passes", async () => {
    const { terminal, session } = await play(columns, rows);
    session.passes = false;
    terminal.press("\u001b");
    await terminal.shows("c check");
    terminal.press("c");
    await terminal.shows("✗ thing-there");
    session.passes = true;
    terminal.press("c");
    await terminal.shows("Step solved");
    await terminal.shows("n goes on");
    await terminal.shows("1/2");
    terminal.press("n");
    await terminal.shows("ubuntu@worker1:~$");
    await terminal.shows("Join the cluster");
  });
});

describe("typing", () => {
  it("runs text and Enter that arrive in one piece, with mistakes put right", async () => {
    const { terminal, session } = await play(80, 24);
    terminal.press("hostnme\u007f\u007fame\r");
    await terminal.shows("ran hostname");
    terminal.press("a-a\u0001X\u0005Y\u001b[D\u001b[DZ\u001bb\u0017\u0015first\r");
    await terminal.shows("ran first-Za".slice(0, 9));
    expect(session.shell("master").ran[0]).toBe("hostname");
  });

  it("goes on to the command after the one that was typed, on that machine only", async () => {
    const { terminal } = await play(60, 20);
    terminal.press(`${long.replaceAll(" ", "  ")}\r`);
    await terminal.shows("Next 2/2");
    expect(readNext(terminal)).toEqual(["crun --version"]);
    terminal.press("ls -l\r");
    await terminal.shows("ran ls -l");
    await terminal.shows("Next 2/2");
    terminal.press("crun --version\r");
    await terminal.shows("All shown commands were typed");
  });

  it("follows a command of several lines line by line", async () => {
    const { terminal } = await play(80, 24);
    terminal.press("\u001b");
    await terminal.shows("n next");
    terminal.press("n");
    await terminal.shows("Next 1/4");
    terminal.press("\u001b");
    await terminal.shows("c check");
    terminal.press("\u001b[C");
    await terminal.shows("Next 2/4");
    terminal.press("\u001b[C");
    await terminal.shows("Next 3/4");
    terminal.press("\r");
    await terminal.shows("Esc keys");
    expect(readNext(terminal)).toEqual(["tee file <<EOF", "one", "two", "EOF"]);
    terminal.press("tee file <<EOF\r");
    await terminal.showsNot("$ tee file <<EOF\n> one");
    expect(readNext(terminal)).toEqual(["one", "two", "EOF"]);
  });

  it("completes, lists what is possible, and lets keys wait for it", async () => {
    const { terminal, session } = await play(80, 24);
    terminal.press("cat /etc/h\tna\t\r");
    await terminal.shows("ran cat /etc/hostname");
    terminal.press("cat /etc/host\t");
    await terminal.shows(/hostname +hosts/);
    expect(session.shell("master").ran).toEqual(["cat /etc/hostname "]);
  });

  it("keeps lines that are typed ahead for the prompt, unless the command asks", async () => {
    let finish: () => void = () => undefined;
    const { terminal, session } = await play(80, 24, async (shell, line) => {
      if (line === "slow") await new Promise<void>((resolve) => (finish = resolve));
      if (line === "ask") {
        shell.print("really? [Y/n] ");
        shell.print(`you said ${String(await shell.read()).trim()}\r\n`);
      }
    });
    terminal.press("slow\rask\ryes\rlast\r");
    await terminal.shows("[master*+3]");
    finish();
    await terminal.shows("really? [Y/n] yes");
    await terminal.shows("you said yes");
    await terminal.shows("$ last");
    expect(session.shell("master").inputs).toEqual(["yes\n"]);
  });

  it("hands keys over as they come while a program reads them unseen", async () => {
    const { terminal, session } = await play(80, 24, async (shell) => {
      shell.echoes = false;
      shell.print("[sudo] password: ");
      await shell.read();
      shell.echoes = true;
    });
    terminal.press("sudo true\r");
    await terminal.shows("password:");
    terminal.press("\u001b[A");
    await terminal.shows("[master]");
    expect(terminal.text()).not.toContain("secret");
    expect(session.shell("master").inputs).toEqual(["\u001b[A"]);
  });

  it("interrupts with Ctrl-C, forgets what was typed ahead, and takes no harm from Ctrl-D and Ctrl-Z", async () => {
    const { terminal, session } = await play(80, 24, async (shell) => {
      await new Promise<void>((resolve) => (shell.interrupted = resolve));
    });
    terminal.press("sleep 100\rnever\r");
    await terminal.shows("[master*+1]");
    terminal.press("\u0003");
    await terminal.shows("[master]");
    terminal.press("\u0004\u001a");
    terminal.press("draft\u0003");
    await terminal.shows("draft^C");
    expect(session.shell("master").ran).toEqual(["sleep 100"]);
    expect(session.shell("master").signals).toEqual(["SIGINT", "SIGINT"]);
  });

  it("pastes several lines, with continuations, in their order", async () => {
    const { terminal, session } = await play(80, 24);
    terminal.press("\u001b[200~echo one \\\n  two\necho three\necho fo\u001b[201~");
    await terminal.shows("ran echo three");
    await terminal.shows("$ echo fo");
    terminal.press("ur\r");
    await terminal.shows("ran echo four");
    expect(session.shell("master").ran).toEqual(["echo one \\", "  two", "echo three", "echo four"]);
  });

  it("keeps prompt and typed text in sight when they are longer than the line or the whole shell", async () => {
    const { terminal, session } = await play(60, 20);
    terminal.press(`${"日本語".repeat(20)}|`);
    await terminal.shows("|");
    terminal.press("x".repeat(900));
    terminal.press("END");
    await terminal.shows("END");
    expect(terminal.rows().at(-1)).toContain("Esc keys");
    terminal.press("\r");
    await terminal.shows("[master]");
    expect(session.shell("master").ran[0]).toHaveLength(60 + 1 + 900 + 3);
  });

  it("stays in sight of the end of much output, and scrolls back", async () => {
    const { terminal } = await play(80, 24, (shell) => {
      for (let line = 1; line <= 5000; line += 1) shell.print(`line ${line}\r\n`);
    });
    terminal.press("many\r");
    await terminal.shows("line 5000");
    terminal.press("\u001b[5~");
    await terminal.shows("↑");
    await terminal.showsNot("line 5000");
    terminal.press("x");
    await terminal.shows("line 5000");
  });
});

describe("the course", () => {
  const toJoin = async (played: Played): Promise<void> => {
    played.terminal.press("\u001bn");
    await played.terminal.shows("Next 1/4");
  };

  it("fills a command from what another machine printed, at once or from a copy of the screen", async () => {
    const played = await play(60, 20, (shell, line) =>
      shell.print(line.startsWith("kubeadm") ? `${joinCommand}\r\n` : ""),
    );
    const { terminal, session } = played;
    await toJoin(played);
    await terminal.shows("Esc m goes there");
    terminal.press("\u001b");
    await terminal.shows("r run");
    terminal.press("r");
    await terminal.shows("Next 2/4");
    terminal.press("\u001bp");
    await terminal.shows("[worker1]");
    await terminal.shows("abcdef.0123456789abcdef");
    expect(session.shell("worker1").ran).toEqual([]);
    terminal.press("\r");
    await terminal.shows("Next 3/4");
    expect(session.shell("worker1").ran).toEqual([`sudo ${joinCommand}`]);
    const broken = `sudo ${joinCommand}`.match(/.{1,58}/g)?.join("\n  ") ?? "";
    terminal.press(`\u001b[200~$ ${broken}\u001b[201~`);
    terminal.press("\r");
    await terminal.shows("[worker1]");
    expect(session.shell("worker1").ran).toEqual([`sudo ${joinCommand}`, `sudo ${joinCommand}`]);
  });

  it("says when no machine has printed what a command needs", async () => {
    const played = await play(60, 20);
    await toJoin(played);
    played.terminal.press("\u001b");
    await played.terminal.shows("c check");
    played.terminal.press("\u001b[C");
    await played.terminal.shows("Next 2/4");
    played.terminal.press("p");
    await played.terminal.shows(en.ui.nothingMatches);
  });

  it("asks before it shows the solution or undoes", async () => {
    const { terminal, session } = await play(80, 24);
    terminal.press("\u001b");
    await terminal.shows("c check");
    terminal.press("s");
    await terminal.shows("Press s again");
    terminal.press("h");
    await terminal.shows("hint number 1");
    terminal.press("s");
    await terminal.shows("Press s again");
    terminal.press("s");
    await terminal.shows("the whole solution");
    terminal.press("u");
    await terminal.shows("Press u again");
    expect(session.events.map(({ type }) => type)).toEqual(["hint", "solution"]);
    terminal.press("u");
    await terminal.shows(en.ui.undone);
  });

  it("does not take a command that is typed among the course keys for keys", async () => {
    const { terminal, session } = await play(80, 24);
    terminal.press("\u001b");
    await terminal.shows("c check");
    terminal.press("kubectl get nodes\r");
    await terminal.shows(en.ui.typeInShell);
    expect(session.events).toEqual([]);
  });

  it("opens other machines and second shells, and a new one for one that ended", async () => {
    const { terminal, session } = await play(80, 24);
    terminal.press("\u001b");
    await terminal.shows("m machine");
    terminal.press("m");
    await terminal.shows("[worker1]");
    terminal.press("M");
    await terminal.shows("[worker1·2]");
    terminal.press("\u001b");
    await terminal.shows("Esc keys");
    terminal.press("exit\r");
    await terminal.showsNot("worker1·2");
    terminal.press("exit\r");
    await terminal.shows(en.ui.shellClosed);
    expect(session.shells.map(({ machine }) => machine)).toEqual(["master", "worker1", "worker1", "worker1"]);
  });

  it("shows a notice until a key is pressed, and keeps it in the help", async () => {
    const { terminal, session } = await play(60, 20);
    session.notices = ["Port 6443 of this computer is taken; 20001 stands in for it."];
    session.changed();
    await terminal.shows("! Port 6443");
    terminal.press("\u001b");
    await terminal.showsNot("! Port 6443");
    await terminal.shows("!1");
    terminal.press("?");
    await terminal.shows("Keys");
    for (let page = 0; page < 5; page += 1) terminal.press("\u001b[6~");
    await terminal.shows("Port 6443");
  });

  it("waits for a step's machine before it opens a shell on it", async () => {
    const { terminal, session } = await play(60, 20);
    session.preparing = true;
    terminal.press("\u001bn");
    await terminal.shows("preparing worker1");
    expect(session.shells).toHaveLength(1);
    session.preparing = false;
    session.changed();
    await terminal.shows("ubuntu@worker1:~$");
  });

  it("opens a shell anew that could not be opened before", async () => {
    const { terminal, session } = await play(60, 20);
    session.preparing = true;
    terminal.press("\u001bm");
    await terminal.shows("no such machine (yet)");
    session.preparing = false;
    terminal.press("\u001bn");
    await terminal.shows("ubuntu@worker1:~$");
  });

  it("goes to a step that is chosen in the list", async () => {
    const { terminal } = await play(60, 20);
    terminal.press("\u001b");
    await terminal.shows("l steps");
    terminal.press("l");
    await terminal.shows(/> +▶ Build crun/);
    terminal.press("\u001b[B");
    await terminal.shows(/> +○ Join/);
    terminal.press("\r");
    await terminal.shows("ubuntu@worker1:~$");
  });
});

describe("the window", () => {
  it("may be resized while a command runs, also to nothing and back", async () => {
    const { terminal, session } = await play(120, 40, async (shell) => {
      await new Promise<void>((resolve) => (shell.interrupted = resolve));
    });
    terminal.press("watch date\r");
    await terminal.shows("[master*]");
    terminal.resize(30, 8);
    await terminal.shows("The terminal is 30x8");
    terminal.resize(60, 20);
    await terminal.shows("[master*]");
    expect(readNext(terminal)).toEqual([long]);
    expect(session.shells).toHaveLength(1);
    await vi.waitFor(() => expect(session.shell("master").sizes.at(-1)).toMatch(/^60x/));
    expect(session.shell("master").sizes).not.toContainEqual(expect.stringMatching(/^40x/));
  });

  it("is left as it was: by q, by a signal, and by a fault of the program", async () => {
    for (const leave of ["q", "signal", "fault"]) {
      const { terminal, session, ended, stop } = await play(80, 24);
      expect(terminal.alternate).toBe(true);
      expect(terminal.rawMode).toBe(true);
      if (leave === "q") {
        terminal.press("\u001bq");
        await expect(ended).resolves.toBe(0);
      } else if (leave === "signal") {
        stop.abort();
        await expect(ended).resolves.toBe(130);
      } else {
        session.fault = new Error("a fault");
        session.changed();
        await expect(ended).rejects.toThrow("a fault");
      }
      await terminal.showsNot("3.2.3");
      expect(terminal.alternate).toBe(false);
      expect(terminal.rawMode).toBe(false);
    }
  });
});

describe("the editor", () => {
  const edited = async (readOnly: boolean) => {
    const saved: string[] = [];
    const played = await play(60, 20, (shell) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      shell.edit({
        path: "/etc/crio/crio.conf",
        text: "[crio]\nroot = 1\n",
        readOnly,
        save: (text) => {
          if (readOnly) return Promise.reject(new Error("Error writing /etc/crio/crio.conf: Permission denied"));
          saved.push(text);
          return Promise.resolve();
        },
        close: resolve,
      });
      return promise;
    });
    played.terminal.press("sudo nano /etc/crio/crio.conf\r");
    await played.terminal.shows("/etc/crio/crio.conf");
    await played.terminal.shows("^O save");
    return { ...played, saved };
  };

  it("edits a file beside the step's text, saves it and gives the shell back", async () => {
    const { terminal, saved } = await edited(false);
    await terminal.shows("A packaged crun");
    terminal.press("\u001b[Bdefault_runtime = 'crun'\r");
    await terminal.shows("crio.conf *");
    terminal.press("\u000f");
    await terminal.shows("saved");
    terminal.press("\u0018");
    await terminal.shows("[master]");
    expect(saved).toEqual(["[crio]\ndefault_runtime = 'crun'\nroot = 1\n"]);
  });

  it("warns before unsaved text is lost, and says why a file cannot be written", async () => {
    const { terminal, saved } = await edited(true);
    await terminal.shows("(read-only)");
    terminal.press("x");
    terminal.press("\u000f");
    await terminal.shows("Permission denied");
    terminal.press("\u0018");
    await terminal.shows("not saved");
    terminal.press("\u0018");
    await terminal.shows("[master]");
    expect(saved).toEqual([]);
  });
});
