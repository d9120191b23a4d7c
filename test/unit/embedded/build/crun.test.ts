import { expect, test } from "vitest";
import { parseExecutable } from "../../../../src/backends/embedded/machine/executable.ts";
import { createBuildLab } from "./lab.ts";
import type { BuildLab } from "./lab.ts";

const libraries = {
  yajl: "/usr/include/yajl/yajl_tree.h",
  seccomp: "/usr/include/seccomp.h",
  cap: "/usr/include/sys/capability.h",
  systemd: "/usr/include/systemd/sd-bus.h",
} as const;

const tools = {
  gcc: "9.4.0-1ubuntu1~20.04.2",
  make: "4.2.1-1.2",
  autoreconf: "2.69",
  autoconf: "2.69",
  aclocal: "1.16.1",
  automake: "1.16.1",
  libtoolize: "2.4.6",
  "pkg-config": "1.6.3",
  "go-md2man": "1.0.10",
} as const;

/** A machine with everything that crun's build needs, except what is named. */
function workshop(without: readonly string[] = []): BuildLab {
  const lab = createBuildLab();
  for (const [name, version] of Object.entries(tools)) {
    if (!without.includes(name)) lab.provide([`/usr/bin/${name}`, name, version]);
  }
  for (const [name, header] of Object.entries(libraries)) {
    if (without.includes(name)) continue;
    lab.machine.rootFiles.makeDirectories(header.slice(0, header.lastIndexOf("/")));
    lab.machine.rootFiles.write(header, "/* header */\n");
  }
  return lab;
}

const fetchSource =
  "cd && wget -q https://github.com/containers/crun/releases/download/1.8.4/crun-1.8.4.tar.gz && tar -xzf crun-1.8.4.tar.gz && cd crun-1.8.4";
const installWasmEdge =
  "cd && wget -q https://raw.githubusercontent.com/WasmEdge/WasmEdge/master/utils/install.sh -O w.sh && chmod a+x w.sh && sudo ./w.sh --path=/usr/local --version=0.12.1";

test("WasmEdge's installer leaves the command, the library and the headers", async () => {
  const lab = workshop();
  const result = await lab.sh(installWasmEdge);
  expect(result.stdout).toContain("WasmEdge Successfully installed");
  expect(result.exitCode).toBe(0);
  expect((await lab.sh("wasmedge --version")).stdout).toBe("wasmedge version 0.12.1\n");
  expect((await lab.sh("readlink -f /usr/local/lib/libwasmedge.so")).stdout).toBe(
    "/usr/local/lib/libwasmedge.so.0.0.2\n",
  );
  expect((await lab.sh("test -f /usr/local/include/wasmedge/wasmedge.h")).exitCode).toBe(0);
  expect((await lab.sh("ldconfig -p | grep libwasmedge.so.0")).stdout).toContain("=> /usr/local/lib/libwasmedge.so.0");
  expect(
    (await lab.sh("ldd --version || true; sudo rm /usr/local/lib/libwasmedge.so*; wasmedge --version")).stderr,
  ).toContain("error while loading shared libraries: libwasmedge.so.0");
});

test("the installer of today refuses the version that the thesis uses, and any refuses one that never was", async () => {
  const today = createBuildLab({ profile: "current" });
  const refused = await today.sh(installWasmEdge);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain("Version not supported. Min Version: 0.13.0");
  const lab = createBuildLab();
  expect((await lab.sh(installWasmEdge.replace("0.12.1", "0.12.9"))).exitCode).toBe(1);
  expect((await lab.sh("test -e /usr/local/bin/wasmedge")).exitCode).toBe(1);
});

test("without root the installer goes below the home folder", async () => {
  const lab = createBuildLab();
  const result = await lab.sh(
    "cd && curl -sSf https://raw.githubusercontent.com/WasmEdge/WasmEdge/master/utils/install.sh | bash -s -- -v 0.12.1",
  );
  expect(result.exitCode).toBe(0);
  expect((await lab.sh(". ~/.wasmedge/env && wasmedge --version")).stdout).toBe("wasmedge version 0.12.1\n");
});

test("crun is built with WasmEdge from source", async () => {
  const lab = workshop();
  await lab.sh(installWasmEdge);
  const result = await lab.sh(
    `set -e; ${fetchSource}; ./autogen.sh; ./configure --with-wasmedge; make; sudo make install`,
  );
  expect(result.stderr).toBe("");
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toContain("checking for wasmedge/wasmedge.h... yes");
  expect(result.stdout).toContain("libcrun_la-wasmedge.lo");
  expect(parseExecutable(lab.machine.rootFiles.readBytes("/usr/local/bin/crun"))).toEqual({
    program: "crun",
    version: "1.8.4",
    facts: { wasm: "wasmedge" },
  });
});

