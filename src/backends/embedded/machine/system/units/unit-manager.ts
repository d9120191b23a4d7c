import type {
  ModelledMachine,
  RunningProcess,
  UnitActiveState,
  UnitManager,
  UnitResult,
  UnitStatus,
} from "../../machine.ts";
import type { SignalName } from "../../process.ts";
import { endingOf } from "./endings.ts";
import type { Ending } from "./endings.ts";
import { makeUnitFolders, spawnUnitCommand } from "./unit-commands.ts";
import { disableUnit, enableUnit, maskUnit, unmaskUnit } from "./unit-links.ts";
import { fileState, loadUnit, pulledInBy, unitFileNames, unitName } from "./unit-loader.ts";
import type { FileState, LoadedUnit } from "./unit-loader.ts";
import { setting, timeSpan, truthy, words } from "./unit-file.ts";

/** What of a unit outlives the lab's sleep. */
export interface SavedUnit {
  active: UnitActiveState;
  sub: string;
  since: number;
  restarts: number;
  exitCode: number | undefined;
  result: string;
  mainPid: number | undefined;
}

interface UnitState extends SavedUnit {
  unit: LoadedUnit;
  main: RunningProcess | undefined;
  /** Grows with every start and stop, so that what an older one still does is void. */
  generation: number;
  /** Monotonic times of the latest starts, for the start limit. */
  starts: number[];
  cancelRestart: (() => void) | undefined;
}

const jobReasons: Readonly<Record<string, string>> = {
  "exit-code": "the control process exited with error code",
  signal: "a fatal signal was delivered to the control process",
  timeout: "a timeout was exceeded",
  protocol: "the service did not take the steps required by its unit configuration",
  resources: "of unavailable resources or another system error",
};

/** Milliseconds that the lab's waking waits for a daemon that tells when it is ready, and for one that need not tell. */
const wakingMs = 5_000;
const shortWakingMs = 2_000;

/** systemd of one machine: what a unit does follows from its files and from the binary that ExecStart names. */
export class Systemd implements UnitManager {
  readonly #machine: ModelledMachine;
  readonly #states = new Map<string, UnitState>();

