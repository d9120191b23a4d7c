import { GuestError, failed, list, none, ok, option, result, some, tuple } from "./canonical.ts";
import type { Case, Type } from "./canonical.ts";
import { hostFunction } from "./functions.ts";
import type { GuestHost, HostInterface, WasiVersion } from "./functions.ts";
import {
  FutureIncomingResponse,
  FutureTrailers,
  IncomingBody,
  IncomingRequest,
  IncomingResponse,
  OutgoingBody,
  OutgoingRequest,
  OutgoingResponse,
  RequestOptions,
  ResponseOutparam,
} from "./http-resources.ts";
import { outgoingFunctions, urlOf } from "./http-outgoing.ts";
import { entries, errorCode, headerError, method, methods, oldError, scheme, value } from "./http-types.ts";
import { Fields, InputStream, OutputStream, Pollable } from "./resources.ts";
import type { Header, Resources } from "./resources.ts";

const isName = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
const isValue = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 9 || (byte >= 32 && byte !== 127));
const isHop = (name: string): boolean =>
  /^(connection|keep-alive|proxy-(authenticate|authorization|connection)|transfer-encoding|upgrade|host)$/i.test(name);

/** wasi:http in one of its two shapes. */
export function httpInterfaces(version: WasiVersion, host: GuestHost): Readonly<Record<string, HostInterface>> {
  const isOld = version !== "0.2.0";
  return {
    "wasi:http/types": {
      ...drops(host.resources),
      ...fieldFunctions(isOld, host.resources),
      ...requestFunctions(isOld, host),
      ...responseFunctions(isOld, host),
      ...outgoingFunctions(isOld, host),
    },
    "wasi:http/outgoing-handler": {
      handle: hostFunction(
        ["own", option(isOld ? tuple(option("u32"), option("u32"), option("u32")) : "own")],
        result("own", isOld ? oldError : errorCode),
        (request: number) => {
          host.refused(urlOf(host.resources.take(request, OutgoingRequest)));
          return failed(
            isOld ? { case: "unexpected-error", value: "Destination not allowed" } : { case: "HTTP-request-denied" },
          );
        },
      ),
    },
  };
}

function drops(resources: Resources): HostInterface {
  const kinds = {
    fields: Fields,
    "incoming-request": IncomingRequest,
    "outgoing-request": OutgoingRequest,
    "request-options": RequestOptions,
    "response-outparam": ResponseOutparam,
    "incoming-response": IncomingResponse,
    "incoming-body": IncomingBody,
    "future-trailers": FutureTrailers,
    "outgoing-response": OutgoingResponse,
    "outgoing-body": OutgoingBody,
    "future-incoming-response": FutureIncomingResponse,
  };
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      `[resource-drop]${name}`,
      hostFunction(["own"], undefined, (self: number) => {
        resources.take<object>(self, kind);
      }),
    ]),
  );
}

function fieldFunctions(isOld: boolean, resources: Resources): HostInterface {
  const changed = isOld ? undefined : result(undefined, headerError);
  const change = (self: number, name: string, values: readonly Uint8Array[], next: (fields: Fields) => void): Case => {
    const fields = resources.get(self, Fields);
    const problem = fields.isFixed
      ? "immutable"
      : !isName(name) || !values.every(isValue)
        ? "invalid-syntax"
        : isHop(name)
          ? "forbidden"
          : undefined;
    if (problem === undefined) {
      next(fields);
      return ok();
    }
    if (isOld) throw new GuestError(`header ${name} is ${problem}`);
    return failed({ case: problem });
  };
  const fromList = (given: readonly Header[]): Case => {
    if (given.some(([name, bytes]) => !isName(name) || !isValue(bytes))) return failed({ case: "invalid-syntax" });
    if (given.some(([name]) => isHop(name))) return failed({ case: "forbidden" });
    return ok(resources.add(new Fields(given)));
  };
  return {
    "[constructor]fields": isOld
      ? hostFunction([entries], "own", (given: readonly Header[]) => {
          const wrong = given.find(([name, bytes]) => !isName(name) || !isValue(bytes));
          if (wrong) throw new GuestError(`header ${wrong[0]} is invalid`);
          return resources.add(new Fields(given));
        })
      : hostFunction([], "own", () => resources.add(new Fields([]))),
    ...(isOld ? {} : { "[static]fields.from-list": hostFunction([entries], result("own", headerError), fromList) }),
    "[method]fields.get": hostFunction(["borrow", "string"], list(value), (self: number, name: string) =>
      resources.get(self, Fields).values(name),
    ),
    "[method]fields.has": hostFunction(
      ["borrow", "string"],
      "bool",
      (self: number, name: string) => resources.get(self, Fields).values(name).length > 0,
    ),
    "[method]fields.set": hostFunction(
      ["borrow", "string", list(value)],
      changed,
      (self: number, name: string, values: readonly Uint8Array[]) =>
        change(self, name, values, (fields) => {
          fields.entries = [...fields.without(name), ...values.map((bytes): Header => [name, bytes])];
        }),
    ),
    "[method]fields.delete": hostFunction(["borrow", "string"], changed, (self: number, name: string) =>
      change(self, name, [], (fields) => {
        fields.entries = fields.without(name);
      }),
    ),
    "[method]fields.append": hostFunction(
      ["borrow", "string", value],
      changed,
      (self: number, name: string, bytes: Uint8Array) =>
        change(self, name, [bytes], (fields) => {
          fields.entries = [...fields.entries, [name, bytes]];
        }),
    ),
    "[method]fields.entries": hostFunction(["borrow"], entries, (self: number) => resources.get(self, Fields).entries),
    "[method]fields.clone": hostFunction(["borrow"], "own", (self: number) =>
      resources.add(new Fields(resources.get(self, Fields).entries)),
    ),
  };
}

