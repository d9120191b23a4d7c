import type { Catalog } from "../catalog.ts";
import { executableBytes } from "../../../machine/executable.ts";
import { packTarGzip, tarDirectory, tarFile, tarSymlink } from "../../../runtime/images/tar.ts";
import { file, headOf, notFound } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import { newestVersion } from "./github.ts";
import { releaseHosts } from "./releases-on-github.ts";

/** From this day on the installer refuses versions before 0.13.0; before, those before 0.10.0. */
const stricterSince = "2024-06-26";

/** WasmEdge's release archives and its install script. */
export function wasmedgeHosts(catalog: Catalog, date: string): InternetHost[] {
  const release = catalog.releases["wasmedge"];
  const versions = Object.entries(release?.versions ?? {}).filter(([, day]) => day <= date);
  const newest = release ? (newestVersion(release, date) ?? "") : "";
  const oldest = date < stricterSince ? "0.10.0" : "0.13.0";
  const branches = ["master", ...versions.map(([version]) => version)];
  return [
    ...releaseHosts(
      versions.flatMap(([version, day]) =>
        ["ubuntu20.04_x86_64", "manylinux2014_x86_64"].map((platform) => ({
          repository: "WasmEdge/WasmEdge",
          tag: version,
          name: `WasmEdge-${version}-${platform}.tar.gz`,
          content: () => archive(version, Date.parse(day)),
        })),
      ),
    ),
    {
      names: ["raw.githubusercontent.com"],
      handle: ({ target, method }) => {
        const branch = /^\/WasmEdge\/WasmEdge\/([\w.-]+)\/utils\/install(?:_v2)?\.sh$/.exec(
          target.replace(/\?.*/, ""),
        )?.[1];
        const known = branch !== undefined && branches.includes(branch);
        const response = known
          ? file(installer(newest, branch === "master" ? oldest : "0.10.0"), "text/plain; charset=utf-8")
          : notFound();
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
  ];
}

/** Version of the library's file name, which follows the ABI. */
function libraryVersion(version: string): string {
  const minor = Number(version.split(".")[1]);
  if (minor >= 14) return "0.1.0";
  return minor >= 13 ? "0.0.3" : "0.0.2";
}

function archive(version: string, mtime: number): Uint8Array {
  const top = `WasmEdge-${version}-Linux`;
  const binary = (path: string, program: string, mode: number) =>
    tarFile(`${top}/${path}`, executableBytes({ program, version }), mode, mtime);
  const header = (name: string) =>
    tarFile(`${top}/include/wasmedge/${name}`, `/* ${name} of WasmEdge ${version} */\n`, 0o644, mtime);
  const library = `libwasmedge.so.${libraryVersion(version)}`;
  return packTarGzip([
    tarDirectory(top, 0o755, mtime),
    tarDirectory(`${top}/bin`, 0o755, mtime),
    binary("bin/wasmedge", "wasmedge", 0o755),
    binary("bin/wasmedgec", "wasmedgec", 0o755),
    tarDirectory(`${top}/include`, 0o755, mtime),
    tarDirectory(`${top}/include/wasmedge`, 0o755, mtime),
    ...["enum.inc", "enum_configure.h", "enum_errcode.h", "enum_types.h", "int128.h", "version.h", "wasmedge.h"].map(
      header,
    ),
    tarDirectory(`${top}/lib`, 0o755, mtime),
    binary(`lib/${library}`, "libwasmedge.so", 0o644),
    tarSymlink(`${top}/lib/libwasmedge.so.${library.split(".")[2] ?? "0"}`, library, mtime),
    tarSymlink(`${top}/lib/libwasmedge.so`, `libwasmedge.so.${library.split(".")[2] ?? "0"}`, mtime),
  ]);
}

/** An installer with the options of WasmEdge's own: -p/--path, -v/--version, with `=` or as a word of its own. */
const installer = (newest: string, oldest: string): string => `#!/usr/bin/env bash
set -e

path="$HOME/.wasmedge"
version="${newest}"
oldest="${oldest}"

usage() {
    cat <<TEXT
usage: install.sh [-h] [-p PATH] [-v VERSION]

  -h, --help               show this help and exit
  -p PATH, --path PATH     where to install [$path]
  -v VERSION, --version VERSION
                           version to install [$version]
TEXT
}

fail() {
    echo "$1" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case "$1" in
    -h | --help)
        usage
        exit 0
        ;;
    -p | --path)
        path="$2"
        shift
        ;;
    --path=*) path="\${1#*=}" ;;
    -v | --version)
        version="$2"
        shift
        ;;
    --version=*) version="\${1#*=}" ;;
    -V | --verbose | -D | --debug) ;;
    -e | --extension | --plugins) shift ;;
    *) fail "install.sh: error: unrecognized arguments: $1" ;;
    esac
    shift
done

case "$(uname -s)-$(uname -m)" in
Linux-x86_64) platform="ubuntu20.04_x86_64" ;;
*) fail "Exception: Unsupported platform: $(uname -s) $(uname -m)" ;;
esac

command -v tar >/dev/null 2>&1 || fail "Please install tar"
lowest="$(printf '%s\\n%s\\n' "$oldest" "$version" | sort -V | head -n 1)"
[ "$lowest" = "$oldest" ] || fail "Exception: Version not supported. Min Version: $oldest"

echo "INFO    - Compatible with current configuration"
echo "INFO    - Running Uninstaller"
rm -f "$path/bin/wasmedge" "$path/bin/wasmedgec" "$path"/lib/libwasmedge.so*
rm -rf "$path/include/wasmedge"

folder="$(mktemp -d)"
archive="WasmEdge-$version-$platform.tar.gz"
address="https://github.com/WasmEdge/WasmEdge/releases/download/$version/$archive"
echo "INFO    - Downloading WasmEdge"
if command -v curl >/dev/null 2>&1; then
    curl -fsSL "$address" -o "$folder/$archive" || fail "Exception: Download error: $address"
elif command -v wget >/dev/null 2>&1; then
    wget -q "$address" -O "$folder/$archive" || fail "Exception: Download error: $address"
else
    fail "Please install curl or wget"
fi
echo "INFO    - Downloaded"
echo "INFO    - Installing WasmEdge"
tar -xzf "$folder/$archive" -C "$folder"
mkdir -p "$path/bin" "$path/lib" "$path/include" || fail "Exception: Permission denied: $path"
for part in bin lib include; do
    cp -a "$folder/WasmEdge-$version-Linux/$part/." "$path/$part/" || fail "Exception: Permission denied: $path/$part"
done
rm -rf "$folder"

case "$path" in
/usr | /usr/local)
    ldconfig || true
    echo "INFO    - WasmEdge Successfully installed"
    ;;
*)
    {
        echo "#!/bin/sh"
        echo "export PATH=\\"$path/bin:\\$PATH\\""
        echo "export LD_LIBRARY_PATH=\\"$path/lib:\\$LD_LIBRARY_PATH\\""
        echo "export LIBRARY_PATH=\\"$path/lib:\\$LIBRARY_PATH\\""
        echo "export C_INCLUDE_PATH=\\"$path/include:\\$C_INCLUDE_PATH\\""
    } >"$path/env"
    for file in "$HOME/.bashrc" "$HOME/.profile"; do
        if [ -f "$file" ] && ! grep -q "$path/env" "$file"; then
            echo ". \\"$path/env\\"" >>"$file"
        fi
    done
    echo "INFO    - WasmEdge Successfully installed"
    echo "INFO    - Run:"
    echo "source $HOME/.bashrc"
    ;;
esac
`;
