import { executableBytes } from "../../../machine/executable.ts";
import type { TarEntry } from "../../../runtime/images/tar.ts";
import { tarDirectory, tarFile } from "../../../runtime/images/tar.ts";

const host = "x86_64-unknown-linux-gnu";

/** What the official Rust image adds to Debian: rustup's home with one toolchain, and cargo's proxies. */
export function rustToolchainEntries(version: string): TarEntry[] {
  const toolchain = `usr/local/rustup/toolchains/${version}-${host}`;
  const proxies = ["cargo", "rustc", "rustdoc", "rustup"];
  return [
    tarDirectory("usr/local"),
    tarDirectory("usr/local/cargo", 0o777),
    tarDirectory("usr/local/cargo/bin", 0o777),
    tarDirectory("usr/local/rustup", 0o777),
    ...proxies.map((name) => program(`usr/local/cargo/bin/${name}`, name, name === "rustup" ? "1.26.0" : version)),
    tarFile(
      "usr/local/rustup/settings.toml",
      `default_toolchain = "${version}-${host}"\nprofile = "minimal"\nversion = "12"\n\n[overrides]\n`,
    ),
    ...["cargo", "rustc", "rustdoc"].map((name) => program(`${toolchain}/bin/${name}`, name, version)),
    tarDirectory(`${toolchain}/lib/rustlib/${host}/lib`),
  ];
}

const program = (path: string, name: string, version: string): TarEntry =>
  tarFile(path, executableBytes({ program: name, version }), 0o755);
