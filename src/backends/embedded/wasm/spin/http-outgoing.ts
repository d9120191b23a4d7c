import { GuestError, failed, none, ok, option, result } from "./canonical.ts";
import type { Case, Type } from "./canonical.ts";
import { hostFunction } from "./functions.ts";
import type { GuestHost, HostInterface } from "./functions.ts";
import { OutgoingBody, OutgoingRequest, RequestOptions } from "./http-resources.ts";
import { errorCode, method, oldError, scheme } from "./http-types.ts";
import { Fields, Pollable } from "./resources.ts";

/** Requests to the outside: a guest can write them, and none leaves. */
export function outgoingFunctions(isOld: boolean, { resources }: GuestHost): HostInterface {
  const request = (self: number): OutgoingRequest => resources.get(self, OutgoingRequest);
  const body = hostFunction(["borrow"], result("own"), (self: number) => {
    const own = request(self);
    if (own.hasBody) return failed();
    own.hasBody = true;
    return ok(resources.add(new OutgoingBody(() => undefined)));
  });
  const part = (name: "target" | "scheme" | "authority", type: Type): HostInterface => {
    const wit = name === "target" ? "path-with-query" : name;
    return {
      [`[method]outgoing-request.${wit}`]: hostFunction(
        ["borrow"],
        option(type),
        (self: number) => request(self)[name],
      ),
      [`[method]outgoing-request.set-${wit}`]: hostFunction(
        ["borrow", option(type)],
        result(),
        (self: number, given: Case) => {
          request(self)[name] = given;
          return ok();
        },
      ),
    };
  };
  const time = (name: string): HostInterface => ({
    [`[method]request-options.${name}`]: hostFunction(["borrow"], option("u64"), (self: number) => {
      const set = resources.get(self, RequestOptions).times.get(name);
      return set ?? none;
    }),
    [`[method]request-options.set-${name}`]: hostFunction(
      ["borrow", option("u64")],
      result(),
      (self: number, given: Case) => {
        resources.get(self, RequestOptions).times.set(name, given);
        return ok();
      },
    ),
  });
  const response = result("own", isOld ? oldError : errorCode);
  const never = (): never => {
    throw new GuestError("no response ever comes from outside");
  };
  return {
    ...(isOld
      ? {
          "[constructor]outgoing-request": hostFunction(
            [method, option("string"), option(scheme), option("string"), "borrow"],
            "own",
            (verb: Case, target: Case, by: Case, authority: Case, headers: number) => {
              const { entries: own } = resources.get(headers, Fields);
              const made = { method: verb, target, scheme: by, authority, headers: own };
              return resources.add(Object.assign(new OutgoingRequest(), made));
            },
          ),
          "[method]outgoing-request.write": body,
        }
      : {
          "[constructor]outgoing-request": hostFunction(["own"], "own", (headers: number) =>
            resources.add(Object.assign(new OutgoingRequest(), { headers: resources.take(headers, Fields).entries })),
          ),
          "[method]outgoing-request.body": body,
          "[method]outgoing-request.method": hostFunction(["borrow"], method, (self: number) => request(self).method),
          "[method]outgoing-request.set-method": hostFunction(
            ["borrow", method],
            result(),
            (self: number, given: Case) => {
              request(self).method = given;
              return ok();
            },
          ),
          ...part("target", "string"),
          ...part("scheme", scheme),
          ...part("authority", "string"),
          "[method]outgoing-request.headers": hostFunction(["borrow"], "own", (self: number) =>
            resources.add(new Fields(request(self).headers, true)),
          ),
          "[constructor]request-options": hostFunction([], "own", () => resources.add(new RequestOptions())),
          ...time("connect-timeout"),
          ...time("first-byte-timeout"),
          ...time("between-bytes-timeout"),
        }),
    "[method]future-incoming-response.subscribe": hostFunction(["borrow"], "own", () => resources.add(new Pollable())),
    "[method]future-incoming-response.get": hostFunction(["borrow"], option(result(response)), () => none),
    "[method]incoming-response.status": hostFunction(["borrow"], "u16", never),
    "[method]incoming-response.headers": hostFunction(["borrow"], "own", never),
    "[method]incoming-response.consume": hostFunction(["borrow"], result("own"), never),
  };
}

export function urlOf(request: OutgoingRequest): string {
  const { value: by } = request.scheme;
  const protocol = request.scheme.case === "HTTP" ? "http" : request.scheme.case === "other" ? String(by) : "https";
  return `${protocol}://${String(request.authority.value ?? "")}${String(request.target.value ?? "/")}`;
}
