import type { Settings } from "../settings.ts";

/** How a command is to be started so that it runs inside a machine. */
export interface Inside {
  file: string;
  argv: string[];
  cwd?: string;
  env: Record<string, string>;
}

/** What stands in for the virtual machines. Every method may be called from several processes; all are idempotent. */
export interface Machines {
  /** They come as user-data would make them, which is not applied then. */
  prepared?: boolean;
  create(name: string): Promise<void>;
  start(name: string): Promise<void>;
  /** Ends every process inside. */
  stop(name: string): Promise<void>;
  remove(name: string): Promise<void>;
  removeAll(): Promise<void>;
  running(name: string): boolean;
  /** The address that the daemon reaches it by. */
  address(name: string): string;
  /** Gives it another address from its next start on. */
  moveAddress(name: string): void;
  /** IPv4 addresses that the machine itself knows, the first being `address`. */
  addresses(name: string): string[];
  /** A command line, for the user's shell as sshd starts it. */
  inside(name: string, command: string, user: "ubuntu" | "root"): Inside;
  /** Copies all files of a stopped machine to a folder, or back, or to another machine. */
  save(name: string, folder: string): Promise<void>;
  restore(name: string, folder: string): Promise<void>;
}

export async function openMachines(settings: Settings): Promise<Machines> {
  if (settings.guests === "bare") return (await import("./bare.ts")).openBare(settings);
  if (settings.guests === "modelled") return (await import("./modelled/modelled.ts")).openModelled(settings);
  return (await import("./namespaced.ts")).openNamespaced(settings);
}
