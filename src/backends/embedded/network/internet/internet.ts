import type { HttpRequest, HttpResponse } from "../network.ts";

/** A server of the modelled internet: answers for its names as it did on the profile's day. */
export interface InternetHost {
  /** Host names, lower case. */
  readonly names: readonly string[];
  /** Ports it listens on; default 80 and 443. */
  readonly ports?: readonly number[];
  handle(request: HttpRequest & { host: string; secure: boolean }): Promise<HttpResponse>;
}

/** Everything outside the lab that can be reached; any other name does not resolve. */
export interface Internet {
  /** A fixed public address for the name; undefined when DNS has no such name. */
  resolve(host: string): string | undefined;
  /** The server at an address handed out by `resolve`, when it listens on `port`. */
  hostAt(address: string, port: number): InternetHost | undefined;
}
