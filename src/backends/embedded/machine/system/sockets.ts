import { dirname } from "../files/paths.ts";
import type { FileView } from "../files/file-system.ts";
import type { SocketTable } from "../machine.ts";

/** Unix sockets of one machine: a service is reachable while its daemon holds it and its file is there. */
export function createSockets(files: FileView): SocketTable & { clear(): void } {
  const services = new Map<number, object>();
  const inodeAt = (path: string): number | undefined => {
    if (!files.exists(path)) return undefined;
    const stat = files.stat(path);
    return stat.type === "socket" ? stat.inode : undefined;
  };
  return {
    provide(path, service) {
      files.makeDirectories(dirname(path));
      const real = `${files.realPath(dirname(path))}/${path.slice(path.lastIndexOf("/") + 1)}`;
      files.files.makeSocket(real, files.who, 0o660);
      const inode = inodeAt(real);
      if (inode !== undefined) services.set(inode, service);
      return () => {
        if (inode === undefined) return;
        services.delete(inode);
        if (inodeAt(real) === inode) files.unlink(real);
      };
    },
    connect(path) {
      const inode = inodeAt(path);
      return inode === undefined ? undefined : services.get(inode);
    },
    clear: () => services.clear(),
  };
}
