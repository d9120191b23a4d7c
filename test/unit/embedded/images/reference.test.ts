import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  familiarName,
  formatReference,
  InvalidReference,
  isShortName,
  parseReference,
  parseTagged,
} from "../../../../src/backends/embedded/runtime/images/reference.ts";

describe("image references", () => {
  test.each([
    ["nginx", "docker.io/library/nginx:latest"],
    ["nginx:1.25", "docker.io/library/nginx:1.25"],
    ["wasmedge/example-wasi-http:compat-smart", "docker.io/wasmedge/example-wasi-http:compat-smart"],
    ["registry.lab:5000/http-server:v1", "registry.lab:5000/http-server:v1"],
    ["localhost/app", "localhost/app:latest"],
    ["index.docker.io/library/busybox", "docker.io/library/busybox:latest"],
    ["10.0.0.1:5000/haw/hello", "10.0.0.1:5000/haw/hello:latest"],
  ])("%s is %s", (text, full) => {
    expect(formatReference(parseTagged(text))).toBe(full);
  });

  test.each([
    ["Haw/UPPER:v1", "invalid reference format: repository name must be lowercase"],
    ["nginx:", "invalid reference format"],
    ["nginx::1", "invalid reference format"],
    ["-nginx", "invalid reference format"],
    ["a b", "invalid reference format"],
    ["", "invalid reference format"],
    ["nginx@sha256:abc", "invalid reference format"],
    [`nginx@sha256:${"a".repeat(40)}`, "invalid checksum digest length"],
    ["a".repeat(64), `invalid repository name (${"a".repeat(64)}), cannot specify 64-byte hexadecimal strings`],
    [`x.io/${"a".repeat(300)}`, "repository name must not be more than 255 characters"],
  ])("%s is refused", (text, words) => {
    expect(() => parseReference(text)).toThrow(words);
  });

  test("short names have no registry", () => {
    expect(["nginx", "wasmedge/x", "a/b/c"].map(isShortName)).toEqual([true, true, true]);
    expect(["docker.io/nginx", "localhost/x", "host:5000/x"].map(isShortName)).toEqual([false, false, false]);
  });

  test("familiar names leave out what docker leaves out", () => {
    expect(familiarName(parseTagged("docker.io/library/nginx"))).toBe("nginx:latest");
    expect(familiarName(parseTagged("haw/hello:v1"))).toBe("haw/hello:v1");
    expect(familiarName(parseTagged("registry.lab:5000/x"))).toBe("registry.lab:5000/x:latest");
  });

  test("what is accepted reads the same again, and nothing else is thrown", () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9._:/@-]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(part, fc.string()), (text) => {
        try {
          const reference = parseReference(text);
          expect(parseReference(formatReference(reference))).toEqual(reference);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidReference);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("any name, tag and digest of the grammar is accepted", () => {
    const component = fc.stringMatching(/^[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}$/);
    fc.assert(
      fc.property(
        fc.array(component, { minLength: 2, maxLength: 4 }),
        fc.stringMatching(/^\w[\w.-]{0,20}$/),
        (parts, tag) => {
          const name = `host.example:5000/${parts.join("/")}`;
          expect(parseReference(`${name}:${tag}`)).toMatchObject({
            domain: "host.example:5000",
            path: parts.join("/"),
            tag,
          });
        },
      ),
    );
  });
});
