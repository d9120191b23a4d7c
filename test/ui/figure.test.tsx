import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/cli/system-clock.ts";
import { en } from "../../src/texts/en.ts";
import { playInUi } from "../../src/ui/play.tsx";
import { barePicture, hybridPicture, pass, withState } from "../unit/figures/pictures.ts";
import { FakeSession } from "./fake-session.ts";
import { FakeTerminal } from "./terminal.ts";

const open: { stop: AbortController; ended: Promise<number> }[] = [];

async function play(columns: number, rows: number): Promise<{ terminal: FakeTerminal; session: FakeSession }> {
  const terminal = new FakeTerminal(columns, rows);
  const steps = [{ id: "one", title: "One", text: "Read this.", machine: "master", commands: [] }];
  const session = new FakeSession(steps);
  const stop = new AbortController();
  const { stdin, stdout } = terminal;
  const ended = playInUi(session, en, systemClock, stop.signal, { stdin, stdout, patchConsole: false });
  open.push({ stop, ended });
  await terminal.shows("ubuntu@master:~$");
  return { terminal, session };
}

/** Presses a key and waits for what it brings. */
async function press(terminal: FakeTerminal, key: string, shows: string | RegExp): Promise<void> {
  terminal.press(key);
  await terminal.shows(shows);
}

afterEach(async () => {
  for (const { stop, ended } of open.splice(0)) {
    stop.abort();
    await ended.catch(() => undefined);
  }
});

const escape = "\u001b";

describe("the figure panel", () => {
  it.each([
    [60, 20],
    [80, 24],
    [120, 40],
  ])("shows each figure of the picture at %i x %i, and no row too many", async (columns, rows) => {
    const { terminal, session } = await play(columns, rows);
    session.look(hybridPicture);
    await press(terminal, escape, "l steps");
    await press(terminal, "f", "[cluster]");
    await terminal.shows(/worker1[^]*wasmedge-serv/);
    expect(terminal.rows()[0]).toContain("One");
    await press(terminal, "f", "[node]");
    await terminal.shows(/kubelet[^]*CRI-O[^]*crun[^]*WasmEdge/);
    await press(terminal, "\u001b[B", "Spin");
    await press(terminal, "\t", "[flow]");
    await terminal.shows(en.figures.latest);
    await press(terminal, "\u001b[D", "[node]");
    await press(terminal, escape, "Read this.");
    await terminal.showsNot("[node]");
    expect(session.watchers.size).toBe(0);
  });

  it("follows the machines while it is open, marks what is new, and stays while the learner types", async () => {
    const { terminal, session } = await play(120, 40);
    session.look(barePicture);
    await press(terminal, escape, "l steps");
    await press(terminal, "f", "· CRI-O");
    session.look(withState(barePicture, "worker1", "cri-o", "running"));
    await terminal.shows("● CRI-O");
    await press(terminal, "\r", "Tab complete");
    terminal.press("ls\r");
    await terminal.shows("ran ls");
    expect(terminal.text()).toContain("● CRI-O");
    session.look(withState(barePicture, "worker1", "cri-o", "failed"));
    await terminal.shows("✗ CRI-O");
    expect(session.watchers.size).toBe(1);
  });

  it("stands above the shell on a narrow screen, and gives way to what a key tells", async () => {
    const { terminal, session } = await play(80, 24);
    session.look(hybridPicture);
    await press(terminal, escape, "l steps");
    await press(terminal, "f", "[cluster]");
    await press(terminal, "\r", "Tab complete");
    await terminal.shows("● crun");
    expect(terminal.text()).toContain("ubuntu@master:~$");
    await press(terminal, escape, "l steps");
    await press(terminal, "c", "✓ thing-there");
    await terminal.showsNot("[cluster]");
  });

  it("shows what passed one after the other, until the latest", async () => {
    const { terminal, session } = await play(120, 40);
    const kubectl = { component: "kubectl" } as const;
    const server = { component: "kube-apiserver" } as const;
    session.look({ ...hybridPicture, passes: [] });
    await press(terminal, escape, "l steps");
    await press(terminal, "f", "[cluster]");
    await press(terminal, "f", "[node]");
    await press(terminal, "f", "Nothing has passed yet");
    const passes = ["First", "Second", "Third"].map((what, index) => pass(index + 1, kubectl, server, what));
    session.look({ ...hybridPicture, passes });
    await terminal.shows(/▶ kubectl → API server\n.* create First/);
    await terminal.shows(/▶ kubectl → API server\n.* create Third/);
  });

  it("says so where there is no picture", async () => {
    const { terminal } = await play(80, 24);
    await press(terminal, escape, "l steps");
    await press(terminal, "f", en.ui.noFigure);
  });
});
