import { Box, Text, useApp, useInput, usePaste, useWindowSize } from "ink";
import { type ReactElement, useCallback, useEffect, useMemo, useState } from "react";
import stringWidth from "string-width";
import type { EditRequest } from "../domain/machine.ts";
import type { Session, SessionSnapshot } from "../runner/session.ts";
import type { Texts } from "../texts/en.ts";
import { EditorPanel, type OpenFile, useEditorKeys } from "./editor-panel.tsx";
import type { EditKey } from "./line-editor.ts";
import { fromOutput } from "./matching-output.ts";
import { OutlinePanel } from "./outline-panel.tsx";
import { Pane } from "./pane.ts";
import { ShellPanel } from "./shell-panel.tsx";
import { stepLines } from "./step-lines.ts";
import { Line } from "./styled-text.tsx";
import { openText } from "./text-editor.ts";
import { useSession } from "./use-session.ts";

type Mode = "shell" | "course" | "outline" | "help";

const smallest = { columns: 40, rows: 12 };
/** From this width on the text stands beside the shell. */
const wide = 110;

export interface AppProps {
  session: Session;
  texts: Texts;
}

/** The whole screen: the step's text, a shell on a machine, and the keys. */
export function App({ session, texts }: AppProps): ReactElement {
  const snapshot = useSession(session);
  const { columns, rows } = useWindowSize();
  const app = useApp();
  const [mode, setMode] = useState<Mode>("shell");
  const [scroll, setScroll] = useState(0);
  const [message, setMessage] = useState("");
  const [file, setFile] = useState<OpenFile | undefined>(undefined);
  const [undoAsked, setUndoAsked] = useState(false);
  const [commandIndex, setCommandIndex] = useState(0);
  const layout = layoutOf(columns, rows, mode);
  const panes = usePanes(session, layout.shellColumns, layout.shellRows, setFile);
  const step = snapshot.step;
  const place = `${step?.lab}/${step?.step}`;

  useEffect(() => {
    setScroll(0);
    setCommandIndex(0);
    setUndoAsked(false);
    if (step) panes.show(step.machine);
    // Only a change of the step moves the learner to another machine.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [place]);

  const lines = useMemo(() => stepLines(snapshot, layout.textColumns, texts), [snapshot, layout.textColumns, texts]);
  const lastScroll = Math.max(0, lines.length - layout.textRows);

  const send = useCallback(
    (event: Parameters<Session["send"]>[0], done = ""): void => {
      setMessage("");
      session.send(event).then(
        () => setMessage(done),
        (error: unknown) => setMessage(error instanceof Error ? error.message : String(error)),
      );
    },
    [session],
  );

  const typeCommand = (run: boolean): void => {
    const command = step?.commands[commandIndex % Math.max(1, step.commands.length)];
    if (!command) return setMessage(texts.ui.noMoreCommands);
    if (command.on === "host") {
      setCommandIndex(commandIndex + 1);
      return setMessage(`${texts.ui.hostCommand} ${command.text}`);
    }
    const text = fromOutput(command.text, panes.allOutput());
    if (text === undefined) return setMessage(texts.ui.nothingMatches);
    const pane = panes.show(command.on);
    setCommandIndex(commandIndex + 1);
    setMode("shell");
    pane.type(text);
    if (run) pane.enter();
  };

  const courseKey = (input: string): void => {
    setMessage("");
    if (input !== "u") setUndoAsked(false);
    switch (input) {
      case "c":
        setScroll(0);
        return send({ type: "check" });
      case "r":
      case "p":
        return typeCommand(input === "r");
      case "h":
        setScroll(0);
        return send({ type: "hint" }, step && step.hints.length >= step.hintsTotal ? texts.ui.noHint : "");
      case "s":
        setScroll(0);
        return send({ type: "solution" });
      case "n":
        if (isLast(snapshot)) return setMessage(texts.ui.lastStep);
        setMode("shell");
        return send({ type: "next" });
      case "b":
        return send({ type: "back" });
      case "m":
        return panes.showNext(snapshot.machines.map((machine) => machine.name));
      case "M":
        return panes.openSecond();
      case "l":
        return setMode("outline");
      case "?":
        return setMode("help");
      case "u":
        if (undoAsked) send({ type: "undo" }, texts.ui.undone);
        else setMessage(texts.ui.undo);
        return setUndoAsked(!undoAsked);
      case "q":
        return app.exit();
      case "i":
        return setMode("shell");
      default:
        return undefined;
    }
  };

  useEditorKeys(file, setFile, layout.textRows + layout.shellRows, texts);

  usePaste((text) => panes.current.type(text), { isActive: file === undefined && mode === "shell" });

  useInput(
    (input, key) => {
      if (key.escape) return setMode(mode === "shell" ? "course" : "shell");
      if (key.pageUp || key.pageDown) return panes.current.scroll(key.pageUp ? layout.shellRows : -layout.shellRows);
      if (mode === "help") return setMode("course");
      if (mode === "course") {
        if (key.upArrow) return setScroll(Math.max(0, scroll - 1));
        if (key.downArrow) return setScroll(Math.min(lastScroll, scroll + 1));
        if (key.return) return setMode("shell");
        if (key.ctrl && input === "c") return setMode("shell");
        for (const letter of input) courseKey(letter);
        return undefined;
      }
      return shellKey(panes.current, input, key);
    },
    { isActive: file === undefined && mode !== "outline" },
  );

  if (columns < smallest.columns || rows < smallest.rows) return <Text>{texts.ui.tooSmall(columns, rows)}</Text>;
  if (file) return <EditorPanel file={file} columns={columns} rows={rows} texts={texts} />;
  const visible = lines.slice(scroll, scroll + layout.textRows);
  const hidden = lines.length - scroll - visible.length;
  const textPanel = (
    <Box flexDirection="column" width={layout.textColumns} height={layout.textRows} flexShrink={0}>
      {visible.map((line, index) =>
        hidden > 0 && index === visible.length - 1 ? (
          <Text key={index} dimColor>
            {texts.ui.more(hidden + 1)} (Esc ↓)
          </Text>
        ) : (
          <Line key={index} line={line} />
        ),
      )}
    </Box>
  );
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Header snapshot={snapshot} columns={columns} texts={texts} />
      {mode === "outline" ? (
        <OutlinePanel
          snapshot={snapshot}
          rows={rows - 2}
          onChoose={(lab, chosen) => {
            setMode("shell");
            send({ type: "goto", lab, step: chosen });
          }}
          onLeave={() => setMode("course")}
        />
      ) : mode === "help" ? (
        <HelpPanel rows={rows - 2} texts={texts} />
      ) : (
        <Box flexDirection={layout.beside ? "row" : "column"} height={rows - 2} gap={layout.beside ? 2 : 0}>
          {textPanel}
          <ShellPanel
            panes={panes.all}
            current={panes.current}
            columns={layout.shellColumns}
            rows={layout.shellRows}
            focused={mode === "shell"}
          />
        </Box>
      )}
      <Footer mode={mode} message={message} snapshot={snapshot} columns={columns} texts={texts} />
    </Box>
  );
}

interface Layout {
  beside: boolean;
  textColumns: number;
  textRows: number;
  shellColumns: number;
  /** Without the shell's title line. */
  shellRows: number;
}

function layoutOf(columns: number, rows: number, mode: Mode): Layout {
  const height = rows - 2;
  if (columns >= wide) {
    const textColumns = Math.floor(columns * 0.44);
    return {
      beside: true,
      textColumns,
      textRows: height,
      shellColumns: columns - textColumns - 2,
      shellRows: height - 1,
    };
  }
  // While reading the text gets more room, while typing the shell does.
  const textRows = Math.max(4, Math.floor(height * (mode === "course" ? 0.66 : 0.48)));
  return { beside: false, textColumns: columns, textRows, shellColumns: columns, shellRows: height - textRows - 1 };
}

function Header({
  snapshot,
  columns,
  texts,
}: {
  snapshot: SessionSnapshot;
  columns: number;
  texts: Texts;
}): ReactElement {
  const steps = snapshot.chapters.flatMap((chapter) => chapter.labs.flatMap((lab) => lab.steps));
  const solved = steps.filter((step) => step.state === "solved").length;
  const right = ` ${texts.ui.steps(solved, steps.length)} ${bar(solved, steps.length)} `;
  const { step } = snapshot;
  const left = ` ${step ? `${step.section} ${step.labTitle} › ${step.step}` : snapshot.courseTitle}`;
  const room = Math.max(0, columns - stringWidth(right));
  return (
    <Text inverse bold wrap="truncate">
      {left.slice(0, room).padEnd(room)}
      {right}
    </Text>
  );
}

const bar = (done: number, total: number): string => {
  const filled = total === 0 ? 0 : Math.round((done / total) * 8);
  return "█".repeat(filled) + "░".repeat(8 - filled);
};

interface FooterProps {
  mode: Mode;
  message: string;
  snapshot: SessionSnapshot;
  columns: number;
  texts: Texts;
}

function Footer({ mode, message, snapshot, columns, texts }: FooterProps): ReactElement {
  const { phase } = snapshot;
  const keys = { shell: texts.ui.shellKeys, course: texts.ui.courseKeys, outline: texts.ui.listKeys, help: "Esc" }[
    mode
  ];
  const busy =
    phase.name === "checking" ? texts.ui.checking : phase.name === "preparing" ? texts.ui.preparing(phase.detail) : "";
  const text = message || busy || keys;
  return (
    <Text wrap="truncate" dimColor={message === ""} {...(message === "" ? {} : { color: "yellow" })}>
      {fitKeys(text, columns)}
    </Text>
  );
}

/** Leaves whole keys away at the end rather than cutting one in two. */
function fitKeys(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  const parts = text.split(" · ");
  if (parts.length === 1) return text;
  // Without their spaces more keys fit on a narrow screen.
  const tight = parts.map((part) => part.replace(/^(\S) (\S+)$/, "$1:$2"));
  while (tight.length > 1 && stringWidth(tight.join(" ")) > columns) tight.splice(-3, 1);
  return tight.join(" ");
}

function HelpPanel({ rows, texts }: { rows: number; texts: Texts }): ReactElement {
  return (
    <Box flexDirection="column" height={rows}>
      <Text bold>{texts.ui.helpTitle}</Text>
      {texts.ui.help.map(([key, meaning]) => (
        <Text key={key} wrap="truncate">
          <Text color="cyan">{` ${key?.padEnd(6)}`}</Text>
          {meaning}
        </Text>
      ))}
    </Box>
  );
}

function isLast(snapshot: SessionSnapshot): boolean {
  const lab = snapshot.chapters.at(-1)?.labs.at(-1);
  return lab?.id === snapshot.step?.lab && lab?.steps.at(-1)?.id === snapshot.step?.step;
}

type InkKey = Parameters<Parameters<typeof useInput>[0]>[1];

const controlKeys: Readonly<Record<string, EditKey>> = {
  a: "home",
  e: "end",
  b: "left",
  f: "right",
  k: "kill-to-end",
  u: "kill-to-start",
  w: "kill-word",
  p: "up",
  n: "down",
};

function shellKey(pane: Pane, input: string, key: InkKey): void {
  if (key.return) return pane.enter();
  if (key.tab) return void pane.complete();
  if (key.upArrow) return pane.key("up");
  if (key.downArrow) return pane.key("down");
  if (key.leftArrow) return pane.key(key.ctrl || key.meta ? "word-left" : "left");
  if (key.rightArrow) return pane.key(key.ctrl || key.meta ? "word-right" : "right");
  if (key.home) return pane.key("home");
  if (key.end) return pane.key("end");
  if (key.backspace) return pane.key("backspace");
  if (key.delete) return pane.key("delete");
  if (key.ctrl) {
    if (input === "c") return pane.interrupt();
    if (input === "d") return pane.endOfInput();
    if (input === "l") return pane.screen.clear();
    const edit = controlKeys[input];
    return edit ? pane.key(edit) : undefined;
  }
  if (input !== "" && !key.meta) pane.type(input);
}

interface Panes {
  all: readonly Pane[];
  current: Pane;
  /** Shows a machine's shell, opening it when there is none. */
  show(machine: string): Pane;
  showNext(machines: readonly string[]): void;
  openSecond(): void;
  /** Everything the machines printed, oldest first. */
  allOutput(): string[];
}

function usePanes(
  session: Session,
  columns: number,
  rows: number,
  setFile: (file: OpenFile | undefined) => void,
): Panes {
  const [, redraw] = useState(0);
  const onChange = useCallback(() => redraw((count) => count + 1), []);
  const [all, setAll] = useState<Pane[]>(() => []);
  const [index, setIndex] = useState(0);
  const open = (machine: string, number: number): Pane => {
    const pane = new Pane(machine, number, columns, rows, onChange);
    const onEdit = (request: EditRequest): void => setFile({ request, text: openText(request.text), message: "" });
    pane.open(session, columns, rows, onEdit).catch((error: unknown) => {
      pane.screen.write(`${error instanceof Error ? error.message : String(error)}\r\n`);
    });
    return pane;
  };
  useEffect(() => {
    for (const pane of all) pane.resize(columns, rows);
  }, [all, columns, rows]);
  const [closed] = useState(() => new Pane("", 0, columns, rows, onChange));
  const add = (pane: Pane): Pane => {
    all.push(pane);
    setAll([...all]);
    setIndex(all.length - 1);
    return pane;
  };
  const show = (machine: string): Pane => {
    const at = all.findIndex((pane) => pane.machine === machine);
    if (at < 0) return add(open(machine, 1));
    setIndex(at);
    return all[at] ?? closed;
  };
  return {
    all,
    current: all[index] ?? closed,
    show,
    showNext(machines) {
      if (index + 1 < all.length) return setIndex(index + 1);
      const unopened = machines.find((machine) => !all.some((pane) => pane.machine === machine));
      if (unopened === undefined) setIndex(0);
      else show(unopened);
    },
    openSecond() {
      const { machine } = all[index] ?? closed;
      if (machine !== "") add(open(machine, all.filter((pane) => pane.machine === machine).length + 1));
    },
    allOutput: () => all.flatMap((pane) => pane.screen.logicalLines()),
  };
}
