import { Box, Text, useApp, useWindowSize } from "ink";
import { type ReactElement, useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { Clock } from "../domain/clock.ts";
import { matchFailures } from "../failures/catalogue.ts";
import type { Session, SessionEvent, SessionSnapshot } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { EditorPanel, type OpenFile, useEditorKeys } from "./editor-panel.tsx";
import { FigurePanel } from "./figure-panel.tsx";
import { Footer, footerKeys, footerMessage, Header } from "./frame.tsx";
import { HelpPanel } from "./help-panel.tsx";
import { layoutOf, type Mode, smallest } from "./layout.ts";
import { fromOutput } from "./matching-output.ts";
import { advance, nothingTyped, restoreCopied } from "./next-command.ts";
import { NextPanel, nextStepOf } from "./next-panel.tsx";
import { OutlinePanel } from "./outline-panel.tsx";
import { PaneGroup } from "./pane-group.ts";
import { type InkKey, shellKey } from "./shell-keys.ts";
import { ShellPanel } from "./shell-panel.tsx";
import { stepLines } from "./step-lines.ts";
import { freshState, knownToChecks, placeOf, type StepState } from "./step-state.ts";
import { Line } from "./styled-text.tsx";
import { openText } from "./text-editor.ts";
import { useFigure } from "./use-figure.ts";
import { useKeys } from "./use-keys.ts";
import { useSession } from "./use-session.ts";

export interface AppProps {
  session: Session;
  texts: Texts;
  clock: Pick<Clock, "after">;
}

/** The whole screen: the step's text, the next command, a shell on a machine, and the keys. */
export function App({ session, texts, clock }: AppProps): ReactElement {
  const size = useWindowSize();
  // A window that is dragged through nothing must not lose what is open.
  const columns = Math.max(smallest.columns, size.columns);
  const rows = Math.max(smallest.rows, size.rows);
  const { ui } = texts;
  const snapshot = useSession(session);
  const app = useApp();
  const [mode, setMode] = useState<Mode>("shell");
  const [message, setMessage] = useState("");
  const [seenNotices, setSeenNotices] = useState(0);
  const [file, setFile] = useState<OpenFile | undefined>(undefined);
  const [kept, setKept] = useState<StepState>(() => freshState(placeOf(snapshot)));
  const figure = useFigure(session, clock);
  const [panes] = useState(() => new PaneGroup(session, columns, rows));
  useSyncExternalStore(panes.subscribe, panes.version);
  const { step } = snapshot;
  const place = placeOf(snapshot);
  const { progress, scroll, asked, told, known, explained } = kept.place === place ? kept : freshState(place);
  const keep = useCallback(
    (change: (before: StepState) => Partial<StepState>): void => {
      const now = placeOf(session.snapshot());
      setKept((before) => {
        const state = before.place === now ? before : freshState(now);
        return { ...state, ...change(state) };
      });
    },
    [session],
  );
  const { current } = panes;

  const next = nextStepOf(snapshot, progress, current.machine, mode === "course", texts);
  const said =
    message ||
    (snapshot.notices[seenNotices] === undefined ? "" : `! ${texts.said(snapshot.notices[seenNotices] ?? "")}`);
  const keys = mode === "course" ? ui.courseKeys : mode === "figure" ? ui.figureKeys : ui.shellKeys;
  const messageLines = said === "" ? [] : footerMessage(said, columns);
  const keyLines = said === "" || mode === "course" ? footerKeys(keys, columns, mode === "course" ? 2 : 1) : [];
  const layout = layoutOf(columns, rows, mode, {
    footerRows: messageLines.length + keyLines.length,
    nextRows: (width) => 1 + next.lines(width).length,
  });

  useEffect(() => {
    let before = "";
    panes.listen({
      onEdit: (request) => setFile({ request, text: openText(request.text), message: "" }),
      onLine: (machine, line) =>
        keep((before) => ({
          progress: advance(session.snapshot().step?.commands ?? [], before.progress, machine, line),
        })),
      onOutput: (output) => {
        const found = matchFailures(output);
        if (found.length === 0) return;
        keep(() => ({ known: found }));
        const ids = found.map(({ id }) => id).join(" ");
        // Said once for what several commands print one after another.
        if (ids !== before) setMessage(ui.known("Esc e"));
        before = ids;
      },
      onReplaced: () => setMessage(ui.shellClosed),
    });
  }, [panes, session, ui, keep]);
  const tooSmall = size.columns < columns || size.rows < rows;
  useEffect(() => {
    if (!tooSmall) panes.resize(layout.shellColumns, layout.terminalRows);
  }, [panes, tooSmall, layout.shellColumns, layout.terminalRows]);
  const machine = step?.machine;
  const prepared = snapshot.phase.name !== "preparing";
  useEffect(() => {
    // A step's machine is there once it is prepared; nothing but a step moves the learner to another machine.
    if (prepared && place !== "" && machine !== undefined) panes.show(machine);
  }, [panes, place, machine, prepared]);

  const title = layout.beside;
  const lines = useMemo(
    () =>
      stepLines(snapshot, { width: layout.textColumns, texts, typed: progress.command, title, told, known: explained }),
    [snapshot, layout.textColumns, texts, progress.command, title, told, explained],
  );
  const lastScroll = Math.max(0, lines.length - layout.textRows);
  const top = Math.min(scroll, lastScroll);
  const scrollText = (by: number): void => keep(() => ({ scroll: Math.max(0, Math.min(lastScroll, top + by)) }));

  const send = useCallback(
    (event: SessionEvent, done = ""): void => {
      setMessage("");
      const told = event.type === "check" || event.type === "hint" || event.type === "solution";
      keep((before) => ({ scroll: 0, told: told || before.told, explained: [] }));
      session.send(event).then(
        () => setMessage(done),
        (error: unknown) => setMessage(wordsOf(error, texts)),
      );
    },
    [session, keep, texts],
  );

  const typeCommand = (run: boolean): void => {
    const command = step?.commands[progress.command];
    if (!command) return setMessage(step && step.commands.length > 0 ? ui.typed : ui.noCommands);
    if (command.on === "host") return setMessage(ui.hostCommand);
    const text = fromOutput(command.text.trimEnd(), panes.allOutput());
    if (text === undefined) return setMessage(ui.nothingMatches);
    setMode("shell");
    const pane = panes.show(command.on);
    pane.paste(text);
    return run ? pane.enter() : undefined;
  };

  const chooseCommand = (by: number): void => {
    const last = step?.commands.length ?? 0;
    const command = Math.max(0, Math.min(last, progress.command + by));
    keep(() => ({ progress: { command, line: 0 } }));
  };

  /** Takes the message away that is in sight. */
  const dismiss = (): void => {
    if (message !== "") setMessage("");
    else if (said !== "") setSeenNotices(seenNotices + 1);
  };

  const courseKey = (input: string): void => {
    setMessage("");
    if (input !== "u" && input !== "s") keep(() => ({ asked: undefined }));
    // What these keys tell stands in the text, which a figure would hide.
    if ("chse".includes(input)) figure.close();
    switch (input) {
      case "c":
        setMode("course");
        return send({ type: "check" });
      case "r":
      case "p":
        return typeCommand(input === "r");
      case "h":
        setMode("course");
        return send({ type: "hint" }, step && step.hints.length >= step.hintsTotal ? ui.noHint : "");
      case "s":
        setMode("course");
        keep(() => ({ asked: "solution" }));
        if (asked !== "solution" && !step?.solution) return setMessage(ui.solutionAsked);
        return send({ type: "solution" });
      case "n":
        if (isLast(snapshot)) return setMessage(ui.lastStep);
        setMode("shell");
        return send({ type: "next" });
      case "b":
        return send({ type: "back" });
      case "m":
        return panes.showNext(snapshot.machines.map(({ name }) => name));
      case "M":
        return panes.openSecond();
      case "l":
        return setMode("outline");
      case "?":
        return setMode("help");
      case "f":
        figure.open();
        return setMode("figure");
      case "e": {
        const all = known.length > 0 ? known : knownToChecks(snapshot);
        setMode("course");
        if (all.length === 0) return setMessage(ui.nothingKnown);
        return keep(() => ({ explained: all, scroll: 0 }));
      }
      case "a":
        if (!step || step.needs.length === 0) return setMessage(ui.nothingNeeded);
        setMode("course");
        return send({ type: "catchUp" }, ui.caughtUp);
      case "u":
        setMode("course");
        keep(() => ({ asked: asked === "undo" ? undefined : "undo" }));
        if (asked !== "undo") return setMessage(ui.undo);
        keep(() => ({ progress: nothingTyped }));
        return send({ type: "undo" }, ui.undone);
      case "q":
        return app.exit();
      case "i":
        return setMode("shell");
      default:
        return undefined;
    }
  };

  const readingKey = (input: string, key: InkKey): void => {
    if (key.upArrow || key.downArrow) return scrollText(key.upArrow ? -1 : 1);
    if (key.pageUp || key.pageDown) return scrollText((key.pageUp ? -1 : 1) * Math.max(1, layout.textRows - 1));
    if (key.leftArrow || key.rightArrow) return chooseCommand(key.leftArrow ? -1 : 1);
    if (key.return) return step?.solved && !isLast(snapshot) ? courseKey("n") : setMode("shell");
    if (key.ctrl) return setMessage(ui.howToLeave);
    // Several letters at once are a person who believes to be typing in the shell.
    if (input.length > 1) return setMessage(ui.typeInShell);
    return courseKey(input);
  };

  const figureKey = (input: string, key: InkKey): void => {
    const to = figure.key(input, key);
    if (to === "close") figure.close();
    if (to === "close" || to === "type") return setMode(to === "close" ? "course" : "shell");
    return to === undefined && input.length === 1 && !key.ctrl ? courseKey(input) : undefined;
  };

  const typingKey = (input: string, key: InkKey): void => {
    if (said !== "") dismiss();
    // Esc and a letter typed fast arrive as one key; those are the course's letters.
    if (key.meta && !key.ctrl && input !== "" && "cnphsmMlu?qe".includes(input)) return courseKey(input);
    if ((key.ctrl || key.meta) && (key.upArrow || key.downArrow)) return scrollText(key.upArrow ? -2 : 2);
    const page = Math.max(1, layout.shellRows - 1);
    if ((key.pageUp || key.pageDown) && !current.screen.fullScreen) return current.scroll(key.pageUp ? page : -page);
    return shellKey(current, input, key);
  };

  useEditorKeys(file, setFile, rows, texts, scrollText);

  useKeys({
    isActive: file === undefined && (mode === "shell" || mode === "course" || mode === "figure"),
    onKey: (input, key) => {
      if (mode === "figure") return figureKey(input, key);
      if (key.escape) {
        dismiss();
        keep(() => ({ asked: undefined }));
        return setMode(mode === "shell" ? "course" : "shell");
      }
      return mode === "course" ? readingKey(input, key) : typingKey(input, key);
    },
    onPaste: (text) => {
      if (mode !== "shell") return setMessage(ui.typeInShell);
      const commands = step?.commands.flatMap((command) => fromOutput(command.text, panes.allOutput()) ?? []) ?? [];
      return current.paste(restoreCopied(text, commands) ?? text);
    },
  });

  const visible = lines.slice(top, top + layout.textRows);
  const hidden = lines.length - top - visible.length;
  const moreKey = mode === "course" ? "↓" : "Alt-↓";
  const figurePanel = (figureColumns: number, figureRows: number): ReactElement | null =>
    figure.shown ? (
      <FigurePanel
        view={figure.view}
        shown={figure.shown}
        columns={figureColumns}
        rows={figureRows}
        focused={mode === "figure"}
        texts={texts}
      />
    ) : null;
  const textPanel = (textRows: number): ReactElement => (
    <Box flexDirection="column" width={layout.textColumns} height={textRows} flexShrink={0}>
      {visible.slice(0, textRows).map((line, index) =>
        layout.beside && hidden > 0 && index === textRows - 1 ? (
          <Text key={index} dimColor>
            {ui.more(hidden + 1)} ({moreKey})
          </Text>
        ) : (
          <Line key={index} line={line} />
        ),
      )}
    </Box>
  );
  if (tooSmall) return <Text>{ui.tooSmall(size.columns, size.rows)}</Text>;
  const header = <Header snapshot={snapshot} columns={columns} texts={texts} />;

  if (file) {
    // What to write stands in the text, so some of it stays in sight.
    const textRows = layout.beside ? rows - 1 : Math.min(layout.textRows, Math.max(0, Math.floor((rows - 10) / 2)));
    return (
      <Box flexDirection="column" width={columns} height={rows}>
        {header}
        <Box flexDirection={layout.beside ? "row" : "column"} height={rows - 1} gap={layout.beside ? 2 : 0}>
          {textPanel(textRows)}
          <EditorPanel
            file={file}
            columns={layout.shellColumns}
            rows={layout.beside ? rows - 1 : rows - 1 - textRows}
            texts={texts}
          />
        </Box>
      </Box>
    );
  }
  if (mode === "outline" || mode === "help") {
    const size = { columns, rows: rows - 2 };
    const leave = (): void => setMode("course");
    return (
      <Box flexDirection="column" width={columns} height={rows}>
        {header}
        {mode === "help" ? (
          <HelpPanel snapshot={snapshot} {...size} texts={texts} onLeave={leave} />
        ) : (
          <OutlinePanel
            snapshot={snapshot}
            {...size}
            texts={texts}
            onChoose={(lab, chosen) => {
              setMode("shell");
              send({ type: "goto", lab, step: chosen });
            }}
            onLeave={leave}
          />
        )}
        <Footer message={[]} keys={footerKeys(mode === "help" ? ui.helpKeys : ui.listKeys, columns, 1)} />
      </Box>
    );
  }
  if (mode === "figure" && !layout.beside) {
    return (
      <Box flexDirection="column" width={columns} height={rows}>
        {header}
        {figurePanel(columns, rows - 1 - messageLines.length - keyLines.length)}
        <Footer message={messageLines} keys={keyLines} />
      </Box>
    );
  }
  const nextPanel = (
    <NextPanel
      next={next}
      columns={layout.shellColumns}
      rows={layout.nextRows}
      remark={layout.beside || hidden === 0 || figure.shown ? "" : `${ui.more(hidden)} ${moreKey}`}
      texts={texts}
    />
  );
  const shellPanel = (
    <ShellPanel
      panes={panes.all}
      current={current}
      machines={snapshot.machines}
      columns={layout.shellColumns}
      rows={layout.shellRows}
      focused={mode === "shell"}
      texts={texts}
    />
  );
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      {header}
      <Box
        flexDirection={layout.beside ? "row" : "column"}
        height={rows - 1 - messageLines.length - keyLines.length}
        gap={layout.beside ? 2 : 0}
      >
        {figurePanel(layout.textColumns, layout.textRows) ?? textPanel(layout.textRows)}
        <Box flexDirection="column" width={layout.shellColumns}>
          {nextPanel}
          {shellPanel}
        </Box>
      </Box>
      <Footer message={messageLines} keys={keyLines} />
    </Box>
  );
}

function isLast(snapshot: SessionSnapshot): boolean {
  const lab = snapshot.chapters.at(-1)?.labs.at(-1);
  return lab?.id === snapshot.step?.lab && lab?.steps.at(-1)?.id === snapshot.step?.step;
}

function wordsOf(error: unknown, { said }: Texts): string {
  if (!(error instanceof Error)) return String(error);
  const remedy = "remedy" in error && typeof error.remedy === "string" ? error.remedy : "";
  return remedy === "" ? said(error.message) : `${said(error.message)}. ${said(remedy)}`;
}
