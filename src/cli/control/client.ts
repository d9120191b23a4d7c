import { createConnection, type Socket } from "node:net";
import type { Language } from "../../domain/backend.ts";
import { LabError } from "../../domain/errors.ts";
import type { ExecOptions, ExecResult, MachineShell, ShellOptions, TerminalCommand } from "../../domain/machine.ts";
import type { Picture } from "../../domain/picture.ts";
import type { Grade, LabReport, Report } from "../../domain/report.ts";
import type { Session, SessionEvent, SessionSnapshot } from "../../runner/session.ts";
import { jsonLines, type Message, type ShellState } from "./protocol.ts";

interface RemoteShell {
  state: ShellState;
  options: ShellOptions;
  /** Who wants to know when the running command waits for what is typed. */
  asked: (() => void)[];
}

/** A session that another process hosts, used through its control socket. */
export class RemoteSession implements Session {
  #socket: Socket;
  #nextId = 1;
  #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #outputs = new Map<number, ExecOptions["onOutput"]>();
  #shells = new Map<number, RemoteShell>();
  /** Shell notices that arrive before `shell.open` has been answered. */
  #early: Message[] = [];
  #listeners = new Set<() => void>();
  #pictureListeners = new Set<(picture: Picture) => void>();
  #lastPicture: Picture | undefined;
  #snapshot: SessionSnapshot | undefined;
  #onSnapshot: (() => void) | undefined;
  /** Resolves when the host ends, or this session is closed. */
  readonly ended: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  /** Connects to a host. Rejects with LabError `host-gone` when nobody answers. */
  static async connect(path: string): Promise<RemoteSession> {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", () => reject(hostGone()));
    });
    const session = new RemoteSession(socket);
    await session.#open();
    return session;
  }

  snapshot(): SessionSnapshot {
    if (!this.#snapshot) throw hostGone();
    return this.#snapshot;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async send(event: SessionEvent): Promise<void> {
    await this.#call("send", { event });
  }

  ask(lab: string, step?: string, language?: Language): Promise<LabReport> {
    return this.#call("ask", { lab, step: step ?? "", language });
  }

  report(): Promise<{ report: Report; grade: Grade }> {
    return this.#call("report", {});
  }

  async picture(): Promise<Picture | undefined> {
    return (await this.#call<Picture | null>("picture", {})) ?? undefined;
  }

  watchPicture(listener: (picture: Picture) => void): () => void {
    const tell = (method: string): void => void this.#call(method, {}).catch(() => undefined);
    this.#pictureListeners.add(listener);
    if (this.#pictureListeners.size === 1) tell("picture.watch");
    else if (this.#lastPicture) listener(this.#lastPicture);
    return () => {
      if (!this.#pictureListeners.delete(listener) || this.#pictureListeners.size > 0) return;
      this.#lastPicture = undefined;
      tell("picture.unwatch");
    };
  }

  async exec(machine: string, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    const stdin = options.stdin === undefined ? undefined : Buffer.from(options.stdin).toString("base64");
    const id = this.#nextId;
    this.#outputs.set(id, options.onOutput);
    const cancel = (): void => void this.#call("cancel", { call: id });
    options.signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await this.#call<ExecResult>("exec", { machine, argv, stdin });
    } finally {
      this.#outputs.delete(id);
      options.signal?.removeEventListener("abort", cancel);
    }
  }

  async openShell(machine: string, options: ShellOptions): Promise<MachineShell> {
    const { columns, rows } = options;
    const id = await this.#call<number>("shell.open", { machine, columns, rows });
    const remote: RemoteShell = { state: { prompt: "", busy: false, echo: true, history: [] }, options, asked: [] };
    this.#shells.set(id, remote);
    for (const message of this.#early.splice(0)) this.#receive(message);
    const quietly = (method: string, params: object): void => {
      // The host may be gone; the next call that matters says so.
      this.#call(method, { shell: id, ...params }).catch(() => undefined);
    };
    return {
      prompt: () => remote.state.prompt,
      busy: () => remote.state.busy,
      echo: () => remote.state.echo,
      history: () => remote.state.history,
      run: (line) => {
        // The host says so too, but only after a while.
        remote.state = { ...remote.state, busy: true };
        return this.#call("shell.run", { shell: id, line });
      },
      input: (text) => quietly("shell.input", { text }),
      waitsForInput: (callback) => {
        remote.asked.push(callback);
        quietly("shell.asks", {});
      },
      signal: (name) => quietly("shell.signal", { name }),
      complete: (line, cursor) => this.#call("shell.complete", { shell: id, line, cursor }),
      resize: (newColumns, newRows) => quietly("shell.resize", { columns: newColumns, rows: newRows }),
      close: async () => {
        this.#shells.delete(id);
        await this.#call("shell.close", { shell: id }).catch(() => undefined);
      },
    };
  }

  terminal(machine: string): Promise<TerminalCommand> {
    return this.#call("terminal", { machine });
  }

  /** Asks the host to end; resolves when its socket closes. */
  async stopHost(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    await this.#call("stop", {});
    await closed;
  }

  close(): Promise<void> {
    this.#socket.end();
    this.#socket.destroy();
    return Promise.resolve();
  }

  #open(): Promise<void> {
    const receive = jsonLines(
      (value) => this.#receive(value as Message),
      () => this.#socket.destroy(),
    );
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (chunk: string) => receive(chunk));
    this.#socket.on("error", () => this.#socket.destroy());
    return new Promise((resolve, reject) => {
      this.#onSnapshot = resolve;
      this.#socket.on("close", () => {
        reject(hostGone());
        for (const { reject: fail } of this.#waiting.values()) fail(hostGone());
        this.#waiting.clear();
      });
    });
  }

  #receive(message: Message): void {
    if ("id" in message) {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ("result" in message) waiting?.resolve(message.result as never);
      else waiting?.reject(toError(message.error));
      return;
    }
    switch (message.notice) {
      case "snapshot":
        this.#snapshot = message.snapshot;
        this.#onSnapshot?.();
        for (const listener of this.#listeners) listener();
        return;
      case "picture":
        this.#lastPicture = message.picture;
        for (const listener of this.#pictureListeners) listener(message.picture);
        return;
      case "output":
        this.#outputs.get(message.call)?.({ stream: message.stream, bytes: Buffer.from(message.data, "base64") });
        return;
      default:
        break;
    }
    const shell = this.#shells.get(message.shell);
    if (!shell) this.#early.push(message);
    else if (message.notice === "shell") shell.state = message.state;
    else if (message.notice === "shell-asks") for (const callback of shell.asked.splice(0)) callback();
    else if (message.notice === "shell-output") shell.options.onOutput(message.text);
    else {
      const { edit, path, text, readOnly } = message;
      shell.options.onEdit?.({
        path,
        text,
        readOnly,
        save: (saved) => this.#call("edit.save", { edit, text: saved }),
        close: () => void this.#call("edit.close", { edit }).catch(() => undefined),
      });
    }
  }

  #call<T>(method: string, params: object): Promise<T> {
    const id = this.#nextId++;
    if (this.#socket.destroyed) return Promise.reject(hostGone());
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }
}

function toError(error: { code: string; message: string; remedy: string; exitCode: number; known: boolean }): Error {
  if (!error.known) return new Error(error.message);
  const { code, message, remedy } = error;
  return new LabError(code, message, { remedy, exitCode: error.exitCode as LabError["exitCode"] });
}

function hostGone(): LabError {
  return new LabError("host-gone", "the terminal that held the lab has ended", {
    remedy: "Run the command again; it opens the saved lab itself.",
    exitCode: 3,
  });
}
