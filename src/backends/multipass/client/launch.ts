import { type Boots, Deadline, softDeleted } from "./boot.ts";
import { type Calls, checkName } from "./calls.ts";
import { MultipassError, type MultipassErrorCode } from "./errors.ts";
import type { Instances } from "./instances.ts";
import { withoutSpinner } from "./spinner.ts";
import type { Support } from "./support.ts";
import type { LaunchOptions, LaunchRequest, LaunchResult, Progress } from "./types.ts";

/** Pause before a download is tried again. */
const retryMs = 10_000;
/** How long a daemon that went away with a launch is waited for. */
const absentForMs = 120_000;

/** The daemon works on the name: what becomes of it is not in its list yet. */
const underWay: ReadonlySet<MultipassErrorCode> = new Set<MultipassErrorCode>([
  "being-prepared",
  "client-timeout",
  "client-killed",
]);

/** How a run of `launch` ended. */
interface Run {
  zone?: string | undefined;
  failed?: MultipassError;
  /** True when Multipass had begun to work on it. */
  begun: boolean;
}

/** The request itself is refused: nothing has been made. */
const refused: ReadonlySet<MultipassErrorCode> = new Set<MultipassErrorCode>([
  "not-installed",
  "access-denied",
  "not-authenticated",
  "already-exists",
  "soft-deleted",
  "invalid-name",
  "invalid-memory",
  "invalid-disk",
  "invalid-cpus",
  "invalid-network",
  "invalid-zone",
  "invalid-cloud-init",
  "unsupported-feature",
  "wrong-use",
]);

export class Launches {
  readonly #calls: Calls;
  readonly #support: Support;
  readonly #instances: Instances;
  readonly #boots: Boots;

  constructor(calls: Calls, support: Support, instances: Instances, boots: Boots) {
    this.#calls = calls;
    this.#support = support;
    this.#instances = instances;
    this.#boots = boots;
  }

  async launch(request: LaunchRequest, options: LaunchOptions = {}): Promise<LaunchResult> {
    const { name, image } = request;
    checkName("launch", name);
    if (image === "" || image.startsWith("-")) {
      throw new MultipassError("image-unknown", `image: expected a name, got ${image || "nothing"}`, {
        command: "launch",
      });
    }
    await this.#support.check();
    const deadline = new Deadline(this.#calls, options.timeoutMs);
    this.#instances.forget(name);
    let { zone, failed, begun } = await this.#run(request, deadline, options);
    if (failed && options.ifDeleted === "purge" && (await this.#isDeleted(name, failed, options))) {
      await this.#calls.follow(["delete", "--purge", name], options);
      ({ zone, failed, begun } = await this.#run(request, deadline, options));
    }
    if (failed) {
      if (options.ifDeleted === "recover" && (await this.#isDeleted(name, failed, options))) {
        await this.#calls.follow(["recover", name], options);
      } else {
        await this.#mustBeThere(name, failed, begun, deadline, options);
      }
      await this.#boots.booted(name, deadline, options, failed);
    }
    const cloudInit = await this.#boots.cloudInit(name, deadline, options);
    return {
      name,
      ended: failed ? "continued" : "launched",
      ...(failed ? { overcame: failed } : {}),
      ...(zone === undefined ? {} : { zone }),
      cloudInit,
    };
  }

  /** Runs `launch`, again where a download failed, and while an earlier launch of the same name is under way. */
  async #run(request: LaunchRequest, deadline: Deadline, options: LaunchOptions): Promise<Run> {
    let attemptsLeft = options.downloadAttempts ?? 3;
    let earlier: MultipassError | undefined;
    let begun = false;
    const onProgress = (progress: Progress): void => {
      begun = true;
      options.onProgress?.(progress);
    };
    for (;;) {
      try {
        const argv = await this.#argv(request, deadline);
        const { stdout } = await this.#calls.follow(argv, { ...options, onProgress }, request.cloudInit);
        return { zone: /^Launched: \S+ in (\S+)$/m.exec(withoutSpinner(stdout))?.[1], begun };
      } catch (error) {
        if (!(error instanceof MultipassError)) throw error;
        if (earlier && error.code === "already-exists") return { failed: earlier, begun: true };
        if (deadline.over) return { failed: error, begun };
        if (underWay.has(error.code) && (error.code === "being-prepared" || attemptsLeft > 1)) {
          // Asked again, Multipass says whether it goes on, has become an instance, or is to be begun anew.
          if (error.code !== "being-prepared") attemptsLeft -= 1;
          earlier ??= error;
          await deadline.pause(options.signal);
        } else if ((error.code === "download-failed" || error.code === "hash-mismatch") && attemptsLeft > 1) {
          attemptsLeft -= 1;
          if (error.code === "hash-mismatch") await this.#refreshImages(options);
          await deadline.pause(options.signal, retryMs);
        } else {
          return { failed: error, begun };
        }
      }
    }
  }

  /** What the daemon knows of the images is older than the images. */
  async #refreshImages(options: LaunchOptions): Promise<void> {
    try {
      await this.#calls.ask(["find", "--force-update", "--format", "json"], options);
    } catch (error) {
      // The launch that follows says it better.
      if (!(error instanceof MultipassError)) throw error;
    }
  }

  async #argv(request: LaunchRequest, deadline: Deadline): Promise<string[]> {
    const { name, image, cpus, memory, disk, cloudInit, zone } = request;
    return [
      "launch",
      `--name=${name}`,
      `--cpus=${cpus}`,
      `--memory=${memory}`,
      `--disk=${disk}`,
      `--timeout=${deadline.leftSeconds}`,
      ...(cloudInit === undefined ? [] : ["--cloud-init=-"]),
      ...(zone !== undefined && (await this.#support.zones()) ? [`--zone=${zone}`] : []),
      image,
    ];
  }

  /** True when the name is taken by an instance that waits to be purged. */
  async #isDeleted(name: string, failed: MultipassError, { signal }: LaunchOptions): Promise<boolean> {
    if (failed.code !== "already-exists") return false;
    return (await this.#instances.state(name, signal ? { signal } : {})) === "Deleted";
  }

  /** Looks for the instance after `launch` has failed; rejects with why it did where there is none to wait for. */
  async #mustBeThere(
    name: string,
    failed: MultipassError,
    begun: boolean,
    deadline: Deadline,
    options: LaunchOptions,
  ): Promise<void> {
    const look = options.signal ? { signal: options.signal } : {};
    if (await this.#isDeleted(name, failed, options)) throw softDeleted("launch", name);
    if (refused.has(failed.code) || (failed.code === "daemon-unreachable" && !begun)) throw failed;
    const absent = new Deadline(this.#calls, Math.min(deadline.leftMs, absentForMs));
    for (;;) {
      try {
        const state = await this.#instances.state(name, look);
        if (state === "Deleted") throw softDeleted("launch", name);
        if (state !== undefined) return;
        throw failed;
      } catch (error) {
        const away = error instanceof MultipassError && error.code === "daemon-unreachable" && error !== failed;
        if (!away) throw error;
        if (absent.over) throw failed;
      }
      await deadline.pause(options.signal);
    }
  }
}
