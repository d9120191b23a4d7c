import { rmSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { newHome, runProgram } from "../support/command-line.ts";

const home = newHome();
afterAll(() => rmSync(home, { recursive: true, force: true }));

it("plays line by line from a pipe: in order, waiting for commands, and answering what they ask", async () => {
  const lines = [
    "hostname",
    "touch a b; cp -i a b",
    "n",
    "echo after",
    ":machine nowhere",
    "cat",
    "one",
    ":check",
    "hostname -I | awk '{print $1}' > ~/master-address",
    ":check",
    ":quit",
  ];
  const stdin = `${lines.join("\n")}\n`;
  const { exitCode, stdout } = await runProgram(["start", "control-plane", "--pace", "instant"], { home, stdin });
  expect(exitCode).toBe(0);
  const wanted = [
    "Where am I?",
    "$ hostname\nmaster\n",
    "cp: overwrite 'b'? n\n",
    "$ echo after\nafter\n",
    "nowhere",
    "$ cat\none\none\n",
    "✗ address-noted",
    "✓ address-noted",
    "Step solved",
  ];
  let from = 0;
  for (const part of wanted) {
    const at = stdout.indexOf(part, from);
    expect(at, `${part} in\n${stdout.slice(from)}`).toBeGreaterThanOrEqual(0);
    from = at + part.length;
  }
});
