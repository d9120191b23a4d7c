import { useEffect, useState, useSyncExternalStore } from "react";
import type { Clock } from "../domain/clock.ts";
import type { Session } from "../runner/session.ts";
import { nextFigure, nextMachine, type ShownFigure } from "./figure-panel.tsx";
import { PictureView } from "./picture-view.ts";
import type { InkKey } from "./shell-keys.ts";

export interface FigureControl {
  view: PictureView;
  /** Undefined while no figure is in sight. */
  shown: ShownFigure | undefined;
  open(): void;
  close(): void;
  /** A key while the figure has the keyboard; `close` and `type` say where the keyboard goes, undefined that it was none of its keys. */
  key(input: string, key: InkKey): "kept" | "close" | "type" | undefined;
}

/** The figure that is in sight; nothing is looked at while there is none. */
export function useFigure(session: Session, clock: Pick<Clock, "after">): FigureControl {
  const [view] = useState(() => new PictureView(session, clock));
  const [shown, setShown] = useState<ShownFigure | undefined>(undefined);
  useSyncExternalStore(view.subscribe, view.version);
  const isOpen = shown !== undefined;
  useEffect(() => {
    if (!isOpen) return undefined;
    view.open();
    return () => view.close();
  }, [view, isOpen]);
  return {
    view,
    shown,
    open: () => setShown((before) => before ?? { name: "cluster", machine: undefined }),
    close: () => setShown(undefined),
    key(input, key) {
      if (!shown) return undefined;
      if (key.escape || input === "q") return "close";
      if (key.return || input === "i") return "type";
      const back = key.leftArrow || (key.tab && key.shift);
      if (back || key.rightArrow || key.tab || input === "f") setShown(nextFigure(shown, back ? -1 : 1));
      else if (key.upArrow || key.downArrow) setShown(nextMachine(shown, view, key.upArrow ? -1 : 1));
      else return undefined;
      return "kept";
    },
  };
}
