import { Box, Text, useInput, usePaste } from "ink";
import type { ReactElement } from "react";
import type { EditRequest } from "../domain/machine.ts";
import type { Texts } from "../texts/en.ts";
import { type EditedFile, type EditorKey, pressKey, textOf, typeText } from "./text-editor.ts";

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
  usePaste((text) => file && change(typeText(file.text, text)), { isActive });
  useInput(
    (input, key) => {
      if (!file) return;
      if (key.ctrl && (input === "o" || input === "s")) return save();
      if (key.ctrl && input === "x") return leave();
      if (key.ctrl && input === "k") return change(pressKey(file.text, "cut-line", page));
      const pressed = editorKey(key);
      if (pressed) change(pressKey(file.text, pressed, page));
      else if (input !== "" && !key.ctrl && !key.meta && !key.escape) change(typeText(file.text, input));
    },
    { isActive },
  );
}

type InkKey = Parameters<Parameters<typeof useInput>[0]>[1];

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

/** The file on the whole screen, with its name above and the keys below. */
export function EditorPanel({ file, columns, rows, texts }: EditorPanelProps): ReactElement {
  const { lines, row, column, changed } = file.text;
  const room = rows - 2;
  const first = Math.max(0, Math.min(row - Math.floor(room / 2), lines.length - room));
  const left = Math.max(0, column - columns + 8);
  const title = ` ${file.request.path}${file.request.readOnly ? ` (${texts.ui.readOnly})` : ""}${changed ? " *" : ""}`;
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Text inverse wrap="truncate">
        {title.padEnd(columns)}
      </Text>
      <Box flexDirection="column" height={room}>
        {lines.slice(first, first + room).map((line, index) => {
          const shown = line.slice(left).replaceAll("\t", " ");
          const here = first + index === row ? column - left : -1;
          return (
            <Text key={first + index} wrap="truncate">
              {here < 0 ? shown || " " : shown.slice(0, here)}
              {here < 0 ? null : <Text inverse>{shown[here] ?? " "}</Text>}
              {here < 0 ? null : shown.slice(here + 1)}
            </Text>
          );
        })}
      </Box>
      <Text wrap="truncate" {...(file.message === "" ? {} : { color: "yellow" })} dimColor={file.message === ""}>
        {file.message || texts.ui.editorKeys}
      </Text>
    </Box>
  );
}
