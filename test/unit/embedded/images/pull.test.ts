import { describe, expect, test } from "vitest";
import { imagePrograms } from "../../../../src/backends/embedded/machine/programs/images/index.ts";
import { encode } from "../../../../src/backends/embedded/machine/io.ts";
import { ImageStore, storageRoots } from "../../../../src/backends/embedded/runtime/images/image-store.ts";
import { assembleImage, type ImageContent, sha256 } from "../../../../src/backends/embedded/runtime/images/oci.ts";
import {
  pullForContainerd,
  pullForCrio,
  pushByContainersImage,
} from "../../../../src/backends/embedded/runtime/images/pull.ts";
import {
  containerdEndpoints,
  containersEndpoints,
  readRegistriesConf,
  resolveShortName,
} from "../../../../src/backends/embedded/runtime/images/registries-conf.ts";
import { packTarGzip, tarFile } from "../../../../src/backends/embedded/runtime/images/tar.ts";
import type { Lab } from "../internet/lab.ts";
import { createLab } from "../internet/lab.ts";
import { startRegistry } from "./registry-daemon.ts";

const conf =
  'unqualified-search-registries = ["docker.io"]\n\n[[registry]]\nlocation = "registry.lab:5000"\ninsecure = true\n';

function crio(lab: Lab, name: string): Promise<unknown> {
  const store = new ImageStore(lab.machine, storageRoots.containers);
  return pullForCrio({ machine: lab.machine, store, name }).catch((error: unknown) => error);
}

function containerd(
  lab: Lab,
  name: string,
  version = "1.7.12",
  registryTable: unknown = {},
  localPull = true,
): Promise<unknown> {
  const store = new ImageStore(lab.machine, storageRoots.containerd);
  return pullForContainerd({ machine: lab.machine, store, name, version, registryTable, localPull }).catch(
    (error: unknown) => error,
  );
}

const words = (error: unknown): string => (error instanceof Error ? error.message : "no error");

function labWith(text = conf): Lab {
  const lab = createLab(imagePrograms, { "docker-registry": "2.7.1" });
  lab.machine.rootFiles.makeDirectories("/etc/containers/registries.conf.d");
  lab.machine.rootFiles.write("/etc/containers/registries.conf", text);
  lab.machine.rootFiles.write("/etc/resolv.conf", "nameserver 127.0.0.53\n");
  return lab;
}

describe("CRI-O's pull", () => {
  test("a short name is tried at the search registries", async () => {
    expect(await crio(labWith(), "wasmedge/example-wasi-http:compat-smart")).toMatchObject({
      names: ["docker.io/wasmedge/example-wasi-http:compat-smart"],
    });
  });

  test("without search registries a short name leads nowhere", async () => {
    expect(words(await crio(labWith(""), "nginx"))).toBe(
      'short-name "nginx" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"',
    );
  });

  test("an unknown tag, an unknown repository, an unknown host and a closed port are worded apart", async () => {
    const lab = labWith();
    const registry = await startRegistry(lab);
    // Words: reference, transcripts of group D (image-notfound, image-offline).
    expect(words(await crio(lab, "registry.lab:5000/haw/nope:v1"))).toBe(
      "reading manifest v1 in registry.lab:5000/haw/nope: manifest unknown",
    );
    await registry.stop();
    expect(words(await crio(lab, "registry.lab:5000/haw/nope:v1"))).toBe(
      'pinging container registry registry.lab:5000: Get "https://registry.lab:5000/v2/": dial tcp 10.0.0.182:5000: connect: connection refused',
    );
    expect(words(await crio(lab, "nowhere.lab/x:v1"))).toBe(
      'pinging container registry nowhere.lab: Get "https://nowhere.lab/v2/": dial tcp: lookup nowhere.lab on 127.0.0.53:53: no such host',
    );
    expect(words(await crio(lab, "docker.io/haw/doesnotexist:v9"))).toBe(
      "reading manifest v9 in docker.io/haw/doesnotexist: denied: requested access to the resource is denied",
    );
  });

  test("a registry without TLS needs to be marked insecure", async () => {
    const lab = labWith('unqualified-search-registries = ["docker.io"]\n');
    const registry = await startRegistry(lab);
    expect(words(await crio(lab, "registry.lab:5000/x:v1"))).toBe(
      'pinging container registry registry.lab:5000: Get "https://registry.lab:5000/v2/": http: server gave HTTP response to HTTPS client',
    );
    await registry.stop();
  });

  test("layers that are there are not asked for again", async () => {
    const lab = labWith();
    await crio(lab, "docker.io/library/busybox:1.36");
    const store = new ImageStore(lab.machine, storageRoots.containers);
    const present: boolean[] = [];
    await pullForCrio({
      machine: lab.machine,
      store,
      name: "busybox:latest",
      onBlob: (_, __, known) => {
        present.push(known);
        return Promise.resolve();
      },
    });
    expect(present[0]).toBe(true);
    expect(store.find("busybox")?.names).toEqual([
      "docker.io/library/busybox:1.36",
      "docker.io/library/busybox:latest",
    ]);
  });
});

