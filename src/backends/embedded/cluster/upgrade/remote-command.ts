import type { Duplex } from "node:stream";
import { encode } from "../../machine/io.ts";
import type { ApiRequest, ApiResponse } from "../api.ts";
import { failure } from "../api-server/errors.ts";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";

/** What a command in a container came to; `problem` is why there was none. */
export type RemoteOutcome = { exitCode: number; stdout: string; stderr: string } | { problem: string };

/** The newest version of the stream protocol that both ends speak. Throws ApiError when there is none. */
function protocolOf(request: ApiRequest, known: readonly string[]): string {
  if ((request.headers["upgrade"] ?? "").toLowerCase() !== "spdy/3.1") {
    throw failure(400, "BadRequest", "unable to upgrade: only SPDY/3.1 is offered", {});
  }
  const offered = (request.headers["x-stream-protocol-version"] ?? "").split(",").map((item) => item.trim());
  const chosen = known.find((item) => offered.includes(item));
  if (chosen === undefined) throw failure(403, "Forbidden", `unable to upgrade: unable to negotiate protocol`, {});
  return chosen;
}

const switched = (protocol: string, upgrade: (stream: Duplex) => void): ApiResponse => ({
  status: 101,
  headers: { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": protocol },
  body: new Uint8Array(),
  upgrade,
});

/**
 * Answers `exec`: once the client has opened its streams, the command runs and its output and end are sent.
 * Simplified: what the client types is not passed on, and output comes when the command has ended.
 */
export function answerExec(request: ApiRequest, run: () => Promise<RemoteOutcome>): ApiResponse {
  const protocol = protocolOf(request, ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io"]);
  const asked = (name: string): boolean => ["true", "1"].includes(request.query.get(name) ?? "");
  const isTerminal = asked("tty");
  const wanted = new Set(["error"]);
  for (const name of ["stdin", "stdout", "stderr"])
    if (asked(name) && !(name === "stderr" && isTerminal)) wanted.add(name);
  return switched(protocol, (socket) => {
    const streams = new Map<string, SpdyStream>();
    let hasBegun = false;
    const connection = new SpdyConnection(socket, (stream) => {
      streams.set(stream.headers["streamtype"] ?? "", stream);
      if (hasBegun || ![...wanted].every((name) => streams.has(name))) return;
      hasBegun = true;
      void run()
        .catch((error: unknown): RemoteOutcome => ({ problem: error instanceof Error ? error.message : String(error) }))
        .then((outcome) => {
          if (!("problem" in outcome)) {
            streams.get("stdout")?.write(encode(outcome.stdout));
            streams.get(isTerminal ? "stdout" : "stderr")?.write(encode(outcome.stderr));
          }
          if (protocol === "v4.channel.k8s.io") streams.get("error")?.write(encode(JSON.stringify(statusOf(outcome))));
          else if ("problem" in outcome) streams.get("error")?.write(encode(outcome.problem));
          for (const open of streams.values()) open.end();
          connection.close();
        });
    });
  });
}

function statusOf(outcome: RemoteOutcome): object {
  if ("problem" in outcome) {
    return {
      metadata: {},
      status: "Failure",
      message: outcome.problem,
      reason: "InternalError",
      details: { causes: [{ message: outcome.problem.replace(/^Internal error occurred: /, "") }] },
      code: 500,
    };
  }
  if (outcome.exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${outcome.exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(outcome.exitCode) }] },
  };
}

/** Answers `portforward`: every data stream is one connection to a port, opened by `connect`. */
export function answerPortForward(request: ApiRequest, connect: (port: number) => Promise<Duplex>): ApiResponse {
  const protocol = protocolOf(request, ["portforward.k8s.io"]);
  return switched(protocol, (socket) => {
    const errors = new Map<string, SpdyStream>();
    void new SpdyConnection(socket, (stream) => {
      const id = stream.headers["requestid"] ?? "";
      if (stream.headers["streamtype"] === "error") errors.set(id, stream);
      else void carry(stream, errors.get(id), connect);
    });
  });
}

async function carry(
  stream: SpdyStream,
  errors: SpdyStream | undefined,
  connect: (port: number) => Promise<Duplex>,
): Promise<void> {
  const port = Number(stream.headers["port"] ?? "0");
  try {
    const inside = await connect(port);
    inside.on("data", (chunk: Uint8Array) => stream.write(chunk));
    const closed = new Promise<void>((resolve) => inside.once("close", () => resolve()).once("end", () => resolve()));
    inside.on("error", () => inside.destroy());
    void (async () => {
      for await (const chunk of stream.input) inside.write(chunk);
      inside.end();
    })().catch(() => inside.destroy());
    await closed;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    errors?.write(encode(`error forwarding port ${port} to pod: ${why}`));
  }
  stream.end();
  errors?.end();
}
