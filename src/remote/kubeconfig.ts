import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { LabError } from "../domain/errors.ts";
import type { Machine } from "../domain/machine.ts";
import { writePrivateFile } from "./private-file.ts";

const adminConfig = "/etc/kubernetes/admin.conf";

/**
 * Brings the administrator's kubeconfig of `master` to `path` (0600), with the address at which this computer reaches
 * the API. Undefined, and no file at `path`, where there is no cluster. `clusterId` is another one after
 * `kubeadm reset` and `init`. Rejects as the machine does.
 */
export async function fetchKubeconfig(master: Machine, path: string): Promise<{ clusterId: string } | undefined> {
  let config: string;
  try {
    config = new TextDecoder().decode(await master.readFile(adminConfig));
  } catch (error) {
    if (!(error instanceof LabError && error.code === "file-not-found")) throw error;
    rmSync(path, { force: true });
    return undefined;
  }
  const text = withAddress(config, await master.address());
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writePrivateFile(path, text);
  const authority = /certificate-authority-data:\s*(\S+)/.exec(config)?.[1] ?? config;
  return { clusterId: createHash("sha256").update(authority).digest("hex").slice(0, 16) };
}

/** The kubeconfig with another address of the API; its certificate is still asked for the name it was made for. */
export function withAddress(config: string, address: string): string {
  return config.replace(
    /^([ \t]*)server:[ \t]*["']?https:\/\/(\[[^\]]+\]|[^\s:/"']+)(?::(\d+))?[^\n]*$/gm,
    (_line, indent: string, host: string, port = "443") => {
      const server = `${indent}server: https://${address}:${port}`;
      return host === address ? server : `${server}\n${indent}tls-server-name: ${host.replaceAll(/[[\]]/g, "")}`;
    },
  );
}
