import type { Program } from "../../../process.ts";
import { hostTriple, rustReleases, targetsOf } from "./releases.ts";
import { compileFile } from "./single-file.ts";
import { activeToolchain, ToolchainError } from "./toolchains.ts";

/** The compiler: what it says about itself, and single files. */
export const rustc: Program = async (process) => {
  const [, ...args] = process.argv;
  const wanted = args[0]?.startsWith("+") ? args.shift()?.slice(1) : undefined;
  try {
    const toolchain = activeToolchain(process, wanted);
    const release = rustReleases[toolchain.version];
    if (args[0] === "--version" || args[0] === "-V") {
      await process.out(`rustc ${toolchain.version} (${release?.rustc ?? "unknown"})\n`);
      return 0;
    }
    if (args[0] === "-vV" || args[0] === "-Vv") {
      const [commit = "", day = ""] = (release?.rustc ?? "").split(" ");
      await process.out(
        `rustc ${toolchain.version} (${release?.rustc ?? ""})\nbinary: rustc\ncommit-hash: ${commit}\ncommit-date: ${day}\nhost: ${hostTriple}\nrelease: ${toolchain.version}\n`,
      );
      return 0;
    }
    const print = /^--print(?:=(.*))?$/.exec(args[0] ?? "");
    const what = print ? (print[1] ?? args[1]) : undefined;
    if (what === "target-list") {
      await process.out(`${targetsOf(toolchain.version).join("\n")}\n`);
      return 0;
    }
    if (what === "sysroot") {
      await process.out(`${toolchain.root}\n`);
      return 0;
    }
    if (args.length === 0 || args[0] === "--help" || args[0] === "-h") {
      await process.out(
        "Usage: rustc [OPTIONS] INPUT\n\nOptions:\n    -V, --version       Print version info and exit\n        --print [sysroot|target-list]\n",
      );
      return 0;
    }
    return await compileFile(process, toolchain, args);
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    await process.err(error.message);
    return 1;
  }
};
