import { openKube } from "../../src/cli/open-session.ts";
import { systemClock } from "../../src/cli/system-clock.ts";
import type { Backend, MachineRole, Profile } from "../../src/domain/backend.ts";
import type { Action, Lab } from "../../src/domain/course.ts";
import type { MachineShell } from "../../src/domain/machine.ts";
import { runOnHost } from "../../src/process/host-command.ts";
import { Checker } from "../../src/runner/checker.ts";
import type { MachinesHold } from "../../src/runner/environment.ts";
import { allLabs, prepareLab } from "../../src/runner/prepare.ts";
import { ActionPlayer } from "../../src/runner/solution.ts";
import { labsFolder, openFreshLab, type OpenedLab } from "./embedded.ts";

/** What one typed command showed. */
export interface Shown {
  /** Everything that stood on the screen, standard output and error as they came. */
  text: string;
  exitCode: number;
}

/** Milliseconds that an effect may take to show. */
const patienceMs = 12_000;

/** One embedded lab, played to where a story begins, with a keyboard on each machine and snapshots to come back to. */
export class Scene {
  readonly lab: OpenedLab;
  #holds: MachinesHold = { prepared: [] };
  #shells = new Map<string, { shell: MachineShell; take: () => string }>();
  #checker: Checker;

  constructor(lab: OpenedLab, profile: Profile = "thesis") {
    this.lab = lab;
    this.#checker = new Checker({
      backend: lab.backend,
      clock: systemClock,
      profile,
      language: "en",
      openKube,
    });
  }

  get backend(): Backend {
    return this.lab.backend;
  }

  /** Plays the solutions of a lab, up to but without a step. Throws when a check does not pass. */
  async solve(labId: string, options: { from?: string; until?: string } = {}): Promise<void> {
    const lab = this.#lab(labId);
    const { signal } = new AbortController();
    await prepareLab(lab, { backend: this.backend, labsFolder, holds: this.#holds, runOnHost, signal });
    const from = options.from === undefined ? 0 : lab.steps.findIndex((step) => step.id === options.from);
    const until =
      options.until === undefined ? lab.steps.length : lab.steps.findIndex((step) => step.id === options.until);
    for (const step of lab.steps.slice(from, until)) {
      await this.play(step.solution);
      const reports = await this.#checker.checkUntilPassed(step, patienceMs, signal);
      const open = reports.filter((report) => report.outcome.status !== "passed");
      if (open.length > 0) throw new Error(`${labId}/${step.id}: ${JSON.stringify(open)}`);
    }
  }

  async play(actions: readonly Action[]): Promise<void> {
    const player = new ActionPlayer({ backend: this.backend, runOnHost });
    await player.play(actions, new AbortController().signal);
    await player.close();
  }

  /** Types lines at a machine's prompt, as ubuntu, in a shell that lasts until the next `restore`. */
  async type(name: MachineRole, lines: string): Promise<Shown> {
    const { shell, take } = await this.#shell(name);
    take();
    let exitCode = 0;
    for (const line of lines.split("\n")) {
      const result = await shell.run(line);
      exitCode = result.exitCode;
      // After a reboot the connection is gone; the next line is typed after logging in again.
      if (!result.exited) continue;
      this.#shells.delete(name);
      break;
    }
    return { text: take(), exitCode };
  }

  /** Types again and again until the screen shows something. Throws with the last screen. */
  async see(name: MachineRole, line: string, wanted: RegExp | string): Promise<string> {
    const deadline = systemClock.monotonic() + patienceMs;
    for (;;) {
      const { text } = await this.type(name, line);
      if (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)) return text;
      if (systemClock.monotonic() > deadline) throw new Error(`${line} never showed ${String(wanted)} but:\n${text}`);
      await systemClock.sleep(60);
    }
  }

  save(id: string): Promise<void> {
    return this.#snapshots().save(id);
  }

  /** Back to a saved state, with fresh shells. */
  async restore(id: string): Promise<void> {
    for (const { shell } of this.#shells.values()) await shell.close();
    this.#shells.clear();
    await this.#snapshots().restore(id);
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  #snapshots(): NonNullable<Backend["snapshots"]> {
    const { snapshots } = this.backend;
    if (!snapshots) throw new Error("the embedded backend has snapshots");
    return snapshots;
  }

  #lab(id: string): Lab {
    const lab = allLabs(this.lab.course).find((each) => each.id === id);
    if (!lab) throw new Error(`no lab ${id}`);
    return lab;
  }

  async #shell(name: MachineRole): Promise<{ shell: MachineShell; take: () => string }> {
    const open = this.#shells.get(name);
    if (open) return open;
    const machine = await this.backend.machine(name);
    if (!machine.openShell) throw new Error("the embedded backend has shells");
    let text = "";
    const shell = await machine.openShell({ columns: 200, rows: 50, onOutput: (chunk) => (text += chunk) });
    const take = (): string => {
      const taken = text.replaceAll("\r\n", "\n");
      text = "";
      return taken;
    };
    // A new shell may begin where an earlier one was left.
    await shell.run("cd");
    const made = { shell, take };
    this.#shells.set(name, made);
    return made;
  }
}

export const openScene = async (profile: Profile = "thesis"): Promise<Scene> =>
  new Scene(await openFreshLab(profile), profile);
