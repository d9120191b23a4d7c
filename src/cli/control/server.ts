import { chmodSync, existsSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Language } from "../../domain/backend.ts";
import { LabError } from "../../domain/errors.ts";
import type { EditRequest, MachineShell } from "../../domain/machine.ts";
import type { Session, SessionEvent } from "../../runner/session.ts";
import { type Call, jsonLines, type Message } from "./protocol.ts";

export interface ControlServer {
  close(): Promise<void>;
}

/** Serves a session to the other commands of this user on a socket (0600). `onStop` is called by `down`. */
export async function serveControl(session: Session, path: string, onStop: () => void): Promise<ControlServer> {
  // The lock is held, so a socket that is still there belongs to a dead host.
  if (existsSync(path)) rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    new Connection(session, socket, onStop).open();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const before = process.umask(0o177);
    server.listen(path, () => {
      process.umask(before);
      resolve();
    });
  });
  chmodSync(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroySoon();
        server.close(() => resolve());
      }),
  };
}

/** One client: another command, or a second terminal. */
class Connection {
  #session: Session;
  #socket: Socket;
  #onStop: () => void;
  #shells = new Map<number, MachineShell>();
  #edits = new Map<number, EditRequest>();
  #calls = new Map<number, AbortController>();
  #stopPictures: (() => void) | undefined;
  #next = 1;

  constructor(session: Session, socket: Socket, onStop: () => void) {
    this.#session = session;
    this.#socket = socket;
    this.#onStop = onStop;
  }

  open(): void {
    const receive = jsonLines(
      (value) => {
        if (isCall(value)) void this.#answer(value);
        else this.#socket.destroy();
      },
      () => this.#socket.destroy(),
    );
    this.#socket.setEncoding("utf8");
    this.#socket.on("data", (chunk: string) => receive(chunk));
    // A client that is killed resets the connection; its shells are closed below.
    this.#socket.on("error", () => this.#socket.destroy());
    const stop = this.#session.subscribe(() => this.#sendSnapshot());
    this.#socket.on("close", () => {
      stop();
      this.#stopPictures?.();
      for (const call of this.#calls.values()) call.abort(new Error("the client is gone"));
      for (const shell of this.#shells.values()) void shell.close();
      for (const edit of this.#edits.values()) edit.close();
    });
    this.#sendSnapshot();
  }

  #send(message: Message): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #sendSnapshot(): void {
    this.#send({ notice: "snapshot", snapshot: this.#session.snapshot() });
  }

