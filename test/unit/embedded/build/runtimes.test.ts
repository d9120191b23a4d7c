import { beforeEach, expect, test } from "vitest";
import { workload } from "../wasm/workloads.ts";
import { createBuildLab } from "./lab.ts";
import type { BuildLab } from "./lab.ts";

let lab: BuildLab;

beforeEach(() => {
  lab = createBuildLab();
  lab.provide(
    ["/usr/local/bin/wasmedge", "wasmedge", "0.12.1"],
    ["/usr/local/lib/libwasmedge.so.0", "libwasmedge.so", "0.12.1"],
    ["/usr/local/bin/wasmtime", "wasmtime", "18.0.1"],
    ["/usr/bin/wat2wasm", "wat2wasm", "1.0.13-1"],
  );
  lab.machine.rootFiles.write("/home/ubuntu/explorer.wasm", workload("explorer"));
});

const prepare =
  'mkdir -p data && echo "a secret" > data/note.txt && echo out > outside.txt && ln -sf /etc/passwd data/link && ln -sf note.txt data/alias; ';

/** Options that give `host` to the module as `guest`, and the module's arguments. */
const runs: readonly (readonly [name: string, run: (guest: string, host: string) => string, plain: string])[] = [
  ["wasmedge", (guest, host) => `wasmedge --dir ${guest}:${host} explorer.wasm`, "wasmedge explorer.wasm"],
  ["wasmtime", (guest, host) => `wasmtime run --dir ${host}::${guest} explorer.wasm`, "wasmtime explorer.wasm"],
];

test.each(runs)("%s gives a module no folder of its own accord", async (_, run, plain) => {
  const refused = await lab.sh(`${prepare}${plain} read data/note.txt`);
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr:
      'explorer: data/note.txt: failed to find a pre-opened file descriptor through which "data/note.txt" could be opened\n',
  });
  expect(await lab.sh(`${run(".", ".")} read data/note.txt`)).toMatchObject({ exitCode: 0, stdout: "a secret\n" });
});

test.each(runs)("%s lets no path and no link lead out of a folder", async (_, run) => {
  await lab.sh(prepare);
  for (const path of ["../outside.txt", "link", "./x/../../outside.txt"]) {
    const result = await lab.sh(`${run(".", "data")} read ${path}`);
    expect(result.exitCode, path).toBe(1);
    expect(result.stderr).toMatch(/Operation not permitted \(os error 63\)/);
  }
  const absolute = await lab.sh(`${run(".", "data")} read /etc/passwd`);
  expect(absolute.stderr).toBe("explorer: /etc/passwd: No such file or directory (os error 44)\n");
  expect((await lab.sh(`${run("/data", "data")} read /data/alias`)).stdout).toBe("a secret\n");
});

test.each(runs)("what a module writes through %s is in the machine's file, as its user's", async (_, run) => {
  const result = await lab.sh(
    `${prepare}${run(".", "data")} write new.txt hello; cat data/new.txt; stat -c %U data/new.txt`,
  );
  expect(result.stdout).toBe("wrote 6 bytes to new.txt\nhello\nubuntu\n");
  expect((await lab.sh(`${run(".", "data")} list .`)).stdout).toBe("alias\nlink\nnew.txt\nnote.txt\n");
  const denied = await lab.sh(
    `sudo sh -c 'echo no > data/roots; chmod 600 data/roots'; ${run(".", "data")} read roots`,
  );
  expect(denied.stderr).toBe("explorer: roots: Permission denied (os error 2)\n");
});

test("WasmEdge gives a folder for reading only since 0.14", async () => {
  const write = "wasmedge --dir .:data:readonly explorer.wasm write new.txt hello";
  expect((await lab.sh(`${prepare}${write}`)).stderr).toContain(
    "Bind guest directory failed:No such file or directory.",
  );
  lab.provide(["/usr/local/bin/wasmedge", "wasmedge", "0.14.0"]);
  expect((await lab.sh(write)).stderr).toBe("explorer: new.txt: Capabilities insufficient (os error 76)\n");
  expect((await lab.sh("wasmedge --dir .:data:readonly explorer.wasm read note.txt")).stdout).toBe("a secret\n");
});

