import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { exitCodes, LabError } from "../domain/errors.ts";
import { type FigureName, figureNames } from "../figures/figure.ts";
import { type ReportFormat, reportFormats } from "../grading/writers/formats.ts";
import { packageFolder } from "./home.ts";
import type { CreateArguments, ServeArguments } from "./commands/bundle.ts";
import type { ContentArguments } from "./commands/content.ts";
import type { ExplainArguments } from "./commands/explain.ts";
import type { DoctorArguments } from "./commands/doctor.ts";
import type { DriftArguments } from "./commands/drift.ts";
import type { MeasureArguments } from "./commands/measure.ts";
import type { FigureArguments } from "./commands/figure.ts";
import type { ReportArguments } from "./commands/report.ts";
import type { DownArguments } from "./commands/up.ts";
import type { LabArguments } from "./open-session.ts";

const version = (): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(packageFolder(), "package.json"), "utf8"));
  return typeof manifest === "object" && manifest && "version" in manifest ? String(manifest.version) : "?";
};

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("It is a number from 0 to 65535.");
}

/** The command line. Every command's code is loaded only when it runs. */
function commandLine(finish: (exitCode: number) => void): Command {
  const program = new Command("wasm-k8s-lab")
    .description("An interactive, graded lab for running WebAssembly on Kubernetes.")
    .version(version())
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("(add --help for the options)")
    .configureHelp({ showGlobalOptions: false });
  const lab = (command: Command): Command =>
    command
      .addOption(new Option("--backend <id>", "where the machines come from").choices(["embedded", "multipass", "ssh"]))
      .addOption(new Option("--profile <profile>", "versions to use").choices(["thesis", "current"]))
      .addOption(new Option("--lang <language>", "language of the course").choices(["en", "de"]))
      .addOption(new Option("--pace <pace>", "how long modelled work takes").choices(["instant", "brisk", "real"]))
      .option("--inventory <file>", "the machines of the ssh backend")
      .option("--offline <url>", "let real machines download from this server only")
      .option("--host-cargo", "let this computer's cargo build what the modelled one refuses");
  const json = (command: Command): Command => command.option("--json", "print one JSON document");
  const does = (action: () => number | Promise<number>): Promise<void> => Promise.resolve(action()).then(finish);

  lab(program.command("start", { isDefault: false }))
    .description("open the course in the terminal")
    .argument("[lab]", "begin at this lab")
    .option("--plain", "line by line, without a screen")
    .option("--screen-reader", "line by line, for a screen reader")
    .action((id: string | undefined, given: LabArguments) =>
      does(async () => (await import("./commands/start.ts")).start(id, given)),
    );
  json(lab(program.command("run")))
    .description("play labs by their own solutions and grade them")
    .argument("[labs...]", "lab ids; all when left away")
    .action((ids: string[], given: LabArguments) =>
      does(async () => (await import("./commands/run.ts")).run(ids, given)),
    );
  json(lab(program.command("up")))
    .description("start the machines and hold them for other programs")
    .action((given: LabArguments) => does(async () => (await import("./commands/up.ts")).up(given)));
  lab(program.command("down"))
    .description("end the process that holds the lab; remove the real machines that the lab has made")
    .option("--keep", "leave real machines as they are")
    .option("--yes", "ask nothing")
    .action((given: DownArguments) => does(async () => (await import("./commands/up.ts")).down(given)));
  lab(program.command("exec"))
    .description("run a command on a machine")
    .usage("[options] MACHINE -- COMMAND...")
    .argument("<machine>")
    .argument("<command...>")
    .passThroughOptions()
    .action((machine: string, argv: string[], given: LabArguments) =>
      does(async () => (await import("./commands/exec.ts")).exec(machine, argv, given)),
    );
  lab(program.command("shell"))
    .description("hand this terminal over to a real machine's shell")
    .argument("<machine>")
    .action((machine: string, given: LabArguments) =>
      does(async () => (await import("./commands/shell.ts")).shell(machine, given)),
    );
  json(lab(program.command("check")))
    .description("ask the checks of the current step, of a lab or of one step")
    .argument("[place]", "LAB or LAB/STEP")
    .action((place: string | undefined, given: LabArguments) =>
      does(async () => (await import("./commands/course.ts")).check(place, given)),
    );
  json(lab(program.command("status")))
    .description("show what is solved and where the machines are")
    .action((given: LabArguments) => does(async () => (await import("./commands/course.ts")).status(given)));
  json(lab(program.command("list")))
    .description("list chapters, labs and steps")
    .action((given: LabArguments) => does(async () => (await import("./commands/course.ts")).list(given)));
  lab(program.command("undo"))
    .description("bring the machines back to where the current step began")
    .action((given: LabArguments) => does(async () => (await import("./commands/course.ts")).undo(given)));
  lab(program.command("goto"))
    .description("bring the machines back to where a step began")
    .argument("<step>", "STEP of the current lab, or LAB/STEP")
    .action((place: string, given: LabArguments) =>
      does(async () => (await import("./commands/course.ts")).goTo(place, given)),
    );
  lab(program.command("reset"))
    .description("forget the saved lab, or bring one lab back to its beginning")
    .argument("[lab]")
    .action((id: string | undefined, given: LabArguments) =>
      does(async () => (await import("./commands/course.ts")).reset(id, given)),
    );
  json(lab(program.command("figure")))
    .description("show the cluster as it is now: all of it, one node, or what passes between its parts")
    .addArgument(new Argument("[figure]").choices(figureNames).default("cluster" satisfies FigureName))
    .option("--machine <name>", "whose node to show")
    .option("--svg <file>", "write a drawing into this file; - prints it")
    .option("--words", "tell it in sentences")
    .action((name: FigureName, given: FigureArguments) =>
      does(async () => (await import("./commands/figure.ts")).figure(name, given)),
    );
  lab(program.command("report"))
    .description("write the graded report; what was never checked is skipped")
    .addOption(
      new Option("--format <format>", "what to write")
        .choices(reportFormats)
        .default("markdown" satisfies ReportFormat),
    )
    .option("--output <file>", "write into this file instead of printing")
    .action((given: ReportArguments) => does(async () => (await import("./commands/report.ts")).report(given)));
  json(lab(program.command("measure")))
    .description("measure the modules of images on this computer, in this program's Wasm engine")
    .argument("[images...]", "as registry.lab:5000/name:tag; those that Deployments run when left away")
    .action((images: string[], given: MeasureArguments) =>
      does(async () => (await import("./commands/measure.ts")).measure(images, given)),
    );
  program
    .command("measure-module", { hidden: true })
    .action(() => does(async () => (await import("./commands/measure.ts")).measureStdin()));
  json(program.command("doctor"))
    .description("look at this computer: is everything there that the lab needs?")
    .option("--limits", "list what the embedded machines simplify")
    .addOption(new Option("--backend <id>", "all about this one").choices(["embedded", "multipass", "ssh"]))
    .addOption(new Option("--profile <profile>", "whose machines to make room for").choices(["thesis", "current"]))
    .addOption(new Option("--lang <language>", "language of the findings").choices(["en", "de"]))
    .action((given: DoctorArguments) => does(async () => (await import("./commands/doctor.ts")).doctor(given)));
  const target = (command: Command): Command =>
    command
      .addOption(new Option("--profile <profile>", "versions to use").choices(["thesis", "current"]))
      .addOption(new Option("--architecture <name>", "of the machines").choices(["amd64", "arm64"]))
      .option("--release <release>", "Ubuntu on the machines, e.g. 24.04")
      .option("--offline <url>", "read from this server of a bundle instead of the internet");
  const bundle = program
    .command("bundle")
    .description("for instructors: collect and serve what real machines download");
  target(bundle.command("create"))
    .description("collect everything a profile downloads into one folder; goes on with one that was interrupted")
    .option("--output <folder>", "where to")
    .action((given: CreateArguments) => does(async () => (await import("./commands/bundle.ts")).create(given)));
  json(bundle.command("verify"))
    .description("compare every file of a bundle with its manifest")
    .argument("<folder>")
    .action((folder: string, given: { json?: boolean }) =>
      does(async () => (await import("./commands/bundle.ts")).inspect(folder, given)),
    );
  bundle
    .command("serve")
    .description("serve a bundle, read-only, to this computer or to the classroom's network")
    .argument("<folder>")
    .option(
      "--listen <address>",
      "address of this computer, or 0.0.0.0 for all; left away, only this computer reaches it",
    )
    .addOption(new Option("--port <number>", "0 takes a free one").default(8080).argParser(portOf))
    .option("--quiet", "do not print a line for each answer")
    .action((folder: string, given: ServeArguments) =>
      does(async () => (await import("./commands/bundle.ts")).serve(folder, given)),
    );
  json(target(program.command("drift")))
    .description("for instructors: ask every source of the real machines whether it is still there and the same")
    .action((given: DriftArguments) => does(async () => (await import("./commands/drift.ts")).drift(given)));
  json(program.command("explain"))
    .description("read any output, and say what is known about the failures in it")
    .argument("[file]", "file that holds it; - or nothing for standard input")
    .addOption(new Option("--lang <language>", "language of the answer").choices(["en", "de"]))
    .action((file: string | undefined, given: ExplainArguments) =>
      does(async () => (await import("./commands/explain.ts")).explain(file, given)),
    );
  const content = program.command("content").description("for authors: read and test the course");
  content
    .command("lint")
    .description("read the whole course in both profiles and list every problem")
    .action(() => does(async () => (await import("./commands/content.ts")).lint()));
  content
    .command("coverage")
    .description("print which step teaches which part of the thesis")
    .action(() => does(async () => (await import("./commands/content.ts")).coverage()));
  json(content.command("test"))
    .description("play every step: unsolved before, solved after, wrong answers refused")
    .argument("[labs...]", "lab ids; all when left away")
    .addOption(new Option("--profile <profile>", "versions to use").choices(["thesis", "current"]))
    .addOption(new Option("--lang <language>", "language of the course").choices(["en", "de"]))
    .action((ids: string[], given: ContentArguments) =>
      does(async () => (await import("./commands/content.ts")).test(ids, given)),
    );
  return program;
}

/** Runs the command line; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.passed;
  try {
    await commandLine((code) => {
      exitCode = code;
    }).parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.wrongUse;
    if (!(error instanceof LabError)) throw error;
    const [{ textsFor }, { languageIn }, { knownLinesIn }] = await Promise.all([
      import("../texts/texts.ts"),
      import("./language.ts"),
      import("./known-failures.ts"),
    ]);
    const texts = textsFor(languageIn(argv));
    const lines = [error.message, error.remedy].filter(Boolean).map(texts.said);
    process.stderr.write(`${[...lines, ...knownLinesIn(error.message, texts)].join("\n")}\n`);
    return error.exitCode;
  }
  return exitCode;
}
