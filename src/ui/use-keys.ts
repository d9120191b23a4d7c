import { useInput, usePaste } from "ink";
import { useEffect, useReducer, useState } from "react";
import type { InkKey } from "./shell-keys.ts";

export interface KeyListeners {
  onKey(input: string, key: InkKey): void;
  onPaste?(text: string): void;
  isActive?: boolean;
}

/**
 * Keys and pasted text, one after the other: each is handled once what the one before it changed is on the screen.
 * A fast typist's keys arrive several at once, and `Esc c` must not find the shell still in front.
 */
export function useKeys({ onKey, onPaste, isActive = true }: KeyListeners): void {
  const [waiting] = useState<(() => void)[]>(() => []);
  const [turn, next] = useReducer((count: number) => count + 1, 0);
  const [latest] = useState<{ listeners: Pick<KeyListeners, "onKey" | "onPaste"> }>(() => ({ listeners: { onKey } }));
  const later = (action: () => void): void => {
    waiting.push(action);
    next();
  };
  useInput((input, key) => later(() => latest.listeners.onKey(input, key)), { isActive });
  usePaste((text) => later(() => latest.listeners.onPaste?.(text)), { isActive });
  useEffect(() => {
    Object.assign(latest, { listeners: { onKey, onPaste } });
  });
  useEffect(() => {
    const action = turn === 0 ? undefined : waiting.shift();
    if (!action) return;
    action();
    next();
  }, [turn, waiting]);
}