describe("containerd's pull", () => {
  test("the wording follows its version", async () => {
    const lab = labWith();
    expect(words(await containerd(lab, "registry.k8s.io/pause:77"))).toBe(
      'failed to pull and unpack image "registry.k8s.io/pause:77": failed to resolve reference "registry.k8s.io/pause:77": registry.k8s.io/pause:77: not found',
    );
    // Words: reference, transcripts of groups C and F (image-badtag, image-offline).
    expect(words(await containerd(lab, "registry.k8s.io/pause:77", "2.1.0"))).toBe(
      'failed to pull and unpack image "registry.k8s.io/pause:77": failed to resolve image: registry.k8s.io/pause:77: not found',
    );
    expect(words(await containerd(lab, "nowhere.lab/haw/x:v9"))).toBe(
      'failed to pull and unpack image "nowhere.lab/haw/x:v9": failed to resolve reference "nowhere.lab/haw/x:v9": failed to do request: Head "https://nowhere.lab/v2/haw/x/manifests/v9": dial tcp: lookup nowhere.lab on 127.0.0.53:53: no such host',
    );
    expect(words(await containerd(lab, "haw/doesnotexist:v9"))).toContain(
      "pull access denied, repository does not exist or may require authorization",
    );
  });

  test("mirrors and hosts.toml lead to a registry without TLS", async () => {
    const lab = labWith();
    const registry = await startRegistry(lab);
    const failed = words(await containerd(lab, "registry.lab:5000/x:v1"));
    expect(failed).toContain("http: server gave HTTP response to HTTPS client");
    const mirrors = { mirrors: { "registry.lab:5000": { endpoint: ["http://registry.lab:5000"] } } };
    expect(words(await containerd(lab, "registry.lab:5000/x:v1", "1.7.12", mirrors))).not.toContain("HTTPS client");
    lab.machine.rootFiles.makeDirectories("/etc/containerd/certs.d/registry.lab:5000");
    lab.machine.rootFiles.write(
      "/etc/containerd/certs.d/registry.lab:5000/hosts.toml",
      'server = "http://registry.lab:5000"\n',
    );
    const path = { config_path: "/etc/containerd/certs.d" };
    expect(words(await containerd(lab, "registry.lab:5000/x:v1", "1.7.12", path))).toContain("not found");
    await registry.stop();
  });

  test("a pulled control-plane image carries its program", async () => {
    const lab = labWith();
    await containerd(lab, "registry.k8s.io/kube-apiserver:v1.28.2");
    const store = new ImageStore(lab.machine, storageRoots.containerd);
    const stored = store.find("registry.k8s.io/kube-apiserver:v1.28.2");
    expect(stored && store.rootfs(stored).has("/usr/local/bin/kube-apiserver")).toBe(true);
  });
});

