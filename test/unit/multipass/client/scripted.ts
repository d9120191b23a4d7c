import type { Child, ChildOptions, ChildResult } from "../../../../src/process/child.ts";
import {
  type Multipass,
  MultipassError,
  type MultipassOptions,
  openMultipass,
} from "../../../../src/backends/multipass/client/index.ts";

interface Reply {
  code?: number;
  stdout?: string | Uint8Array;
  stderr?: string;
  /** It was not started, or ended by a signal. */
  ended?: Pick<ChildResult, "notStarted" | "signal">;
  /** It never ends by itself. */
  hangs?: boolean;
}

type Answer = Reply | string | ((argv: readonly string[], stdin: string) => Reply | string);

interface Scripted {
  client: Multipass;
  /** Every call, as typed; what every test causes (`version`, `help`) is left out. */
  calls: string[];
  stdin: string[];
  sleptMs(): number;
}

const bytesOf = (value: string | Uint8Array): Uint8Array => Buffer.from(value);

/** A client whose executable answers by the first key that a call begins with; time passes only by sleeping. */
export function scripted(
  answers: Readonly<Record<string, Answer>>,
  options: MultipassOptions & { version?: string; help?: string } = {},
): Scripted {
  const calls: string[] = [];
  const inputs: string[] = [];
  let now = 0;
  const { version = "1.16.3", help = "  launch\n  restore\n  snapshot\n", ...rest } = options;
  const all: Readonly<Record<string, Answer>> = {
    ...answers,
    version: answers["version"] ?? JSON.stringify({ multipass: version, multipassd: version }),
    help: answers["help"] ?? help,
  };

  function replyTo(argv: readonly string[], stdin: string): Reply {
    const line = argv.join(" ");
    if (argv[0] !== "version" && argv[0] !== "help") {
      calls.push(line);
      inputs.push(stdin);
    }
    const key = Object.keys(all)
      .filter((each) => line.startsWith(each))
      .sort((a, b) => b.length - a.length)[0];
    const answer = key === undefined ? undefined : all[key];
    if (answer === undefined) throw new Error(`nothing answers: multipass ${line}`);
    const reply = typeof answer === "function" ? answer(argv, stdin) : answer;
    return typeof reply === "string" ? { stdout: reply } : reply;
  }

  function start(_file: string, argv: readonly string[], childOptions: ChildOptions = {}): Child {
    const { promise, resolve } = Promise.withResolvers<ChildResult>();
    const input: Uint8Array[] = [];
    const end = (reply: Reply, aborted = false): void => {
      const stdout = bytesOf(reply.stdout ?? "");
      const stderr = bytesOf(reply.stderr ?? "");
      if (stdout.length > 0) childOptions.onOutput?.({ stream: "stdout", bytes: stdout });
      if (stderr.length > 0) childOptions.onOutput?.({ stream: "stderr", bytes: stderr });
      const exitCode = reply.ended || aborted ? undefined : (reply.code ?? 0);
      resolve({ stdout, stderr, aborted, durationMs: 0, exitCode, ...reply.ended });
    };
    childOptions.signal?.addEventListener("abort", () => end({}, true));
    return {
      pid: 1,
      write: (bytes) => void input.push(bytesOf(bytes)),
      end() {
        const reply = replyTo(argv, Buffer.concat(input).toString());
        if (reply.hangs !== true) end(reply);
      },
      kill: (signal) => end({ ended: { signal } }),
      ended: promise,
    };
  }

  const client = openMultipass({
    platform: "linux",
    start,
    system: {
      now: () => now,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        now += ms;
      },
      token: () => "TOKEN",
    },
    ...rest,
  });
  return { client, calls, stdin: inputs, sleptMs: () => now };
}

/** What it rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<MultipassError> {
  const error: unknown = await promise.then(
    (value) => new Error(`resolved with ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof MultipassError) return error;
  throw error;
}

/** `list --format json` of instances by name. */
export function listOf(states: Readonly<Record<string, string>>, addresses: readonly string[] = []): string {
  const list = Object.entries(states).map(([name, state]) => ({ ipv4: addresses, name, release: "", state }));
  return JSON.stringify({ list });
}

/** What an exec prints and ends with, as the client's wrapper in a guest says it. */
export function execOf(code: number, stdout = "", stderr = ""): Reply {
  const tail = code === 0 ? "" : `[TOKEN:${code}]`;
  return { code: code === 4 ? 204 : code, stdout: `[TOKEN]${stdout}`, stderr: `[TOKEN]${stderr}${tail}` };
}

/** What the spinner writes around a message. */
export function spun(message: string, turns = 3): string {
  const clear = "\u001B[2K\u001B[0A\u001B[0E";
  return `${clear}${message}  ${"\b|\b/\b-".slice(0, turns * 2)}\b ${clear}`;
}
