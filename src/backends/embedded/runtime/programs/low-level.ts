import type { Program } from "../../machine/process.ts";
import { hasLibrary } from "../containers/crun.ts";

/** crun on the command line: its version and what it can do. Containers are run by the high-level runtimes. */
export const crun: Program = async (process) => {
  const { version, facts } = process.executable;
  const [option] = process.argv.slice(1);
  if (option === "--version" || option === "-V") {
    const wasm = facts?.["wasm"];
    const features = ["+SYSTEMD", "+SELINUX", "+APPARMOR", "+CAP", "+SECCOMP", "+EBPF"];
    const built = facts?.["features"]?.split(" ").filter(Boolean) ?? features;
    const handler = wasm ? [`+WASM:${wasm}`] : [];
    const commit = facts?.["commit"] ?? (version === "1.8.4" ? "5a8fa99a5e41facba2eda4af12fa26313918805b" : "unknown");
    await process.out(
      `crun version ${version}\ncommit: ${commit}\nrundir: /run/user/${process.credentials.uid}/crun\nspec: 1.0.0\n${[...built, ...handler, "+YAJL"].join(" ")}\n`,
    );
    return 0;
  }
  if (option === "features") {
    const canRun = facts?.["wasm"] !== undefined && hasLibrary(process.files, "libwasmedge.so.0");
    await process.out(
      `${JSON.stringify({ ociVersionMin: "1.0.0", ociVersionMax: "1.1.0-rc.1", annotations: { "run.oci.crun.version": version, "run.oci.crun.wasm": String(canRun) } }, null, 2)}\n`,
    );
    return 0;
  }
  if (option === "list") {
    await process.out("NAME PID       STATUS   BUNDLE PATH                            CREATED\n");
    return 0;
  }
  if (option === undefined || option === "--help") {
    const usage =
      "Usage: crun [OPTION...] COMMAND [OPTION...]\nTry `crun --help' or `crun --usage' for more information.\n";
    if (option === undefined) await process.err("crun: please specify a command\n");
    else await process.out(usage);
    return option === undefined ? 1 : 0;
  }
  await process.err(`unknown command ${option}\n`);
  return 1;
};

/** The container monitor; the runtimes here watch over their containers themselves. */
export const conmon: Program = async (process) => {
  if (process.argv.includes("--version")) {
    await process.out(`conmon version ${process.executable.version}\ncommit: unknown\n`);
    return 0;
  }
  await process.err("conmon: Container ID not provided. Use --cid\n");
  return 1;
};
