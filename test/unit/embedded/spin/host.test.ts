import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { NetworkError } from "../../../../src/backends/embedded/network/network.ts";
import { openSpinApplication, serveSpinApplication } from "../../../../src/backends/embedded/wasm/spin-app.ts";
import { workloadModule } from "../../../../src/backends/embedded/wasm/workloads.ts";
import { fakeClock, realClock } from "../fakes/machine.ts";
import { labOfThree, textOf } from "../network/lab.ts";
import { assemble, body, text } from "../wasm/assemble.ts";
import { closeAll, manifestFor, openProbe, probe } from "./applications.ts";

// While one application is open the workers stay, so that not every test starts its own.
const keeper = openSpinApplication({
  manifest: manifestFor(["/"]),
  modules: new Map([["probe", probe("rc")]]),
  spinVersion: "3.6.3",
  clock: realClock(),
  log: () => undefined,
});
afterAll(() => keeper.close());
afterEach(closeAll);

describe.each(["rc", "final"] as const)("a module of the SDK with wasi:http %s", (sdk) => {
  test("gets the whole request and answers with status, headers and body", async () => {
    const { ask } = openProbe(probe(sdk));
    expect(await ask("/")).toEqual({ status: 200, headers: { "content-type": "text/plain" }, body: "ready" });
    expect(await ask("/status?418")).toMatchObject({ status: 418, body: "" });
    expect(await ask("/method", { method: "DELETE" })).toMatchObject({ body: "DELETE" });
    expect(await ask("/uri?a=b")).toMatchObject({ body: "http://lab:3000/uri?a=b" });
    const sent = "ä".repeat(100_000);
    const echo = await ask("/echo", { method: "POST", body: sent, headers: { "content-type": "text/umlaut" } });
    expect(echo.headers).toEqual({ "x-content-type": "text/umlaut", "x-length": "200000" });
    expect(echo.body).toBe(sent);
    expect((await ask("/large?3000000")).body).toHaveLength(3_000_000);
    const headers = await ask("/headers", { headers: { "x-own": "1" } });
    for (const line of ["x-own: 1", "spin-path-info: /headers", "spin-full-url: http://lab:3000/headers"]) {
      expect(headers.body.split("\n")).toContain(line);
    }
  });

  test("answers each request with a fresh instance", async () => {
    const { ask } = openProbe(probe(sdk));
    for (let round = 0; round < 3; round += 1) expect((await ask("/count")).body).toBe("1");
  });

  test("answers many requests at once, each its own", async () => {
    const { ask } = openProbe(probe(sdk));
    const bodies = Array.from({ length: 40 }, (_none, index) => `request ${index}`);
    const answers = await Promise.all(bodies.map((sent) => ask("/echo", { method: "POST", body: sent })));
    expect(answers.map((answer) => answer.body)).toEqual(bodies);
  });

  test("fails alone: a trap is one 500, and the next request is answered", async () => {
    const { ask, reports, output } = openProbe(probe(sdk));
    const reasons = [
      ["/panic", "wasm trap: wasm `unreachable` instruction executed"],
      ["/exit", "Exited with i32 exit status 3"],
      ["/recurse", "wasm trap: call stack exhausted"],
    ] as const;
    for (const [target, reason] of reasons) {
      expect(await ask(target)).toEqual({ status: 500, headers: {}, body: "" });
      expect(reports.at(-1)).toMatch(
        /^\S+Z ERROR spin_trigger_http::server: Error processing request: guest invocation/,
      );
      expect(reports.at(-1)).toContain(reason);
      expect(await ask("/")).toMatchObject({ status: 200 });
    }
    expect(reports.join()).toMatch(/0: 0x[\da-f]+ - <unknown>!<wasm function \d+>/);
    expect(output("stderr")).toContain("asked to panic");
    expect(await ask("/error")).toMatchObject({ status: 500 });
  });

  test("has its memory bounded", async () => {
    const { ask } = openProbe(probe(sdk));
    expect(await ask("/grow")).toMatchObject({ status: 500 });
    expect(await ask("/")).toMatchObject({ status: 200 });
  });

  test("reaches no file, no variable and no network of this computer", async () => {
    const { ask, reports } = openProbe(probe(sdk), { environment: { GREETING: "hello" } });
    expect((await ask("/environment")).body).toBe("GREETING=hello\n");
    expect(await ask("/file?/etc/passwd")).toMatchObject({ status: 404 });
    expect(await ask("/fetch?https://example.com/x")).toMatchObject({ status: 502 });
    expect(reports.join()).toContain("'https://example.com'");
  });

  test("prints into the logs, also more than fits at once", async () => {
    const { ask, output } = openProbe(probe(sdk));
    await ask("/print");
    expect(output("stdout")).toBe("to standard output\n");
    expect(output("stderr")).toBe("to standard error\n");
    await ask("/flood?20000");
    expect(output("stdout").split("\n")).toHaveLength(20_002);
  });

  test("can wait for a clock", async () => {
    expect(await openProbe(probe(sdk)).ask("/sleep?30")).toMatchObject({ status: 200, body: "rested" });
  });

  test("that never returns does not keep other requests out", async () => {
    const { ask, application } = openProbe(probe(sdk));
    const endless = ask("/loop");
    expect(await ask("/")).toMatchObject({ status: 200 });
    expect(await ask("/count")).toMatchObject({ body: "1" });
    application.close();
    expect(await endless).toMatchObject({ status: 500 });
  });

  test("that never returns is ended after its time", async () => {
    const clock = fakeClock();
    const { ask, reports } = openProbe(probe(sdk), { clock, requestLimitMs: 5000 });
    const endless = ask("/loop");
    await setImmediate();
    await clock.advance(5000);
    expect(await endless).toMatchObject({ status: 500 });
    expect(reports.join()).toContain("did not answer in time");
    expect(await ask("/")).toMatchObject({ status: 200 });
  });
});

