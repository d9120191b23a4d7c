import { describe, expect, it } from "vitest";
import {
  checkRuntimes,
  CrioConfigurationError,
  passedAnnotations,
  readConfiguration,
} from "../../../../src/backends/embedded/runtime/crio/configuration.ts";
import { createFakeMachine } from "../fakes/machine.ts";

const variant = "module.wasm.image/variant";
const ofPod = { [variant]: "compat-smart", "run.oci.handler": "wasm", "example.org/note": "kept" };

/** The settings of a machine with one drop-in, checked as CRI-O does before it starts. */
function settings(version: string, dropIn: string) {
  const { rootFiles } = createFakeMachine();
  rootFiles.makeDirectories("/etc/crio/crio.conf.d");
  rootFiles.writeWithMode("/usr/bin/crun", "binary", 0o755);
  rootFiles.write("/etc/crio/crio.conf.d/99-own.conf", dropIn);
  const configuration = readConfiguration(rootFiles, version);
  const warnings = checkRuntimes(rootFiles, configuration, version, (name) => `/usr/bin/${name}`);
  return { configuration, warnings };
}

const table = (name: string, more = ""): string =>
  `[crio.runtime.runtimes.${name}]\nruntime_path = "/usr/bin/crun"\n${more}\n`;

describe("annotations of pods on their way through CRI-O", () => {
  it.each([
    ["1.24.6", true],
    ["1.28.5", true],
    ["1.28.6", false],
    ["1.29.3", true],
    ["1.29.4", false],
    ["1.30.0", false],
    ["1.36.4", false],
  ])("CRI-O %s passes those for WebAssembly by itself: %s", (version, passes) => {
    const { configuration } = settings(version, table("crun"));
    const passed = passedAnnotations(version, configuration.handlers.get("crun"), ofPod);
    expect(passed).toEqual(passes ? ofPod : { "example.org/note": "kept" });
  });

  it.each([
    [`["${variant}"]`, { [variant]: "compat-smart", "example.org/note": "kept" }],
    ['["run.oci."]', { "run.oci.handler": "wasm", "example.org/note": "kept" }],
    [`["${variant}", "run.oci."]`, ofPod],
  ])("1.36.4 with allowed_annotations = %s", (allowed, expected) => {
    const { configuration } = settings("1.36.4", table("crun", `allowed_annotations = ${allowed}`));
    expect(passedAnnotations("1.36.4", configuration.handlers.get("crun"), ofPod)).toEqual(expected);
  });

  it.each([
    ["1.31.0", {}],
    ["1.32.0", { [variant]: "compat-smart" }],
  ])("%s gives default_annotations to pods that have none", (version, expected) => {
    const more = `default_annotations = { "${variant}" = "compat-smart" }`;
    const { configuration } = settings(version, table("crun", more));
    expect(passedAnnotations(version, configuration.handlers.get("crun"), {})).toEqual(expected);
  });

  it.each(["run.oci.handler", "module.wasm.image", "anything"])("1.36.4 refuses to allow %s", (word) => {
    const wrong = table("crun", `allowed_annotations = ["${word}"]`);
    const failure = new CrioConfigurationError(`validating runtime config: invalid allowed_annotation: ${word}`);
    expect(() => settings("1.36.4", wrong)).toThrow(failure);
    // A handler that is not the default one is left out instead.
    const beside = settings("1.36.4", table("crun") + table("wasm", `allowed_annotations = ["${word}"]`));
    expect(beside.warnings.join()).toContain(`invalid allowed_annotation: ${word}`);
    expect([...beside.configuration.handlers.keys()]).toEqual(["crun"]);
  });

  it("decides on short names by its own version", () => {
    expect(settings("1.33.9", table("crun")).configuration.shortNameMode).toBe("disabled");
    expect(settings("1.34.0", table("crun")).configuration.shortNameMode).toBe("enforcing");
    const own = `${table("crun")}[crio.image]\nshort_name_mode = "disabled"\n`;
    expect(settings("1.36.4", own).configuration.shortNameMode).toBe("disabled");
  });
});
