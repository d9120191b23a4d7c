import { ApiError } from "../../../../cluster/api.ts";
import { CertificateError, NetworkError } from "../../../../network/network.ts";
import { isObject, listAt, textAt } from "./json.ts";

/** Ends a command: `message` goes to standard error as it is. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A request that got no HTTP answer; the message is Go's url.Error. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly host: string;
  readonly reason: string;
  readonly refused: boolean;
  constructor(method: string, url: string, host: string, reason: string) {
    super(`${method.slice(0, 1)}${method.slice(1).toLowerCase()} "${url}": ${reason}`);
    this.host = host;
    this.reason = reason;
    this.refused = reason.includes("connection refused");
  }
}

/** What Go's dialer says about a failed connection. */
export function dialReason(error: unknown): string | undefined {
  if (error instanceof CertificateError) {
    return error.message.startsWith("x509:") ? `tls: failed to verify certificate: ${error.message}` : error.message;
  }
  if (!(error instanceof NetworkError)) return undefined;
  const address = `${error.host === "localhost" ? "127.0.0.1" : error.host}:${error.port}`;
  switch (error.code) {
    case "ECONNREFUSED":
      return `dial tcp ${address}: connect: connection refused`;
    case "ETIMEDOUT":
      return `dial tcp ${address}: i/o timeout`;
    case "EHOSTUNREACH":
      return `dial tcp ${address}: connect: no route to host`;
    case "ENETUNREACH":
      return `dial tcp ${address}: connect: network is unreachable`;
    case "ENOTFOUND":
      return `dial tcp: lookup ${error.host} on 127.0.0.53:53: no such host`;
    case "ECONNRESET":
      return `read tcp ${address}: read: connection reset by peer`;
    case "EADDRINUSE":
      return `listen tcp ${address}: bind: address already in use`;
    case "EADDRNOTAVAIL":
      return `listen tcp ${address}: bind: cannot assign requested address`;
  }
}

/** Several errors of one command, printed one after the other. */
export class ManyErrors extends Error {
  override readonly name = "ManyErrors";
  readonly errors: readonly unknown[];
  constructor(errors: readonly unknown[]) {
    super(errors.map((error) => textOf(error)).join("\n"));
    this.errors = errors;
  }
}

export const isApiError = (error: unknown, reason?: string): error is ApiError =>
  error instanceof ApiError && (reason === undefined || error.status.reason === reason);

/** An API error whose message says what was being done with which file. */
export function withSource(error: unknown, action: string, source: string): unknown {
  if (source === "") return error;
  if (error instanceof ApiError) {
    return new ApiError({
      ...error.status,
      message: `error when ${action} ${JSON.stringify(source)}: ${error.status.message ?? ""}`,
    });
  }
  if (error instanceof CommandError) return error;
  return new Error(`error when ${action} ${JSON.stringify(source)}: ${textOf(error)}`);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The line for one error that the API or the connection gave; undefined for any other error. */
function standardMessage(error: unknown): string | undefined {
  if (error instanceof ApiError) {
    const { reason, message = "" } = error.status;
    if (reason === "Unauthorized") return `error: You must be logged in to the server (${message})`;
    return reason === undefined || reason === ""
      ? `Error from server: ${message}`
      : `Error from server (${reason}): ${message}`;
  }
  if (error instanceof UnreachableError) {
    return error.refused
      ? `The connection to the server ${error.host} was refused - did you specify the right host or port?`
      : `Unable to connect to the server: ${error.reason}`;
  }
  return undefined;
}

/** What kubectl prints on standard error for an error that ends it. */
export function errorText(error: unknown): string {
  if (error instanceof ManyErrors) {
    const [only] = error.errors;
    if (error.errors.length === 1) return errorText(only);
    return error.errors.map((item) => standardMessage(item) ?? textOf(item)).join("\n");
  }
  if (error instanceof CommandError) return error.message;
  if (isApiError(error, "Invalid")) return invalidText(error);
  const standard = standardMessage(error);
  if (standard !== undefined) return standard;
  const text = textOf(error);
  return text.startsWith("error: ") ? text : `error: ${text}`;
}

function invalidText(error: ApiError): string {
  const details = error.status.details;
  if (!isObject(details)) return "The request is invalid";
  const title = `The ${textAt(details, "kind")} ${JSON.stringify(textAt(details, "name"))} is invalid`;
  const causes = listAt(details, "causes").map((cause) => {
    const field = textAt(cause, "field");
    return field === "" ? textAt(cause, "message") : `${field}: ${textAt(cause, "message")}`;
  });
  const unique = [...new Set(causes)];
  if (unique.length === 0) return title;
  return unique.length === 1 ? `${title}: ${unique[0]}` : `${title}: \n${unique.map((line) => `* ${line}`).join("\n")}`;
}
