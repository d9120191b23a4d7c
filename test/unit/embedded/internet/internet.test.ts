import { createHash } from "node:crypto";
import { expect, test, describe } from "vitest";
import { parseExecutable } from "../../../../src/backends/embedded/machine/executable.ts";
import { loadCatalog } from "../../../../src/backends/embedded/network/internet/catalog.ts";
import { composeInternet, createInternet } from "../../../../src/backends/embedded/network/internet/create-internet.ts";
import type { Internet } from "../../../../src/backends/embedded/network/internet/internet.ts";
import { unpackTar } from "../../../../src/backends/embedded/runtime/images/tar.ts";
import { fakeClock, memoryBlobs } from "../fakes/machine.ts";

const internet = (profile: "thesis" | "current" = "thesis"): Internet =>
  createInternet({ profile, clock: fakeClock(), blobs: memoryBlobs() });

async function get(from: Internet, url: string, method = "GET") {
  const { hostname, pathname, search, protocol } = new URL(url);
  const secure = protocol === "https:";
  const host = from.hostAt(from.resolve(hostname) ?? "", secure ? 443 : 80);
  if (!host) throw new Error(`nobody answers at ${url}`);
  const request = {
    method,
    target: pathname + search,
    headers: {},
    body: new Uint8Array(),
    signal: new AbortController().signal,
  };
  const response = await host.handle({ ...request, host: hostname, secure });
  if (!(response.body instanceof Uint8Array)) throw new Error("a streamed body");
  return {
    status: response.status,
    headers: response.headers,
    bytes: response.body,
    text: new TextDecoder().decode(response.body),
  };
}

async function download(from: Internet, url: string) {
  const first = await get(from, url);
  return first.status === 302 ? get(from, first.headers["location"] ?? "") : first;
}

const containerd = (version: string): string =>
  `https://github.com/containerd/containerd/releases/download/v${version}/containerd-${version}-linux-amd64.tar.gz`;

