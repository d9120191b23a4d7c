import { createInterface } from "node:readline";
import { type KnownFailure, matchFailures } from "../failures/catalogue.ts";
import { LabError } from "../domain/errors.ts";
import type { MachineShell } from "../domain/machine.ts";
import type { Session, StepView } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { textsFor } from "../texts/texts.ts";
import { knownLines } from "./known-failures.ts";
import { outcomeLines, print } from "./output.ts";
import { pictureOf } from "./commands/figure.ts";
import type { StartArguments } from "./commands/start.ts";
import { describeFigure } from "../figures/describe.ts";
import { figureNames } from "../figures/figure.ts";

/** The same course line by line: for pipes, dumb terminals and screen readers. */
export async function playPlain(session: Session, _given: StartArguments, stopped: AbortSignal): Promise<number> {
  const texts = textsFor(session.snapshot().language);
  const player = new PlainPlayer(session, texts, process.stdin.isTTY);
  const input = createInterface({ input: process.stdin, terminal: false });
  let left = false;
  const stop = (): void => {
    left = true;
    player.interrupt();
    input.close();
  };
  // Ctrl-C is the running command's; where none runs it leaves.
  const interrupt = (): void => {
    if (!player.interrupt()) stop();
  };
  if (stopped.aborted) stop();
  process.on("SIGINT", interrupt);
  stopped.addEventListener("abort", stop, { once: true });
  try {
    await player.begin();
    for await (const line of input) {
      if (left || !(await player.line(line))) break;
    }
  } finally {
    stopped.removeEventListener("abort", stop);
    await player.end(left);
    process.off("SIGINT", interrupt);
    input.close();
  }
  return left ? 130 : 0;
}

/** Characters of a command's output that are looked at when it ends. */
const longestOutput = 16_384;

class PlainPlayer {
  #session: Session;
  #texts: Texts;
  #machine = "";
  #shells = new Map<string, MachineShell>();
  /** True where the terminal itself shows what is typed. */
  #typed: boolean;
  /** The command that asks for input, until it ends. */
  #running: Promise<unknown> | undefined;
  #column = 0;
  /** The end of what was printed since the last command began. */
  #output = "";
  /** What is known about the last output that anything is known about. */
  #known: readonly KnownFailure[] = [];

  constructor(session: Session, texts: Texts, typed: boolean) {
    this.#session = session;
    this.#texts = texts;
    this.#typed = typed;
  }

