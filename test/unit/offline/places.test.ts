import { join, normalize, sep } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readCatalog } from "../../../src/recipes/catalog.ts";
import { sourcesOf } from "../../../src/recipes/sources.ts";
import { addressOf, isPlace, placeOf, placeOfRequest, throughServer } from "../../../src/offline/places.ts";

test("a place is the host and the path, in names that every file system takes", () => {
  expect(placeOf("https://pkgs.k8s.io/core:/stable:/v1.36/deb/Packages.gz")).toBe(
    "pkgs.k8s.io/core%3A/stable%3A/v1.36/deb/Packages.gz",
  );
  expect(placeOf("http://localhost:8080/a%20b/c+d~1")).toBe("localhost%3A8080/a%20b/c+d~1");
  expect(placeOf("https://h.example/x?a=b")).toBe("h.example/x%3Fa=b");
});

test("what is no address of a file is refused", () => {
  for (const wrong of [
    "file:///etc/passwd",
    "nonsense",
    "https://h.example/",
    "https://u:p@h.example/x",
    "https://h.example/%zz",
  ]) {
    expect(() => placeOf(wrong), wrong).toThrow(wrong);
  }
});

const name = fc
  .string({ unit: "binary", minLength: 1, maxLength: 12 })
  .filter((text) => !/^\.{1,2}$/.test(text) && text.isWellFormed());
const host = fc.stringMatching(/^[a-z][a-z0-9]{0,8}(\.[a-z]{2,4}){0,2}(:[1-9][0-9]{2,3})?$/);

test("from address to place and back, for any path", () => {
  fc.assert(
    fc.property(host, fc.array(name, { minLength: 1, maxLength: 5 }), (at, names) => {
      const address = `https://${at}/${names.map(encodeURIComponent).join("/")}`;
      const place = placeOf(address);
      expect(isPlace(place)).toBe(true);
      expect(placeOf(addressOf(place))).toBe(place);
      expect(new URL(addressOf(place)).pathname.split("/").map(decodeURIComponent)).toEqual(["", ...names]);
      expect(placeOfRequest(new URL(throughServer("http://server:1", address)).pathname)).toBe(place);
    }),
  );
});

test("no address and no request leads out of the folder", () => {
  const folder = join(sep, "bundle");
  const escape = fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "..%2f..",
    "%5c..",
    "\\..",
    "a",
    "",
    "%00",
    "~",
    "C:",
    "%252e%252e",
  );
  fc.assert(
    fc.property(fc.oneof(fc.array(escape), fc.array(fc.string())), (names) => {
      for (const place of [placeOfRequest(`/${names.join("/")}`), placeOfRequest(`/h.example/${names.join("/")}`)]) {
        if (place === undefined) continue;
        expect(normalize(join(folder, ...place.split("/"))).startsWith(folder + sep)).toBe(true);
        expect(place).not.toMatch(/(?:^|\/)\.{1,2}(?:\/|$)|[\\:\0]/);
      }
    }),
  );
});

test("every download of the catalogue is served where setup.sh asks for it", () => {
  const catalog = readCatalog(join(import.meta.dirname, "../../../vm-images"));
  for (const profile of ["thesis", "current"] as const) {
    for (const architecture of ["amd64", "arm64"] as const) {
      for (const { kind, url, checksumUrl } of sourcesOf(catalog, profile, architecture)) {
        if (kind === "image") continue;
        for (const address of [kind === "apt" ? `${url}InRelease` : url, ...(checksumUrl ? [checksumUrl] : [])]) {
          // As setup.sh's where_is rewrites it: the scheme's place is taken by the server.
          const asked = address.replace(/^https?:\/\//, "/");
          expect(placeOfRequest(asked), asked).toBe(placeOf(address));
        }
      }
    }
  }
});

test("a path that nobody would make is no place", () => {
  for (const wrong of [
    "../x",
    "/etc/passwd",
    "h.example/../x",
    "h.example//x",
    "h.example/a:b",
    "h.example",
    "C:\\x",
    "h.example/.",
  ]) {
    expect(isPlace(wrong), wrong).toBe(false);
  }
});
