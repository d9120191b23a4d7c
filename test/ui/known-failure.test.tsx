import { afterEach, expect, it } from "vitest";
import { systemClock } from "../../src/cli/system-clock.ts";
import { playInUi } from "../../src/ui/play.tsx";
import { en } from "../../src/texts/en.ts";
import { FakeSession } from "./fake-session.ts";
import { FakeTerminal } from "./terminal.ts";

const stop = new AbortController();
afterEach(() => stop.abort());

it("offers what is known about a failure in one line, tells it when asked, and goes on", async () => {
  const terminal = new FakeTerminal(60, 20);
  const session = new FakeSession(
    [{ id: "join", title: "Join the cluster", text: "Join it.", machine: "master", commands: [] }],
    (shell, line) => shell.print(line === "ls" ? "file\r\n" : "[ERROR Port-6443]: Port 6443 is in use\r\n"),
  );
  const { stdin, stdout } = terminal;
  const ended = playInUi(session, en, systemClock, stop.signal, { stdin, stdout, patchConsole: false });
  await terminal.shows("ubuntu@master:~$");

  terminal.press("\u001b");
  await terminal.shows("c check");
  terminal.press("e");
  await terminal.shows("Nothing is known");
  terminal.press("\u001b");
  await terminal.shows("Esc keys");
  terminal.press("kubeadm init\r");
  await terminal.shows(en.ui.known("Esc e"));
  terminal.press("ls\r");
  await terminal.shows("file");
  expect(terminal.text()).not.toContain(en.ui.known("Esc e"));

  terminal.press("\u001be");
  await terminal.shows("Something already listens on port 6443");
  expect(terminal.text()).toContain("A known failure");
  terminal.press("q");
  await ended;
});
