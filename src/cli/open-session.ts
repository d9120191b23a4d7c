import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { openBackend } from "../backends/registry.ts";
import { bindCheck } from "../checks/registry.ts";
import { loadCourse } from "../content/load.ts";
import { readComponents } from "../content/versions.ts";
import type { Backend, Language, Pace, Profile, Provisioning } from "../domain/backend.ts";
import type { KubeReader } from "../domain/check.ts";
import type { Course } from "../domain/course.ts";
import { exitCodes, LabError } from "../domain/errors.ts";
import type { MachineRecipe } from "../domain/recipe.ts";
import { runOnHost } from "../process/host-command.ts";
import { textsFor } from "../texts/texts.ts";
import { Progress } from "../progress/progress.ts";
import { readRecipe } from "../recipes/recipe.ts";
import { LocalSession } from "../runner/local-session.ts";
import { keepsEveryStep, snapshotId } from "../runner/timeline.ts";
import { terminalOf } from "../runner/terminal.ts";
import type { Session } from "../runner/session.ts";
import { RemoteSession } from "./control/client.ts";
import { type ControlServer, serveControl } from "./control/server.ts";
import { type Home, openHome, packageFolder } from "./home.ts";
import { languageOf } from "./language.ts";
import { heldBy, isHost, lockHolder, takeLock } from "./lock.ts";
import { tellProvisioning } from "./provisioning.ts";
import { systemClock, systemRandom } from "./system-clock.ts";

/** What every command that touches the lab may be told. */
export interface LabArguments {
  backend?: string;
  profile?: Profile;
  lang?: Language;
  pace?: Pace;
  hostCargo?: boolean;
  /** Path of the ssh backend's inventory. */
  inventory?: string;
  /** Address of a server that has everything that real machines download. */
  offline?: string;
}

export const labsFolder = (): string => join(packageFolder(), "labs");

/** The course as it is in a profile, on modelled machines or on real ones. Throws LabError `content-invalid`. */
export function readCourse(profile: Profile, real = false): Course {
  return loadCourse(labsFolder(), {
    profile,
    real,
    components: readComponents(join(packageFolder(), "vm-images", "catalog.yaml"), profile, real),
    parseCheck: (kind, params, where) => void bindCheck(kind, params, where),
  });
}

/** What a profile's real machines boot. Throws LabError `catalog-invalid`. */
export const recipeOf = (profile: Profile, offline?: string): MachineRecipe =>
  readRecipe({ folder: join(packageFolder(), "vm-images"), profile, ...(offline === undefined ? {} : { offline }) });

/** The profile asked for, else that of the saved lab, else the thesis's. */
export function profileOf(asked: Profile | undefined): Profile {
  return asked ?? (savedIn(openHome(process.env).path, "profile") === "current" ? "current" : "thesis");
}

/** Id of the backend that the saved lab has. */
export const savedBackend = (): string => savedIn(openHome(process.env).path, "backend") ?? "embedded";

export const openKube = async (kubeconfig: string): Promise<KubeReader> =>
  (await import("../kube/reader.ts")).openKubeReader(kubeconfig);

/** Throws LabError `backend-not-usable` where the lab's machines cannot be had on this computer. */
export async function requireUsable({ backend }: OpenLab): Promise<void> {
  if (backend.info.features.simulated) return;
  const probe = await backend.probe();
  if (probe.usable) return;
  throw new LabError("backend-not-usable", probe.detail, {
    remedy: probe.remedy,
    exitCode: probe.needsOther ? exitCodes.environmentNeedsOther : exitCodes.environmentFixable,
  });
}

/** The saved lab opened in this process, which holds the lock until it is closed. */
export interface OpenLab {
  home: Home;
  backend: Backend;
  /** Read when it is first asked for. Throws LabError `content-invalid`. */
  readonly course: Course;
  progress: Progress;
  notices: string[];
  /** Told while machines are made; on stderr until somebody else listens. */
  onProvisioning: (provisioning: Provisioning) => void;
  close(): Promise<void>;
}