test("without the option crun has no Wasm", async () => {
  const lab = workshop();
  await lab.sh(`${fetchSource} && ./autogen.sh && ./configure && make && sudo make install`);
  expect(parseExecutable(lab.machine.rootFiles.readBytes("/usr/local/bin/crun"))?.facts).toEqual({});
});

test.each([
  ["autoreconf", "./autogen.sh", "autoreconf: not found", 127],
  ["aclocal", "./autogen.sh", 'Can\'t exec "aclocal"', 1],
  ["libtoolize", "./autogen.sh", "possibly undefined macro: LT_INIT", 1],
  ["gcc", "./autogen.sh >/dev/null && ./configure", "configure: error: no acceptable C compiler found in $PATH", 1],
  ["pkg-config", "./autogen.sh >/dev/null && ./configure", "pkg-config is missing", 1],
  ["yajl", "./autogen.sh >/dev/null && ./configure", "No package 'yajl' found", 1],
  ["seccomp", "./autogen.sh >/dev/null && ./configure", "*** libseccomp headers not found", 1],
  ["cap", "./autogen.sh >/dev/null && ./configure", "*** POSIX caps headers not found", 1],
  ["systemd", "./autogen.sh >/dev/null && ./configure", "*** libsystemd headers not found", 1],
  ["WasmEdge", "./autogen.sh >/dev/null && ./configure --with-wasmedge", "*** Missing wasmedge headers", 1],
])("without %s the build stops where the real one does", async (missing, command, words, exitCode) => {
  const lab = workshop([missing]);
  const result = await lab.sh(`${fetchSource} && ${command}`);
  expect(result.stderr).toContain(words);
  expect(result.exitCode).toBe(exitCode);
  expect((await lab.sh(`cd ~/crun-1.8.4 && make`)).stderr).toContain("no makefile found");
});

test("make install needs root", async () => {
  const lab = workshop();
  const result = await lab.sh(`${fetchSource} && ./autogen.sh && ./configure && make && make install`);
  expect(result.exitCode).toBe(2);
  expect(result.stderr).toContain("cannot create regular file '/usr/local/bin/crun': Permission denied");
});

test("git clones crun's source", async () => {
  const lab = workshop();
  lab.provide(["/usr/bin/git", "git", "1:2.25.1-1ubuntu3.11"]);
  expect((await lab.sh("git --version")).stdout).toBe("git version 2.25.1\n");
  expect(
    (await lab.sh("cd && git clone -b 1.8.4 https://github.com/containers/crun && ls crun/autogen.sh")).stdout,
  ).toBe("crun/autogen.sh\n");
  expect((await lab.sh("git clone https://github.com/nobody/nothing")).stderr).toContain("not found");
});

test("other Makefiles run their recipes", async () => {
  const lab = workshop();
  const result = await lab.sh(
    `cd && printf 'NAME ?= lab\\nall: greet\\n\\t@echo done\\ngreet:\\n\\techo hello $(NAME)\\nbad:\\n\\tfalse\\n' > Makefile && make && make NAME=you greet && make bad`,
  );
  expect(result.stdout).toBe("echo hello lab\nhello lab\ndone\necho hello you\nhello you\nfalse\n");
  expect(result.stderr).toBe("make: *** [Makefile: bad] Error 1\n");
  expect(result.exitCode).toBe(2);
});

test("the packages of the distribution are all that the build needs", async () => {
  const lab = createBuildLab();
  const packages =
    "make git gcc build-essential pkgconf libtool libsystemd-dev libprotobuf-c-dev libcap-dev libseccomp-dev libyajl-dev go-md2man autoconf python3 automake";
  const installed = await lab.sh(`sudo apt-get update -qq && sudo apt-get install -y ${packages}`);
  expect(installed.exitCode).toBe(0);
  await lab.sh(installWasmEdge);
  const result = await lab.sh(
    `set -e; ${fetchSource}; ./autogen.sh; ./configure --with-wasmedge; make; sudo make install; gcc --version; git --version`,
  );
  expect(result.stderr).toBe("");
  expect(result.exitCode).toBe(0);
  expect(result.stdout).toContain("git version 2.25.1");
  expect(parseExecutable(lab.machine.rootFiles.readBytes("/usr/local/bin/crun"))?.facts).toEqual({ wasm: "wasmedge" });
  await lab.sh("sudo apt-get remove -y libyajl-dev");
  const again = await lab.sh("cd ~/crun-1.8.4 && ./configure");
  expect(again.stderr).toContain("No package 'yajl' found");
});
