import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { execOnMachine } from "../../../../src/backends/embedded/machine/session.ts";
import { createFakeMachine } from "../fakes/machine.ts";
import { programs, runModelled, runReal } from "./support.ts";

const name = fc.constantFrom("a", "b", "c");
const literal = fc.constantFrom(
  "x",
  "1",
  "22",
  "foo",
  "a.b.c",
  "'q r'",
  '"d  e"',
  "x\\ y",
  "''",
  "*",
  "[ab]",
  "a:b:",
  "~",
  "{1,2}",
  "-n",
  "\\\\",
);
const expansion = fc.oneof(
  name.map((variable) => `$${variable}`),
  name.map((variable) => `"$${variable}"`),
  fc
    .tuple(
      name,
      fc.constantFrom(
        "#*.",
        "##*.",
        "%.*",
        "%%.*",
        "^^",
        ",,",
        ":-d",
        ":+s",
        "-u",
        "/a/Z",
        "//[a-c]/_",
        ":1",
        ":0:2",
        ": -1",
      ),
    )
    .map(([variable, rest]) => `"\${${variable}${rest}}"`),
  name.map((variable) => `\${#${variable}}`),
  fc.constantFrom(
    "$#",
    '"$@"',
    "$*",
    "$?",
    "$((1 + 2 * 3))",
    "$((a + 1))",
    "$(echo sub)",
    '"$(echo "n  m")"',
    "`echo bt`",
  ),
);
const word = fc.oneof(
  { weight: 2, arbitrary: literal },
  { weight: 3, arbitrary: expansion },
  fc.tuple(literal, expansion).map((parts) => parts.join("")),
);
const words = fc.array(word, { minLength: 0, maxLength: 4 }).map((parts) => parts.join(" "));
const simple = fc.oneof(
  { weight: 4, arbitrary: words.map((text) => `printf '<%s>' ${text}; echo`) },
  { weight: 3, arbitrary: fc.tuple(name, word).map(([variable, value]) => `${variable}=${value}`) },
  fc.tuple(name, word).map(([variable, value]) => `${variable}+=${value}`),
  words.map((text) => `set -- ${text}`),
  fc.constantFrom("true", "false", ":", "shift", "(exit 3)", "unset a", "IFS=:", "unset IFS", "set -f", "set +f"),
);
const condition = fc.oneof(
  fc.constantFrom("true", "false", "((a > 1))", "! true"),
  fc
    .tuple(word, fc.constantFrom("==", "!=", "<"), word)
    .map(
      ([left, operator, right]) =>
        `[[ ${left.replace(/"\$@"|\$\*/g, "$a")} ${operator} ${right.replace(/"\$@"|\$\*/g, "$b")} ]]`,
    ),
  name.map((variable) => `[ -z "$${variable}" ]`),
  name.map((variable) => `test "$${variable}" = foo`),
);
const heredoc = words.map((text) => `cat <<EOF\n${text}\nEOF`);
const { script } = fc.letrec<{ script: string; command: string }>((tie) => ({
  command: fc.oneof(
    { depthSize: "small" },
    { weight: 6, arbitrary: simple },
    {
      weight: 1,
      arbitrary: fc
        .tuple(condition, tie("script"), tie("script"))
        .map(([test, yes, no]) => `if ${test}; then\n${yes}\nelse\n${no}\nfi`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(name, words, tie("script"))
        .map(([variable, list, body]) => `for ${variable} in ${list}; do\n${body}\ndone`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(word, word, tie("script"))
        .map(([text, pattern, body]) => `case ${text} in ${pattern}) ${body}\n;; *) echo other;; esac`),
    },
    { weight: 1, arbitrary: tie("script").map((body) => `( ${body}\n)`) },
    { weight: 1, arbitrary: tie("script").map((body) => `{ ${body}\n} | cat`) },
    { weight: 1, arbitrary: fc.tuple(tie("script"), words).map(([body, args]) => `f() {\n${body}\n}; f ${args}`) },
    {
      weight: 1,
      arbitrary: fc.tuple(tie("command"), fc.constantFrom("&&", "||"), tie("command")).map((parts) => parts.join(" ")),
    },
    { weight: 1, arbitrary: fc.tuple(name, tie("script")).map(([variable, body]) => `${variable}=$(${body}\n)`) },
  ),
  script: fc
    .array(fc.oneof({ weight: 8, arbitrary: tie("command") }, heredoc), { minLength: 1, maxLength: 4 })
    .map((commands) => commands.join("\n")),
}));

describe("random scripts", () => {
  it("do in a modelled shell what they do in bash", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("", "set -e\n", "set -u\n", "set -o pipefail\n"),
        script,
        async (options, body) => {
          // Functions of one name that call each other for ever are not what is compared.
          const source = `${options}${body.replace(/\bf\(\)/g, "f()")}`;
          if ((source.match(/f\(\)/g) ?? []).length > 1) return;
          const [real, modelled] = await Promise.all([runReal(source), runModelled(source)]);
          expect({ stdout: modelled.stdout, exitCode: modelled.exitCode }).toEqual({
            stdout: real.stdout,
            exitCode: real.exitCode,
          });
        },
      ),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 60), seed: Number(process.env["FUZZ_SEED"] ?? 20240228) },
    );
  });
});

const fragment = fc.oneof(
  fc.constantFrom(
    "if",
    "then",
    "fi",
    "for",
    "do",
    "done",
    "while",
    "case",
    "esac",
    "in",
    "{",
    "}",
    "(",
    ")",
    "((",
    "))",
    "[[",
    "]]",
    "function",
    "!",
    "time",
    "select",
    "|",
    "||",
    "&&",
    "&",
    ";",
    ";;",
    "\n",
    " ",
    "\t",
    "<",
    ">",
    ">>",
    "<<",
    "<<<",
    "<(",
    "2>&1",
    "&>",
    "$",
    "${",
    "}",
    "$(",
    "$((",
    "`",
    "'",
    '"',
    "\\",
    "#",
    "*",
    "?",
    "[",
    "]",
    "a",
    "a=",
    "a[",
    "echo",
    "cat",
    "EOF",
    "$a",
    "${a",
    ":-",
    "##",
    "%%",
    "//",
    "@",
    "1",
    "-n",
    "=~",
    "==",
    "+=(",
    "read x",
    "eval",
    "exec",
    "local",
    "declare -A",
    "trap",
    "unset",
  ),
  fc.string({ maxLength: 4 }),
);

describe("random garbage", () => {
  it("never throws, hangs or shows an internal error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fragment, { maxLength: 14 }), async (fragments) => {
        const machine = createFakeMachine({ programs });
        const result = await execOnMachine(machine, ["bash", "-c", fragments.join("")], { timeoutMs: 2_000 });
        expect(result.stderr).not.toContain("internal error");
        expect(result.exitCode).toBeLessThan(256);
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 300), seed: Number(process.env["FUZZ_SEED"] ?? 20240228) },
    );
  });
});
