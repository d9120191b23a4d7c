import type { Catalog } from "../catalog.ts";
import { answer, notFound } from "../http.ts";
import type { InternetHost } from "../internet.ts";
import { packTarGzip, tarDirectory, tarFile } from "../../../runtime/images/tar.ts";
import { releaseHosts } from "./releases-on-github.ts";

/** crun's source: release tarballs, and the tree that `git clone` gets. */
export function crunHosts(catalog: Catalog, date: string): InternetHost[] {
  const release = catalog.releases["crun"];
  const versions = Object.entries(release?.versions ?? {}).filter(([, day]) => day <= date);
  const assets = versions.map(([version, day]) => ({
    repository: "containers/crun",
    tag: version,
    name: `crun-${version}.tar.gz`,
    content: () => sourceTarball(version, Date.parse(day)),
  }));
  const newest = versions.toSorted(([, one], [, other]) => (one < other ? -1 : 1)).at(-1);
  return [
    ...releaseHosts(assets),
    {
      names: ["github.com"],
      handle: ({ target }) => {
        // Simplified: git's own protocol is replaced by one archive of the wanted tag.
        const wanted = /^\/containers\/crun\/lab-tree\/([\w.-]+)$/.exec(target)?.[1];
        const found =
          wanted === "HEAD" || wanted === "main" ? newest : versions.find(([version]) => version === wanted);
        return Promise.resolve(found ? answer(200, sourceTarball(found[0], Date.parse(found[1]))) : notFound());
      },
    },
  ];
}

/** Simplified: the tree holds what a build touches, not crun's C sources. */
function sourceTarball(version: string, mtime: number): Uint8Array {
  const top = `crun-${version}`;
  const text = (path: string, content: string, mode = 0o644) => tarFile(`${top}/${path}`, content, mode, mtime);
  return packTarGzip([
    tarDirectory(top, 0o755, mtime),
    text("autogen.sh", autogen, 0o755),
    text("configure.ac", configureAc(version)),
    text("Makefile.am", "bin_PROGRAMS = crun\ncrun_SOURCES = src/crun.c src/run.c\n"),
    text("README.md", "# crun\n\nA fast OCI container runtime written in C.\n"),
    text("COPYING", "GNU General Public License, version 2 or later\n"),
    tarDirectory(`${top}/src`, 0o755, mtime),
    tarDirectory(`${top}/src/libcrun`, 0o755, mtime),
    tarDirectory(`${top}/src/libcrun/handlers`, 0o755, mtime),
    ...["src/crun.c", "src/run.c", "src/libcrun/container.c", "src/libcrun/handlers/wasmedge.c"].map((path) =>
      text(path, `/* ${path} of crun ${version}: the lab compiles no C. */\n`),
    ),
  ]);
}

const autogen = `#!/bin/sh -e
# Generates configure and what it needs from configure.ac.
cd "$(dirname "$0")"
mkdir -p m4
if ! command -v autoreconf >/dev/null 2>&1; then
    echo "$0: autoreconf: not found (package autoconf)" >&2
    exit 127
fi
exec autoreconf -fi
`;

const configureAc = (version: string): string => `AC_PREREQ([2.69])
AC_INIT([crun], [${version}], [giuseppe@scrivano.org])
AC_CONFIG_SRCDIR([src/crun.c])
AC_CONFIG_AUX_DIR([build-aux])
AC_CONFIG_MACRO_DIR([m4])
AM_INIT_AUTOMAKE([1.11.2 subdir-objects tar-ustar foreign])
LT_INIT([disable-shared])
AC_PROG_CC
AM_PATH_PYTHON([3])
PKG_PROG_PKG_CONFIG
AC_ARG_WITH([wasmedge], AS_HELP_STRING([--with-wasmedge], [build with WasmEdge support]))
AC_CONFIG_FILES([Makefile rpm/crun.spec])
AC_OUTPUT
`;
