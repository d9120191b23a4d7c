import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isObject, type Json } from "../../../../src/backends/embedded/machine/programs/kubernetes/client/json.ts";
import { toYaml } from "../../../../src/backends/embedded/machine/programs/kubernetes/go/yaml.ts";
import { describePod } from "../../../../src/backends/embedded/machine/programs/kubernetes/kubectl/describe/workloads.ts";
import { DescriptionWriter } from "../../../../src/backends/embedded/machine/programs/kubernetes/kubectl/describe/writer.ts";

const folder = fileURLToPath(new URL("../../../fixtures/recordings/", import.meta.url));

/** What the recorded command printed, by the name of its file. */
function recording(name: string): string {
  const file = readdirSync(folder).find((item) => item.startsWith(name)) ?? name;
  const text = readFileSync(`${folder}${file}`, "utf8");
  return text.slice(text.indexOf("\n") + 1).replace(/# exit \d+\n$/, "");
}

function objectOf(text: string): Json {
  const value: unknown = parse(text, { version: "1.1" });
  if (!isObject(value)) throw new Error("the recording is no object");
  return value;
}

describe("kubectl's output against recordings of a real one", () => {
  it.each(["5014", "5044", "5053", "5071", "4160"])("prints the YAML of recording %s", (name) => {
    const text = recording(name);
    expect(toYaml(objectOf(text))).toBe(text);
  });

  it.each([
    ["5013", "5014"],
    ["5043", "5044"],
    ["5052", "5053"],
    ["5070", "5071"],
  ])("describes the pod of recording %s", (described, yaml) => {
    const writer = new DescriptionWriter(Date.parse("2026-11-23T20:00:00Z"), 32);
    describePod(writer, objectOf(recording(yaml)), { events: [], pods: [], replicaSets: [] });
    // Events are objects of their own, which the recording of the pod does not hold.
    const [expected] = recording(described).split("Events:");
    expect(writer.toString().split("Events:")[0]).toBe(expected);
  });
});
