import type { ExchangeFailure } from "../transfer/exchange.ts";
import { DeadlinePassed } from "../transfer/deadline.ts";

/** A transfer that failed: curl's exit code and words. */
export class CurlFailure extends Error {
  override readonly name = "CurlFailure";
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** True from this version of curl on. */
export function atLeast(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

export interface FailureContext {
  version: string;
  host: string;
  port: number;
  /** Milliseconds since the transfer began. */
  elapsed: number;
  received: number;
}

export function curlFailure(error: ExchangeFailure | DeadlinePassed, context: FailureContext): CurlFailure {
  const { host, port, version } = context;
  if (error instanceof DeadlinePassed) {
    if (error.connecting) return new CurlFailure(28, `Connection timed out after ${error.ms} milliseconds`);
    return new CurlFailure(
      28,
      `Operation timed out after ${error.ms} milliseconds with ${context.received} bytes received`,
    );
  }
  switch (error.kind) {
    case "resolve":
      return new CurlFailure(6, `Could not resolve host: ${host}`);
    case "connect": {
      const code = error.code === "ETIMEDOUT" ? 28 : 7;
      if (!atLeast(version, "7.76"))
        return new CurlFailure(code, `Failed to connect to ${host} port ${port}: ${error.message}`);
      const ms = Math.round(context.elapsed);
      return new CurlFailure(
        code,
        `Failed to connect to ${host} port ${port} after ${ms} ms: Couldn't connect to server`,
      );
    }
    case "tls-version":
      return new CurlFailure(
        35,
        atLeast(version, "7.81")
          ? "OpenSSL/3.0.13: error:0A00010B:SSL routines::wrong version number"
          : "error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
      );
    case "certificate":
      return certificateFailure(error.message, host, version);
    case "empty":
      return new CurlFailure(52, "Empty reply from server");
    case "old-http":
      return new CurlFailure(1, "Received HTTP/0.9 when not allowed");
    case "partial":
      return new CurlFailure(18, error.message);
    default:
      return new CurlFailure(56, `Recv failure: ${error.message}`);
  }
}

function certificateFailure(reason: string, host: string, version: string): CurlFailure {
  if (/not valid for|is valid for|cannot validate/.test(reason)) {
    return new CurlFailure(
      60,
      `SSL: no alternative certificate subject name matches target host name '${host}'${trailer(version)}`,
    );
  }
  if (/expired|not yet valid/.test(reason)) {
    const which = /before/.test(reason) ? "certificate is not yet valid" : "certificate has expired";
    return new CurlFailure(60, `SSL certificate problem: ${which}${trailer(version)}`);
  }
  if (/tls: |client certificate|bad certificate/.test(reason)) {
    return new CurlFailure(58, `could not load PEM client certificate: ${reason}`);
  }
  return new CurlFailure(60, `SSL certificate problem: unable to get local issuer certificate${trailer(version)}`);
}

const trailer = (version: string): string =>
  `\nMore details here: ${atLeast(version, "7.78") ? "https://curl.se/docs/sslcerts.html" : "https://curl.haxx.se/docs/sslcerts.html"}\n\n` +
  "curl failed to verify the legitimacy of the server and therefore could not\n" +
  "establish a secure connection to it. To learn more about this situation and\n" +
  "how to fix it, please visit the web page mentioned above.";