test("more endless guests than workers do not keep others out for good", async () => {
  const { ask } = openProbe(probe("final"), { requestLimitMs: 2000 });
  const endless = Array.from({ length: 9 }, () => ask("/loop"));
  const late = ask("/");
  expect(await Promise.all(endless)).toMatchObject(endless.map(() => ({ status: 500 })));
  expect(await late).toMatchObject({ status: 200 });
});

test("closing ends the guests that still run", async () => {
  const { ask, application } = openProbe(probe("rc"));
  const endless = ask("/loop");
  application.close();
  expect(await endless).toMatchObject({ status: 500 });
});

test("requests go by the manifest's routes, everything else is a 404 of Spin's own", async () => {
  const { ask } = openProbe(probe("rc"), { routes: ["/method", "/echo/..."] });
  expect(await ask("/method")).toMatchObject({ status: 200 });
  expect(await ask("/method/")).toMatchObject({ status: 404, body: "no /method/" });
  expect(await ask("/echo/below")).toMatchObject({ status: 404, body: "no /echo/below" });
  expect(await ask("/other")).toEqual({ status: 404, headers: {}, body: "" });
  expect(await ask("/.well-known/spin/health")).toMatchObject({ status: 200, body: "OK" });
  expect(JSON.parse((await ask("/.well-known/spin/info")).body)).toMatchObject({ name: "probe", version: "1.0.0" });
});

test("the community's example answers its two routes only", async () => {
  const { ask } = openProbe(workloadModule("spin-hello"), { routes: ["/hello", "/go-hello"], spinVersion: "2.0.1" });
  expect(await ask("/hello")).toMatchObject({ status: 200, body: "Hello world from Spin!" });
  expect(await ask("/go-hello")).toMatchObject({ status: 200, body: "Hello Spin Shim!" });
  expect(await ask("/")).toMatchObject({ status: 404 });
});

