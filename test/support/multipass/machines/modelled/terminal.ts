import type { Machine, MachineShell } from "../../../../../src/domain/machine.ts";
import { keys, markBegin, markEnd, type MarkKind, separator } from "../../../../../src/remote/shell-init.ts";

interface Terminal {
  type(text: string): void;
  /** Standard input has ended. */
  hangUp(): void;
  readonly ended: Promise<number>;
}

interface Place {
  machine: () => Promise<Machine>;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

/** The shell of `openShell`, as its command line is when the client has wrapped it; blanks and quotes are escaped. */
const pattern =
  /^bash .* bash ([0-9a-f]+) (?:sudo -n -u (\S+) -- )?bash -c .* wasm-k8s-lab \S+-startup \S+-edit \S+ \d+ (\d+) (\d+)$/s;

/**
 * Plays the pseudo-terminal that a remote shell makes: a modelled machine has none, but a lasting shell of its own,
 * which is led here by the same keys and tells the same marks. Undefined when the command is no such shell.
 */
export function playTerminal(command: string, place: Place): Terminal | undefined {
  const match = pattern.exec(command);
  if (!match) return undefined;
  const [, call = "", user = "ubuntu", columns = "80", rows = "24"] = match;
  place.stdout(`[${call}]`);
  place.stderr(`[${call}]`);
  const { promise, resolve } = Promise.withResolvers<number>();
  let shell: MachineShell | undefined;
  let token = "";
  let held = "";
  let running = false;
  const mark = (kind: MarkKind, payload = ""): void => {
    place.stdout(`${markBegin(token)}${kind}${payload === "" ? "" : `;${payload}`}${markEnd(token)}`);
  };
  const entries = (): string[] => (shell?.history() ?? []).map((line, at) => `    ${at + 1}  ${line}`);
  const prompt = (exitCode: number): void => {
    mark("status", `${exitCode}${separator}${entries().at(-1) ?? ""}`);
    mark("prompt");
    place.stdout(shell?.prompt() ?? "");
    mark("ready");
  };
  const end = (code: number): void => {
    if (code !== 0) place.stderr(`[${call}:${code}]`);
    void shell?.close().finally(() => resolve(code));
  };
  const open = async (): Promise<void> => {
    shell = await (
      await place.machine()
    ).openShell?.({
      columns: Number(columns),
      rows: Number(rows),
      user,
      onOutput: place.stdout,
    });
    mark("begin", `/dev/pts/0${separator}${entries().join("\n")}`);
    prompt(0);
    read();
  };
  const accept = async (line: string): Promise<void> => {
    running = true;
    mark("start");
    const result = await shell?.run(line);
    running = false;
    if (!result || result.exited) return end(result?.exitCode ?? 1);
    if (result.incomplete) mark("more");
    else prompt(result.exitCode);
    read();
  };
  /** Takes the keys of one action at the prompt from what was typed; false when they have not all come. */
  const key = (): boolean => {
    if (held.startsWith(keys.clear)) held = held.slice(keys.clear.length);
    const pasted = new RegExp(`^${escaped(keys.pasteBegin)}([^]*?)${escaped(keys.pasteEnd)}`).exec(held);
    const rest = held.slice(pasted?.[0].length ?? 0);
    if (pasted && rest.startsWith(keys.accept)) {
      held = rest.slice(keys.accept.length);
      void accept(pasted[1] ?? "");
      return false;
    }
    if (pasted && rest.startsWith(keys.complete)) {
      held = rest.slice(keys.complete.length);
      mark("reply", `${(pasted[1] ?? "").split(separator)[0] ?? ""}${separator}`);
      return true;
    }
    const ping = new RegExp(`^(\\d+)${escaped(keys.ping)}`).exec(held);
    if (ping) {
      held = held.slice(ping[0].length);
      mark("pong", ping[1] ?? "");
      return true;
    }
    if (held.startsWith("\u0003")) {
      held = held.slice(1);
      shell?.signal("SIGINT");
      prompt(130);
      return true;
    }
    return false;
  };
  const read = (): void => {
    if (!shell) return;
    if (running) {
      for (const piece of held.split(/([\u0003\u0004\u001a\u001c])/)) send(shell, piece);
      held = "";
    } else {
      for (;;) if (!key()) break;
    }
  };
  return {
    ended: promise,
    type(text) {
      held += text;
      if (token !== "") return read();
      const [startup = "", editor, ...rest] = held.split("\0");
      if (editor === undefined || rest.length === 0) return;
      token = /^__wkl_token=(\w+)$/m.exec(startup)?.[1] ?? "";
      held = rest.join("\0");
      open().catch((error: unknown) => {
        place.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
        end(1);
      });
    },
    hangUp: () => end(129),
  };
}

const escaped = (text: string): string => text.replaceAll(/[[\]~]/g, "\\$&");

function send(shell: MachineShell, piece: string): void {
  const signals = { "\u0003": "SIGINT", "\u001a": "SIGTSTP", "\u001c": "SIGQUIT" } as const;
  const signal = signals[piece as keyof typeof signals];
  if (signal) shell.signal(signal);
  else if (piece === "\u0004") shell.input(null);
  else if (piece !== "") shell.input(piece);
}
