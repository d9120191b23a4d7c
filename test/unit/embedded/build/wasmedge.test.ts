import { afterEach, expect, test } from "vitest";
import { workload } from "../wasm/workloads.ts";
import { assemble, body, text } from "../wasm/assemble.ts";
import { createBuildLab } from "./lab.ts";
import type { BuildLab } from "./lab.ts";

const labs: BuildLab[] = [];
afterEach(() => labs.splice(0));

function machineWithWasmEdge(): BuildLab {
  const lab = createBuildLab();
  labs.push(lab);
  lab.provide(
    ["/usr/local/bin/wasmedge", "wasmedge", "0.12.1"],
    ["/usr/local/lib/libwasmedge.so.0", "libwasmedge.so", "0.12.1"],
  );
  return lab;
}

test("the server answers curl on the same machine and stops with the shell's kill", async () => {
  const lab = machineWithWasmEdge();
  lab.machine.rootFiles.write("/home/ubuntu/http_server.wasm", workload("http-server"));
  const result = await lab.sh(
    "wasmedge http_server.wasm > log & until curl -s http://localhost:1234; do sleep 0.1; done; echo; curl -s 127.0.0.1:1234; echo; kill %1; wait %1; echo $?; cat log",
  );
  expect(result.stdout.split("\n").filter((line) => !line.includes("Terminated"))).toEqual([
    "Hello HAW!! from WasmEdge App",
    "Hello HAW!! from WasmEdge App",
    "143",
    "Http server bound to 1234",
    "",
  ]);
  expect((await lab.sh("curl -s http://localhost:1234")).exitCode).toBe(7);
});

test("two servers cannot have the same port", async () => {
  const lab = machineWithWasmEdge();
  lab.machine.rootFiles.write("/home/ubuntu/http_server.wasm", workload("http-server"));
  const result = await lab.sh(
    "wasmedge http_server.wasm & until curl -s localhost:1234; do sleep 0.1; done; echo; wasmedge http_server.wasm; echo $?; kill %1",
  );
  expect(result.stderr).toContain("code: 3, kind: AddrInUse");
  expect(result.stdout).toContain("\n1\n");
});

test("what is not a module is named as WasmEdge's log does", async () => {
  const lab = machineWithWasmEdge();
  lab.machine.rootFiles.write("/home/ubuntu/script.wasm", "#!/bin/sh\n");
  lab.machine.rootFiles.write("/home/ubuntu/trap.wasm", assemble({ code: [body("00")] }));
  lab.machine.rootFiles.write(
    "/home/ubuntu/link.wasm",
    assemble({ imports: [`${text("env")} ${text("getpid")} 00 00`], code: [body("")] }),
  );
  const script = await lab.sh("wasmedge script.wasm");
  expect(script.exitCode).toBe(1);
  expect(script.stderr).toMatch(
    /^\[2024-02-28 12:00:00\.000\] \[error\] loading failed: magic header not detected, Code: 0x23\n/,
  );
  expect((await lab.sh("wasmedge nowhere.wasm")).stderr).toContain("loading failed: invalid path, Code: 0x20");
  expect((await lab.sh("wasmedge trap.wasm")).stderr).toContain("execution failed: unreachable, Code: 0x89");
  const link = await lab.sh("wasmedge link.wasm");
  expect(link.stderr).toContain("instantiation failed: unknown import, Code: 0x62");
  expect(link.stderr).toContain('When linking module: "env" , function name: "getpid"');
});

test("environment variables reach the module", async () => {
  const lab = machineWithWasmEdge();
  lab.machine.rootFiles.write("/home/ubuntu/echo.wasm", workload("echo-server"));
  const result = await lab.sh(
    "wasmedge --env PORT=8080 echo.wasm & until curl -s -d a=b localhost:8080; do sleep 0.1; done; kill %1",
  );
  expect(result.stdout).toContain("echo: a=b");
});
