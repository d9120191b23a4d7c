import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  parseCommand,
  parseUnitFile,
  setting,
  timeSpan,
  words,
} from "../../../../src/backends/embedded/machine/system/units/unit-file.ts";
import type { UnitSettings } from "../../../../src/backends/embedded/machine/system/units/unit-file.ts";

function parsed(text: string): UnitSettings {
  const settings: UnitSettings = new Map();
  parseUnitFile(text, settings);
  return settings;
}

describe("unit files", () => {
  test("continued lines, comments and lists that start anew", () => {
    const settings = parsed(
      "# c\n[Service]\nExecStart=/usr/bin/crio \\\n  $A \\\n# between\n  $B\nExecStartPre=/bin/a\nExecStartPre=\n[Install]\nWantedBy=a.target b.target\n",
    );
    expect(setting(settings, "Service", "ExecStart")).toBe("/usr/bin/crio    $A    $B");
    expect(setting(settings, "Service", "ExecStartPre")).toBeUndefined();
    expect(words(settings, "Install", "WantedBy")).toEqual(["a.target", "b.target"]);
  });

  test("commands: prefixes, quotes, variables", () => {
    const env = { FLAGS: "-a -b", ONE: "x y" };
    expect(parseCommand("-/sbin/modprobe overlay", env, "a.service")).toEqual({
      ignoreFailure: true,
      argv: ["/sbin/modprobe", "overlay"],
    });
    expect(parseCommand("/bin/x $FLAGS ${ONE} $MISSING 'daemon on; y' %n $$", env, "a.service").argv).toEqual([
      "/bin/x",
      "-a",
      "-b",
      "x y",
      "daemon on; y",
      "a.service",
      "$",
    ]);
  });

  test("time spans", () => {
    expect([timeSpan("5"), timeSpan("500ms"), timeSpan("1min 30s"), timeSpan("infinity"), timeSpan("soon")]).toEqual([
      5000,
      500,
      90_000,
      Number.POSITIVE_INFINITY,
      undefined,
    ]);
  });

  test("any text can be parsed", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        parsed(text);
        parseCommand(text, {}, "a.service");
      }),
    );
  });
});