/** Takes the lock and opens the saved lab (or a fresh one). Throws LabError `lab-held` when another process has it. */
export async function openLab(command: string, pace: Pace, given: LabArguments, folder?: string): Promise<OpenLab> {
  const home = openHome(process.env);
  // Who holds the lab for hours trades a little time for tens of megabytes: the young generation stays small.
  if (command === "up" || command === "start") setFlagsFromString("--semi-space-growth-factor=1");
  const release = await takeLockSoon(home, command);
  try {
    return await openHeldLab(home, release, pace, given, folder);
  } catch (error) {
    release();
    throw error;
  }
}

async function openHeldLab(
  home: Home,
  release: () => void,
  pace: Pace,
  given: LabArguments,
  folder: string | undefined,
): Promise<OpenLab> {
  const base = folder ?? home.path;
  const progress = new Progress(
    join(base, "progress.json"),
    given.backend ?? savedIn(base, "backend") ?? "embedded",
    given.profile ?? "thesis",
  );
  const { data } = progress;
  refuseOther("backend", given.backend, data.backend);
  refuseOther("profile", given.profile, data.profile);
  const { said } = textsFor(languageOf(given.lang));
  const notices = progress.notices.map(said);
  const told = tellProvisioning(textsFor(languageOf(given.lang)), process.stderr);
  const listeners = { onProvisioning: told.tell };
  const backend = await openBackend(data.backend, {
    folder: join(base, data.backend),
    profile: data.profile,
    pace: given.pace ?? pace,
    clock: systemClock,
    random: systemRandom,
    hostCargo: given.hostCargo ?? false,
    recipe: () => recipeOf(data.profile, given.offline),
    onProgress: (provisioning) => listeners.onProvisioning(provisioning),
    ...(given.inventory === undefined ? {} : { inventory: given.inventory }),
    onNotice: (text) => {
      notices.push(said(text));
      process.stderr.write(process.stderr.isTTY && process.stdout.isTTY ? "" : `${said(text)}\n`);
    },
  });
  // Whoever is interrupted while real machines are made must find them again.
  if (!backend.info.features.simulated) progress.save();
  let closed = false;
  let course: Course | undefined;
  return {
    home,
    backend,
    get onProvisioning() {
      return listeners.onProvisioning;
    },
    set onProvisioning(listener) {
      told.clear();
      listeners.onProvisioning = listener;
    },
    get course() {
      return (course ??= readCourse(data.profile, !backend.info.features.simulated));
    },
    progress,
    notices,
    async close() {
      if (closed) return;
      closed = true;
      told.clear();
      try {
        await backend.close();
      } finally {
        release();
      }
    },
  };
}

/** A field of the saved progress, read without opening the lab. */
function savedIn(base: string, field: "backend" | "profile"): string | undefined {
  const path = join(base, "progress.json");
  if (!existsSync(path)) return undefined;
  return new RegExp(`"${field}": "([a-z]+)"`).exec(readFileSync(path, "utf8"))?.[1];
}

function refuseOther(option: string, asked: string | undefined, saved: string): void {
  if (asked === undefined || asked === saved) return;
  throw new LabError(`${option}-differs`, `--${option}: the saved lab has ${option} ${saved}, got "${asked}"`, {
    remedy: `Leave --${option} away to go on with it, run \`wasm-k8s-lab reset\` to begin again, or set WASM_K8S_LAB_HOME to another folder.`,
    exitCode: 2,
  });
}

/** A session on the lab, hosted here. */
export async function openLocalSession(lab: OpenLab, given: LabArguments, startLab?: string): Promise<LocalSession> {
  return LocalSession.open({
    backend: lab.backend,
    course: lab.course,
    labsFolder: labsFolder(),
    progress: lab.progress,
    profile: lab.progress.data.profile,
    language: languageOf(given.lang),
    clock: systemClock,
    openKube,
    runOnHost,
    notices: lab.notices,
    ...(startLab === undefined ? {} : { startLab }),
  });
}

/** Serves the session to other commands until closed. */
export function serveSession(lab: OpenLab, session: Session, onStop: () => void): Promise<ControlServer> {
  return serveControl(session, lab.home.socket, onStop);
}

