import type { Lab, RunResult } from "../internet/lab.ts";

const config = "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: /var/lib/registry\nhttp:\n  addr: :5000\n";

/** Starts the registry daemon of the lab's machine on port 5000. */
export async function startRegistry(lab: Lab): Promise<{ stop: () => Promise<RunResult> }> {
  const files = lab.machine.rootFiles;
  files.makeDirectories("/etc/docker/registry");
  files.write("/etc/docker/registry/config.yml", config);
  const abort = new AbortController();
  const listening = new Promise<void>((resolve) => {
    const stop = lab.network.onChange(() => {
      stop();
      resolve();
    });
  });
  const daemon = lab.run(["docker-registry", "serve", "/etc/docker/registry/config.yml"], { signal: abort.signal });
  await listening;
  return {
    stop: () => {
      abort.abort();
      return daemon;
    },
  };
}
