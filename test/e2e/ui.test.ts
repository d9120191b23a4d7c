import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newHome, program, runProgram } from "../support/command-line.ts";
import { hasTmux, TerminalWindow } from "../support/tmux.ts";

// A person at a small terminal who knows nothing but what stands on the screen.
const columns = 60;
const rows = 20;
if (!hasTmux) console.warn("SKIPPED: no tmux on this computer, so nobody types into the real program");

const window = new TerminalWindow(`wasm-k8s-lab-${process.pid}`);
const second = new TerminalWindow(`wasm-k8s-lab-${process.pid}-second`);
let home = "";

beforeAll(async () => {
  if (!hasTmux) return;
  home = newHome();
  const prepared = await runProgram(["run", "control-plane", "--json"], { home });
  expect(prepared.exitCode, prepared.stderr).toBe(0);
  window.open(columns, rows, { WASM_K8S_LAB_HOME: home });
  window.type(`'${process.execPath}' '${program()}' start --pace instant; echo left with $?`);
  window.press("Enter");
  await window.until("a shell", (screen) => read(screen)?.busy === false);
});

afterAll(() => {
  window.close();
  second.close();
  if (home !== "") rmSync(home, { recursive: true, force: true });
});

interface Seen {
  title: string;
  /** The lines of the next command that are still to be typed. */
  lines: string[];
  machine: string | undefined;
  busy: boolean;
}

/** Reads the title and what stands below it as a person would: two spaces mean that the line goes on. */
function read(screen: readonly string[]): Seen | undefined {
  const at = screen.findIndex((row) => row.startsWith("▸ "));
  const tabs = screen.find((row) => row.startsWith("──") && row.includes("["));
  const tab = /\[([a-z0-9]+)(?:·\d)?(\*?)(?:\+\d+)?\]/.exec(tabs ?? "");
  if (at < 0 || !tab) return undefined;
  const lines: string[] = [];
  let full = false;
  for (const row of screen.slice(at + 1)) {
    if (/^[$>] ?/.test(row)) lines.push(row.slice(2));
    else if (row.startsWith("  ") && lines.length > 0)
      lines.push((lines.pop() ?? "") + (full ? "" : " ") + row.slice(2));
    else break;
    full = row.length === columns;
  }
  return { title: screen[at] ?? "", lines, machine: tab[1], busy: tab[2] === "*" };
}

const look = (): Seen => {
  const seen = read(window.rows());
  if (!seen) throw new Error(`there is nothing to go by on the screen:\n${window.text()}`);
  return seen;
};

/** Waits until the shell is at its prompt and the screen asks for something else than before. */
const untilAfter = (before: Seen): Promise<boolean> =>
  window.until(`what comes after ${before.lines[0] ?? before.title}`, (screen) => {
    const seen = read(screen);
    return seen && !seen.busy && (seen.title !== before.title || seen.lines.join("\n") !== before.lines.join("\n"));
  });

/** Types a line with a slip in the middle, and puts it right. */
function typeWithSlip(line: string): void {
  const half = Math.floor(line.length / 2);
  window.type(line.slice(0, half));
  window.type("#x");
  window.press("BSpace", "BSpace");
  window.type(line.slice(half));
  window.press("Enter");
}

async function courseKeys(...keys: string[]): Promise<void> {
  window.press("Escape");
  await window.until("the course keys", (screen) => screen.slice(-3).some((row) => row.startsWith("c check")));
  window.press(...keys);
}

const shellKeys = (): Promise<boolean> =>
  window.until("the shell's keys", (screen) => screen.at(-1)?.startsWith("Esc keys"));

/** Changes what main.rs greets with: down to its line, to the end of it, and before the closing quote. */
async function editGreeting(): Promise<void> {
  await window.shows("^O save");
  const screen = window.rows();
  const first = screen.findLastIndex((row) => row.includes("main.rs")) + 1;
  const greeting = screen.findIndex((row) => row.includes("Hello HAW!!"));
  for (let row = first; row < greeting; row += 1) window.press("Down");
  window.press("End", "Left", "Left");
  window.type(", edited");
  await window.shows("App, edited");
  window.press("C-o");
  await window.shows("saved");
  window.press("C-x");
  await shellKeys();
}

