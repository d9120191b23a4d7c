import type { useInput } from "ink";
import type { EditKey } from "./line-editor.ts";
import type { Pane } from "./pane.ts";

export type InkKey = Parameters<Parameters<typeof useInput>[0]>[1];

const altKeys: Readonly<Record<string, EditKey>> = { b: "word-left", f: "word-right", d: "kill-word-right" };

/** A key that was pressed while the shell has the keyboard. */
export function shellKey(pane: Pane, input: string, key: InkKey): void {
  const edit = editKey(input, key);
  if (edit) pane.key(edit);
  else if (key.return) pane.enter();
  else if (key.tab) pane.keyboard("\t");
  else if (key.pageUp || key.pageDown) pane.key(key.pageUp ? "page-up" : "page-down");
  else if (key.ctrl) {
    // Ctrl-A is the character 1, and so on.
    if (/^[a-z]$/.test(input)) pane.keyboard(String.fromCharCode(input.charCodeAt(0) - 96));
  } else if (input !== "" && !key.meta) pane.keyboard(input);
}

function editKey(input: string, key: InkKey): EditKey | undefined {
  const byWord = key.ctrl || key.meta;
  if (key.backspace) return byWord ? "kill-word" : "backspace";
  if (key.delete) return "delete";
  if (key.upArrow) return "up";
  if (key.downArrow) return "down";
  if (key.leftArrow) return byWord ? "word-left" : "left";
  if (key.rightArrow) return byWord ? "word-right" : "right";
  if (key.home) return "home";
  if (key.end) return "end";
  return key.meta ? altKeys[input] : undefined;
}
