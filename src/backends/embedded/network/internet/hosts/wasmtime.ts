import type { Catalog } from "../catalog.ts";
import { file, headOf, notFound } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import { newestVersion } from "./github.ts";

/** Wasmtime's install script; the archives are on github.com. */
export function wasmtimeHosts(catalog: Catalog, date: string): InternetHost[] {
  const release = catalog.releases["wasmtime"];
  const newest = release ? (newestVersion(release, date) ?? "") : "";
  return [
    {
      names: ["wasmtime.dev"],
      handle: ({ target, method }) => {
        const isScript = target.replace(/\?.*/, "") === "/install.sh";
        const response = isScript ? file(installer(newest), "application/x-sh") : notFound();
        return Promise.resolve(method === "HEAD" ? headOf(response) : response);
      },
    },
  ];
}

/** An installer with the option of Wasmtime's own. */
const installer = (newest: string): string => `#!/usr/bin/env bash
set -e

version="v${newest}"
while [ $# -gt 0 ]; do
    case "$1" in
    --version)
        version="$2"
        shift
        ;;
    -h | --help)
        echo "usage: install.sh [--version VERSION]"
        exit 0
        ;;
    *)
        echo "error: unrecognized option: $1" >&2
        exit 1
        ;;
    esac
    shift
done

home="\${WASMTIME_HOME:-$HOME/.wasmtime}"
name="wasmtime-$version-$(uname -m)-linux"
folder="$(mktemp -d)"
address="https://github.com/bytecodealliance/wasmtime/releases/download/$version/$name.tar.xz"
echo "  Installing latest version of Wasmtime ($version)"
if ! curl --progress-bar --show-error --location --fail "$address" --output "$folder/$name.tar.xz"; then
    echo "error: could not download Wasmtime $version: $address" >&2
    exit 1
fi
mkdir -p "$home/bin"
tar -xJf "$folder/$name.tar.xz" -C "$folder"
cp "$folder/$name/wasmtime" "$home/bin/"
rm -rf "$folder"
for file in "$HOME/.bashrc" "$HOME/.profile"; do
    if [ -f "$file" ] && ! grep -q WASMTIME_HOME "$file"; then
        echo "export WASMTIME_HOME=\\"$home\\"" >>"$file"
        echo 'export PATH="$WASMTIME_HOME/bin:$PATH"' >>"$file"
    fi
done
echo "    Finished installation. Open a new terminal to start using Wasmtime!"
`;
