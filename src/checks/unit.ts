import type { CheckKind } from "../domain/check.ts";
import { excerpt, failed, passed } from "./outcomes.ts";
import { flag, paramsOf, text } from "./params.ts";
import { typed } from "./wrong-answers.ts";
import { wordsFor } from "./words/words.ts";

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
  wrongAnswers({ machine, unit: name, enabled }) {
    const answers = [
      typed("stopped", "unit-inactive", machine, `sudo systemctl stop ${name}`),
      typed(
        "cannot-start",
        "unit-failed",
        machine,
        `sudo mkdir -p /etc/systemd/system/${name}.d; printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' | sudo tee /etc/systemd/system/${name}.d/other.conf; sudo systemctl daemon-reload; sudo systemctl restart ${name}`,
      ),
      typed(
        "unit-removed",
        "unit-missing",
        machine,
        `file=$(systemctl show -p FragmentPath --value ${name}); sudo systemctl stop ${name}; sudo rm -f "$file"; sudo systemctl daemon-reload`,
      ),
    ];
    if (enabled) answers.push(typed("disabled", "unit-disabled", machine, `sudo systemctl disable ${name}`));
    return answers;
  },
  async run(params, context) {
    const { next } = params;
    const { unit: words, nothing } = wordsFor(context.language);
    const machine = await context.machine(params.machine);
    const signal = context.signal;
    const show = await machine.exec(
      ["systemctl", "show", "-p", "LoadState,ActiveState,SubState,UnitFileState", params.unit],
      { signal },
    );
    const state = new Map(show.stdout.split("\n").map((line) => [line.split("=")[0], line.split("=")[1] ?? ""]));
    const on = words.name(params.unit, params.machine);
    const expected = words.wanted(on, params.enabled);
    if (state.get("LoadState") !== "loaded") {
      return failed("unit-missing", { observed: words.unknown(on), expected, cause: words.notInstalled, next });
    }
    const active = state.get("ActiveState") ?? "";
    if (active === "failed" || state.get("SubState") === "auto-restart") {
      const journal = await machine.exec(
        ["sudo", "journalctl", "-u", params.unit, "-n", "3", "--no-pager", "-o", "cat"],
        { signal },
      );
      const cause = words.journal(excerpt(journal.stdout, nothing, 240));
      return failed("unit-failed", { observed: words.failed(on), expected, cause, next });
    }
    if (active !== "active") {
      return failed("unit-inactive", { observed: words.is(on, active), expected, cause: words.notStarted, next });
    }
    if (params.enabled && state.get("UnitFileState") !== "enabled") {
      const observed = words.is(on, state.get("UnitFileState") ?? "");
      return failed("unit-disabled", { observed, expected, cause: words.notEnabled, next });
    }
    return passed;
  },
};
