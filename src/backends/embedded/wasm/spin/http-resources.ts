import { none } from "./canonical.ts";
import type { Case } from "./canonical.ts";
import type { Header } from "./resources.ts";

export class IncomingRequest {
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  readonly authority: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  isConsumed = false;
  constructor(method: string, target: string, authority: string, headers: readonly Header[], body: Uint8Array) {
    this.method = method;
    this.target = target;
    this.authority = authority;
    this.headers = headers;
    this.body = body;
  }
}

/** Where a guest puts its one answer. */
export class ResponseOutparam {
  readonly isHere = true;
}

export class IncomingBody {
  readonly bytes: Uint8Array;
  isTaken = false;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export class FutureTrailers {
  isTaken = false;
}

export class OutgoingResponse {
  status: number;
  headers: readonly Header[];
  hasBody = false;
  constructor(status: number, headers: readonly Header[]) {
    this.status = status;
    this.headers = headers;
  }
}

export class OutgoingBody {
  readonly write: (bytes: Uint8Array) => void;
  isTaken = false;
  constructor(write: (bytes: Uint8Array) => void) {
    this.write = write;
  }
}

export class OutgoingRequest {
  method: Case = { case: "get" };
  target: Case = none;
  scheme: Case = none;
  authority: Case = none;
  headers: readonly Header[] = [];
  hasBody = false;
}

export class RequestOptions {
  readonly times = new Map<string, unknown>();
}

export class FutureIncomingResponse {
  isTaken = false;
}

/** No guest here ever gets one: nothing outside answers. */
export class IncomingResponse {
  readonly isHere = true;
}