async function typeNext(seen: Seen): Promise<void> {
  const [line = ""] = seen.lines;
  if (seen.title.includes("this computer")) {
    await courseKeys("Right");
    window.press("Escape");
    await shellKeys();
  } else if (seen.title.includes("Esc m")) {
    await courseKeys("m");
    await window.until("another machine", (screen) => read(screen)?.machine !== seen.machine);
    window.press("Escape");
    await shellKeys();
  } else if (line.includes("…")) {
    await courseKeys("p");
    await shellKeys();
    await window.shows("--discovery-token");
    window.press("Enter");
    await untilAfter(seen);
  } else if (line.startsWith("nano") || line.startsWith("sudo nano")) {
    typeWithSlip(line);
    await window.shows("^X leave");
    if (line.includes("main.rs")) await editGreeting();
    else window.press("C-x");
    await untilAfter(seen);
  } else {
    typeWithSlip(line);
    await untilAfter(seen);
  }
}

async function check(): Promise<void> {
  await courseKeys("c");
  // What was just deployed may still be starting; the screen says that another check is one key away.
  await window.until("that the step is solved", (screen) => {
    const title = read(screen)?.title ?? "";
    if (title.includes("failed")) window.press("c");
    return title.includes("Step solved");
  });
}

/** The title names the section: method 1 is 3.2. */
const isMethodTwo = (): boolean => /^ *3\.3/.test(window.rows()[0] ?? "");

describe.skipIf(!hasTmux)("method 1, typed at 60 x 20 by what the screen says", () => {
  it("is solved to its last step", async () => {
    for (let turn = 0; turn < 400; turn += 1) {
      const seen = look();
      if (isMethodTwo()) break;
      if (seen.title.includes("Step solved")) {
        const place = window.rows()[0];
        if (window.rows().at(-1)?.startsWith("Esc keys")) await courseKeys("n");
        else window.press("n");
        await window.until(
          "the next step",
          (screen) => screen[0] !== place && /Next \d|No command|Step solved/.test(read(screen)?.title ?? ""),
        );
        await shellKeys();
      } else if (/checking|preparing/.test(seen.title)) await untilAfter(seen);
      else if (seen.lines.length > 0) await typeNext(seen);
      else await check();
    }
    expect(isMethodTwo()).toBe(true);
  });

  it("lets a second terminal take part, and tells it when the first one leaves", async () => {
    second.open(80, 24, { WASM_K8S_LAB_HOME: home });
    second.type(`'${process.execPath}' '${program()}' start; echo left with $?`);
    second.press("Enter");
    await second.until("a shell", (screen) => read(screen)?.busy === false);
    second.type("read answer; echo $answer-$(hostname)");
    second.press("Enter");
    second.type("from here");
    second.press("Enter");
    await second.shows("from here-master");
    await courseKeys("q");
    await second.shows("left with 3");
    expect(second.text()).toContain("everything is saved");
  });

  it("leaves the terminal as it was", async () => {
    await window.shows("left with 0");
    window.type("stty -a");
    window.press("Enter");
    await window.shows(" icanon ");
    await window.shows(" echo ");
    expect(window.text()).not.toContain("▸");
  });

  it("has all of it in the report afterwards", async () => {
    const { stdout } = await runProgram(["report", "--format", "json"], { home });
    const { labs } = JSON.parse(stdout) as { labs: { id: string; grade: { verdict: string } }[] };
    const played = labs.filter(({ id }) => /^(control-plane|crun-)/.test(id));
    expect(played.map(({ id, grade }) => `${id} ${grade.verdict}`)).toEqual([
      "control-plane passed",
      "crun-build passed",
      "crun-node passed",
      "crun-deploy passed",
    ]);
  });
});