  async #answer(call: Call): Promise<void> {
    try {
      this.#send({ id: call.id, result: (await this.#do(call)) ?? null });
    } catch (error) {
      const known = error instanceof LabError;
      this.#send({
        id: call.id,
        error: {
          code: known ? error.code : "internal",
          message: error instanceof Error ? error.message : String(error),
          remedy: known ? error.remedy : "",
          exitCode: known ? error.exitCode : 3,
          known,
        },
      });
    }
  }

  async #do(call: Call): Promise<unknown> {
    const params = new Map(Object.entries(typeof call.params === "object" && call.params ? call.params : {}));
    const text = (key: string): string => {
      const value: unknown = params.get(key);
      return typeof value === "string" ? value : "";
    };
    const number = (key: string): number => Number(params.get(key));
    switch (call.method) {
      case "send":
        return this.#session.send(params.get("event") as SessionEvent);
      case "ask":
        return this.#session.ask(text("lab"), text("step") || undefined, languageNamed(text("language")));
      case "report":
        return this.#session.report();
      case "picture":
        return this.#session.picture();
      case "picture.watch":
        this.#stopPictures ??= this.#session.watchPicture((picture) => this.#send({ notice: "picture", picture }));
        return undefined;
      case "picture.unwatch":
        this.#stopPictures?.();
        this.#stopPictures = undefined;
        return undefined;
      case "exec":
        return this.#exec(call.id, text("machine"), params);
      case "cancel":
        this.#calls.get(number("call"))?.abort(new Error("cancelled"));
        return undefined;
      case "terminal":
        return this.#session.terminal(text("machine"));
      case "shell.open":
        return this.#openShell(text("machine"), number("columns"), number("rows"));
      case "shell.run":
        return this.#shell(params).run(text("line"));
      case "shell.input":
        this.#shell(params).input(params.get("text") === null ? null : text("text"));
        return undefined;
      case "shell.asks": {
        const id = number("shell");
        this.#shell(params).waitsForInput?.(() => {
          this.#tellShell(id);
          this.#send({ notice: "shell-asks", shell: id });
        });
        return undefined;
      }
      case "shell.signal":
        this.#shell(params).signal(text("name") as "SIGINT");
        return undefined;
      case "shell.complete":
        return this.#shell(params).complete(text("line"), number("cursor"));
      case "shell.resize":
        this.#shell(params).resize(number("columns"), number("rows"));
        return undefined;
      case "shell.close":
        await this.#shell(params).close();
        this.#shells.delete(number("shell"));
        return undefined;
      case "edit.save":
        return this.#edits.get(number("edit"))?.save(text("text"));
      case "edit.close":
        this.#edits.get(number("edit"))?.close();
        this.#edits.delete(number("edit"));
        return undefined;
      case "stop":
        // Answered before the end begins, which closes this connection too.
        setImmediate(this.#onStop);
        return undefined;
      default:
        throw new LabError("control-method", `control socket: no such method, got "${call.method}"`, {
          remedy: "Use the same version of wasm-k8s-lab in both terminals.",
        });
    }
  }

  async #exec(id: number, machine: string, params: Map<string, unknown>): Promise<unknown> {
    const argv = params.get("argv");
    const stdin = params.get("stdin");
    const abort = new AbortController();
    this.#calls.set(id, abort);
    try {
      return await this.#session.exec(machine, Array.isArray(argv) ? argv.map(String) : [], {
        ...(typeof stdin === "string" ? { stdin: Buffer.from(stdin, "base64") } : {}),
        signal: abort.signal,
        onOutput: ({ stream, bytes }) => {
          this.#send({ notice: "output", call: id, stream, data: Buffer.from(bytes).toString("base64") });
        },
      });
    } finally {
      this.#calls.delete(id);
    }
  }

  async #openShell(machine: string, columns: number, rows: number): Promise<unknown> {
    const id = this.#next++;
    const tell = (): void => this.#tellShell(id);
    const shell = await this.#session.openShell(machine, {
      columns,
      rows,
      onOutput: (text) => {
        this.#send({ notice: "shell-output", shell: id, text });
        tell();
      },
      onEdit: (request) => {
        const edit = this.#next++;
        this.#edits.set(edit, request);
        const { path, text, readOnly } = request;
        this.#send({ notice: "edit", shell: id, edit, path, text, readOnly });
      },
    });
    this.#shells.set(id, shell);
    tell();
    return id;
  }

  #tellShell(id: number): void {
    const shell = this.#shells.get(id);
    if (!shell) return;
    const state = { prompt: shell.prompt(), busy: shell.busy(), echo: shell.echo(), history: shell.history() };
    this.#send({ notice: "shell", shell: id, state });
  }

  #shell(params: Map<string, unknown>): MachineShell {
    const id = Number(params.get("shell"));
    const shell = this.#shells.get(id);
    if (!shell) throw new LabError("shell-closed", "this shell is closed", { remedy: "Open another one." });
    queueMicrotask(() => this.#tellShell(id));
    return {
      ...bind(shell),
      run: async (line) => {
        const running = shell.run(line);
        this.#tellShell(id);
        const result = await running;
        this.#tellShell(id);
        return result;
      },
    };
  }
}

function bind(shell: MachineShell): MachineShell {
  return {
    prompt: () => shell.prompt(),
    busy: () => shell.busy(),
    run: (line) => shell.run(line),
    input: (text) => shell.input(text),
    waitsForInput: (callback) => shell.waitsForInput?.(callback),
    signal: (name) => shell.signal(name),
    complete: (line, cursor) => shell.complete(line, cursor),
    history: () => shell.history(),
    echo: () => shell.echo(),
    resize: (columns, rows) => shell.resize(columns, rows),
    close: () => shell.close(),
  };
}

const languageNamed = (name: string): Language | undefined => (name === "en" || name === "de" ? name : undefined);

function isCall(value: unknown): value is Call {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "number" &&
    "method" in value &&
    typeof value.method === "string"
  );
}
