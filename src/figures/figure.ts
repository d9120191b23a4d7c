import type { ComponentState, Pass } from "../domain/picture.ts";

/** The figures of a picture: the whole cluster, one node from its kubelet down, and what passes between components. */
export const figureNames = ["cluster", "node", "flow"] as const;

export type FigureName = (typeof figureNames)[number];

/** Meanings that a colour may stand beside; the sign alone tells as much. */
export type Tone = "good" | "waiting" | "bad" | "wasm";

export interface FigureStyle {
  bold?: boolean;
  dim?: boolean;
  inverse?: boolean;
  tone?: Tone;
}

export interface FigureSpan extends FigureStyle {
  text: string;
}

export type FigureLine = readonly FigureSpan[];

/** The words of the figures; names of components are the same in every language. */
export interface FigureTexts {
  /** Short, as a tab has room for. */
  titles: Readonly<Record<FigureName, string>>;
  captions: Readonly<Record<FigureName, string>>;
  states: Readonly<Record<ComponentState, string>>;
  ready: string;
  notReady: string;
  noNode: string;
  cordoned: string;
  empty: string;
  noPods: string;
  quiet: string;
  latest: string;
  pods: (ready: number, total: number) => string;
  answered: (requests: number) => string;
  answeredTitle: string;
  more: (count: number) => string;
  unscheduled: (count: number) => string;
  leadsTo: (pods: number) => string;
  wasmModule: string;
  container: string;
  clients: string;
  actions: Readonly<Record<Pass["action"], string>>;
  /** Sentences, for those who listen. */
  spoken: {
    machine: (name: string, node: string) => string;
    components: (state: string, names: string) => string;
    way: (names: string, pods: string) => string;
    pod: (name: string, state: string, requests: number) => string;
    service: (name: string, port: string, pods: string) => string;
    pass: (from: string, to: string, what: string) => string;
  };
}
