/** The part of the WebAssembly JavaScript API that is used here; its types otherwise come only with a browser's. */
interface WebAssemblyApi {
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): { module: string; name: string; kind: string }[];
    exports(module: object): { name: string; kind: string }[];
  };
  Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { exports: Readonly<Record<string, unknown>> };
  Memory: new (descriptor: { initial: number }) => { buffer: ArrayBuffer };
  LinkError: new () => Error;
  validate(bytes: Uint8Array): boolean;
}

/** The engine's own implementation. */
export const webAssembly: WebAssemblyApi = Reflect.get(globalThis, "WebAssembly");
