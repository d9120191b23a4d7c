import { execFile, spawnSync } from "node:child_process";
import type { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { networkPrograms } from "../../../../src/backends/embedded/machine/programs/network/index.ts";
import type { Lab } from "../internet/lab.ts";
import { createLab } from "../internet/lab.ts";

const answer = (lab: Lab, port: number, text: string): void => {
  const accept = (connection: Duplex): void => void connection.once("data", () => connection.end(text));
  lab.network.listen({ machine: "master" }, port, { process: "wasm", accept });
};

function labWithServers(): Lab {
  const lab = createLab(networkPrograms, { curl: "7.68.0" });
  answer(lab, 31001, "HTTP/1.1 200 \r\nContent-Length: 29\r\nConnection: close\r\n\r\nHello HAW!! from WasmEdge App");
  answer(lab, 31002, "");
  answer(lab, 31003, "garbage");
  answer(lab, 31004, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
  answer(lab, 31005, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  answer(lab, 31006, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
  lab.network.listen({ machine: "master" }, 8080, {
    process: "echo",
    handle: (request) => {
      const body = `${request.method} ${request.target} ${request.headers["content-type"] ?? "-"} ${new TextDecoder().decode(request.body)}`;
      if (request.target === "/moved")
        return Promise.resolve({ status: 302, headers: { location: "/there" }, body: new Uint8Array() });
      if (request.target === "/loop")
        return Promise.resolve({ status: 302, headers: { location: "/loop" }, body: new Uint8Array() });
      return Promise.resolve({ status: 200, headers: {}, body: new TextEncoder().encode(body) });
    },
  });
  return lab;
}

describe("curl", () => {
  test("the thesis's request", async () => {
    const result = await labWithServers().run(["curl", "http://10.0.0.182:31001"], { terminal: true });
    expect(result).toEqual({ code: 0, out: "Hello HAW!! from WasmEdge App", err: "" });
  });

  test.each([
    [["http://10.0.0.182:1"], 7, "curl: (7) Failed to connect to 10.0.0.182 port 1: Connection refused\n"],
    [["http://nowhere.lab/"], 6, "curl: (6) Could not resolve host: nowhere.lab\n"],
    [["http://10.0.0.182:31002"], 52, "curl: (52) Empty reply from server\n"],
    [["http://10.0.0.182:31003"], 1, "curl: (1) Received HTTP/0.9 when not allowed\n"],
    [["http://10.0.0.182:31004"], 18, "curl: (18) transfer closed with 95 bytes remaining to read\n"],
    [["-f", "http://10.0.0.182:31006"], 22, "curl: (22) The requested URL returned error: 404 Not Found\n"],
    [["-L", "http://10.0.0.182:8080/loop"], 47, "curl: (47) Maximum (50) redirects followed\n"],
    [["https://10.0.0.182:31001"], 35, "curl: (35) error:1408F10B:SSL routines:ssl3_get_record:wrong version number\n"],
    [
      ["-m", "0.05", "http://10.0.9.9/"],
      28,
      "curl: (28) Operation timed out after 50 milliseconds with 0 bytes received\n",
    ],
    [["--connect-timeout", "0.05", "http://10.0.9.9/"], 28, "curl: (28) Connection timed out after 50 milliseconds\n"],
    [
      ["-o", "/nowhere/file", "http://10.0.0.182:31001"],
      23,
      "curl: (23) Failed writing received data to disk/application\n",
    ],
  ])("%j ends with %i", async (args, code, words) => {
    const result = await labWithServers().run(["curl", "-sS", ...args]);
    expect({ code: result.code, err: result.err }).toEqual({ code, err: words });
  });

  test("bodies, methods and redirects", async () => {
    const lab = labWithServers();
    const out = async (...args: string[]): Promise<string> => (await lab.run(["curl", "-s", ...args])).out;
    expect(await out("http://10.0.0.182:31005")).toBe("abcde");
    expect(await out("-d", "a=1", "-d", "b=2", "http://10.0.0.182:8080/x")).toBe(
      "POST /x application/x-www-form-urlencoded a=1&b=2",
    );
    expect(
      await out("-XPUT", "-H", "Content-Type: text/plain", "--data-binary", "@-", "http://10.0.0.182:8080/x"),
    ).toBe("PUT /x text/plain ");
    expect(await out("-G", "-d", "q=1", "http://10.0.0.182:8080/x")).toBe("GET /x?q=1 - ");
    expect(await out("-L", "-d", "a=1", "http://10.0.0.182:8080/moved")).toBe("GET /there - ");
    expect(await out("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}\\n", "http://10.0.0.182:8080/moved")).toBe(
      "302 http://10.0.0.182:8080/there\n",
    );
    expect(await out("http://10.0.0.182:8080/{a,b}[1-2]")).toBe("GET /a1 - GET /a2 - GET /b1 - GET /b2 - ");
  });

  test("-v shows both sides", async () => {
    const { err } = await labWithServers().run(["curl", "-sv", "http://10.0.0.182:31001"], { terminal: true });
    expect(err).toBe(
      "*   Trying 10.0.0.182:31001...\n* TCP_NODELAY set\n* Connected to 10.0.0.182 (10.0.0.182) port 31001 (#0)\n" +
        "> GET / HTTP/1.1\r\n> Host: 10.0.0.182:31001\r\n> User-Agent: curl/7.68.0\r\n> Accept: */*\r\n> \r\n" +
        "* Mark bundle as not supporting multiuse\n< HTTP/1.1 200 \r\n< Content-Length: 29\r\n< Connection: close\r\n< \r\n" +
        "* Connection #0 to host 10.0.0.182 left intact\n",
    );
  });

  test("files get the URL's name and the umask's mode", async () => {
    const lab = labWithServers();
    await lab.run(["curl", "-sO", "http://10.0.0.182:31001/greeting.txt"], { user: "ubuntu" });
    expect(lab.machine.rootFiles.readText("/home/ubuntu/greeting.txt")).toBe("Hello HAW!! from WasmEdge App");
    expect(lab.machine.rootFiles.stat("/home/ubuntu/greeting.txt")).toMatchObject({ uid: 1000, mode: 0o644 });
  });

  test("--resolve sends a name elsewhere", async () => {
    const lab = labWithServers();
    const result = await lab.run(["curl", "-s", "--resolve", "app.lab:31001:10.0.0.182", "http://app.lab:31001/"]);
    expect(result.out).toBe("Hello HAW!! from WasmEdge App");
  });
});

const real = spawnSync("curl", ["--version"], { encoding: "utf8" });
const realVersion = /^curl (\S+)/.exec(real.stdout ?? "")?.[1];

// Without a curl on this computer there is nothing to compare with, and the run says so.
describe.skipIf(realVersion === undefined)(
  `the same words as this computer's curl ${realVersion ?? "(not installed)"}`,
  () => {
    test.each([
      [["--foo", "http://127.0.0.1/"]],
      [["-sS", "htp://x/"]],
      [["-sS", "http://127.0.0.1:1/"]],
      [["http://127.0.0.1:1/"]],
      [["-s", "http://127.0.0.1:1/"]],
      [["-o"]],
    ])("curl %j", async (args) => {
      const expected = await new Promise<{ code: number; err: string }>((resolve) => {
        execFile("curl", ["-q", ...args], { encoding: "utf8" }, (error, _, stderr) => {
          resolve({ code: typeof error?.code === "number" ? error.code : 0, err: stderr });
        });
      });
      const lab = createLab(networkPrograms, { curl: realVersion ?? "" });
      const result = await lab.run(["curl", ...args]);
      const timeless = (text: string): string => text.replace(/after \d+ ms/, "after N ms");
      expect({ code: result.code, err: timeless(result.err) }).toEqual({
        code: expected.code,
        err: timeless(expected.err),
      });
    });
  },
);