/** Milliseconds to wait for a host that is still opening the lab, or for a command that has it for a moment. */
const patienceMs = 20_000;
const askAgainMs = 50;

/** Takes the lock, after a command that holds it only for a moment. */
async function takeLockSoon(home: Home, command: string): Promise<() => void> {
  const begin = systemClock.monotonic();
  for (;;) {
    try {
      return takeLock(home.lock, command, systemClock.now());
    } catch (error) {
      const holder = lockHolder(home.lock);
      const lasting = holder !== undefined && (isHost(holder) || holder.command === "run");
      if (!(error instanceof LabError) || lasting || systemClock.monotonic() - begin > patienceMs) throw error;
    }
    await systemClock.sleep(askAgainMs);
  }
}

/** The session of the process that hosts the lab; undefined when none does. Throws LabError `lab-held` during `run`. */
export async function connectToHost(): Promise<RemoteSession | undefined> {
  const home = openHome(process.env);
  const begin = systemClock.monotonic();
  for (;;) {
    const holder = lockHolder(home.lock);
    if (!holder || (!isHost(holder) && holder.command !== "run")) return undefined;
    if (holder.command === "run") throw heldBy(holder);
    try {
      return await RemoteSession.connect(home.socket);
    } catch (error) {
      // A host that has just taken the lock opens its socket in a moment.
      if (!(error instanceof LabError) || systemClock.monotonic() - begin > patienceMs) throw error;
    }
    await systemClock.sleep(askAgainMs);
  }
}

/** The host's session when there is one, else the lab opened here; when two begin at once, one becomes the host. */
async function openOrAttach(
  command: string,
  pace: Pace,
  given: LabArguments,
): Promise<{ remote: RemoteSession } | { lab: OpenLab }> {
  for (;;) {
    const remote = await connectToHost();
    if (remote) return { remote };
    try {
      return { lab: await openLab(command, pace, given) };
    } catch (error) {
      if (!(error instanceof LabError && error.code === "lab-held")) throw error;
      const holder = lockHolder(openHome(process.env).lock);
      if (holder && !isHost(holder)) throw error;
    }
  }
}

/** Runs `use` on the lab: through its host when there is one, else by opening the saved lab, then saving and leaving. */
export function withSession<T>(
  command: string,
  given: LabArguments,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  return withLab(command, given, use, (lab) => onOwnSession(lab, given, use));
}

/**
 * As withSession, for commands on machines: where the current step has begun, the course need not be read for them. On
 * real machines a command never begins a lab.
 */
export function withMachines<T>(
  command: string,
  given: LabArguments,
  use: (machines: Pick<Session, "exec" | "terminal">) => Promise<T>,
): Promise<T> {
  return withLab(command, given, use, async (lab) => {
    if (lab.backend.info.features.simulated && !(await hasBegun(lab))) return onOwnSession(lab, given, use);
    return use({
      exec: async (name, argv, options) => (await lab.backend.machine(name)).exec(argv, options),
      terminal: async (name) => terminalOf(await lab.backend.machine(name)),
    });
  });
}

async function withLab<T>(
  command: string,
  given: LabArguments,
  useRemote: (session: Session) => Promise<T>,
  useOwn: (lab: OpenLab) => Promise<T>,
): Promise<T> {
  const opened = await openOrAttach(command, "instant", given);
  if ("remote" in opened) {
    try {
      return await useRemote(opened.remote);
    } finally {
      await opened.remote.close();
    }
  }
  try {
    return await useOwn(opened.lab);
  } finally {
    await opened.lab.close();
  }
}

async function onOwnSession<T>(lab: OpenLab, given: LabArguments, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await openLocalSession(lab, given);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}

/** True when the machines, files and snapshot of the current step are there, so that opening a session changes nothing. */
async function hasBegun({ backend, progress }: OpenLab): Promise<boolean> {
  const { current, prepared } = progress.data;
  if (!current || !prepared.includes(current.lab)) return false;
  if (!keepsEveryStep(backend)) return true;
  return (await backend.snapshots?.list())?.includes(snapshotId(current)) ?? true;
}
