import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  lockedApplication,
  parseLockedApplication,
  parseSpinManifest,
  SpinManifestError,
} from "../../../../src/backends/embedded/wasm/spin-manifest.ts";
import { buildRoutes, findRoute, parseRoute } from "../../../../src/backends/embedded/wasm/spin/routes.ts";

const second = `spin_manifest_version = 2

[application]
name = "http_server"
version = "0.0.1"
description = "A simple app"
authors = ["Ada <ada@example.com>"]

[[trigger.http]]
route = "/"
component = "hello"

[[trigger.http]]
id = "more"
route = "/more/..."
component = "hello"

[component.hello]
source = "target/wasm32-wasi/release/http_server.wasm"
description = "Says hello"
allowed_outbound_hosts = ["https://example.com"]
environment = { A = "1" }

[component.hello.build]
command = "cargo build"
workdir = "hello"
watch = ["src/**"]
`;

const first = `spin_manifest_version = "1"
name = "old"
version = "1.0.0"
trigger = { type = "http", base = "/base" }

[[component]]
id = "hello"
source = "hello.wasm"
[component.trigger]
route = "/hello"
[component.build]
command = "make"
`;

const refusal = (text: string): string => {
  try {
    parseSpinManifest(text);
  } catch (error) {
    if (error instanceof SpinManifestError) return error.message;
    throw error;
  }
  return "";
};

describe("spin.toml", () => {
  test("of the second version", () => {
    expect(parseSpinManifest(second)).toEqual({
      version: 2,
      name: "http_server",
      applicationVersion: "0.0.1",
      description: "A simple app",
      authors: ["Ada <ada@example.com>"],
      triggers: [
        { type: "http", route: "/", component: "hello" },
        { type: "http", route: "/more/...", component: "hello" },
      ],
      components: [
        {
          id: "hello",
          description: "Says hello",
          source: { kind: "file", path: "target/wasm32-wasi/release/http_server.wasm" },
          environment: { A: "1" },
          allowedOutboundHosts: ["https://example.com"],
          wantsFiles: false,
          build: { commands: ["cargo build"], workdir: "hello" },
        },
      ],
    });
  });

  test("of the first version, whose routes lie below a base", () => {
    const manifest = parseSpinManifest(first);
    expect(manifest).toMatchObject({ version: 1, name: "old" });
    expect(manifest.triggers).toEqual([{ type: "http", route: "/base/hello", component: "hello" }]);
    expect(manifest.components).toMatchObject([{ id: "hello", build: { commands: ["make"] } }]);
  });

  test("with a component inside its trigger, and one from an address", () => {
    const text = `spin_manifest_version = 2\n[application]\nname = "x"\n[[trigger.http]]\nid = "inside"\nroute = "/"\ncomponent = { source = { url = "https://example.com/a.wasm", digest = "sha256:1" } }\n`;
    expect(parseSpinManifest(text)).toMatchObject({
      triggers: [{ component: "inside" }],
      components: [{ id: "inside", source: { kind: "url", url: "https://example.com/a.wasm", digest: "sha256:1" } }],
    });
  });

  test("is refused with Spin's words, at the line", () => {
    const without = (line: string): string => second.replace(`${line}\n`, "");
    expect(refusal(second.replace("spin_manifest_version = 2", "spin manifest version = 2"))).toMatch(
      /^TOML parse error at line 1, column \d+\n {2}\|\n1 \| spin manifest version = 2\n/,
    );
    expect(refusal(without("spin_manifest_version = 2"))).toContain("missing field `spin_manifest_version`");
    expect(refusal(second.replace("version = 2", "version = 3"))).toBe("invalid spin manifest version 3");
    expect(refusal(second.replace("version = 2", 'version = "2"'))).toBe('invalid spin manifest version "2"');
    expect(refusal(without('name = "http_server"'))).toContain("missing field `name`");
    expect(refusal(without('route = "/"'))).toContain("missing field `route`");
    expect(refusal(without('source = "target/wasm32-wasi/release/http_server.wasm"'))).toContain(
      "missing field `source`",
    );
    expect(refusal(second.replace('command = "cargo build"\n', ""))).toContain("missing field `command`");
    expect(refusal(second.replace("name = ", "nmae = "))).toMatch(
      /line 4, column 1\n {2}\|\n4 \| nmae = "http_server"\n {2}\| \^\^\^\^\nunknown field `nmae`, expected one of `name`, `version`/,
    );
    expect(
      refusal(second.replaceAll('"hello"', '"hello_haw"').replace("component.hello]", "component.hello_haw]")),
    ).toContain("'-'-separated words may only contain alphanumeric ASCII; got '_'");
    expect(refusal(second.replace('name = "http_server"', "name = 5"))).toContain(
      "invalid type: integer `5`, expected a string",
    );
  });

  test("is read or refused, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.nat(second.length), fc.nat(30), (text, at, removed) => {
        const damaged = second.slice(0, at) + text + second.slice(at + removed);
        try {
          parseSpinManifest(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(SpinManifestError);
        }
      }),
    );
  });
});

describe("a locked application", () => {
  test("keeps what serving it needs", () => {
    const manifest = parseSpinManifest(second);
    const locked = parseLockedApplication(lockedApplication(manifest, new Map([["hello", "sha256:ab"]])));
    expect(locked.triggers).toEqual(manifest.triggers);
    expect(locked.components).toEqual([
      { ...manifest.components[0], source: { kind: "digest", digest: "sha256:ab" }, build: undefined },
    ]);
    expect(locked).toMatchObject({ name: "http_server", applicationVersion: "0.0.1", description: "A simple app" });
  });

  test.each(["", "[]", "{}", '{"spin_lock_version":9}', '{"spin_lock_version":1,"triggers":[{}],"components":[]}'])(
    "%j is none",
    (text) => {
      expect(() => parseLockedApplication(text)).toThrow(SpinManifestError);
    },
  );
});

describe("routes", () => {
  const routes = buildRoutes(
    ["/", "/a", "/a/...", "/a/b/...", "/static/file", "..."].map((raw) => parseRoute(raw, raw)),
  ).routes;

  test.each([
    ["/", "/"],
    ["/a", "/a"],
    ["/a/", "/a"],
    ["/a/x", "/a/..."],
    ["/a/b", "/a/b/..."],
    ["/a/b/c/d", "/a/b/..."],
    ["/ab", "..."],
    ["/static/file", "/static/file"],
    ["/static/file/more", "..."],
  ])("%s goes to %s", (path, raw) => {
    expect(findRoute(routes, path)?.raw).toBe(raw);
  });

  test("without a wildcard for everything, the rest has none", () => {
    expect(findRoute([parseRoute("/only", "c")], "/")).toBeUndefined();
    expect(findRoute([parseRoute("/", "c")], "/x")).toBeUndefined();
  });

  test("of two that are the same the later one counts", () => {
    const { routes: kept, duplicates } = buildRoutes([parseRoute("/x", "one"), parseRoute("/x/", "two")]);
    expect(kept.map((route) => route.component)).toEqual(["two"]);
    expect(duplicates).toEqual([{ replaced: "one", effective: "two", raw: "/x" }]);
  });
});