describe("GitHub releases", () => {
  test("an asset is redirected to its storage, as GitHub does", async () => {
    const response = await get(internet(), containerd("1.7.12"));
    expect(response.status).toBe(302);
    expect(response.headers["location"]).toMatch(/^https:\/\/objects\.githubusercontent\.com\//);
  });

  test.each(["1.7.12", "1.7.11", "1.6.26"])("containerd %s holds programs of that version", async (version) => {
    const entries = unpackTar((await download(internet(), containerd(version))).bytes);
    const program = entries.find((entry) => entry.path === "bin/containerd");
    expect(parseExecutable(program?.bytes ?? new Uint8Array())).toMatchObject({ program: "containerd", version });
    expect(program?.mode).toBe(0o755);
    expect(entries.map((entry) => entry.path)).toEqual(
      expect.arrayContaining(["bin/containerd-shim-runc-v2", "bin/containerd-shim", "bin/ctr"]),
    );
  });

  test("versions that do not exist, or not yet, are not found", async () => {
    expect((await download(internet(), containerd("1.7.99"))).status).toBe(404);
    expect((await download(internet(), containerd("2.3.4"))).status).toBe(404);
    expect((await download(internet("current"), containerd("2.3.4"))).status).toBe(200);
  });

  test("a checksum file fits its asset", async () => {
    const bytes = (await download(internet(), containerd("1.7.12"))).bytes;
    const sum = (await download(internet(), `${containerd("1.7.12")}.sha256sum`)).text;
    expect(sum).toBe(`${createHash("sha256").update(bytes).digest("hex")}  containerd-1.7.12-linux-amd64.tar.gz\n`);
  });

  test.each([
    ["https://github.com/opencontainers/runc/releases/download/v1.1.11/runc.amd64", "runc", "1.1.11"],
    ["https://github.com/opencontainers/runc/releases/download/v1.1.10/runc.amd64", "runc", "1.1.10"],
  ])("%s", async (url, program, version) => {
    expect(parseExecutable((await download(internet(), url)).bytes)).toMatchObject({ program, version });
  });

  test.each([
    [
      "https://github.com/containernetworking/plugins/releases/download/v1.4.0/cni-plugins-linux-amd64-v1.4.0.tgz",
      "bridge",
    ],
    [
      "https://github.com/deislabs/containerd-wasm-shims/releases/download/v0.10.0/containerd-wasm-shims-v2-spin-linux-x86_64.tar.gz",
      "containerd-shim-spin-v2",
    ],
    ["https://github.com/fermyon/spin/releases/download/v2.0.1/spin-v2.0.1-linux-amd64.tar.gz", "spin"],
    [
      "https://github.com/kubernetes-sigs/cri-tools/releases/download/v1.28.0/crictl-v1.28.0-linux-amd64.tar.gz",
      "crictl",
    ],
  ])("%s holds %s", async (url, name) => {
    const entries = unpackTar((await download(internet(), url)).bytes);
    expect(parseExecutable(entries.find((entry) => entry.path === name)?.bytes ?? new Uint8Array())?.program).toBe(
      name,
    );
  });
});

describe("files", () => {
  test("containerd's unit starts the program where the tarball puts it", async () => {
    const unit = (
      await get(internet(), "https://raw.githubusercontent.com/containerd/containerd/main/containerd.service")
    ).text;
    expect(unit).toContain("ExecStart=/usr/local/bin/containerd\n");
    expect(unit).toContain("Type=notify\n");
  });

  test("Spin's installer installs the newest of the day and knows no `=`", async () => {
    const script = (await get(internet(), "https://developer.fermyon.com/downloads/install.sh")).text;
    expect(script).toContain('version="v2.2.0"');
    expect(script).toContain("Unknown argument $1.");
  });

  test("the newest Kubernetes of the day", async () => {
    expect((await get(internet(), "https://dl.k8s.io/release/stable.txt")).text).toBe("v1.29.2");
    expect((await get(internet(), "https://dl.k8s.io/release/stable-1.28.txt")).text).toBe("v1.28.7");
  });
});

describe("registries", () => {
  test.each([
    ...["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"].map((name) => [name, "v1.28.2"]),
    ["etcd", "3.5.9-0"],
    ["coredns/coredns", "v1.10.1"],
    ["pause", "3.9"],
    ["pause", "3.8"],
    ["pause", "3.6"],
  ])("registry.k8s.io/%s:%s", async (name, tag) => {
    const response = await get(internet(), `https://registry.k8s.io/v2/${name}/manifests/${tag}`);
    expect(response.status).toBe(200);
    expect(response.headers["docker-content-digest"]).toBe(
      `sha256:${createHash("sha256").update(response.bytes).digest("hex")}`,
    );
  });

  test("Docker Hub asks for a token first", async () => {
    const response = await get(internet(), "https://registry-1.docker.io/v2/library/nginx/manifests/latest");
    expect(response.status).toBe(401);
    expect(response.headers["www-authenticate"]).toBe(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"',
    );
  });
});

describe("names and addresses", () => {
  test("every name has an address of its own, and nothing else resolves", () => {
    const all = internet();
    const addresses = Object.keys(loadCatalog().addresses).map((name) => all.resolve(name));
    const known = addresses.filter((address) => address !== undefined);
    expect(new Set(known).size).toBe(known.length);
    expect(all.resolve("nowhere.example")).toBeUndefined();
    expect(all.resolve("GitHub.com")).toBe(all.resolve("github.com"));
    expect(all.hostAt(all.resolve("github.com") ?? "", 22)).toBeUndefined();
  });

  test("hosts that share a name answer for each other's missing pages", async () => {
    const host = (path: string) => ({
      names: ["a.example"],
      handle: ({ target }: { target: string }) =>
        Promise.resolve({ status: target === path ? 200 : 404, headers: {}, body: new Uint8Array() }),
    });
    const joined = composeInternet([host("/one"), host("/two")], {});
    expect((await get(joined, "https://a.example/one")).status).toBe(200);
    expect((await get(joined, "https://a.example/two")).status).toBe(200);
    expect((await get(joined, "https://a.example/three")).status).toBe(404);
  });
});
