import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { candidatesOf, completionRequest, requestLine } from "../../../src/remote/completion.ts";
import { withHostsBlock } from "../../../src/remote/hosts.ts";
import { withAddress } from "../../../src/remote/kubeconfig.ts";
import { MarkParser, type ShellEvent } from "../../../src/remote/mark-parser.ts";
import { quoteArgv } from "../../../src/remote/quote.ts";
import { ScreenMode } from "../../../src/remote/screen-mode.ts";
import { markBegin, markEnd } from "../../../src/remote/shell-init.ts";

describe("quoting", () => {
  it("gives any words to a shell as they are", () => {
    const word = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && text.isWellFormed());
    const samples = fc.sample(fc.array(word, { minLength: 1, maxLength: 5 }), 60);
    const script = samples.map((words) => `printf '%s\\0' ${quoteArgv(words)}\n`).join("");
    for (const shell of ["bash", "sh"]) {
      expect(execFileSync(shell, { input: script }).toString().split("\0").slice(0, -1)).toEqual(samples.flat());
    }
  });
});

describe("marks", () => {
  const token = "0123456789abcdef";
  const piece = fc.oneof(
    fc.string().map((text): ShellEvent => ({ text })),
    fc.constantFrom(markBegin("other"), markBegin(token).slice(0, 9), "\u001b", "\r\n").map((text) => ({ text })),
    fc
      .tuple(fc.constantFrom("start" as const, "status" as const, "edit" as const), fc.string())
      .map(([mark, payload]): ShellEvent => ({ mark, payload })),
  );

  it("are told from what is printed, wherever the stream is cut", () => {
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 30 })), (events, cuts) => {
        const written = events
          .map((event) =>
            "text" in event
              ? event.text
              : `${markBegin(token)}${event.mark};${event.payload.replaceAll("\n", "\r\n")}${markEnd(token)}`,
          )
          .join("");
        const parser = new MarkParser(token);
        const found: ShellEvent[] = [];
        let at = 0;
        for (const cut of [...cuts, written.length]) {
          found.push(...parser.feed(written.slice(at, at + cut)));
          at += cut;
        }
        // What could still become a mark is told once it cannot.
        found.push(...parser.feed("!"));
        expect(joined(found)).toEqual(joined([...events, { text: "!" }]));
      }),
    );
  });

  /** Text that follows text is one. */
  function joined(events: readonly ShellEvent[]): ShellEvent[] {
    const result: ShellEvent[] = [];
    for (const event of events) {
      const last = result.at(-1);
      if ("text" in event && last && "text" in last) last.text += event.text;
      else if (!("text" in event) || event.text !== "") result.push({ ...event });
    }
    return result;
  }
});

describe("completion", () => {
  const asked = (line: string): [string, string, string[], number] => {
    const { kind, word, words, start } = completionRequest(line, line.length);
    return [kind, word, words, start];
  };

  it("finds the command and the word that the cursor is in", () => {
    expect(asked("")).toEqual(["command", "", [""], 0]);
    expect(asked("cat /etc/ho")).toEqual(["argument", "/etc/ho", ["cat", "/etc/ho"], 4]);
    expect(asked("cd x && sudo systemctl re")).toEqual(["argument", "re", ["systemctl", "re"], 23]);
    expect(asked("FOO=1 kub")).toEqual(["command", "kub", ["kub"], 6]);
    expect(asked("ls 'two wo")).toEqual(["argument", "two wo", ["ls", "'two wo"], 3]);
    expect(asked("ls two\\ wo")).toEqual(["argument", "two wo", ["ls", "two\\ wo"], 3]);
    expect(asked("kubectl -o=ya")).toEqual(["argument", "ya", ["kubectl", "-o", "=", "ya"], 11]);
    expect(asked("cat >/tm")).toEqual(["argument", "/tm", ["cat", ">", "/tm"], 5]);
    expect(asked("echo ${HO")).toEqual(["variable", "HO", [], 7]);
    expect(asked("echo $(hostn")).toEqual(["command", "hostn", ["hostn"], 7]);
  });

  it("writes requests and reads answers", () => {
    const request = completionRequest("cat tw", 6);
    expect(requestLine(3, request)).toBe("3\u001fargument\u001ftw\u001fcat\u001ftw");
    expect(requestLine(3, completionRequest("cat a\u0007", 6))).toBeUndefined();
    const answer = "folder two words\nfile it's\nword -f\npart x=\nword __wkl_save\n\nnonsense";
    expect(candidatesOf(request, answer)).toEqual({ start: 4, candidates: ["-f ", "it\\'s ", "two\\ words/", "x="] });
  });
});

describe("what takes the keyboard", () => {
  it("is seen in sequences that are cut, until they are given back", () => {
    const mode = new ScreenMode();
    for (const character of "\u001b[?1h\u001b=") mode.printed(character);
    expect(mode.hidden).toBe(true);
    mode.printed("text\n\u001b[?1l");
    mode.printed("\u001b>");
    expect(mode.hidden).toBe(false);
    mode.printed("[sudo] password for ubuntu: ");
    expect(mode.hidden).toBe(true);
    mode.typed("sec");
    expect(mode.hidden).toBe(true);
    mode.typed("ret\n");
    expect(mode.hidden).toBe(false);
    mode.printed("Password: none\n");
    expect(mode.hidden).toBe(false);
  });
});

describe("/etc/hosts", () => {
  const machines = [
    { name: "worker1", address: "10.0.0.3" },
    { name: "master", address: "10.0.0.2" },
  ];

  it("holds the machines once, however often they are written, and keeps the rest", () => {
    const before = "127.0.0.1 localhost\n127.0.1.1 master\n127.0.1.1 worker1 other # mine\n\n# a note\n";
    const once = withHostsBlock(before, machines);
    expect(once).toContain("\n10.0.0.2 master registry.lab\n10.0.0.3 worker1\n");
    expect(once).toContain("127.0.0.1 localhost\n# 127.0.1.1 master\n127.0.1.1 other\n\n# a note\n");
    expect(withHostsBlock(once, machines)).toBe(once);
    expect(withHostsBlock(once, [])).toBe("127.0.0.1 localhost\n# 127.0.1.1 master\n127.0.1.1 other\n\n# a note\n");
    expect(withHostsBlock("", machines)).toMatch(/^# wasm-k8s-lab/);
  });
});

describe("a kubeconfig", () => {
  it("gets the address that is in reach, and asks the certificate for the name it has", () => {
    const config = "clusters:\n- cluster:\n    server: https://master:6443\n  name: kubernetes\n";
    expect(withAddress(config, "10.0.0.2")).toBe(
      "clusters:\n- cluster:\n    server: https://10.0.0.2:6443\n    tls-server-name: master\n  name: kubernetes\n",
    );
    expect(withAddress(config.replace("master", "10.0.0.2"), "10.0.0.2")).not.toContain("tls-server-name");
  });
});
