import { encode } from "../../machine/io.ts";
import type { HttpResponse } from "../network.ts";

/** A whole answer with its length. */
export function answer(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const bytes = typeof body === "string" ? encode(body) : body;
  return {
    status,
    reason: reasons[status] ?? "",
    headers: { "content-length": String(bytes.length), ...headers },
    body: bytes,
  };
}

/** As for GET, without the body. */
export const headOf = (response: HttpResponse): HttpResponse => ({ ...response, body: new Uint8Array() });

export const file = (body: string | Uint8Array, type = "application/octet-stream"): HttpResponse =>
  answer(200, body, { "content-type": type });

export const notFound = (): HttpResponse => answer(404, "Not Found", { "content-type": "text/plain; charset=utf-8" });

export const redirect = (location: string, status = 302): HttpResponse =>
  answer(status, "", { location, "content-type": "text/html; charset=utf-8" });

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  301: "Moved Permanently",
  302: "Found",
  307: "Temporary Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  500: "Internal Server Error",
};
