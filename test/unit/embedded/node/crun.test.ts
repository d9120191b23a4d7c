import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { executableBytes } from "../../../../src/backends/embedded/machine/executable.ts";
import { workload } from "../wasm/workloads.ts";
import { openLab, type Ran, type TestLab } from "./lab.ts";

let lab: TestLab;
const sh = (line: string): Promise<Ran> => lab.run("worker1", line);

function putCrun(version: string, facts: Readonly<Record<string, string>>): void {
  const files = lab.machine("worker1").rootFiles;
  files.writeWithMode("/usr/local/bin/crun", executableBytes({ program: "crun", version, facts }), 0o755);
}

beforeAll(async () => {
  lab = await openLab(["worker1"]);
  lab.machine("worker1").rootFiles.write("/usr/local/lib/libwasmedge.so.0", "library");
});
afterAll(() => lab[Symbol.asyncDispose]());

beforeEach(async () => {
  putCrun("1.8.4", { wasm: "wasmedge" });
  await sh("rm -rf /bundle /run/crun; mkdir -p /bundle/rootfs");
  const files = lab.machine("worker1").rootFiles;
  files.writeWithMode("/bundle/rootfs/explorer.wasm", workload("explorer"), 0o755);
  files.writeWithMode(
    "/bundle/rootfs/app",
    executableBytes({ program: "explorer", version: "1.0.0", facts: {} }),
    0o755,
  );
  await sh("cd /bundle && crun spec");
});

interface Changes {
  mounts?: object[];
  args?: string[];
  annotations?: Record<string, string>;
}

/** Edits the bundle's configuration. */
function edit({ args, annotations, mounts }: Changes): void {
  const files = lab.machine("worker1").rootFiles;
  const spec: { process: object } = JSON.parse(files.readText("/bundle/config.json"));
  const process = { ...spec.process, terminal: false, ...(args ? { args } : {}) };
  files.write(
    "/bundle/config.json",
    JSON.stringify({ ...spec, process, ...(annotations ? { annotations } : {}), ...(mounts ? { mounts } : {}) }),
  );
}

const wasm = { "run.oci.handler": "wasm" };

it.each([
  ["no annotation", undefined, false],
  ["run.oci.handler=wasm", { "run.oci.handler": "wasm" }, true],
  ["run.oci.handler=wasmedge", { "run.oci.handler": "wasmedge" }, true],
  ["run.oci.handler=wasmtime", { "run.oci.handler": "wasmtime" }, false],
  ["compat", { "module.wasm.image/variant": "compat" }, true],
  ["compat-smart", { "module.wasm.image/variant": "compat-smart" }, true],
])("a module with %s", async (_, annotations, runs) => {
  edit({ args: ["/explorer.wasm", "hello"], ...(annotations ? { annotations } : {}) });
  const result = await sh("crun run --bundle /bundle x");
  if (runs) expect(result).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Hello explorer") });
  else {
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: "exec container process `/explorer.wasm`: Exec format error\n",
    });
  }
  expect((await sh("crun list -q")).stdout).toBe("");
});

it("compat takes a program of the machine for a module, compat-smart does not", async () => {
  edit({ args: ["/app"], annotations: { "module.wasm.image/variant": "compat" } });
  const compat = await sh("crun run -b /bundle x");
  expect(compat.exitCode).toBe(1);
  expect(compat.stdout).toContain("load library failed:/app: cannot dynamically load");
  expect(compat.stderr).toBe("[libcrun:wasmedge]: could not get wasmedge result from VM\n");
  edit({ annotations: { "module.wasm.image/variant": "compat-smart" } });
  expect((await sh("crun run -b /bundle x")).stdout).toContain("Hello explorer");
});

