import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DockerfileError,
  expandVariables,
  keyValues,
  parseDockerfile,
} from "../../../../src/backends/embedded/machine/programs/images/dockerfile.ts";

describe("Dockerfiles", () => {
  test("stages, names, flags, comments and continued lines", () => {
    const file = parseDockerfile(`# syntax comment
ARG RUST=1.75.0
FROM --platform=linux/amd64 rust:\${RUST}-slim AS Builder
RUN rustup target add \\
    # in between
    wasm32-wasi
FROM scratch
COPY --from=builder --chown=1:2 /a /b
entrypoint ["/b"]
`);
    expect(file.globals.map((instruction) => instruction.text)).toEqual(["RUST=1.75.0"]);
    expect(file.stages.map(({ name, from, platform }) => ({ name, from, platform }))).toEqual([
      { name: "builder", from: "rust:${RUST}-slim", platform: "linux/amd64" },
      { name: "1", from: "scratch", platform: undefined },
    ]);
    expect(file.stages[0]?.instructions[0]?.text).toBe("rustup target add     wasm32-wasi");
    expect(file.stages[1]?.instructions[0]?.flags).toEqual({ from: "builder", chown: "1:2" });
    expect(file.stages[1]?.instructions[1]).toMatchObject({ keyword: "ENTRYPOINT", exec: ["/b"] });
  });

  test("a list with a mistake in it is the shell form", () => {
    const file = parseDockerfile("FROM scratch\nENTRYPOINT ['/http_server.wasm']\n");
    expect(file.stages[0]?.instructions[0]?.exec).toBeUndefined();
  });

  test.each([
    ["", "file with no instructions"],
    ["# nothing\n", "file with no instructions"],
    ["RUN x\n", "no FROM statement found"],
    ["FROM a b\n", "FROM requires either one or three arguments"],
    ["FROM scratch\nCOPPY a b\n", 'unknown instruction: "COPPY" on line 2'],
    ["FROM scratch\nRUN\n", "RUN requires at least one argument on line 2"],
  ])("%j is refused", (text, words) => {
    expect(() => parseDockerfile(text)).toThrow(words);
  });

  test("variables", () => {
    const values = { A: "1", EMPTY: "" };
    expect(expandVariables("$A ${A} \\$A ${NONE:-d} ${EMPTY:-e} ${EMPTY-x} ${A:+y} $NONE.", values)).toBe(
      "1 1 $A d e  y .",
    );
    expect(keyValues("a=1 b=\"two words\" c='x'")).toEqual([
      ["a", "1"],
      ["b", "two words"],
      ["c", "x"],
    ]);
    expect(keyValues("key the rest")).toEqual([["key", "the rest"]]);
  });

  test("any text is read or refused in words", () => {
    const line = fc.oneof(
      fc.constantFrom("FROM scratch", "RUN a \\", "COPY --from=x a b", 'CMD ["a"]', "# c", "", "ENV A=$B"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          parseDockerfile(lines.join("\n"));
        } catch (error) {
          expect(error).toBeInstanceOf(DockerfileError);
        }
      }),
    );
  });
});
