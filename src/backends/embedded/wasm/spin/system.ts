import { GuestError, failed, list, none, ok, option, result, tuple, variant } from "./canonical.ts";
import { hostFunction } from "./functions.ts";
import type { GuestHost, HostInterface, WasiVersion } from "./functions.ts";
import { InputStream, OutputStream, Pollable, StreamFault, waitForOne } from "./resources.ts";

type Interfaces = Readonly<Record<string, HostInterface>>;

const streamError = variant(["last-operation-failed", "own"], ["closed"]);
const closed = failed({ case: "closed" });
const bytes = list("u8");

/** How many bytes a guest may hand over at once. */
const writeBudget = 65_536n;

/** wasi:io: streams, what one can wait for, and errors. */
export function ioInterfaces(version: WasiVersion, { resources }: GuestHost): Interfaces {
  const isOld = version !== "0.2.0";
  const read = hostFunction(["borrow", "u64"], result(bytes, streamError), (self: number, most: bigint) => {
    const chunk = resources.get(self, InputStream).read(Number(most));
    return chunk === undefined ? closed : ok(chunk);
  });
  const skip = hostFunction(["borrow", "u64"], result("u64", streamError), (self: number, most: bigint) => {
    const chunk = resources.get(self, InputStream).read(Number(most));
    return chunk === undefined ? closed : ok(BigInt(chunk.length));
  });
  const write = hostFunction(
    ["borrow", bytes],
    result(undefined, streamError),
    (self: number, contents: Uint8Array) => {
      if (BigInt(contents.length) > writeBudget) throw new GuestError("write exceeded budget");
      resources.get(self, OutputStream).write(contents);
      return ok();
    },
  );
  const writeZeroes = hostFunction(["borrow", "u64"], result(undefined, streamError), (self: number, count: bigint) => {
    if (count > writeBudget) throw new GuestError("write exceeded budget");
    resources.get(self, OutputStream).write(new Uint8Array(Number(count)));
    return ok();
  });
  const flush = hostFunction(["borrow"], result(undefined, streamError), () => ok());
  const subscribe = hostFunction(["borrow"], "own", () => resources.add(new Pollable()));
  const splice = hostFunction(
    ["borrow", "borrow", "u64"],
    result("u64", streamError),
    (self: number, source: number, most: bigint) => {
      const chunk = resources.get(source, InputStream).read(Math.min(Number(most), Number(writeBudget)));
      if (chunk === undefined) return closed;
      resources.get(self, OutputStream).write(chunk);
      return ok(BigInt(chunk.length));
    },
  );
  const faults: HostInterface = {
    "[method]error.to-debug-string": hostFunction(
      ["borrow"],
      "string",
      (self: number) => resources.get(self, StreamFault).text,
    ),
    "[resource-drop]error": hostFunction(["own"], undefined, (self: number) => {
      resources.take(self, StreamFault);
    }),
  };
  const pollList = hostFunction([list("borrow")], list("u32"), (handles: readonly number[]) =>
    waitForOne(handles.map((handle) => resources.get(handle, Pollable))),
  );
  const pollOne = hostFunction(["borrow"], undefined, (handle: number) => {
    waitForOne([resources.get(handle, Pollable)]);
  });
  const dropPollable = hostFunction(["own"], undefined, (handle: number) => {
    resources.take(handle, Pollable);
  });
  return {
    "wasi:io/streams": {
      "[method]input-stream.read": read,
      "[method]input-stream.blocking-read": read,
      "[method]input-stream.skip": skip,
      "[method]input-stream.blocking-skip": skip,
      "[method]input-stream.subscribe": subscribe,
      "[resource-drop]input-stream": hostFunction(["own"], undefined, (self: number) => {
        resources.take(self, InputStream);
      }),
      "[method]output-stream.check-write": hostFunction(["borrow"], result("u64", streamError), () => ok(writeBudget)),
      "[method]output-stream.write": write,
      "[method]output-stream.blocking-write-and-flush": write,
      "[method]output-stream.flush": flush,
      "[method]output-stream.blocking-flush": flush,
      "[method]output-stream.subscribe": subscribe,
      "[method]output-stream.write-zeroes": writeZeroes,
      "[method]output-stream.blocking-write-zeroes-and-flush": writeZeroes,
      "[method]output-stream.splice": splice,
      "[method]output-stream.blocking-splice": splice,
      "[resource-drop]output-stream": hostFunction(["own"], undefined, (self: number) => {
        resources.take(self, OutputStream);
      }),
      ...(isOld ? faults : {}),
    },
    ...(isOld ? {} : { "wasi:io/error": faults }),
    "wasi:io/poll": {
      "[resource-drop]pollable": dropPollable,
      ...(isOld
        ? { "poll-list": pollList, "poll-one": pollOne }
        : {
            poll: pollList,
            "[method]pollable.block": pollOne,
            "[method]pollable.ready": hostFunction(
              ["borrow"],
              "bool",
              (handle: number) => resources.get(handle, Pollable).isReady,
            ),
          }),
    },
  };
}

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * 1e6));

