import { apt } from "./apt.ts";
import { containerd } from "./containerd.ts";
import { crio } from "./crio.ts";
import { crun } from "./crun.ts";
import type { Failure, KnownFailure } from "./failure.ts";
import { images } from "./images.ts";
import { kubeadm } from "./kubeadm.ts";
import { kubelet } from "./kubelet.ts";
import { multipass } from "./multipass.ts";
import { network } from "./network.ts";
import { joinedText, plainText } from "./plain-text.ts";
import { scheduling } from "./scheduling.ts";
import { ssh } from "./ssh.ts";
import { wasm } from "./wasm.ts";

export type { KnownFailure } from "./failure.ts";

/** By component; within one, what says more about its text comes first. */
export const catalogue: Readonly<Record<string, readonly Failure[]>> = {
  multipass,
  apt,
  kubeadm,
  containerd,
  crio,
  crun,
  images,
  scheduling,
  wasm,
  kubelet,
  ssh,
  network,
};

/** Characters from the end of an output that are looked at; what failed stands there. */
const longest = 1 << 20;

/** Characters of a text that somebody copied from a screen. */
const longestCopy = 1 << 15;

/** Longest text that a slot is filled with, in characters. */
const longestValue = 120;

interface Compiled {
  component: string;
  failure: Failure;
  signatures: RegExp[];
}

let compiled: Compiled[] | undefined;

const entries = (): Compiled[] =>
  (compiled ??= Object.entries(catalogue).flatMap(([component, failures]) =>
    failures.map((failure) => ({
      component,
      failure,
      signatures: failure.signatures.map(({ source, flags }) => new RegExp(source, `${flags}g`)),
    })),
  ));

/**
 * What is known about an output, in the order in which the output says it. Of several failures that recognise the same
 * words, the one that says most of them is given. Never throws; takes time in proportion to the output.
 */
export function matchFailures(output: string): KnownFailure[] {
  const plain = search(plainText(output.slice(-longest)));
  const joined = search(joinedText(output.slice(-longestCopy)));
  return (saysMore(joined, plain) ? joined : plain).map(({ known }) => known);
}

interface Place {
  start: number;
  end: number;
}

interface Found extends Place {
  /** Place in the catalogue. */
  rank: number;
  known: KnownFailure;
}

/** Whether one reading recognises something that comes before all that only the other recognises. */
function saysMore(one: readonly Found[], other: readonly Found[]): boolean {
  const ranks = (found: readonly Found[]): number[] => found.map(({ rank }) => rank).toSorted((a, b) => a - b);
  const others = ranks(other);
  const differs = ranks(one).findIndex((rank, index) => rank !== others[index]);
  return differs >= 0 && (ranks(one)[differs] ?? 0) < (others[differs] ?? Infinity);
}

function search(text: string): Found[] {
  const found: Found[] = [];
  for (const [rank, { component, failure, signatures }] of entries().entries()) {
    if (failure.general && found.some(({ known }) => known.component === component)) continue;
    const match = firstApart(text, signatures, found);
    if (!match) continue;
    const start = match.index;
    found.push({ rank, start, end: start + match[0].length, known: knownFrom(component, failure, match.groups ?? {}) });
  }
  return found.toSorted((one, other) => one.start - other.start);
}

/** The first place that nothing found before has explained. */
function firstApart(
  text: string,
  signatures: readonly RegExp[],
  before: readonly Place[],
): RegExpExecArray | undefined {
  for (const signature of signatures) {
    for (const match of text.matchAll(signature)) {
      const end = match.index + match[0].length;
      if (!before.some((other) => match.index < other.end && other.start < end)) return match;
    }
  }
  return undefined;
}

function knownFrom(component: string, failure: Failure, groups: Readonly<Record<string, string>>): KnownFailure {
  const { id, meaning, remedy, discussion, since, until } = failure;
  const fill = (words: string): string =>
    words.replaceAll(/\{([a-z]+)\}/g, (whole, slot: string) => shortened(groups[slot]) ?? whole);
  return {
    id,
    component,
    meaning: { en: fill(meaning.en), de: fill(meaning.de) },
    remedy: { en: fill(remedy.en), de: fill(remedy.de) },
    ...(discussion === undefined ? {} : { discussion: { reference: discussion, url: linkOf(discussion) } }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

const shortened = (value: string | undefined): string | undefined =>
  value !== undefined && value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;

/** `owner/repository#number` as an address; GitHub leads from there to a pull request where it is one. */
const linkOf = (reference: string): string => `https://github.com/${reference.replace("#", "/issues/")}`;
