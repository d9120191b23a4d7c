import { Box, Text } from "ink";
import type { ReactElement } from "react";
import type { EditRequest } from "../domain/machine.ts";
import type { Texts } from "../texts/en.ts";
import { breakAtEdge, charactersOf, fill, partAround } from "./cells.ts";
import { color } from "./color.ts";
import { footerKeys } from "./frame.tsx";
import type { InkKey } from "./shell-keys.ts";
import { type EditedFile, type EditorKey, pressKey, textOf, typeText } from "./text-editor.ts";
import { useKeys } from "./use-keys.ts";

export interface OpenFile {
  request: EditRequest;
  text: EditedFile;
  message: string;
  /** Ctrl-X was pressed on unsaved text. */
  leaving?: boolean;
}

/** Keys of the editor pane; they work while a file is open. */
export function useEditorKeys(
  file: OpenFile | undefined,
  setFile: (file: OpenFile | undefined) => void,
  page: number,
  texts: Texts,
  scrollText: (by: number) => void,
): void {
  const isActive = file !== undefined;
  const change = (text: EditedFile): void => {
    if (file) setFile({ request: file.request, text, message: "" });
  };
  const save = (): void => {
    if (!file) return;
    file.request.save(textOf(file.text)).then(
      () => setFile({ ...file, text: { ...file.text, changed: false }, message: texts.ui.saved }),
      (error: unknown) => setFile({ ...file, message: error instanceof Error ? error.message : String(error) }),
    );
  };
  const leave = (): void => {
    if (!file) return;
    if (file.text.changed && !file.leaving) return setFile({ ...file, message: texts.ui.unsaved, leaving: true });
    file.request.close();
    setFile(undefined);
  };
  useKeys({
    isActive,
    onPaste: (text) => file && change(typeText(file.text, text)),
    onKey: (input, key) => {
      if (!file) return;
      if (key.ctrl && (input === "o" || input === "s")) return save();
      if (key.ctrl && input === "x") return leave();
      if (key.ctrl && input === "k") return change(pressKey(file.text, "cut-line", page));
      if ((key.ctrl || key.meta) && (key.upArrow || key.downArrow)) return scrollText(key.upArrow ? -2 : 2);
      const pressed = editorKey(key);
      if (pressed) change(pressKey(file.text, pressed, page));
      else if (input !== "" && !key.ctrl && !key.meta && !key.escape) change(typeText(file.text, input));
    },
  });
}

function editorKey(key: InkKey): EditorKey | undefined {
  if (key.return) return "enter";
  if (key.backspace) return "backspace";
  if (key.delete) return "delete";
  if (key.leftArrow) return "left";
  if (key.rightArrow) return "right";
  if (key.upArrow) return "up";
  if (key.downArrow) return "down";
  if (key.home) return "home";
  if (key.end) return "end";
  if (key.pageUp) return "page-up";
  if (key.pageDown) return "page-down";
  return undefined;
}

export interface EditorPanelProps {
  file: OpenFile;
  columns: number;
  rows: number;
  texts: Texts;
}

/** The file, with its name above and the keys below. */
export function EditorPanel({ file, columns, rows, texts }: EditorPanelProps): ReactElement {
  const { lines, row, column, changed } = file.text;
  const room = rows - 2;
  const first = Math.max(0, Math.min(row - Math.floor(room / 2), lines.length - room));
  const title = ` ${file.request.path}${file.request.readOnly ? ` (${texts.ui.readOnly})` : ""}${changed ? " *" : ""}`;
  const [footer = ""] = file.message === "" ? footerKeys(texts.ui.editorKeys, columns, 1) : [file.message];
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0}>
      <Text inverse wrap="truncate">
        {fill(title, columns)}
      </Text>
      <Box flexDirection="column" height={room}>
        {lines.slice(first, first + room).map((line, index) => (
          <FileLine key={first + index} line={line} cursor={first + index === row ? column : -1} columns={columns} />
        ))}
      </Box>
      <Text
        wrap="truncate"
        bold={file.message !== ""}
        dimColor={file.message === ""}
        {...color(file.message === "" ? undefined : "yellow")}
      >
        {footer}
      </Text>
    </Box>
  );
}

/** One line of the file; the cursor's line is moved sideways as far as the cursor needs. */
function FileLine({ line, cursor, columns }: { line: string; cursor: number; columns: number }): ReactElement {
  const text = line.replaceAll("\t", " ");
  if (cursor < 0) return <Text wrap="truncate">{breakAtEdge(text, columns)[0]?.text || " "}</Text>;
  // The last cell is for a cursor behind the text.
  const { text: shown, start } = partAround(text, cursor, columns - 1);
  const at = cursor - start;
  const under = charactersOf(shown.slice(at))[0]?.text ?? "";
  return (
    <Text wrap="truncate">
      {shown.slice(0, at)}
      <Text inverse>{under === "" ? " " : under}</Text>
      {shown.slice(at + under.length)}
    </Text>
  );
}
