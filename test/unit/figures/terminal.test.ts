import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { componentIds, passActions, type Party, type Pass, type Picture } from "../../../src/domain/picture.ts";
import { changeOf, changesBetween } from "../../../src/figures/changes.ts";
import { type FigureLine, type FigureName, figureNames } from "../../../src/figures/figure.ts";
import { type FigureOptions, needsAscii, terminalFigure } from "../../../src/figures/terminal.ts";
import { figuresEn as texts } from "../../../src/texts/figures/en.ts";
import { barePicture, hybridPicture, pod, withState } from "./pictures.ts";

const textOf = (line: FigureLine): string => line.map(({ text }) => text).join("");

const rowsOf = (picture: Picture, figure: FigureName, options: Partial<FigureOptions> = {}): string[] =>
  terminalFigure(picture, { width: 80, height: 22, texts, figure, ...options }).map(textOf);

const drawn = (picture: Picture, figure: FigureName, options: Partial<FigureOptions> = {}): string =>
  rowsOf(picture, figure, options).join("\n");

describe("the figure of the cluster", () => {
  it("shows nothing but what is missing before anything is installed, in dotted frames", () => {
    const text = drawn(barePicture, "cluster");
    expect(text).toContain("· API server");
    expect(text).toContain("· CRI-O → · crun → · WasmEdge");
    expect(text).toContain("· containerd → · shim spin → · Spin");
    expect(text).toContain("no node yet");
    expect(text).toContain("┄");
    expect(text.replace(/.*installed.*failed.*/, "")).not.toMatch(/[●○✗┌─]──/);
  });

  it("shows a component appear, run and fail", () => {
    const shown = (state: "installed" | "running" | "failed"): string =>
      drawn(withState(barePicture, "worker1", "cri-o", state), "cluster");
    expect(shown("installed")).toContain("○ CRI-O");
    expect(shown("running")).toContain("● CRI-O");
    expect(shown("failed")).toContain("✗ CRI-O");
  });

  it("shows both methods side by side, pods in their node and who reaches them", () => {
    const rows = rowsOf(hybridPicture, "cluster", { width: 100, height: 30 });
    const text = rows.join("\n");
    expect(rows.some((row) => row.includes("worker1") && row.includes("worker2"))).toBe(true);
    expect(text).toMatch(/◆ wasmedge-deploy\S+ +42/);
    expect(text).toMatch(/◆ wasm-spin\S+ CrashLoopBackOff/);
    expect(text).toContain("■ nginx");
    expect(text).toContain(":31001 → wasmedge-service → 2 pods · 42 answered");
    expect(text).toContain(":31002 → wasm-spin → 0 pods");
    expect(text).not.toContain("kube-proxy-7xxbt");
  });

  it("tells of pods that no node was given", () => {
    const { node: _node, ...waiting } = pod("web", "", []);
    const picture = { ...hybridPicture, pods: [...hybridPicture.pods, { ...waiting, phase: "Pending", ready: false }] };
    expect(drawn(picture, "cluster")).toContain("1 pod waits for a node");
  });

  it("says every machine, component and pod also where there is hardly room", () => {
    const text = drawn(hybridPicture, "cluster", { width: 60, height: 10 });
    for (const word of ["master", "worker1", "worker2", "● crun", "● shim spin", "◆"]) expect(text).toContain(word);
  });
});