describe("registries.conf", () => {
  test("drop-ins override, aliases come first, blocked registries are refused", () => {
    const { machine } = labWith();
    const files = machine.rootFiles;
    files.write(
      "/etc/containers/registries.conf.d/50-a.conf",
      '[aliases]\n"app" = "registry.lab:5000/team/app"\n\n[[registry]]\nprefix = "blocked.example"\nlocation = "blocked.example"\nblocked = true\n',
    );
    const read = readRegistriesConf(files);
    expect(resolveShortName("app:v2", read)).toEqual(["registry.lab:5000/team/app:v2"]);
    expect(resolveShortName("nginx", read)).toEqual(["docker.io/library/nginx:latest"]);
    expect(() => containersEndpoints("blocked.example/x", read)).toThrow("registry blocked.example is blocked");
    expect(containersEndpoints("registry.lab:5000/x", read)).toEqual([
      { host: "registry.lab:5000", schemes: ["https", "http"], insecure: true },
    ]);
    expect(containersEndpoints("docker.io/library/x", read)).toEqual([
      { host: "registry-1.docker.io", schemes: ["https"], insecure: false },
    ]);
  });

  test("a file that is no TOML names itself", () => {
    const { machine } = labWith("unqualified = [");
    expect(() => readRegistriesConf(machine.rootFiles)).toThrow(
      'loading registries configuration "/etc/containers/registries.conf"',
    );
  });

  test("containerd asks the loopback without TLS", () => {
    const { machine } = labWith();
    expect(containerdEndpoints(machine.rootFiles, "localhost:5000", {})[0]?.schemes).toEqual(["http"]);
  });
});

describe("what containerd unpacks", () => {
  const table = { mirrors: { "registry.lab:5000": { endpoint: ["http://registry.lab:5000"] } } };

  /** An application as `spin registry push` makes it: its parts are layers, and none is of a file system. */
  function artifact(): ImageContent {
    const config = { architecture: "wasm", os: "wasip1", rootfs: { type: "layers" as const, diff_ids: [] } };
    const plain = assembleImage(config, [encode("{}"), Uint8Array.of(0, 0x61, 0x73, 0x6d)]);
    const types = ["application/vnd.fermyon.spin.application.v1+config", "application/vnd.wasm.content.layer.v1+wasm"];
    const layers = plain.layers.map((layer, place) => ({
      ...layer,
      descriptor: { ...layer.descriptor, mediaType: types[place] ?? "" },
    }));
    const manifest = { ...plain.manifest, layers: layers.map((layer) => layer.descriptor) };
    const manifestBytes = encode(JSON.stringify(manifest));
    return { ...plain, layers, manifest, manifestBytes, manifestDigest: sha256(manifestBytes) };
  }

  const wasiImage = (): ImageContent =>
    assembleImage({ architecture: "wasm", os: "wasi", rootfs: { type: "layers", diff_ids: ["sha256:0"] } }, [
      packTarGzip([tarFile("spin.toml", "")]),
    ]);

  const pushed = async (lab: Lab, content: ImageContent): Promise<string> => {
    const name = "registry.lab:5000/spin-app:oci";
    await pushByContainersImage({ machine: lab.machine, name, content });
    return name;
  };

  test.each([
    ["1.6.24", false],
    ["1.6.26", true],
    ["1.7.6", false],
    ["1.7.7", true],
    ["1.7.12", true],
    ["2.3.4", true],
  ])("an artifact, by %s: %s (containerd-wasm-shims#191)", async (version, taken) => {
    const lab = labWith();
    const registry = await startRegistry(lab);
    const name = await pushed(lab, artifact());
    const outcome = await containerd(lab, name, version, table, false);
    if (taken) expect(outcome).not.toMatchObject({ packed: true });
    expect(words(outcome)).toBe(
      taken
        ? "no error"
        : `failed to pull and unpack image "${name}": failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers`,
    );
    await registry.stop();
  });

  test("an image for wasi/wasm stays packed where the transfer service pulls, until the CRI pulls itself", async () => {
    const lab = labWith();
    const registry = await startRegistry(lab);
    const name = await pushed(lab, wasiImage());
    expect(await containerd(lab, name, "2.3.4", table, false)).toMatchObject({ packed: true });
    expect(await containerd(lab, name, "2.3.4", table, true)).not.toHaveProperty("packed");
    await registry.stop();
  });
});
