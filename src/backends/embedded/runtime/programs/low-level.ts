import type { Program } from "../../machine/process.ts";

/** The container monitor; the runtimes here watch over their containers themselves. */
export const conmon: Program = async (process) => {
  if (process.argv.includes("--version")) {
    await process.out(`conmon version ${process.executable.version}\ncommit: unknown\n`);
    return 0;
  }
  await process.err("conmon: Container ID not provided. Use --cid\n");
  return 1;
};
