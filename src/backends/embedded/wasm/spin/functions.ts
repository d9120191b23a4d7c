import type { FunctionType, Type } from "./canonical.ts";
import type { Header, Resources } from "./resources.ts";

/** One function that the host offers. Handles and values come as the type says. */
export interface HostFunction {
  type: FunctionType;
  run: (...values: never[]) => unknown;
}

/** Functions by the name that modules import them with. */
export type HostInterface = Readonly<Record<string, HostFunction>>;

/** The two shapes of WASI 0.2 that modules of Spin's SDKs import. */
export type WasiVersion = "0.2.0-rc-2023-10-18" | "0.2.0";

export const hostFunction = (
  parameters: readonly Type[],
  result: Type | undefined,
  run: (...values: never[]) => unknown,
): HostFunction => ({ type: { parameters, result }, run });

/** What one instance of a guest works with. */
export interface GuestHost {
  readonly resources: Resources;
  readonly environment: Readonly<Record<string, string>>;
  print(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** A part of the response's body. Throws GuestError when it becomes too much. */
  body(bytes: Uint8Array): void;
  /** The guest has answered; its body may still come. */
  answer(answer: GuestAnswer): void;
  /** The guest wanted to open a connection to the outside. */
  refused(url: string): void;
}

/** Status and headers, or the name of the error that the guest answers with. */
export type GuestAnswer = { status: number; headers: readonly Header[] } | { error: string };
