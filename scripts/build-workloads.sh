#!/bin/sh
# Builds the Wasm modules of labs/workloads and of the tests for real and writes the artefacts beside their sources.
# Needs root (debootstrap and chroot) and a Debian-like computer with debootstrap; the toolchain is Debian trixie's.
# Crates come from the Rust crate registry as the lock files name them; the build itself has no network.
set -eu

repository=$(cd "$(dirname "$0")/.." && pwd)
node="$repository/node_modules/.bin/node"
toolchain=${WORKLOADS_TOOLCHAIN:-/var/tmp/wasm-k8s-lab-trixie}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
packages="gcc libc6-dev rustc cargo libstd-rust-dev-wasm32 lld ca-certificates"

if [ ! -x "$toolchain/usr/bin/cargo" ]; then
  debootstrap --variant=minbase trixie "$toolchain" "$mirror"
  cp /etc/resolv.conf "$toolchain/etc/resolv.conf"
  chroot "$toolchain" apt-get update
  # shellcheck disable=SC2086 # a list
  chroot "$toolchain" apt-get install -y --no-install-recommends $packages
  # A network that re-signs HTTPS is trusted inside as it is outside.
  if [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$toolchain/etc/ssl/certs/ca-certificates.crt"
  fi
fi

# cargo NAME ARGUMENTS: runs cargo in the toolchain on /build/NAME.
in_toolchain() {
  name=$1
  shift
  chroot "$toolchain" env -i HOME=/root PATH=/usr/bin:/bin CARGO_HOME=/cargo SOURCE_DATE_EPOCH=0 \
    CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld CARGO_PROFILE_RELEASE_OPT_LEVEL=z CARGO_PROFILE_RELEASE_LTO=true \
    CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=true CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
    sh -c 'cd "/build/$1" && shift && exec cargo "$@"' sh "$name" "$@"
}

# build FOLDER: one package; one of several manifests for the same source lies in a folder beside src.
build() {
  home="$repository/$1"
  name=$(echo "$1" | tr / -)
  sources="$home/src"
  [ -d "$sources" ] || sources="$home/../src"
  rm -rf "${toolchain:?}/build/$name"
  mkdir -p "$toolchain/build/$name"
  cp -r "$home/Cargo.toml" "$home/Cargo.lock" "$sources" "$toolchain/build/$name/"
  "$node" "$repository/scripts/finish-workloads.ts" placeholder "$1" "$toolchain/build/$name/src"
  in_toolchain "$name" fetch --locked --target wasm32-wasip1
  in_toolchain "$name" build --offline --locked --release --target wasm32-wasip1
  "$node" "$repository/scripts/finish-workloads.ts" finish "$1" "$toolchain/build/$name/target/wasm32-wasip1/release" \
    "$(chroot "$toolchain" rustc --version)" "$(chroot "$toolchain" wasm-ld --version)"
  "$repository/node_modules/.bin/oxfmt" --no-error-on-unmatched-pattern "$home/artefact.json"
}

# Without arguments all packages, else those whose folders are named.
if [ $# -eq 0 ]; then
  set -- labs/workloads/http-server labs/workloads/echo-server labs/workloads/explorer \
    labs/workloads/spin-http-server/thesis labs/workloads/spin-http-server/current labs/workloads/spin-hello \
    test/fixtures/spin-probe/rc test/fixtures/spin-probe/final
fi
for folder in "$@"; do
  build "$folder"
done