it("a crun that was built without WasmEdge, or cannot find it, runs no module", async () => {
  edit({ args: ["/explorer.wasm"], annotations: wasm });
  putCrun("1.8.4", {});
  expect((await sh("crun run -b /bundle x")).stderr).toBe(
    "exec container process `/explorer.wasm`: Exec format error\n",
  );
  putCrun("1.8.4", { wasm: "wasmedge" });
  const moved = await sh(
    "mv /usr/local/lib/libwasmedge.so.0 /root; crun run -b /bundle x; mv /root/libwasmedge.so.0 /usr/local/lib",
  );
  expect(moved.stderr).toContain("could not load `libwasmedge.so.0`");
});

it("the module sees the root file system of its container and nothing else", async () => {
  edit({ args: ["/explorer.wasm", "list", "."], annotations: wasm });
  expect((await sh("crun run -b /bundle x")).stdout).toBe("app\ndev\nexplorer.wasm\nproc\nsys\n");
  edit({ args: ["/explorer.wasm", "peek", "4000000000"] });
  const trapped = await sh("crun run -b /bundle x");
  expect(trapped.exitCode).toBe(1);
  expect(trapped.stdout).toContain("execution failed: out of bounds memory access, Code: 0x88\n");
  // An exit code of the module's own is lost on the way.
  edit({ args: ["/explorer.wasm", "bogus"] });
  expect((await sh("crun run -b /bundle x")).exitCode).toBe(0);
});

it("create, start, state, list, kill and delete", async () => {
  edit({ args: ["/explorer.wasm", "loop"], annotations: wasm });
  const created = await sh("crun create -b /bundle y && crun list && crun state y && crun create -b /bundle y");
  expect(created.stdout).toMatch(
    /^NAME PID {7}STATUS {3}BUNDLE PATH {29}CREATED {24}OWNER\ny {4}\d+ +created  \/bundle /,
  );
  expect(created.stdout).toContain('"run.oci.handler": "wasm"');
  expect(created.stderr).toBe("container `y` already exists\n");
  const started = await sh("crun start y; crun state y | grep status; crun delete y");
  expect(started.stdout).toContain('"status": "running"');
  expect(started.stderr).toBe("the container `y` is not in `stopped` state\n");
  await sh("crun kill y KILL");
  const ended = await sh(
    "until crun list | grep -q stopped; do sleep 0.05; done; crun delete y; crun delete y; crun state y",
  );
  expect(ended.stderr).toBe(
    "cannot open directory `/run/crun/y`: No such file or directory\nerror opening file `/run/crun/y/status`: No such file or directory\n",
  );
});

it("says what it misses, in its own words", async () => {
  const result = await sh("cd /root && crun run x; crun run -b /bundle; cd /bundle; crun spec; crun bogus; crun");
  expect(result.stderr).toBe(
    "load `config.json`: cannot read the file: config.json\nplease specify a ID for the container\n`config.json` already exists\nunknown command bogus\nplease specify a command\n",
  );
  await sh("chmod -x /bundle/rootfs/app");
  edit({ args: ["/app"] });
  expect((await sh("crun run -b /bundle x")).stderr).toBe("open executable: Permission denied\n");
  edit({ args: ["/nowhere"] });
  expect((await sh("crun run -b /bundle x")).stderr).toBe(
    "executable file `/nowhere` not found in $PATH: No such file or directory\n",
  );
  expect((await sh("crun --version")).stdout).toMatch(/^crun version 1\.8\.4\n[\s\S]*\+WASM:wasmedge \+YAJL\n$/);
});

it("a mount through a link that leads nowhere yet makes what is missing", async () => {
  await sh(
    "mkdir -p /bundle/rootfs/var /srv/given && ln -s /run /bundle/rootfs/var/run && echo text > /srv/given/file",
  );
  const mount = { destination: "/var/run/secrets/token", type: "bind", source: "/srv/given", options: ["rbind"] };
  edit({ args: ["/app", "read", "/run/secrets/token/file"], mounts: [mount] });
  expect((await sh("crun run -b /bundle x")).stdout).toBe("text\n");
});
