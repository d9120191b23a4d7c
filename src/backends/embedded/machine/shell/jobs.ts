import type { Processes, RunningProcess } from "../machine.ts";

export interface Job {
  id: number;
  source: string;
  running: RunningProcess;
  /** Undefined while it runs. */
  exitCode: number | undefined;
  /** The learner has been told that it ended. */
  reported: boolean;
  stopped: boolean;
}

/** Background jobs of a shell. */
export class JobTable {
  readonly #processes: Processes;
  #jobs: Job[] = [];
  /** Exit codes of jobs already forgotten, for `wait PID`. */
  readonly #ended = new Map<number, number>();
  /** Called when a job ends. */
  onEnd: (() => void) | undefined;

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  /** A subshell sees its parent's jobs but does not own them. */
  forSubshell(): JobTable {
    return new JobTable(this.#processes);
  }

  add(source: string, running: RunningProcess): Job {
    const id = Math.max(0, ...this.#jobs.map((job) => job.id)) + 1;
    const job: Job = { id, source, running, exitCode: undefined, reported: false, stopped: false };
    this.#jobs.push(job);
    void running.exit.then((code) => {
      job.exitCode = code;
      this.onEnd?.();
    });
    return job;
  }

  all(): readonly Job[] {
    return this.#jobs;
  }

  get current(): Job | undefined {
    return this.#jobs.at(-1);
  }

  byPid(pid: number): Job | undefined {
    return this.#jobs.find((job) => job.running.pid === pid);
  }

  endedCode(pid: number): number | undefined {
    return this.#ended.get(pid);
  }

  /** `%1`, `%+`, `%-`, `%name`, `%?text`. */
  find(reference: string): Job | undefined {
    const name = reference.replace(/^%/, "");
    if (name === "" || name === "+" || name === "%") return this.current;
    if (name === "-") return this.#jobs.at(-2) ?? this.current;
    if (/^\d+$/.test(name)) return this.#jobs.find((job) => job.id === Number(name));
    if (name.startsWith("?")) return this.#jobs.find((job) => job.source.includes(name.slice(1)));
    return this.#jobs.find((job) => job.source.startsWith(name));
  }

  forget(job: Job): void {
    this.#jobs = this.#jobs.filter((other) => other !== job);
    if (job.exitCode !== undefined) this.#ended.set(job.running.pid, job.exitCode);
  }

  /** `[1]+  Running                 sleep 100 &` */
  describe(job: Job, withPid = false): string {
    const mark = job === this.current ? "+" : job === this.#jobs.at(-2) ? "-" : " ";
    const running = job.exitCode === undefined;
    const state = running ? (job.stopped ? "Stopped" : "Running") : stateOf(job.exitCode ?? 0);
    const pid = withPid ? `${job.running.pid} ` : "";
    return `[${job.id}]${mark}  ${pid}${state.padEnd(22)}  ${job.source}${running && !job.stopped ? " &" : ""}`;
  }
}

function stateOf(code: number): string {
  if (code === 0) return "Done";
  if (code === 130) return "Interrupt";
  if (code === 137) return "Killed";
  if (code === 143) return "Terminated";
  if (code === 129) return "Hangup";
  return `Exit ${code}`;
}