describe("what Spin refuses to load", () => {
  const refusal = (module: Uint8Array, spinVersion: string): string[] => {
    try {
      openProbe(module, { spinVersion });
    } catch (error) {
      const { message, causes } = Object(error);
      return [message, ...causes];
    }
    return [];
  };
  const importing = (module: string, name: string): Uint8Array =>
    assemble({ imports: [`${text(module)} ${text(name)} 00 00`], code: [body("")] });

  test("2.0.1 runs the draft of wasi:http only, 2.2 and 3 run both", () => {
    expect(refusal(probe("rc"), "2.0.1")).toEqual([]);
    expect(refusal(probe("final"), "2.0.1")).toEqual([
      "Failed to instantiate component 'probe'",
      "import `wasi:io/error@0.2.0` has the wrong type",
      "instance export `error` has the wrong type",
      "expected resource found nothing",
    ]);
    for (const version of ["2.2.0", "3.6.3"]) {
      expect(refusal(probe("rc"), version)).toEqual([]);
      expect(refusal(probe("final"), version)).toEqual([]);
    }
  });

  test.each([
    ["a WasmEdge server", workloadModule("http-server"), /failed to resolve import `wasi_snapshot_preview1::sock_/],
    ["a module without a handler", assemble({ code: [body("")] }), /to export one of `wasi:http\/incoming-handler/],
    [
      "an unknown interface",
      importing("wasi:http/types@0.3.0", "x"),
      /component imports instance `wasi:http\/types@0\.3\.0`/,
    ],
    [
      "an interface of Spin that the lab lacks",
      importing("fermyon:spin/key-value@2.0.0", "open"),
      /lab's Spin does not have/,
    ],
    ["an unknown function", importing("wasi:http/types@0.2.0", "x"), /failed to resolve import/],
    ["a foreign module", importing("env", "x"), /import interface named `env`/],
    ["a component", Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), /core modules only/],
    ["text", Buffer.from("#!/bin/sh\n"), /bad magic number/],
    ["half a module", probe("rc").slice(0, 5000), /unexpected end|WebAssembly|parse/],
  ])("%s", (_name, module, words) => {
    expect(refusal(module, "3.6.3").join("\n")).toMatch(words);
  });

  test("an application whose parts do not fit together", () => {
    const options = { modules: new Map(), spinVersion: "3.6.3", clock: realClock(), log: () => undefined };
    expect(() => openSpinApplication({ ...options, manifest: manifestFor(["/"]) })).toThrow("no module was given");
    const lost = { ...manifestFor(["/"]), components: [] };
    expect(() => openSpinApplication({ ...options, manifest: lost })).toThrow('no component with id "probe"');
    const redis = { ...manifestFor([]), triggers: [{ type: "redis", route: "", component: "probe" }] };
    const modules = new Map([["probe", probe("rc")]]);
    const served = manifestFor(["/"]);
    const files = { ...served, components: served.components.map((own) => ({ ...own, wantsFiles: true })) };
    expect(() => openSpinApplication({ ...options, modules, manifest: files })).toThrow("mounts no files");
    expect(() => openSpinApplication({ ...options, modules, manifest: redis })).toThrow("no trigger of type 'redis'");
  });
});

test("an application is served at an address of the lab until it is stopped", async () => {
  const { network } = labOfThree();
  const { application } = openProbe(workloadModule("spin-http-server/thesis"), { spinVersion: "2.0.1" });
  const place = { machine: "master" };
  const service = { network, place, address: "127.0.0.1", port: 3000, process: "spin" };
  const stop = serveSpinApplication(application, service);
  const response = await network.fetch(place, "http://localhost:3000/");
  expect(await textOf(response)).toBe("Hello HAW!! from Fermyon Spin App");
  expect(() => serveSpinApplication(application, service)).toThrow(NetworkError);
  await expect(network.fetch({ machine: "worker1" }, "http://10.0.0.182:3000/")).rejects.toThrow("ECONNREFUSED");
  stop();
  await expect(network.fetch(place, "http://localhost:3000/")).rejects.toThrow("ECONNREFUSED");
});