/** wasi:clocks, by the clocks of the thread that the guest runs in, as a module's other clocks are. */
export function clockInterfaces(version: WasiVersion, { resources }: GuestHost): Interfaces {
  const now = (): bigint => nanoseconds(performance.now());
  const until = (instant: bigint): number => resources.add(new Pollable(Number(instant) / 1e6));
  const wallClock = (): unknown => {
    const milliseconds = Date.now();
    return [BigInt(Math.floor(milliseconds / 1000)), (milliseconds % 1000) * 1_000_000];
  };
  return {
    "wasi:clocks/monotonic-clock": {
      now: hostFunction([], "u64", now),
      resolution: hostFunction([], "u64", () => 1000n),
      ...(version === "0.2.0"
        ? {
            "subscribe-instant": hostFunction(["u64"], "own", until),
            "subscribe-duration": hostFunction(["u64"], "own", (duration: bigint) => until(now() + duration)),
          }
        : {
            subscribe: hostFunction(["u64", "bool"], "own", (when: bigint, isAbsolute: boolean) =>
              until(isAbsolute ? when : now() + when),
            ),
          }),
    },
    "wasi:clocks/wall-clock": {
      now: hostFunction([], tuple("u64", "u32"), wallClock),
      resolution: hostFunction([], tuple("u64", "u32"), () => [0n, 1_000_000]),
    },
  };
}

/** wasi:random. */
export function randomInterfaces(): Interfaces {
  const random = (length: bigint): Uint8Array => {
    if (length > writeBudget) throw new GuestError("too many random bytes at once");
    return crypto.getRandomValues(new Uint8Array(Number(length)));
  };
  const number = (): bigint => new DataView(random(8n).buffer).getBigUint64(0, true);
  return {
    "wasi:random/random": {
      "get-random-bytes": hostFunction(["u64"], bytes, random),
      "get-random-u64": hostFunction([], "u64", number),
    },
    "wasi:random/insecure": {
      "get-insecure-random-bytes": hostFunction(["u64"], bytes, random),
      "get-insecure-random-u64": hostFunction([], "u64", number),
    },
    "wasi:random/insecure-seed": {
      "insecure-seed": hostFunction([], tuple("u64", "u64"), () => [number(), number()]),
    },
  };
}

/** wasi:cli: what a guest learns of its surroundings, and its standard streams. */
export function cliInterfaces({ resources, environment, print }: GuestHost): Interfaces {
  const output = (stream: "stdout" | "stderr") =>
    hostFunction([], "own", () => resources.add(new OutputStream((chunk) => print(stream, chunk))));
  return {
    "wasi:cli/environment": {
      "get-environment": hostFunction([], list(tuple("string", "string")), () => Object.entries(environment)),
      "get-arguments": hostFunction([], list("string"), () => []),
      "initial-cwd": hostFunction([], option("string"), () => none),
    },
    "wasi:cli/exit": {
      exit: hostFunction([result()], undefined, (status: { case: string }) => {
        throw new GuestError(`Exited with i32 exit status ${status.case === "ok" ? 0 : 1}`);
      }),
    },
    "wasi:cli/stdin": {
      "get-stdin": hostFunction([], "own", () => resources.add(new InputStream(new Uint8Array()))),
    },
    "wasi:cli/stdout": { "get-stdout": output("stdout") },
    "wasi:cli/stderr": { "get-stderr": output("stderr") },
    "wasi:filesystem/preopens": {
      "get-directories": hostFunction([], list(tuple("own", "string")), () => []),
    },
  };
}