describe("the figure of a node", () => {
  it("is Figure 10 on a worker with CRI-O: the module beside the container, below one crun", () => {
    const rows = rowsOf(hybridPicture, "node", { machine: "worker1" });
    const order = ["● kubelet", "● CRI-O", "● crun", "● WasmEdge", "◆ modules"].map((word) =>
      rows.findIndex((row) => row.includes(word)),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    expect(rows.find((row) => row.includes("◆ modules"))).toContain("■ containers");
    expect(rows.join("\n")).toContain("kube-proxy-7xxbt");
  });

  it("is Figure 11 on a worker with containerd: the Spin shim beside the shim of runc", () => {
    const rows = rowsOf(hybridPicture, "node", { machine: "worker2" });
    expect(rows.some((row) => row.includes("● shim spin") && row.includes("● shim runc"))).toBe(true);
    expect(rows.some((row) => row.includes("● Spin") && row.includes("● runc"))).toBe(true);
    expect(rows.join("\n")).toMatch(/◆ wasm-spin\S* CrashLoopBackOff/);
  });

  it("shows a crun that was built for another Wasm runtime, and the pods that take that way", () => {
    const other = withState(
      withState(hybridPicture, "worker1", "wasmtime", "running"),
      "worker1",
      "wasmedge",
      "absent",
    );
    const picture = { ...other, pods: [pod("web", "worker1", ["cri-o", "crun", "wasmtime"])] };
    const rows = rowsOf(picture, "node", { machine: "worker1", width: 100 });
    expect(rows.some((row) => row.includes("· WasmEdge") && row.includes("● Wasmtime"))).toBe(true);
    expect(rows.find((row) => row.includes("◆ web"))?.indexOf("◆")).toBeGreaterThan(20);
    expect(drawn(picture, "cluster", { height: 30 })).toContain("● Wasmtime");
  });

  it("shows the first worker where none is asked for, and a list where there is no room for boxes", () => {
    expect(rowsOf(hybridPicture, "node")[0]).toContain("worker1");
    expect(drawn(hybridPicture, "node", { width: 40, height: 8 })).toContain("→ ● CRI-O → ● crun");
  });
});

describe("the figure of what passes", () => {
  it("lists the latest first, and what was stored at once with who sent it", () => {
    const rows = rowsOf(hybridPicture, "flow", { width: 100, height: 30 });
    const first = rows.findIndex((row) => row.startsWith("▶"));
    expect(rows[first]).toContain("crun → WasmEdge worker1");
    expect(rows[first]).toContain("http_server.wasm");
    expect(rows[first + 1]).toContain("kubelet → CRI-O worker1");
    expect(rows.join("\n")).toMatch(/kubectl → API server → etcd +create Deployment web/);
  });

  it("shows an earlier pass on its way when it is at that one", () => {
    const at = (sequence: number): string => drawn(hybridPicture, "flow", { at: sequence, width: 100 });
    expect(at(1)).toMatch(/kubectl +─+ Deployment ─+▶/);
    expect(at(2)).toMatch(/│ +─+ Deployment ─+▶ +● etcd/);
    expect(at(3)).toMatch(/● scheduler +─+ Pod\/binding ─+▶/);
    expect(at(5)).toMatch(/worker1 +● kubelet ▶ ● CRI-O → ● crun/);
    expect(at(0)).toContain(texts.quiet);
  });
});

describe("any figure", () => {
  it("marks what changed between two pictures", () => {
    const later = withState(hybridPicture, "worker1", "crun", "failed");
    const changed = changesBetween(hybridPicture, later);
    expect([...changed]).toEqual([changeOf.component({ name: "worker1" }, "crun")]);
    const lines = terminalFigure(later, { width: 80, height: 22, texts, figure: "cluster", changed });
    const marked = lines.flat().filter(({ inverse }) => inverse === true);
    expect(marked.map(({ text }) => text).join("")).toBe("✗ crun");
    expect(changesBetween(later, later).size).toBe(0);
  });

  it("is ASCII where nothing else can be shown, and says the same", () => {
    for (const figure of figureNames) {
      expect(drawn(hybridPicture, figure, { ascii: true })).toMatch(/^[ -~\n]*$/);
    }
    expect(drawn(barePicture, "cluster", { ascii: true })).toContain(". CRI-O > . crun > . WasmEdge");
    expect(needsAscii({ LANG: "en_US.UTF-8", TERM: "xterm" })).toBe(false);
    expect(needsAscii({})).toBe(false);
    expect(needsAscii({ LANG: "C" })).toBe(true);
    expect(needsAscii({ LANG: "de_DE.UTF-8", LC_ALL: "POSIX" })).toBe(true);
    expect(needsAscii({ LANG: "en_US.UTF-8", TERM: "dumb" })).toBe(true);
  });

  it("gives wide characters their two cells", () => {
    const picture = {
      ...hybridPicture,
      pods: [pod("网页网页网页网页网页网页网页网页网页网页", "worker1", ["cri-o", "crun", "wasmedge"])],
    };
    const rows = rowsOf(picture, "cluster", { width: 60, height: 24 });
    const framed = rows.filter((row) => row.startsWith("│") && row.endsWith("│"));
    expect(framed.some((row) => row.includes("网页"))).toBe(true);
    for (const row of framed) expect(stringWidth(row)).toBe(60);
  });

  it("keeps to its size, whatever the picture", () => {
    fc.assert(
      fc.property(
        anyPicture,
        fc.constantFrom(...figureNames),
        fc.nat(130),
        fc.nat(45),
        fc.boolean(),
        fc.option(fc.nat(60), { nil: undefined }),
        (picture, figure, width, height, ascii, at) => {
          const lines = terminalFigure(picture, {
            width,
            height,
            figure,
            texts,
            ascii,
            ...(at === undefined ? {} : { at }),
          });
          expect(lines.length).toBe(height);
          for (const line of lines) {
            const text = textOf(line);
            expect(stringWidth(text)).toBeLessThanOrEqual(width);
            expect(text).not.toMatch(/\p{Cc}/u);
            if (ascii) expect(text).toMatch(/^[ -~]*$/);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.constantFrom("", "web", "\u001b[31m", "网页", "a\nb"),
);
const anyParty: fc.Arbitrary<Party> = fc.record(
  { component: fc.constantFrom(...componentIds, "kubectl", "kubeadm", "client", "pod"), machine: anyText },
  { requiredKeys: ["component"] },
);
const anyPass: fc.Arbitrary<Pass> = fc.record({
  sequence: fc.nat(50),
  time: fc.nat(),
  from: anyParty,
  to: anyParty,
  action: fc.constantFrom(...passActions),
  what: anyText,
  name: anyText,
  count: fc.nat(2_000_000_000),
});
const anyPicture: fc.Arbitrary<Picture> = fc.record({
  formatVersion: fc.constant(1 as const),
  machines: fc.array(
    fc.record(
      {
        name: anyText,
        role: fc.constantFrom("master" as const, "worker1" as const, "worker2" as const),
        address: anyText,
        state: fc.constantFrom("running" as const, "stopped" as const),
        components: fc.array(
          fc.record(
            {
              id: fc.constantFrom(...componentIds),
              state: fc.constantFrom("absent" as const, "installed" as const, "running" as const, "failed" as const),
              version: anyText,
              detail: anyText,
            },
            { requiredKeys: ["id", "state"] },
          ),
          { maxLength: 18 },
        ),
        node: fc.record(
          {
            name: anyText,
            ready: fc.boolean(),
            reason: anyText,
            version: anyText,
            labels: fc.dictionary(anyText, anyText, { maxKeys: 3 }),
            unschedulable: fc.boolean(),
          },
          { requiredKeys: ["name", "ready", "version", "labels", "unschedulable"] },
        ),
      },
      { requiredKeys: ["name", "role", "address", "state", "components"] },
    ),
    { maxLength: 4 },
  ),
  pods: fc.array(
    fc.record(
      {
        namespace: anyText,
        name: anyText,
        node: fc.constantFrom("master", "worker1", ""),
        phase: fc.constantFrom("Pending", "Running", "Failed", "Terminating"),
        ready: fc.boolean(),
        reason: anyText,
        path: fc.array(fc.constantFrom(...componentIds), { maxLength: 4 }),
        requests: fc.nat(2_000_000_000),
        system: fc.boolean(),
      },
      { requiredKeys: ["namespace", "name", "phase", "ready", "requests", "system"] },
    ),
    { maxLength: 12 },
  ),
  services: fc.array(
    fc.record(
      {
        namespace: anyText,
        name: anyText,
        port: fc.nat(65_535),
        nodePort: fc.nat(65_535),
        endpoints: fc.nat(9),
        requests: fc.nat(),
      },
      { requiredKeys: ["namespace", "name", "port", "endpoints", "requests"] },
    ),
    { maxLength: 4 },
  ),
  passes: fc.array(anyPass, { maxLength: 30 }),
});
