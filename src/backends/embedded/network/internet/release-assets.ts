import { cniPlugins } from "./cni-plugins.ts";
import { executableBytes } from "../../machine/executable.ts";
import type { TarEntry } from "../../runtime/images/tar.ts";
import { packTar, packTarGzip, tarDirectory, tarFile } from "../../runtime/images/tar.ts";
import { packXz } from "../../runtime/images/xz.ts";
import type { Release } from "./catalog.ts";

/** What is asked for: one asset of one version of a release of the catalogue. */
export interface AssetRequest {
  version: string;
  release: Release;
  /** The asset's file name. */
  asset: string;
  /** Day of the release in milliseconds, the time stamp of the files inside. */
  mtime: number;
}

const binary = (request: AssetRequest, program: string, facts: Readonly<Record<string, string>> = {}): Uint8Array =>
  executableBytes({ program, version: request.version, facts });

/** The runtime specification that a minor version of runc implements. */
const runcSpec = (version: string): string =>
  version.startsWith("1.1.") ? "1.0.2-dev" : version.startsWith("1.2.") ? "1.2.0" : "1.3.0";

/** Content of an asset by the release's id in the catalogue; releases without an entry are served by other hosts. */
export const assetBuilders: Readonly<Record<string, (request: AssetRequest) => Uint8Array>> = {
  containerd(request) {
    const facts = { commit: request.release.commits[request.version] ?? "" };
    const names = [
      "containerd",
      "containerd-shim",
      "containerd-shim-runc-v1",
      "containerd-shim-runc-v2",
      "containerd-stress",
      "ctr",
    ];
    const two = request.version.startsWith("2.");
    const kept = two ? names.filter((name) => name !== "containerd-shim" && name !== "containerd-shim-runc-v1") : names;
    return packTarGzip([
      tarDirectory("bin", 0o755, request.mtime),
      ...kept.map((name) => program(request, `bin/${name}`, name, facts)),
    ]);
  },
  runc: (request) =>
    binary(request, "runc", {
      commit: request.release.commits[request.version] ?? `v${request.version}`,
      spec: runcSpec(request.version),
      libseccomp: request.version.startsWith("1.1.") ? "2.5.4" : "2.6.0",
    }),
  "cni-plugins"(request) {
    return packTarGzip([
      tarDirectory(".", 0o755, request.mtime),
      ...cniPlugins.map((name) => program(request, `./${name}`, name, { cni: "plugin" })),
    ]);
  },
  "spin-shim"(request) {
    const facts = { spin: request.release.spin[request.version] ?? "", engine: "wasmtime" };
    return packTarGzip([program(request, "containerd-shim-spin-v2", "containerd-shim-spin-v2", facts)]);
  },
  spin: (request) =>
    packTarGzip([
      tarFile(
        "README.md",
        "# Spin\n\nA framework for building and running event-driven WebAssembly applications.\n",
        0o644,
        request.mtime,
      ),
      tarFile("LICENSE", "Apache License 2.0 with LLVM exception\n", 0o644, request.mtime),
      program(request, "spin", "spin"),
    ]),
  wasmtime(request) {
    const folder = request.asset.replace(/\.tar\.xz$/, "");
    const license = "Apache License 2.0 with LLVM exception\n";
    if (folder.endsWith("-c-api")) {
      const headers = ["wasi.h", "wasm.h", "wasmtime.h"].map((name) =>
        tarFile(`${folder}/include/${name}`, `/* ${name} of Wasmtime ${request.version} */\n`, 0o644, request.mtime),
      );
      const library = tarFile(`${folder}/lib/libwasmtime.so`, binary(request, "libwasmtime.so"), 0o644, request.mtime);
      return packXz(packTar([tarFile(`${folder}/LICENSE`, license, 0o644, request.mtime), ...headers, library]));
    }
    return packXz(
      packTar([
        tarDirectory(folder, 0o755, request.mtime),
        tarFile(`${folder}/LICENSE`, license, 0o644, request.mtime),
        tarFile(`${folder}/README.md`, "# wasmtime\n\nA runtime for WebAssembly.\n", 0o644, request.mtime),
        program(request, `${folder}/wasmtime`, "wasmtime"),
      ]),
    );
  },
  "cri-tools": (request) => packTarGzip([program(request, "crictl", "crictl")]),
};

function program(
  request: AssetRequest,
  path: string,
  name: string,
  facts: Readonly<Record<string, string>> = {},
): TarEntry {
  return tarFile(path, binary(request, name, facts), 0o755, request.mtime);
}
