import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";

/** A port of a machine, and where it answers on this computer. */
export interface Door {
  address: string;
  port: number;
  to: { address: string; port: number };
}

/** Lets this computer reach machines by their own addresses; needs root, and does nothing without it. */
export function openDoors(folder: string): { lead(door: Door): void; close(): void } {
  const device = `wklm${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`;
  const servers = new Map<string, Server>();
  const ip = (...argv: string[]): void => void execFileSync("ip", argv, { stdio: "ignore" });
  const root = process.getuid?.() === 0 && process.platform === "linux";
  if (root) {
    ip("link", "add", device, "type", "bridge");
    ip("link", "set", device, "up");
  }
  return {
    lead({ address, port, to }) {
      const key = `${address}:${port}`;
      if (!root || servers.has(key)) return;
      if ([...servers.keys()].every((other) => !other.startsWith(`${address}:`))) {
        ip("address", "add", `${address}/32`, "dev", device);
      }
      const server = createServer((near) => {
        const far = connect(to.port, to.address);
        near.pipe(far).pipe(near);
        near.on("error", () => far.destroy());
        far.on("error", () => near.destroy());
      });
      server.on("error", () => servers.delete(key));
      server.listen(port, address);
      servers.set(key, server);
    },
    close() {
      for (const server of servers.values()) server.close();
      if (root) ip("link", "del", device);
    },
  };
}
