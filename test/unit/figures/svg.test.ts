import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeFigure } from "../../../src/figures/describe.ts";
import { figureNames } from "../../../src/figures/figure.ts";
import { svgFigure } from "../../../src/figures/svg/index.ts";
import { figuresDe } from "../../../src/texts/figures/de.ts";
import { figuresEn as texts } from "../../../src/texts/figures/en.ts";
import { readXml } from "../grading/markup.ts";
import { barePicture, hybridPicture, pod } from "./pictures.ts";

describe("a figure as SVG", () => {
  it("is one well-formed document that loads nothing, with a title and a description", () => {
    for (const figure of figureNames) {
      for (const picture of [barePicture, hybridPicture]) {
        const svg = svgFigure(picture, figure, texts);
        expect(readXml(svg).name).toBe("svg");
        expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]* role="img"/);
        expect(svg).toContain(`<title id="figure-${figure}-title">${texts.captions[figure]}</title>`);
        expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|href|<script|@import/);
      }
    }
  });

  it("shows what is there and what is not in another way than by colour", () => {
    const svg = svgFigure(hybridPicture, "cluster", texts);
    for (const word of ["worker2", "CRI-O", "shim spin", "wasm-spin-6f9c9d8b5-abcde", "CrashLoopBackOff", ":31001"]) {
      expect(svg).toContain(word);
    }
    expect(svgFigure(barePicture, "cluster", texts)).toContain('class="box absent"');
    expect(svg).toContain('class="machine"');
    expect(svgFigure(barePicture, "cluster", texts)).toContain('class="machine absent"');
  });

  it("holds whatever a name may be", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), fc.constantFrom(...figureNames), (name, figure) => {
        const [machine] = hybridPicture.machines;
        const [service] = hybridPicture.services;
        if (!machine || !service) throw new Error("the fixture is empty");
        const picture = {
          ...hybridPicture,
          machines: [{ ...machine, name }, ...hybridPicture.machines],
          pods: [pod(name, "worker1", ["cri-o", "crun", "wasmedge"], { reason: name, ready: false })],
          services: [{ ...service, name }],
          passes: hybridPicture.passes.map((pass) => ({ ...pass, name, what: name })),
        };
        readXml(svgFigure(picture, figure, texts, name));
      }),
      { numRuns: 40 },
    );
  });

  it("is told in words as well, in both languages", () => {
    const lines = describeFigure(hybridPicture, "cluster", texts);
    expect(lines).toContain("Machine worker1: Ready.");
    expect(lines).toContain("  Pod wasmedge-deploy-7f5b8767f4-f46n8: Ready, 42 requests answered.");
    expect(lines).toContain("Service wasm-spin on port 31002 leads to 0 pods.");
    expect(describeFigure(hybridPicture, "node", texts, "worker2").join("\n")).toContain(
      "kubelet → containerd → shim spin → Spin",
    );
    expect(describeFigure(hybridPicture, "flow", texts)[0]).toBe(
      "crun worker1 to WasmEdge worker1: create http_server.wasm web.",
    );
    expect(describeFigure(hybridPicture, "cluster", figuresDe).join("\n")).toContain("42 Anfragen beantwortet");
    expect(describeFigure({ ...barePicture, machines: [] }, "node", texts)).toEqual([texts.empty]);
  });
});