test("both pass only the variables that they are given", async () => {
  expect((await lab.sh("wasmedge explorer.wasm env; wasmtime explorer.wasm env")).stdout).toBe("");
  const result = await lab.sh("wasmedge --env NAME=HAW explorer.wasm env; wasmtime run --env NAME=HAW explorer.wasm");
  expect(result.stdout).toBe("NAME=HAW\nHello HAW, I am one program for every computer.\n");
});

test("a trap ends the module in each runtime's own words, and nothing else", async () => {
  const edge = await lab.sh("wasmedge explorer.wasm peek 4000000000");
  expect(edge).toMatchObject({ exitCode: 134, stdout: "looking at address 4000000000\n" });
  expect(edge.stderr.replace(/^\[[^\]]*\] /gm, "")).toBe(
    '[error] execution failed: out of bounds memory access, Code: 0x88\n[error]     In instruction: i32.load8_u (0x2d) , Bytecode offset: 0x00004cf1\n[error]     When executing function name: "_start"\n',
  );
  const time = await lab.sh("wasmtime run explorer.wasm peek 4000000000");
  expect(time.exitCode).toBe(134);
  expect(time.stderr).toBe(`Error: failed to run main module \`explorer.wasm\`

Caused by:
    0: failed to invoke command default
    1: error while executing at wasm backtrace:
           0: 0x4cf1 - <unknown>!<wasm function 70>
           1: 0x156c - <unknown>!<wasm function 36>
           2: 0x6c46 - <unknown>!<wasm function 90>
           3:  0x472 - <unknown>!<wasm function 15>
    2: wasm trap: out of bounds memory access
`);
  const crash = await lab.sh("wasmedge explorer.wasm crash");
  expect(crash.stderr).toContain("unreachable, Code: 0x89");
  expect(crash.stderr).toContain("In instruction: unreachable (0x00) , Bytecode offset: 0x00010b23");
  expect((await lab.sh("wasmtime explorer.wasm crash")).stderr).toContain(
    "wasm trap: wasm `unreachable` instruction executed",
  );
});

test("a module that loops is ended by a limit on its time", async () => {
  const edge = await lab.sh("wasmedge --time-limit 200 explorer.wasm loop");
  expect(edge).toMatchObject({ exitCode: 134, stdout: "counting without end\n" });
  expect(edge.stderr).toContain("execution interrupted, Code: 0x07");
  expect((await lab.sh("wasmtime run -W timeout=200ms explorer.wasm loop")).stderr).toContain("wasm trap: interrupt");
});

test("an exported function is called with numbers", async () => {
  lab.machine.rootFiles.write(
    "/home/ubuntu/add.wat",
    '(module\n  (func (export "add") (param i32 i32) (result i32)\n    local.get 0\n    local.get 1\n    i32.add))\n',
  );
  const result = await lab.sh(
    "wat2wasm add.wat; wasmedge add.wasm add 2 3; wasmedge --reactor add.wasm add -2 1; wasmtime run --invoke add add.wat 2 -3",
  );
  expect(result.stdout).toBe("5\n4294967295\n-1\n");
  expect(result.stderr).toContain("warning: using `--invoke` with a function that takes arguments is experimental");
  const wrong = await lab.sh(
    "wasmedge --reactor add.wasm nosuch; wasmedge --reactor add.wasm add 2; wasmedge add.wasm",
  );
  expect(wrong.stderr).toContain("wasm function not found, Code: 0x05");
  expect(wrong.stderr).toContain(
    "Expected: FuncType {params{i32 , i32} returns{i32}} , Got: FuncType {params{i32} returns{i32}}",
  );
  expect(wrong.stderr).toContain("A function name is required when reactor mode is enabled.");
  const others = await lab.sh(
    "wasmtime run --invoke add add.wasm 2; wasmtime run --invoke add add.wasm 2 x; wasmtime run --invoke no add.wasm; wasmtime run add.wasm; echo $?",
  );
  expect(others.stderr).toContain("not enough arguments for `add`");
  expect(others.stderr).toContain("invalid digit found in string");
  expect(others.stderr).toContain("no func export named `no` found");
  expect(others.stdout).toBe("0\n");
});

