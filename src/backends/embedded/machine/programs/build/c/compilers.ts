import type { Program } from "../../../process.ts";
import { hasHeader } from "./search.ts";

/** The C compiler. Simplified: it names itself and checks its input; the lab compiles no C. */
export const gcc: Program = async (process) => {
  const [called = "gcc", ...args] = process.argv;
  const name = called.slice(called.lastIndexOf("/") + 1);
  if (args.includes("--version")) {
    await process.out(
      `${name} (Ubuntu ${process.executable.version}) ${process.executable.version.split("-")[0] ?? ""}\n`,
    );
    return 0;
  }
  const inputs = args.filter((argument) => !argument.startsWith("-"));
  if (inputs.length === 0) {
    await process.err(`${name}: fatal error: no input files\ncompilation terminated.\n`);
    return 1;
  }
  for (const input of inputs) {
    if (process.files.exists(process.resolve(input))) continue;
    await process.err(
      `${name}: error: ${input}: No such file or directory\n${name}: fatal error: no input files\ncompilation terminated.\n`,
    );
    return 1;
  }
  await process.err(`${name}: the lab compiles no C: only crun is built from source here, with its Makefile\n`);
  return 1;
};

const packages: Readonly<Record<string, { header: string; version: string }>> = {
  yajl: { header: "yajl/yajl_tree.h", version: "2.1.0" },
  libseccomp: { header: "seccomp.h", version: "2.5.1" },
  libcap: { header: "sys/capability.h", version: "2.32" },
  libsystemd: { header: "systemd/sd-bus.h", version: "245" },
};
const packageNames: Readonly<Record<string, string>> = {
  yajl: "libyajl-dev",
  libseccomp: "libseccomp-dev",
  libcap: "libcap-dev",
  libsystemd: "libsystemd-dev",
};

export const pkgConfig: Program = async (process) => {
  const args = process.argv.slice(1);
  if (args.includes("--version")) {
    await process.out(`${process.executable.version.replace(/-.*/, "")}\n`);
    return 0;
  }
  for (const name of args.filter((argument) => !argument.startsWith("-"))) {
    const known = packages[name];
    const installed =
      known &&
      (process.machine.packages.get(packageNames[name] ?? "") !== undefined || hasHeader(process, known.header));
    if (!installed) {
      if (!args.includes("--exists")) {
        await process.err(
          `Package ${name} was not found in the pkg-config search path.\nPerhaps you should add the directory containing \`${name}.pc'\nto the PKG_CONFIG_PATH environment variable\nNo package '${name}' found\n`,
        );
      }
      return 1;
    }
    if (args.includes("--modversion")) await process.out(`${known.version}\n`);
    if (args.includes("--libs")) await process.out(`-l${name.replace(/^lib/, "")}\n`);
  }
  return 0;
};

export const goMd2man: Program = async (process) => {
  if (process.argv.includes("-h") || process.argv.includes("--help"))
    await process.out("Usage of go-md2man:\n  -in string\n  -out string\n");
  return 0;
};
