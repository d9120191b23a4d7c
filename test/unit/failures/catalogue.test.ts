import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalogue, matchFailures } from "../../../src/failures/catalogue.ts";
import { multipassSamples } from "./multipass-samples.ts";
import { samples } from "./samples.ts";

const all = Object.values(catalogue).flat();
const sampleOf = { ...samples, ...multipassSamples };
const idsIn = (text: string): string[] => matchFailures(text).map(({ id }) => id);

describe("each known failure", () => {
  it("has a sample and an id of its own", () => {
    expect(all.map(({ id }) => id).toSorted()).toEqual(Object.keys(sampleOf).toSorted());
    expect(all.length).toBeGreaterThanOrEqual(60);
  });

  it.each(Object.entries(sampleOf))("%s: recognised in its own words, and not in similar ones", (id, sample) => {
    for (const text of sample.says) {
      expect(idsIn(text)).toContain(id);
      expect(idsIn(`$ some command\n${text}\n$ `)).toContain(id);
    }
    for (const text of sample.not) expect(idsIn(text)).not.toContain(id);
  });

  it.each(Object.entries(sampleOf))(
    "%s: said with what was captured, in both languages",
    (id, { says, names = [] }) => {
      for (const text of says) {
        const found = matchFailures(text).find((known) => known.id === id);
        const english = `${found?.meaning.en} ${found?.remedy.en}`;
        for (const words of [found?.meaning.en, found?.meaning.de, found?.remedy.en, found?.remedy.de]) {
          expect(words).toBeTruthy();
          expect(words).not.toMatch(/\{[a-z]+\}|undefined/);
        }
        for (const name of names) if (says.length === 1) expect(english).toContain(name);
      }
    },
  );

  it.each(Object.entries(sampleOf))(
    "%s: recognised through colours, CRLF, tabs, escaped quotes and breaks",
    (id, sample) => {
      for (const text of sample.says) {
        const coloured = `\u001b[31m${text.replaceAll(" ", " \u001b[1m")}\u001b[0m`;
        expect(idsIn(coloured)).toContain(id);
        expect(idsIn(text.replaceAll("\n", "\r\n"))).toContain(id);
        expect(idsIn(text.replaceAll(" ", "\n\t"))).toContain(id);
        expect(idsIn(text.replaceAll('"', '\\"'))).toContain(id);
        for (const columns of [60, 80]) {
          const rows = text.replaceAll("\n", " ").match(new RegExp(`.{1,${columns}}`, "gu")) ?? [];
          expect(idsIn(rows.join("\r\n"))).toContain(id);
        }
      }
    },
  );

  it("fills every slot of its words from each of its signatures", () => {
    for (const { id, signatures, meaning, remedy } of all) {
      const words = [meaning.en, meaning.de, remedy.en, remedy.de].join(" ");
      const slots = new Set([...words.matchAll(/\{([a-z]+)\}/g)].map((slot) => slot[1] ?? ""));
      for (const { source } of signatures) {
        for (const slot of slots) expect(source, id).toContain(`(?<${slot}>`);
      }
    }
  });

  it("names public threads by repository and number", () => {
    for (const { discussion } of all) {
      if (discussion !== undefined) expect(discussion).toMatch(/^[\w.-]+\/[\w.-]+#\d+$/);
    }
    expect(matchFailures("EXPKEYSIG 234654DA9A296436")[0]?.discussion).toEqual({
      reference: "kubernetes/kubernetes#128567",
      url: "https://github.com/kubernetes/kubernetes/issues/128567",
    });
  });
});

describe("an output with several failures", () => {
  it("says the more specific one of those that recognise the same words", () => {
    expect(idsIn('desc = unable to get OCI runtime for sandbox "0d": no runtime for "spin" is configured')).toEqual([
      "containerd-2-handler-unknown",
    ]);
    expect(idsIn("EXPKEYSIG 234654DA9A296436")).toEqual(["apt-kubernetes-key-expired"]);
    expect(idsIn("exec /x.wasm: exec format error")).toEqual(["runc-wasm-exec-format"]);
    expect(idsIn("NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized")).toEqual([
      "kubelet-network-not-ready-containerd",
    ]);
  });

  it("says them in the order of the text", () => {
    expect(
      idsIn(
        "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 1 node(s) had untolerated taint {dedicated: gpu}.",
      ),
    ).toEqual(["node-selector-unmet", "control-plane-taint", "taint-not-tolerated"]);
    expect(
      idsIn("[ERROR Port-6443]: Port 6443 is in use\n[ERROR Swap]: running with swap on is not supported"),
    ).toEqual(["kubeadm-port-in-use", "kubeadm-swap"]);
  });
});

describe("any output", () => {
  it("never throws, and finds what stands in it", () => {
    const ids = Object.keys(sampleOf);
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.constantFrom(...ids),
        fc.string({ unit: "grapheme", maxLength: 300 }),
        (before, id, after) => {
          const text = sampleOf[id]?.says[0] ?? "";
          matchFailures(`${before}${after}`);
          matchFailures(text.slice(0, before.length));
          matchFailures(`${before}${text}${after}`);
          expect(idsIn(`ok\n${text}\nok`)).toContain(id);
        },
      ),
      { numRuns: 50 },
    );
  });

  /** Texts that begin to match again and again: a signature that backtracks would not come to an end here. */
  it("takes time in proportion to its length", () => {
    const begins = Object.values(sampleOf).flatMap(({ says }) =>
      says.map((text) => text.replaceAll("\n", " ").slice(0, Math.ceil(text.length * 0.6))),
    );
    const adversaries = [
      ...begins,
      " ",
      "\u001b[",
      "\u001b]0;",
      "\\",
      "(",
      "a/",
      "[ERROR ",
      "unix:///",
      'failed calling webhook "',
      "devel:/kubic:/",
      "lib",
      "\u0008",
    ];
    for (const piece of adversaries) {
      const text = piece.repeat(Math.ceil(8_000 / piece.length));
      expect(matchFailures(text).length).toBeLessThan(all.length);
    }
  }, 60_000);

  it("looks at the end of an endless output", () => {
    const noise = "nothing happened here. ".repeat(60_000);
    expect(idsIn(`EXPKEYSIG 234654DA9A296436 ${noise}`)).toEqual([]);
    expect(idsIn(`${noise} EXPKEYSIG 234654DA9A296436`)).toEqual(["apt-kubernetes-key-expired"]);
  });
});
