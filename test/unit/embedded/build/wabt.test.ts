import { beforeEach, expect, test } from "vitest";
import { assemble } from "../../../../src/backends/embedded/wasm/format/assembler.ts";
import { webAssembly } from "../../../../src/backends/embedded/wasm/web-assembly.ts";
import { readModule } from "../../../../src/backends/embedded/wasm/format/module-reader.ts";
import { toText } from "../../../../src/backends/embedded/machine/programs/build/wabt/wasm2wat.ts";
import { workload } from "../wasm/workloads.ts";
import { createBuildLab } from "./lab.ts";
import type { BuildLab } from "./lab.ts";

let lab: BuildLab;

beforeEach(() => {
  lab = createBuildLab();
  lab.provide(
    ...["wasm-objdump", "wasm2wat", "wat2wasm", "wasm-validate"].map(
      (name) => [`/usr/bin/${name}`, name, "1.0.34+dfsg2-1"] as const,
    ),
  );
});

const add = `(module
  (func (export "add") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.add))
`;

test.each(["explorer", "http-server", "echo-server"] as const)("%s is the same after text and back", (name) => {
  const bytes = workload(name);
  const once = assemble(toText(readModule(bytes)));
  expect(webAssembly.validate(Uint8Array.from(once))).toBe(true);
  expect(toText(readModule(once))).toBe(toText(readModule(bytes)));
});

test("a small module has these bytes and these sections", async () => {
  lab.machine.rootFiles.write("/home/ubuntu/add.wat", add);
  const result = await lab.sh(
    "wat2wasm add.wat && od -An -tx1 add.wasm && wasm-validate add.wasm && wasm2wat add.wasm",
  );
  expect(result.stdout).toBe(` 00 61 73 6d 01 00 00 00 01 07 01 60 02 7f 7f 01
 7f 03 02 01 00 07 07 01 03 61 64 64 00 00 0a 09
 01 07 00 20 00 20 01 6a 0b
(module
  (type (;0;) (func (param i32 i32) (result i32)))
  (func (;0;) (type 0) (param i32 i32) (result i32)
    local.get 0
    local.get 1
    i32.add)
  (export "add" (func 0)))
`);
  const missing = await lab.sh("wasm-objdump -j Import -x add.wasm");
  expect(missing).toMatchObject({ exitCode: 1, stderr: "Section not found: Import\n" });
  expect((await lab.sh("wasm-objdump -hxd add.wasm")).stdout).toBe(`
add.wasm:	file format wasm 0x1

Sections:

     Type start=0x0000000a end=0x00000011 (size=0x00000007) count: 1
 Function start=0x00000013 end=0x00000015 (size=0x00000002) count: 1
   Export start=0x00000017 end=0x0000001e (size=0x00000007) count: 1
     Code start=0x00000020 end=0x00000029 (size=0x00000009) count: 1

Section Details:

Type[1]:
 - type[0] (i32, i32) -> i32
Function[1]:
 - func[0] sig=0 <add>
Export[1]:
 - func[0] <add> -> "add"
Code[1]:
 - func[0] size=7 <add>

Code Disassembly:

000022 func[0] <add>:
 000023: 20 00                      | local.get 0
 000025: 20 01                      | local.get 1
 000027: 6a                         | i32.add
 000028: 0b                         | end
`);
});

test("the assembler reads names, folded instructions, data, tables and globals", async () => {
  const bytes = assemble(`;; a comment (; and (; another ;) ;)
(module $everything
  (type $unary (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 2)
  (data (i32.const 8) "a\\"\\n\\41" "\\u{20ac}")
  (table 2 funcref)
  (elem (i32.const 0) $double $count)
  (global $calls (mut i32) (i32.const 0))
  (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $count (param $from i32) (result i32)
    (local $sum i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    block $done
      loop $again
        local.get $from
        i32.eqz
        br_if $done
        (local.set $sum (i32.add (local.get $sum) (local.get $from)))
        (local.set $from (i32.sub (local.get $from) (i32.const 1)))
        br $again
      end
    end
    (if (result i32) (i32.gt_s (local.get $sum) (i32.const 100))
      (then (i32.const -1))
      (else (local.get $sum))))
  (func (export "by") (param i32 i32) (result i32)
    (call_indirect (type $unary) (local.get 0) (local.get 1)))
  (func (export "load") (result i64) (i64.load offset=4 align=4 (i32.const 4)))
  (func (export "half") (result f64) (f64.div (f64.const 1) (f64.const 2))))`);
  const module = new webAssembly.Module(Uint8Array.from(bytes));
  const { exports } = new webAssembly.Instance(module, { wasi_snapshot_preview1: { proc_exit: () => undefined } });
  const call = (name: string, ...args: unknown[]): unknown => {
    const exported = exports[name];
    if (typeof exported !== "function") throw new Error(`${name} is not exported`);
    return exported(...args);
  };
  expect([call("by", 21, 0), call("by", 4, 1), call("by", 50, 1)]).toEqual([42, 10, -1]);
  expect(call("load")).toBe(Buffer.from('a"\nA€\0').readBigUInt64LE());
  expect(call("half")).toBe(0.5);
  expect(assemble(toText(readModule(bytes)))).toEqual(bytes);
});

test.each([
  ["(module (func local.get $x))", '1:25: error: undefined local variable "$x"'],
  ["(module\n  (func i32.ad))", "2:9: error: unexpected token i32.ad, expected an instr."],
  ["(module (func (i32.const 5000000000)))", '1:26: error: invalid literal "5000000000"'],
  ["(module", "expected )."],
  ["(modul)", 'unexpected token "modul", expected a module field.'],
  ['(module (export "f" (func 0)))', "function variable out of range: 0 (max 0)"],
  ["(module (func (result i32) i64.const 1))", "error: Compiling function #0 failed: type error"],
  ["(module (func $a) (func $a))", 'redefinition of function "$a"'],
])("wat2wasm says what is wrong in %s", async (source, words) => {
  lab.machine.rootFiles.write("/home/ubuntu/wrong.wat", source);
  const result = await lab.sh("wat2wasm wrong.wat; echo $?; ls wrong.wasm");
  expect(result.stderr).toContain("wrong.wat:");
  expect(result.stderr).toContain(words);
  expect(result.stdout).toBe("1\n");
});

test("what is no module is refused by its first bytes", async () => {
  lab.machine.rootFiles.write("/home/ubuntu/cut.wasm", workload("explorer").slice(0, 300));
  const result = await lab.sh(
    "wasm-objdump -x /etc/hostname; wasm2wat cut.wasm; wasm-objdump add; wasm-objdump cut.wasm",
  );
  expect(result.stderr).toContain("0000004: error: bad magic value\n");
  expect(result.stderr).toContain("error: invalid section size: extends past end\n");
  expect(result.stderr).toContain("At least one of the following switches must be given:\n");
});
