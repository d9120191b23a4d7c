import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { charactersOf, breakAtEdge, breakAtSpaces, fill, partAround } from "../../../src/ui/cells.ts";
import { complete, edit, emptyLine, insert } from "../../../src/ui/line-editor.ts";
import { layoutMarkdown } from "../../../src/ui/markdown.ts";
import { advance, nothingTyped, restoreCopied } from "../../../src/ui/next-command.ts";
import { fromOutput } from "../../../src/ui/matching-output.ts";
import { openText, pressKey, textOf, typeText } from "../../../src/ui/text-editor.ts";

const typed = (text: string) => insert(emptyLine, text);

describe("the line editor", () => {
  it("edits in the middle", () => {
    const line = edit(edit(typed("kubectl get"), "word-left", []), "backspace", []);
    expect(line).toMatchObject({ text: "kubectlget", cursor: 7 });
    expect(insert(line, " ").text).toBe("kubectl get");
  });

  it("walks the history and comes back to what was being typed", () => {
    const history = ["first", "second"];
    let line = edit(typed("draft"), "up", history);
    expect(line.text).toBe("second");
    line = edit(edit(line, "up", history), "up", history);
    expect(line.text).toBe("first");
    line = edit(edit(line, "down", history), "down", history);
    expect(line.text).toBe("draft");
  });

  it("completes as far as the candidates agree", () => {
    expect(complete(typed("cat /etc/ho"), 4, ["/etc/hostname", "/etc/hosts"]).line.text).toBe("cat /etc/host");
    expect(complete(typed("cat /etc/host"), 4, ["/etc/hostname", "/etc/hosts"]).choices).toHaveLength(2);
    expect(complete(typed("systemc"), 0, ["systemctl"]).line.text).toBe("systemctl ");
    expect(complete(typed("cd wasm"), 3, ["wasmedge-app/"]).line.text).toBe("cd wasmedge-app/");
  });

  it("keeps the cursor inside whatever keys are pressed", () => {
    const keys = [
      "left",
      "right",
      "home",
      "end",
      "backspace",
      "delete",
      "up",
      "down",
      "kill-to-end",
      "kill-to-start",
      "kill-word",
      "word-left",
      "word-right",
    ] as const;
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...keys), fc.record({ text: fc.string() }))), (actions) => {
        let line = emptyLine;
        for (const action of actions)
          line = typeof action === "string" ? edit(line, action, ["a b", "c"]) : insert(line, action.text);
        expect(line.cursor).toBeGreaterThanOrEqual(0);
        expect(line.cursor).toBeLessThanOrEqual(line.text.length);
      }),
    );
  });
});

describe("Markdown in a terminal", () => {
  it("loses no word and never exceeds the width", () => {
    const words = fc.array(fc.stringMatching(/^[a-zA-Z0-9/.:=]{1,90}$/), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 10, max: 120 }), (list, width) => {
        const lines = layoutMarkdown(list.join(" "), width).map((line) => line.map((span) => span.text).join(""));
        for (const line of lines) expect(stringWidth(line.trimEnd())).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(list.join(""));
      }),
    );
  });

  it("marks bold and code and keeps fenced lines", () => {
    const lines = layoutMarkdown("a **b** `c`\n\n- item\n\n```\n  x  y\n```", 40);
    expect(lines[0]).toEqual(
      expect.arrayContaining([
        { text: "b", bold: true },
        { text: "c", code: true },
      ]),
    );
    expect(lines.flat().map((span) => span.text)).toEqual(expect.arrayContaining(["•", "    x  y"]));
  });
});

describe("a command filled from what the machines printed", () => {
  const shown = "sudo kubeadm join 10.0.0.182:6443 --token … --discovery-token-ca-cert-hash sha256:…";

  it("joins continuation lines and takes the latest", () => {
    const output = [
      "kubeadm join 10.0.0.182:6443 --token old.token \\",
      "\t--discovery-token-ca-cert-hash sha256:aa",
      "something else",
      "kubeadm join 10.0.0.182:6443 --token new.token --discovery-token-ca-cert-hash sha256:bb ",
    ];
    expect(fromOutput(shown, output)).toBe(
      "sudo kubeadm join 10.0.0.182:6443 --token new.token --discovery-token-ca-cert-hash sha256:bb",
    );
    expect(fromOutput(shown, output.slice(0, 2))).toContain(
      "--token old.token --discovery-token-ca-cert-hash sha256:aa",
    );
  });

  it("is undefined when nothing like it was printed, and itself when nothing is open", () => {
    expect(fromOutput(shown, ["kubeadm token list"])).toBeUndefined();
    expect(fromOutput("kubectl get nodes", [])).toBe("kubectl get nodes");
  });
});

