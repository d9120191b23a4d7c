import type { ProgramTable } from "../../../process.ts";
import { wasmObjdump } from "./objdump.ts";
import { wasmValidate } from "./validate.ts";
import { wasm2wat } from "./wasm2wat.ts";
import { wat2wasm } from "./wat2wasm.ts";

/** The WebAssembly Binary Toolkit. */
export const wabtPrograms: ProgramTable = {
  "wasm-objdump": wasmObjdump,
  "wasm-validate": wasmValidate,
  wasm2wat,
  wat2wasm,
};