  async begin(): Promise<void> {
    const snapshot = this.#session.snapshot();
    print(snapshot.courseTitle);
    if (snapshot.backend.simulated) print(this.#texts.common.modelled);
    // Elsewhere than in a terminal they went to standard error already.
    if (this.#typed) for (const notice of snapshot.notices) print(this.#texts.said(notice));
    print(this.#texts.plain.help);
    await this.#showStep();
    await this.#promptAgain();
  }

  /** False when the learner leaves. */
  async line(line: string): Promise<boolean> {
    const word = /^:(\w+)(?: (.*))?$/.exec(line.trim());
    try {
      if (!word) await this.#type(line);
      else if (!(await this.#word(line, word))) return false;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      print([error.message, error.remedy].filter(Boolean).map(this.#texts.said).join("\n"));
    }
    if (!this.#running) await this.#promptAgain();
    return true;
  }

  async #word(line: string, word: RegExpExecArray): Promise<boolean> {
    const [, name = "", argument = ""] = word;
    // The command that is asking gets no more: it is told so, as by Ctrl-D.
    await this.#endInput();
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
      case "catchup":
        await this.#session.send({ type: "catchUp" });
        await this.#showStep();
        break;
      case "machine":
        await this.#goOn(argument);
        break;
      case "figure":
        await this.#figure(argument);
        break;
      case "explain":
        if (this.#known.length === 0) print(this.#texts.ui.nothingKnown);
        for (const known of this.#known) print(knownLines(known, this.#texts).join("\n"));
        break;
      default:
        print(this.#texts.plain.unknown(line.trim()));
    }
    return true;
  }

  /** Ends what runs, as Ctrl-C does; false when nothing runs. */
  interrupt(): boolean {
    const busy = [...this.#shells.values()].filter((shell) => shell.busy());
    for (const shell of busy) shell.signal("SIGINT");
    return busy.length > 0;
  }

  async end(stopped: boolean): Promise<void> {
    if (stopped) this.interrupt();
    await this.#endInput();
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
    if (step.needs.length > 0) print(this.#texts.plain.needs(step.needs.join(", ")));
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
    if (phase.name === "failed") print(`${this.#texts.said(phase.message)}. ${this.#texts.said(phase.remedy)}`);
    for (const { id, outcome } of step?.checks ?? []) {
      if (outcome) for (const line of outcomeLines(id, outcome, this.#texts)) print(line);
    }
    if (step?.solved) print(this.#texts.plain.solved);
    if (step?.afterwards !== undefined) print(`\n${step.afterwards}`);
  }

  async #hint(): Promise<void> {
    const before = this.#step()?.hints.length ?? 0;
    await this.#session.send({ type: "hint" });
    const hint = this.#step()?.hints[before];
    print(hint ? `${this.#texts.plain.hint}: ${hint.text}` : this.#texts.plain.noHint);
  }

  /** `cluster`, `node`, `flow` or a machine's name, in sentences. */
  async #figure(argument: string): Promise<void> {
    const picture = await pictureOf(this.#session);
    const named = figureNames.find((name) => name === argument);
    const machine = picture.machines.find(({ name }) => name === argument)?.name;
    if (argument !== "" && named === undefined && machine === undefined) {
      print(this.#texts.plain.unknown(`:figure ${argument}`));
      return;
    }
    const name = named ?? (machine === undefined ? "cluster" : "node");
    for (const line of describeFigure(picture, name, this.#texts.figures, machine)) print(line);
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
        onOutput: (text) => {
          this.#output = (this.#output + text).slice(-longestOutput);
          this.#write(text);
        },
        onEdit: (request) => {
          print(this.#texts.plain.editor);
          request.close();
        },
      });
      this.#shells.set(machine, shell);
    }
    return shell;
  }

  /** Says once that the output is known, however many commands print the same. */
  #announce(): void {
    const found = matchFailures(this.#output);
    const ids = (all: readonly KnownFailure[]): string => all.map(({ id }) => id).join(" ");
    const isNew = ids(found) !== ids(this.#known);
    if (found.length === 0) return;
    this.#known = found;
    if (isNew) this.#write(`${this.#column > 0 ? "\n" : ""}${this.#texts.ui.known(":explain")}\n`);
  }

  #write(text: string): void {
    process.stdout.write(text);
    this.#column = text.endsWith("\n") ? 0 : 1;
  }

  /** Runs a line, or hands it to the command that asked; comes back when the prompt is there or input is asked for. */
  async #type(line: string): Promise<void> {
    const shell = await this.#shell(this.#machine);
    if (this.#running) {
      if (!this.#typed && shell.echo()) this.#write(`${line}\n`);
      shell.input(`${line}\n`);
    } else {
      this.#write(this.#typed ? "" : `${shell.prompt()}${line}\n`);
      this.#output = "";
      this.#running = shell.run(line).then(({ exited }) => {
        this.#announce();
        if (exited) this.#shells.delete(this.#machine);
        this.#running = undefined;
      });
    }
    await Promise.race([this.#running, asked(shell)]);
  }

  /** In front of a terminal the prompt stands before what is typed next. */
  async #promptAgain(): Promise<void> {
    if (this.#typed) this.#write((await this.#shell(this.#machine)).prompt());
    else if (this.#column > 0) this.#write("\n");
  }

  async #endInput(): Promise<void> {
    const shell = this.#shells.get(this.#machine);
    if (this.#running && shell?.busy()) shell.input(null);
    await this.#running;
  }
}

/** Resolves when the running command waits for what is typed; never where that cannot be known. */
const asked = (shell: MachineShell): Promise<void> =>
  new Promise((resolve) => {
    shell.waitsForInput?.(resolve);
  });