  constructor(machine: ModelledMachine, saved: Readonly<Record<string, SavedUnit>> | undefined) {
    this.#machine = machine;
    for (const [name, item] of Object.entries(saved ?? {})) {
      this.#states.set(name, {
        ...item,
        unit: loadUnit(machine.rootFiles, name),
        main: undefined,
        generation: 0,
        starts: [],
        cancelRestart: undefined,
      });
    }
  }

  save(): Record<string, SavedUnit> {
    const saved: Record<string, SavedUnit> = {};
    for (const [name, { active, sub, since, restarts, exitCode, result, mainPid }] of this.#states) {
      saved[name] = { active, sub, since, restarts, exitCode, result, mainPid };
    }
    return saved;
  }

  reload(): void {
    for (const state of this.#states.values()) state.unit = loadUnit(this.#machine.rootFiles, state.unit.id);
  }

  /** The unit as systemd has it in memory; read from the files when it holds none or nothing runs. */
  unit(name: string): LoadedUnit {
    const fresh = loadUnit(this.#machine.rootFiles, name);
    const state = this.#states.get(fresh.id);
    return state && this.#isPinned(state) ? state.unit : fresh;
  }

  /** systemd forgets a unit that neither runs nor failed nor is wanted by another. */
  #isPinned(state: UnitState): boolean {
    return state.active !== "inactive" || fileState(this.#machine.rootFiles, state.unit.id) === "enabled";
  }

  /** True when the files changed since systemd read them. */
  needsReload(name: string): boolean {
    const fresh = loadUnit(this.#machine.rootFiles, name);
    const state = this.#states.get(fresh.id);
    return state !== undefined && this.#isPinned(state) && state.unit.fingerprint !== fresh.fingerprint;
  }

  fileState(name: string): FileState {
    return fileState(this.#machine.rootFiles, name);
  }

  /** systemd's `Result=` of the last run. */
  result(name: string): string {
    return this.#states.get(this.unit(name).id)?.result ?? "success";
  }

  /** Process id of the latest main process, also when it has ended. */
  lastPid(name: string): number | undefined {
    return this.#states.get(this.unit(name).id)?.mainPid;
  }

  status(name: string): UnitStatus {
    const unit = this.unit(name);
    const state = this.#states.get(unit.id);
    const found = fileState(this.#machine.rootFiles, unit.id);
    return {
      name: unit.id,
      loaded: unit.loadState === "loaded" || unit.loadState === "bad-setting",
      description: setting(unit.settings, "Unit", "Description") ?? unit.id,
      path: unit.fragment,
      enabled: found === "alias" ? "enabled" : found,
      active: state?.active ?? "inactive",
      sub: state?.sub ?? "dead",
      pid: state?.main?.pid,
      exitCode: state?.exitCode,
      since: state?.since ?? 0,
      restarts: state?.restarts ?? 0,
    };
  }

  list(): readonly UnitStatus[] {
    const names = new Set([...unitFileNames(this.#machine.rootFiles), ...this.#states.keys()]);
    const byId = new Map<string, UnitStatus>();
    for (const name of names) {
      if (/@\.[a-z]+$/.test(name)) continue;
      const status = this.status(name);
      byId.set(status.name, status);
    }
    return [...byId.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async start(name: string): Promise<UnitResult> {
    return this.#startJob(name, "start", new Set());
  }

  async stop(name: string): Promise<UnitResult> {
    const unit = this.unit(name);
    if (unit.loadState === "not-found" && !this.#states.has(unit.id)) {
      return failure(`Failed to stop ${unit.id}: Unit ${unit.id} not loaded.`);
    }
    const state = this.#state(unit);
    await this.#stop(state);
    return success;
  }

  async restart(name: string): Promise<UnitResult> {
    const refused = this.#refusal(this.unit(name), "restart");
    if (refused) return refused;
    const state = this.#state(this.unit(name));
    if (state.active !== "inactive" && state.active !== "failed") await this.#stop(state);
    return this.#startJob(name, "restart", new Set());
  }

  /** ExecReload of a running service. */
  async reloadUnit(name: string): Promise<UnitResult> {
    const refused = this.#refusal(this.unit(name), "reload");
    if (refused) return refused;
    const state = this.#state(this.unit(name));
    const commands = state.unit.settings.get("Service")?.get("ExecReload") ?? [];
    if (commands.length === 0) {
      return failure(`Failed to reload ${state.unit.id}: Job type reload is not applicable for unit ${state.unit.id}.`);
    }
    if (state.active !== "active") return failure(`${state.unit.id} is not active, cannot reload.`);
    this.#log(state.unit.id, `Reloading ${this.#title(state)}.`);
    // Simplified: a real daemon reads some of its settings again on SIGHUP; the modelled ones read them when they start.
    const hangsUp = commands.every((command) => /\bkill\b.*HUP\s+\$\{?MAINPID/.test(command));
    const ending = hangsUp ? undefined : await this.#runCommands(state, "ExecReload", undefined);
    if (ending && !ending.clean) return this.#jobFailed(state, ending.result);
    this.#log(state.unit.id, `Reloaded ${this.#title(state)}.`);
    return success;
  }

  enable(name: string): UnitResult {
    return this.#link(enableUnit(this.#machine.rootFiles, name));
  }

  disable(name: string): UnitResult {
    return this.#link(disableUnit(this.#machine.rootFiles, name));
  }

  mask(name: string): UnitResult {
    return this.#link(maskUnit(this.#machine.rootFiles, name));
  }

  unmask(name: string): UnitResult {
    return this.#link(unmaskUnit(this.#machine.rootFiles, name));
  }

  /** systemctl reloads the manager after it changed links. */
  #link(result: UnitResult): UnitResult {
    if (result.ok) this.reload();
    return result;
  }

  /** Forgets that units failed; all of them without a name. */
  resetFailed(name?: string): UnitResult {
    if (name !== undefined && this.unit(name).loadState === "not-found") {
      return failure(`Failed to reset failed state of unit ${unitName(name)}: Unit ${unitName(name)} not loaded.`);
    }
    for (const state of this.#states.values()) {
      if (state.active !== "failed" || (name !== undefined && state.unit.id !== this.unit(name).id)) continue;
      state.starts = [];
      this.#change(state, "inactive", "dead");
    }
    return success;
  }

  /** Starts what the default target wants, as at the end of a boot. */
  async startDefaultTarget(): Promise<void> {
    const wanted = ["sysinit.target", "basic.target", "multi-user.target"];
    for (const target of wanted) {
      for (const name of pulledInBy(this.#machine.rootFiles, target)) {
        const unit = this.unit(name);
        if (unit.loadState === "loaded" && !/\.(timer|socket)$/.test(unit.id))
          await this.#startJob(unit.id, "start", new Set());
      }
      this.#change(this.#state(this.unit(target)), "active", "active");
    }
  }

  /** Starts the daemons again that ran when the lab was left; nothing else changes. */
  async resume(): Promise<void> {
    const waiting: Promise<unknown>[] = [];
    for (const state of this.#states.values()) {
      if (state.sub === "auto-restart" || state.active === "activating") this.#scheduleRestart(state);
      else if (state.active === "active" && state.sub === "running") waiting.push(this.#launch(state, true));
      else if (state.active === "deactivating") this.#change(state, "inactive", "dead");
    }
    await Promise.all(waiting);
  }

  /** Ends every daemon at once; `keepStates` as when the lab goes to sleep, else as before a reboot. */
  async haltAll(keepStates: boolean): Promise<void> {
    const exits: Promise<number>[] = [];
    for (const state of this.#states.values()) {
      state.generation += 1;
      state.cancelRestart?.();
      state.cancelRestart = undefined;
      if (state.main) {
        state.main.kill("SIGTERM");
        exits.push(state.main.exit);
      }
      state.main = undefined;
    }
    await Promise.all(exits);
    if (!keepStates) this.#states.clear();
  }

  #state(unit: LoadedUnit): UnitState {
    const known = this.#states.get(unit.id);
    if (known) {
      if (!this.#isPinned(known)) known.unit = unit;
      return known;
    }
    const state: UnitState = {
      unit,
      active: "inactive",
      sub: "dead",
      since: this.#machine.environment.clock.now(),
      restarts: 0,
      exitCode: undefined,
      result: "success",
      mainPid: undefined,
      main: undefined,
      generation: 0,
      starts: [],
      cancelRestart: undefined,
    };
    this.#states.set(unit.id, state);
    return state;
  }

  #refusal(unit: LoadedUnit, verb: string): UnitResult | undefined {
    const said = (text: string): UnitResult => failure(`Failed to ${verb} ${unit.id}: ${text}`);
    if (unit.loadState === "not-found") return said(`Unit ${unit.id} not found.`);
    if (unit.loadState === "masked") return said(`Unit ${unit.id} is masked.`);
    if (unit.loadState === "bad-setting") {
      return failure(
        `Failed to ${verb} ${unit.id}: Unit ${unit.id} has a bad unit file setting.\nSee system logs and 'systemctl status ${unit.id}' for details.`,
      );
    }
    return undefined;
  }

  async #startJob(name: string, verb: string, visiting: Set<string>): Promise<UnitResult> {
    const unit = this.unit(name);
    const refused = this.#refusal(unit, verb);
    if (refused) return refused;
    const state = this.#state(unit);
    if (state.active === "active") return success;
    visiting.add(unit.id);
    if (!unit.id.endsWith(".service")) {
      for (const other of pulledInBy(this.#machine.rootFiles, unit.id))
        if (!visiting.has(other)) await this.#startJob(other, "start", visiting);
      this.#change(state, "active", unit.id.endsWith(".target") ? "active" : "listening");
      return success;
    }
    for (const kind of ["Requires", "BindsTo", "Wants"]) {
      for (const other of words(unit.settings, "Unit", kind)) {
        const needed = this.unit(other);
        if (visiting.has(needed.id)) continue;
        if (needed.loadState !== "loaded") {
          if (kind === "Wants") continue;
          return failure(
            `Failed to ${verb} ${unit.id}: Unit ${needed.id} ${needed.loadState === "masked" ? "is masked" : "not found"}.`,
          );
        }
        const result = await this.#startJob(needed.id, "start", visiting);
        if (!result.ok && kind !== "Wants") {
          return failure(`A dependency job for ${unit.id} failed. See 'journalctl -xe' for details.`);
        }
      }
    }
    if (!this.#conditionsHold(state)) return success;
    if (this.#limited(state)) {
      this.#log(unit.id, `${unit.id}: Start request repeated too quickly.`);
      this.#fail(state, "start-limit-hit");
      return this.#jobFailed(state, "start-limit-hit");
    }
    state.restarts = 0;
    return this.#launch(state, false);
  }

  #conditionsHold(state: UnitState): boolean {
    const files = this.#machine.rootFiles;
    for (const condition of state.unit.settings.get("Unit")?.get("ConditionPathExists") ?? []) {
      const negated = condition.startsWith("!");
      if (files.exists(condition.replace(/^[!|]+/, "")) !== negated) continue;
      this.#log(state.unit.id, `Condition check resulted in ${this.#title(state)} being skipped.`);
      return false;
    }
    return true;
  }

  /** StartLimitBurst starts within StartLimitIntervalSec; modelled waits are shorter, and the interval with them. */
  #limited(state: UnitState): boolean {
    const { clock } = this.#machine.environment;
    const settings = state.unit.settings;
    const written =
      setting(settings, "Unit", "StartLimitIntervalSec") ??
      setting(settings, "Unit", "StartLimitInterval") ??
      setting(settings, "Service", "StartLimitInterval");
    const interval = (timeSpan(written) ?? 10_000) * this.#timeFactor();
    const burst = Number(
      setting(settings, "Unit", "StartLimitBurst") ?? setting(settings, "Service", "StartLimitBurst") ?? 5,
    );
    const now = clock.monotonic();
    state.starts = state.starts.filter((at) => now - at < interval);
    if (interval > 0 && state.starts.length >= burst) return true;
    state.starts.push(now);
    return false;
  }

  #timeFactor(): number {
    return this.#machine.environment.pacing.duration("unitRestart") / 10_000;
  }

  /** Runs ExecStartPre and the main command; resolves when the unit is up or has failed to come up. */
  async #launch(state: UnitState, resumed: boolean): Promise<UnitResult> {
    const unit = state.unit;
    const type = setting(unit.settings, "Service", "Type") ?? "simple";
    const generation = ++state.generation;
    const stale = (): boolean => state.generation !== generation;
    if (!resumed) {
      if (type !== "simple" && type !== "exec" && type !== "idle")
        this.#log(unit.id, `Starting ${this.#title(state)}...`);
      this.#change(state, "activating", "start-pre");
      state.result = "success";
      state.exitCode = undefined;
      makeUnitFolders(this.#machine, unit);
      const before = await this.#runCommands(state, "ExecStartPre", "Control process");
      if (stale()) return success;
      if (before && !before.clean) {
        this.#fail(state, before.result);
        this.#maybeRestart(state, before);
        return this.#jobFailed(state, before.result);
      }
      this.#change(state, "activating", "start");
    }
    if (type === "oneshot") return this.#runOneshot(state, stale);
    const command = unit.settings.get("Service")?.get("ExecStart")?.[0] ?? "";
    let ready: () => void = () => undefined;
    const readiness = new Promise<"ready">((resolve) => (ready = () => resolve("ready")));
    const main = spawnUnitCommand(this.#machine, unit, command, { mainPid: state.mainPid, resumed, onReady: ready });
    if (typeof main === "string") {
      this.#log(unit.id, `${unit.id}: Main process exited, code=exited, status=${main}`);
      state.exitCode = main.startsWith("217") ? 217 : main.startsWith("200") ? 200 : 203;
      const ending: Ending = { clean: false, result: "exit-code", text: main };
      if (type === "simple") this.#log(unit.id, `Started ${this.#title(state)}.`);
      this.#fail(state, "exit-code");
      this.#maybeRestart(state, ending);
      // A simple service counts as started once it is forked, before its binary is looked for.
      return type === "simple" ? success : this.#jobFailed(state, "exit-code");
    }
    state.main = main;
    state.mainPid = main.pid;
    const ended = main.exit.then((code) => ({ code }));
    const waits = type === "notify" || type === "forking" || type === "notify-reload";
    if (waits && !resumed) {
      const limit =
        timeSpan(
          setting(unit.settings, "Service", "TimeoutStartSec") ?? setting(unit.settings, "Service", "TimeoutSec"),
        ) ?? 90_000;
      const timeout = this.#timeout(limit);
      const up = type === "forking" ? Promise.race([readiness, this.#survival()]) : readiness;
      const first = await Promise.race([up, ended, timeout.expired]);
      timeout.cancel();
      if (stale()) return success;
      if (first === "expired") {
        this.#log(unit.id, `${unit.id}: start operation timed out. Terminating.`);
        state.generation += 1;
        main.kill("SIGTERM");
        state.main = undefined;
        this.#fail(state, "timeout");
        this.#maybeRestart(state, { clean: false, result: "signal", text: "" });
        return this.#jobFailed(state, "timeout");
      }
      if (first !== "ready" && !(type === "forking" && first.code === 0)) {
        const ending = this.#mainEnded(state, first.code);
        const result = ending.clean ? "protocol" : ending.result;
        if (ending.clean) this.#fail(state, "protocol");
        return this.#jobFailed(state, result);
      }
      if (first !== "ready") {
        state.main = undefined;
        this.#change(state, "active", "exited");
        this.#log(unit.id, `Started ${this.#title(state)}.`);
        return success;
      }
    }
    if (!resumed) {
      this.#change(state, "active", "running");
      this.#log(unit.id, `Started ${this.#title(state)}.`);
      await this.#runCommands(state, "ExecStartPost", "Control process");
    }
    void ended.then(({ code }) => {
      if (!stale()) this.#mainEnded(state, code);
    });
    if (resumed) {
      const timeout = this.#timeout(waits ? wakingMs : shortWakingMs);
      await Promise.race([readiness, ended, timeout.expired]);
      timeout.cancel();
    }
    return success;
  }

  async #runOneshot(state: UnitState, stale: () => boolean): Promise<UnitResult> {
    const ending = await this.#runCommands(state, "ExecStart", "Main process");
    if (stale()) return success;
    if (ending && !ending.clean) {
      this.#fail(state, ending.result);
      return this.#jobFailed(state, ending.result);
    }
    const remains = truthy(setting(state.unit.settings, "Service", "RemainAfterExit"));
    if (!remains) this.#log(state.unit.id, `${state.unit.id}: Succeeded.`);
    this.#log(state.unit.id, `Finished ${this.#title(state)}.`);
    if (remains) this.#change(state, "active", "exited");
    else this.#change(state, "inactive", "dead");
    return success;
  }

  /** Runs a list of commands until one fails; undefined when there is none. */
  async #runCommands(state: UnitState, key: string, role: string | undefined): Promise<Ending | undefined> {
    let last: Ending | undefined;
    for (const value of state.unit.settings.get("Service")?.get(key) ?? []) {
      const running = spawnUnitCommand(this.#machine, state.unit, value, { mainPid: state.mainPid });
      const code = typeof running === "string" ? Number.parseInt(running, 10) : await running.exit;
      last = endingOf(code);
      if (last.clean || value.startsWith("-")) continue;
      state.exitCode = code;
      if (role !== undefined) this.#log(state.unit.id, `${state.unit.id}: ${role} exited, ${last.text}`);
      return last;
    }
    return last && { ...last, clean: true };
  }

  #mainEnded(state: UnitState, code: number): Ending {
    const ending = endingOf(code);
    state.main = undefined;
    state.exitCode = code;
    if (code !== 0) this.#log(state.unit.id, `${state.unit.id}: Main process exited, ${ending.text}`);
    if (ending.clean) {
      this.#log(state.unit.id, `${state.unit.id}: Succeeded.`);
      state.result = "success";
      this.#change(state, "inactive", "dead");
    } else this.#fail(state, ending.result);
    this.#maybeRestart(state, ending);
    return ending;
  }

  #fail(state: UnitState, result: string): void {
    state.result = result;
    this.#log(state.unit.id, `${state.unit.id}: Failed with result '${result}'.`);
    if (state.active !== "active") this.#log(state.unit.id, `Failed to start ${this.#title(state)}.`);
    this.#change(state, "failed", "failed");
  }

  #maybeRestart(state: UnitState, ending: Ending): void {
    const policy = setting(state.unit.settings, "Service", "Restart") ?? "no";
    const wanted =
      policy === "always" ||
      (policy === "on-failure" && !ending.clean) ||
      (policy === "on-success" && ending.clean) ||
      (policy === "on-abnormal" && ending.result === "signal");
    if (wanted) this.#scheduleRestart(state);
  }

  #scheduleRestart(state: UnitState): void {
    const generation = ++state.generation;
    this.#change(state, "activating", "auto-restart");
    const seconds = (timeSpan(setting(state.unit.settings, "Service", "RestartSec")) ?? 100) * this.#timeFactor();
    state.cancelRestart = this.#machine.environment.clock.after(Math.max(1, Math.min(seconds, 60_000)), () => {
      state.cancelRestart = undefined;
      if (state.generation !== generation) return;
      state.unit = state.unit.loadState === "loaded" ? state.unit : loadUnit(this.#machine.rootFiles, state.unit.id);
      state.restarts += 1;
      this.#log(state.unit.id, `${state.unit.id}: Scheduled restart job, restart counter is at ${state.restarts}.`);
      this.#log(state.unit.id, `Stopped ${this.#title(state)}.`);
      if (this.#limited(state)) {
        this.#log(state.unit.id, `${state.unit.id}: Start request repeated too quickly.`);
        this.#fail(state, state.result === "success" ? "start-limit-hit" : state.result);
      } else void this.#launch(state, false);
    });
  }

  async #stop(state: UnitState): Promise<void> {
    state.cancelRestart?.();
    state.cancelRestart = undefined;
    const main = state.main;
    const wasRunning = state.active === "active" || state.active === "activating";
    state.generation += 1;
    state.main = undefined;
    if (!wasRunning) return;
    if (state.unit.id.endsWith(".service")) this.#log(state.unit.id, `Stopping ${this.#title(state)}...`);
    this.#change(state, "deactivating", "stop-sigterm");
    await this.#runCommands(state, "ExecStop", undefined);
    let code = 0;
    if (main) {
      main.kill((setting(state.unit.settings, "Service", "KillSignal") as SignalName | undefined) ?? "SIGTERM");
      const limit = timeSpan(setting(state.unit.settings, "Service", "TimeoutStopSec")) ?? 90_000;
      const timeout = this.#timeout(limit * this.#timeFactor());
      const first = await Promise.race([main.exit, timeout.expired]);
      timeout.cancel();
      if (first === "expired") {
        this.#log(state.unit.id, `${state.unit.id}: State 'stop-sigterm' timed out. Killing.`);
        main.kill("SIGKILL");
      }
      code = await main.exit;
    }
    const ending = endingOf(code);
    state.exitCode = code;
    state.result = ending.result;
    if (ending.clean) {
      this.#log(state.unit.id, `${state.unit.id}: Succeeded.`);
      this.#change(state, "inactive", "dead");
    } else {
      this.#log(state.unit.id, `${state.unit.id}: Main process exited, ${ending.text}`);
      this.#log(state.unit.id, `${state.unit.id}: Failed with result '${ending.result}'.`);
      this.#change(state, "failed", "failed");
    }
    if (state.unit.id.endsWith(".service")) this.#log(state.unit.id, `Stopped ${this.#title(state)}.`);
  }

  /**
   * The first moments of a daemon.
   * Simplified: a real forking daemon is up when the process that was started has ended; a modelled one goes on in it.
   */
  async #survival(): Promise<"ready"> {
    const { clock, pacing } = this.#machine.environment;
    await clock.sleep(Math.max(20, pacing.duration("daemonStart")));
    return "ready";
  }

  #timeout(ms: number): { expired: Promise<"expired">; cancel: () => void } {
    let cancel: () => void = () => undefined;
    const expired = new Promise<"expired">((resolve) => {
      if (Number.isFinite(ms) && ms > 0) cancel = this.#machine.environment.clock.after(ms, () => resolve("expired"));
    });
    return { expired, cancel: () => cancel() };
  }

  #jobFailed(state: UnitState, result: string): UnitResult {
    const id = state.unit.id;
    if (result === "start-limit-hit") {
      return failure(`Job for ${id} failed.\nSee "systemctl status ${id}" and "journalctl -xe" for details.`);
    }
    const reason = jobReasons[result] ?? jobReasons["exit-code"] ?? "";
    return failure(
      `Job for ${id} failed because ${reason}.\nSee "systemctl status ${id}" and "journalctl -xe" for details.`,
    );
  }

  #title(state: UnitState): string {
    return setting(state.unit.settings, "Unit", "Description") ?? state.unit.id;
  }

  #change(state: UnitState, active: UnitActiveState, sub: string): void {
    if (state.active !== active) state.since = this.#machine.environment.clock.now();
    state.active = active;
    state.sub = sub;
    this.#machine.environment.touch();
  }

  #log(unit: string, message: string): void {
    this.#write(unit, "systemd", 1, message);
  }

  #write(unit: string, identifier: string, pid: number | undefined, message: string): void {
    this.#machine.journal.append({ unit, identifier, pid, message });
  }
}

const success: UnitResult = { ok: true, message: "" };
const failure = (message: string): UnitResult => ({ ok: false, message });
