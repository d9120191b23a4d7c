import { createInterface } from "node:readline";
import type { MachineShell } from "../domain/machine.ts";
import type { Session, StepView } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { textsFor } from "../texts/texts.ts";
import { outcomeLines, print } from "./output.ts";
import type { StartArguments } from "./commands/start.ts";

/** The same course line by line: for pipes, dumb terminals and screen readers. */
export async function playPlain(session: Session, _given: StartArguments, stopped?: AbortSignal): Promise<number> {
  const texts = textsFor(session.snapshot().language);
  const player = new PlainPlayer(session, texts);
  const input = createInterface({ input: process.stdin, terminal: false });
  stopped?.addEventListener("abort", () => input.close(), { once: true });
  await player.begin();
  try {
    for await (const line of input) {
      if (!(await player.line(line))) break;
    }
  } finally {
    await player.end();
  }
  return stopped?.aborted ? 130 : 0;
}

class PlainPlayer {
  #session: Session;
  #texts: Texts;
  #machine = "";
  #shells = new Map<string, MachineShell>();
  #running: Promise<unknown> = Promise.resolve();

  constructor(session: Session, texts: Texts) {
    this.#session = session;
    this.#texts = texts;
  }

  async begin(): Promise<void> {
    const snapshot = this.#session.snapshot();
    print(snapshot.courseTitle);
    if (snapshot.backend.simulated) print(this.#texts.common.modelled);
    for (const notice of snapshot.notices) print(notice);
    print(this.#texts.plain.help);
    await this.#showStep();
  }

  /** False when the learner leaves. */
  async line(line: string): Promise<boolean> {
    const word = /^:(\w+)(?: (.*))?$/.exec(line.trim());
    if (!word) {
      await this.#type(line);
      return true;
    }
    const [, name = "", argument = ""] = word;
    await this.#running;
    switch (name) {
      case "quit":
        return false;
      case "help":
        print(this.#texts.plain.help);
        break;
      case "check":
        await this.#check();
        break;
      case "hint":
        await this.#hint();
        break;
      case "solution":
        await this.#session.send({ type: "solution" });
        this.#commands(this.#texts.plain.solution, this.#step()?.solution ?? []);
        break;
      case "next":
      case "back":
        await this.#move(name);
        break;
      case "machine":
        await this.#goOn(argument);
        break;
      default:
        print(this.#texts.plain.unknown(line.trim()));
    }
    return true;
  }

  async end(): Promise<void> {
    for (const shell of this.#shells.values()) {
      if (shell.busy()) shell.signal("SIGINT");
    }
    await this.#running;
    for (const shell of this.#shells.values()) await shell.close();
  }

  #step(): StepView | undefined {
    return this.#session.snapshot().step;
  }

  async #move(direction: "next" | "back"): Promise<void> {
    const before = this.#step();
    await this.#session.send({ type: direction });
    const after = this.#step();
    if (before?.lab === after?.lab && before?.step === after?.step) print(this.#texts.plain.end);
    else await this.#showStep();
  }

  async #showStep(): Promise<void> {
    const step = this.#step();
    if (!step) return;
    print("");
    print(`${this.#texts.common.step(step.section, step.labTitle)} — ${step.title}`);
    print("");
    print(step.text);
    this.#commands(this.#texts.plain.commands, step.commands);
    await this.#goOn(step.machine);
  }

  #commands(title: string, commands: readonly { on: string; text: string }[]): void {
    if (commands.length === 0) return;
    print(`\n${title}:`);
    for (const { on, text } of commands) {
      print(`  ${on === "host" ? this.#texts.common.thisComputer : on}$ ${text.replaceAll("\n", "\n    ")}`);
    }
  }

  async #check(): Promise<void> {
    await this.#session.send({ type: "check" });
    const { step, phase } = this.#session.snapshot();
    if (phase.name === "failed") print(`${phase.message}. ${phase.remedy}`);
    for (const { id, outcome } of step?.checks ?? []) {
      if (outcome) for (const line of outcomeLines(id, outcome, this.#texts)) print(line);
    }
    if (step?.solved) print(this.#texts.plain.solved);
  }

  async #hint(): Promise<void> {
    const before = this.#step()?.hints.length ?? 0;
    await this.#session.send({ type: "hint" });
    const hint = this.#step()?.hints[before];
    print(hint ? `${this.#texts.plain.hint}: ${hint.text}` : this.#texts.plain.noHint);
  }

  async #goOn(machine: string): Promise<void> {
    if (machine === this.#machine) return;
    await this.#shell(machine);
    this.#machine = machine;
    print(this.#texts.plain.machine(machine));
  }

  async #shell(machine: string): Promise<MachineShell> {
    let shell = this.#shells.get(machine);
    if (!shell) {
      shell = await this.#session.openShell(machine, {
        columns: 100,
        rows: 30,
        onOutput: (text) => void process.stdout.write(text),
        onEdit: (request) => {
          print(this.#texts.plain.editor);
          request.close();
        },
      });
      this.#shells.set(machine, shell);
    }
    return shell;
  }

  async #type(line: string): Promise<void> {
    const shell = await this.#shell(this.#machine);
    if (shell.busy()) {
      shell.input(`${line}\n`);
      return;
    }
    process.stdout.write(`${shell.prompt()}${line}\n`);
    const run = shell.run(line).then(({ exited }) => {
      if (exited) this.#shells.delete(this.#machine);
    });
    this.#running = run;
    // Input that a command reads comes from the next lines, so only wait while nothing more could be typed for it.
    await Promise.race([run, waitUntilAsking(shell)]);
  }
}

/** Never resolves while the command runs without asking; a command that waits for input lets the next line through. */
function waitUntilAsking(shell: MachineShell): Promise<void> {
  return new Promise((resolve) => {
    if (shell.waitsForInput) shell.waitsForInput(resolve);
  });
}
