import { expect, it } from "vitest";
import { jsonPath } from "../../../../src/backends/embedded/machine/programs/kubernetes/go/jsonpath.ts";

const services = {
  items: [
    { metadata: { name: "dns" }, spec: { ports: [{ port: 53 }] } },
    { metadata: { name: "spin" }, spec: { ports: [{ port: 80, nodePort: 31002 }] } },
  ],
};

it("filters by a path that has brackets of its own", () => {
  const template = "{range .items[?(@.spec.ports[0].nodePort==31002)]}{.metadata.name} {end}";
  expect(jsonPath(template, services)).toBe("spin ");
  expect(jsonPath("{.items[?(@.spec.ports[0].port==53)].metadata.name}", services)).toBe("dns");
});