test("what is compiled ahead of time runs as before", async () => {
  const result = await lab.sh(
    "wasmedge compile explorer.wasm fast.wasm && wasmedge fast.wasm && wasmtime compile explorer.wasm",
  );
  expect(result.stdout).toContain("compile done\nHello explorer");
  expect((await lab.sh("wasmtime run explorer.cwasm")).stderr).toBe(
    "Error: running a precompiled module requires the `--allow-precompiled` flag\n",
  );
  expect((await lab.sh("wasmtime run --allow-precompiled explorer.cwasm")).stdout).toContain("Hello explorer");
});

test("wasmtime says what it cannot read", async () => {
  const result = await lab.sh(
    'wasmtime; wasmtime bogus.wasm; wasmtime run --bogus x; wasmtime run --dir nowhere explorer.wasm; echo \'(module (import "env" "getpid" (func (result i32))) (func (export "_start")))\' > link.wat; wasmtime run link.wat; echo text > t.txt; wasmtime t.txt; wasmtime --version',
  );
  expect(result.stderr).toContain("error: the following required arguments were not provided:\n  <WASM>...\n");
  expect(result.stderr).toContain(
    "Error: failed to read file: bogus.wasm\n\nCaused by:\n    No such file or directory (os error 2)\n",
  );
  expect(result.stderr).toContain("error: unexpected argument '--bogus' found\n");
  expect(result.stderr).toContain("Error: failed to open directory 'nowhere'\n");
  expect(result.stderr).toContain("unknown import: `env::getpid` has not been defined\n");
  expect(result.stderr).toContain("--> t.txt:1:1\n");
  expect(result.stdout).toBe("wasmtime-cli 18.0.1\n");
});

test("wasmtime of today has other words for the same", async () => {
  lab.provide(["/usr/local/bin/wasmtime", "wasmtime", "50.0.1"]);
  const result = await lab.sh("wasmtime --version; wasmtime nosuch.wasm; wasmtime explorer.wasm peek 4000000000");
  expect(result.stdout).toBe("wasmtime 50.0.1\nlooking at address 4000000000\n");
  expect(result.stderr).toContain('Error: failed to open wasm module "nosuch.wasm"\n\nCaused by:\n    No such file');
  expect(result.stderr).toContain("\n    0:   0x4cf1 - <unknown>!<wasm function 70>\n    1:   0x156c - ");
  expect(result.stderr).toMatch(/wasm trap: out of bounds memory access\n\n$/);
});

test("wasmtime comes from its release or by its installer, wabt from Ubuntu", async () => {
  const result = await lab.sh(
    "sudo rm /usr/local/bin/wasmtime /usr/bin/wat2wasm; curl -sSf https://wasmtime.dev/install.sh | bash; ~/.wasmtime/bin/wasmtime --version; curl -sfLO https://github.com/bytecodealliance/wasmtime/releases/download/v18.0.0/wasmtime-v18.0.0-x86_64-linux.tar.xz; tar -tJf wasmtime-v18.0.0-x86_64-linux.tar.xz; tar -xf wasmtime-v18.0.0-x86_64-linux.tar.xz --strip-components=1; ./wasmtime --version",
  );
  expect(result.stdout).toContain("wasmtime-cli 18.0.1\nwasmtime-v18.0.0-x86_64-linux/\n");
  expect(result.stdout).toMatch(/wasmtime-cli 18\.0\.0\n$/);
  await lab.sh("sudo apt-get update -qq; sudo apt-get install -y -qq wabt");
  expect((await lab.sh("wat2wasm --version")).stdout).toBe("1.0.13\n");
});