function requestFunctions(isOld: boolean, { resources }: GuestHost): HostInterface {
  const request = (self: number): IncomingRequest => resources.get(self, IncomingRequest);
  const error = isOld ? oldError : errorCode;
  // The older shape knows no absence of trailers.
  const trailers: Type = isOld ? option(result("own", error)) : option(result(result(option("own"), error)));
  return {
    "[method]incoming-request.method": hostFunction(["borrow"], method, (self: number) =>
      methodOf(request(self).method),
    ),
    "[method]incoming-request.path-with-query": hostFunction(["borrow"], option("string"), (self: number) =>
      some(request(self).target),
    ),
    "[method]incoming-request.scheme": hostFunction(["borrow"], option(scheme), () => some({ case: "HTTP" })),
    "[method]incoming-request.authority": hostFunction(["borrow"], option("string"), (self: number) =>
      some(request(self).authority),
    ),
    "[method]incoming-request.headers": hostFunction(["borrow"], "own", (self: number) =>
      resources.add(new Fields(request(self).headers, true)),
    ),
    "[method]incoming-request.consume": hostFunction(["borrow"], result("own"), (self: number) => {
      const own = request(self);
      if (own.isConsumed) return failed();
      own.isConsumed = true;
      return ok(resources.add(new IncomingBody(own.body)));
    }),
    "[method]incoming-body.stream": hostFunction(["borrow"], result("own"), (self: number) => {
      const body = resources.get(self, IncomingBody);
      if (body.isTaken) return failed();
      body.isTaken = true;
      return ok(resources.add(new InputStream(body.bytes)));
    }),
    "[static]incoming-body.finish": hostFunction(["own"], "own", (self: number) => {
      resources.take(self, IncomingBody);
      return resources.add(new FutureTrailers());
    }),
    "[method]future-trailers.subscribe": hostFunction(["borrow"], "own", () => resources.add(new Pollable())),
    "[method]future-trailers.get": hostFunction(["borrow"], trailers, (self: number) => {
      const future = resources.get(self, FutureTrailers);
      if (isOld) return some(ok(resources.add(new Fields([]))));
      if (future.isTaken) return some(failed());
      future.isTaken = true;
      return some(ok(ok(none)));
    }),
  };
}

function methodOf(name: string): Case {
  const known = name.toLowerCase();
  return methods.includes(known) ? { case: known } : { case: "other", value: name };
}

function responseFunctions(isOld: boolean, host: GuestHost): HostInterface {
  const { resources } = host;
  const response = (self: number): OutgoingResponse => resources.get(self, OutgoingResponse);
  const body = hostFunction(["borrow"], result("own"), (self: number) => {
    const own = response(self);
    if (own.hasBody) return failed();
    own.hasBody = true;
    return ok(resources.add(new OutgoingBody((bytes) => host.body(bytes))));
  });
  const headersOf = (self: number): readonly Header[] => resources.get(self, Fields).entries;
  return {
    ...(isOld
      ? {
          "[constructor]outgoing-response": hostFunction(
            ["u16", "borrow"],
            "own",
            (status: number, headers: number) => {
              if (!isStatus(status)) throw new GuestError(`invalid status code ${status}`);
              return resources.add(new OutgoingResponse(status, headersOf(headers)));
            },
          ),
          "[method]outgoing-response.write": body,
        }
      : {
          "[constructor]outgoing-response": hostFunction(["own"], "own", (headers: number) =>
            resources.add(new OutgoingResponse(200, resources.take(headers, Fields).entries)),
          ),
          "[method]outgoing-response.status-code": hostFunction(
            ["borrow"],
            "u16",
            (self: number) => response(self).status,
          ),
          "[method]outgoing-response.set-status-code": hostFunction(
            ["borrow", "u16"],
            result(),
            (self: number, status: number) => {
              if (!isStatus(status)) return failed();
              response(self).status = status;
              return ok();
            },
          ),
          "[method]outgoing-response.headers": hostFunction(["borrow"], "own", (self: number) =>
            resources.add(new Fields(response(self).headers, true)),
          ),
          "[method]outgoing-response.body": body,
        }),
    "[method]outgoing-body.write": hostFunction(["borrow"], result("own"), (self: number) => {
      const own = resources.get(self, OutgoingBody);
      if (own.isTaken) return failed();
      own.isTaken = true;
      return ok(resources.add(new OutputStream(own.write)));
    }),
    "[static]outgoing-body.finish": hostFunction(
      ["own", option("own")],
      isOld ? undefined : result(undefined, errorCode),
      (self: number) => {
        resources.take(self, OutgoingBody);
        return ok();
      },
    ),
    "[static]response-outparam.set": hostFunction(
      ["own", result("own", isOld ? oldError : errorCode)],
      undefined,
      (self: number, answer: { case: string; value: unknown }) => {
        resources.take(self, ResponseOutparam);
        if (answer.case === "ok" && typeof answer.value === "number") {
          const { status, headers } = resources.take(answer.value, OutgoingResponse);
          host.answer({ status, headers });
        } else host.answer({ error: nameOf(answer.value) });
      },
    ),
  };
}

/** Simplified: an informational answer, which a real one would send ahead, counts as wrong. */
const isStatus = (status: number): boolean => status >= 200 && status <= 999;

const nameOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "case" in error ? String(error.case) : "error";
