import type { CheckKind } from "../domain/check.ts";
import { excerpt, failed, passed } from "./outcomes.ts";
import { flag, paramsOf, text } from "./params.ts";

const parse = paramsOf({
  machine: text,
  /** e.g. crio.service. */
  unit: text,
  /** Also started at boot. */
  enabled: flag,
  next: text,
});

/** A systemd unit runs (and is enabled). */
export const unit: CheckKind<ReturnType<typeof parse>> = {
  kind: "unit",
  failures: ["unit-missing", "unit-failed", "unit-inactive", "unit-disabled"],
  parse,
  async run(params, context) {
    const { next } = params;
    const machine = await context.machine(params.machine);
    const signal = context.signal;
    const show = await machine.exec(
      ["systemctl", "show", "-p", "LoadState,ActiveState,SubState,UnitFileState", params.unit],
      { signal },
    );
    const state = new Map(show.stdout.split("\n").map((line) => [line.split("=")[0], line.split("=")[1] ?? ""]));
    const on = `${params.unit} on ${params.machine}`;
    const expected = `${on} is active (running)${params.enabled ? " and enabled" : ""}`;
    if (state.get("LoadState") !== "loaded") {
      const cause = "What brings this unit is not installed, or systemd has not read its file yet.";
      return failed("unit-missing", { observed: `${on} is not known to systemd`, expected, cause, next });
    }
    const active = state.get("ActiveState") ?? "";
    if (active === "failed" || state.get("SubState") === "auto-restart") {
      const journal = await machine.exec(
        ["sudo", "journalctl", "-u", params.unit, "-n", "3", "--no-pager", "-o", "cat"],
        { signal },
      );
      const cause = `Its journal ends with: ${excerpt(journal.stdout, 240)}`;
      return failed("unit-failed", { observed: `${on} has failed`, expected, cause, next });
    }
    if (active !== "active") {
      const cause = "It was not started, or it was stopped.";
      return failed("unit-inactive", { observed: `${on} is ${active}`, expected, cause, next });
    }
    if (params.enabled && state.get("UnitFileState") !== "enabled") {
      const cause = "It runs now, but would not run after a reboot.";
      return failed("unit-disabled", { observed: `${on} is ${state.get("UnitFileState")}`, expected, cause, next });
    }
    return passed;
  },
};
