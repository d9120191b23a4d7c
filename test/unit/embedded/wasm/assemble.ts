/** Hand-written modules: everything is hexadecimal text. */

const bytesOf = (hex: string): number[] =>
  hex
    .split(/\s+/)
    .filter(Boolean)
    .map((pair) => Number.parseInt(pair, 16));

const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...unsigned(Math.floor(value / 128))];
}

/** `i32.const value` for -64 to 63. */
export const i32 = (value: number): string => `41 ${hex([value & 0x7f])}`;

export const text = (value: string): string => hex([...unsigned(value.length), ...Buffer.from(value)]);

export const limits = (minimum: number): string => hex([0, ...unsigned(minimum)]);

/** The body of a function without parameters, results and locals. */
export const body = (code: string): string => {
  const content = bytesOf(`00 ${code} 0b`);
  return hex([...unsigned(content.length), ...content]);
};

/** A module whose first own function is `_start`; imports are of type 0, without parameters and results. */
export function assemble(parts: { imports?: string[]; memory?: string; code: string[] }): Uint8Array {
  const imports = parts.imports ?? [];
  const section = (id: number, content: string): number[] => {
    const inside = bytesOf(content);
    return [id, ...unsigned(inside.length), ...inside];
  };
  const vector = (items: readonly string[]): string => hex(unsigned(items.length)).concat(" ", items.join(" "));
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, vector(["60 00 00"])),
    ...section(2, vector(imports)),
    ...section(3, vector(parts.code.map(() => "00"))),
    ...section(5, vector([parts.memory ?? limits(1)])),
    ...section(7, vector([`${text("memory")} 02 00`, `${text("_start")} 00 ${hex(unsigned(imports.length))}`])),
    ...section(10, vector(parts.code)),
  ]);
}