describe("the editor pane", () => {
  it("types, breaks, joins and cuts lines", () => {
    let file = openText("one\ntwo\n");
    file = typeText(file, "zero\n");
    expect(textOf(file)).toBe("zero\none\ntwo\n");
    file = pressKey(file, "backspace", 5);
    expect(textOf(file)).toBe("zeroone\ntwo\n");
    file = pressKey(file, "cut-line", 5);
    expect(textOf(file)).toBe("two\n");
  });

  it("gives back an untouched file as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[^\n\r]*$/)), (lines) => {
        const text = lines.length > 0 ? `${lines.join("\n")}\n` : "";
        if (text !== "\n") expect(textOf(openText(text))).toBe(text);
      }),
    );
  });
});

describe("cells", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 }).map((each) => each.replaceAll(/\p{Cc}/gu, ""));

  it("break a text without losing any of it, and no row is too wide", () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 20 }), (given, columns) => {
        for (const rows of [breakAtEdge(given, columns).map((row) => row.text), breakAtSpaces(given, columns)]) {
          expect(rows.join("")).toBe(given);
          // One character that is itself wider than the screen cannot be broken.
          const breakable = rows.filter((row) => charactersOf(row).length > 1);
          for (const row of breakable) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
        }
        expect(stringWidth(fill(given, columns))).toBe(columns);
      }),
      { examples: [["\u{1D158}\u{1D165}\u{1D16E}", 2]] },
    );
  });

  it("show the part of a line that the cursor is in", () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.integer({ min: 12, max: 30 }), (given, at, columns) => {
        const cursor = given === "" ? 0 : at % given.length;
        const part = partAround(given, cursor, columns);
        expect(stringWidth(part.text)).toBeLessThanOrEqual(columns);
        expect(cursor).toBeGreaterThanOrEqual(part.start);
        expect(cursor).toBeLessThanOrEqual(part.start + part.text.length);
      }),
    );
  });
});

describe("the next command", () => {
  const commands = [
    { on: "master", text: "hostname -I" },
    { on: "master", text: "tee f <<EOF\none\nEOF\n" },
    { on: "worker1", text: "sudo kubeadm join --token … --hash sha256:…" },
  ];
  const typed = (...lines: [string, string][]) =>
    lines.reduce((progress, [on, line]) => advance(commands, progress, on, line), nothingTyped);

  it("is the one after what was typed, whatever the spaces", () => {
    expect(typed(["master", "  hostname   -I "])).toEqual({ command: 1, line: 0 });
    expect(typed(["worker1", "hostname -I"])).toEqual(nothingTyped);
    expect(typed(["master", "hostname"])).toEqual(nothingTyped);
  });

  it("goes line by line, and over what was left out", () => {
    expect(typed(["master", "tee f <<EOF"], ["master", "one"])).toEqual({ command: 1, line: 2 });
    expect(typed(["master", "tee f <<EOF"], ["master", "one"], ["master", "EOF"])).toEqual({ command: 2, line: 0 });
  });

  it("takes any word for what is to be filled in", () => {
    expect(typed(["worker1", "sudo kubeadm join --token a.b --hash sha256:12"])).toEqual({ command: 3, line: 0 });
    expect(typed(["worker1", "sudo kubeadm join --token a.b --hash 12"])).toEqual(nothingTyped);
  });

  it("is known again in a copy of the screen", () => {
    expect(restoreCopied("$ sudo kubeadm join\n  --token abc", ["sudo kubeadm join --token abc"])).toBe(
      "sudo kubeadm join --token abc",
    );
    expect(restoreCopied("sudo kubeadm", ["sudo kubeadm join"])).toBeUndefined();
  });
});
