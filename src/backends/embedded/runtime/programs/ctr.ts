import type { Program } from "../../machine/process.ts";
import { ImageStore, storageRoots } from "../images/image-store.ts";

/** containerd's own client. Simplified: version, images and containers of the CRI's namespace. */
export const ctr: Program = async (process) => {
  const words = process.argv.slice(1).filter((word, index, all) => !word.startsWith("-") && all[index - 1] !== "-n");
  const { machine } = process;
  const path = "/run/containerd/containerd.sock";
  if (process.argv.includes("--version")) {
    await process.out(`ctr github.com/containerd/containerd v${process.executable.version}\n`);
    return 0;
  }
  if (!machine.sockets.connect(path)) {
    const reason = machine.rootFiles.exists(path) ? "connection refused" : "no such file or directory";
    await process.err(
      `ctr: failed to dial ${JSON.stringify(path)}: context deadline exceeded: connection error: desc = "transport: error while dialing: dial unix ${path}: connect: ${reason}"\n`,
    );
    return 1;
  }
  if (words[0] === "version") {
    const version = process.executable.version;
    await process.out(`Client:\n  Version:  v${version}\n\nServer:\n  Version:  v${version}\n`);
    return 0;
  }
  if (words[0] === "images" || words[0] === "image" || words[0] === "i") {
    const store = new ImageStore(machine, storageRoots.containerd);
    const names = store
      .list()
      .flatMap((image) => image.tags.map((tag) => `${tag} ${image.digests[0]?.split("@")[1] ?? ""}\n`));
    await process.out(`REF DIGEST\n${names.join("")}`);
    return 0;
  }
  await process.out("NAME:\n   ctr - a containerd CLI\n\nUSAGE:\n   ctr [global options] command [command options]\n");
  return 0;
};
