import { homedir } from "node:os";
import { relative, resolve } from "node:path";
import type { Settings } from "./settings.ts";

/** Whether the client may see a file of this computer: a strict snap sees $HOME only, without its hidden folders. */
export function readable(path: string, { snap }: Pick<Settings, "snap">): boolean {
  return !snap || /^[^./]/.test(relative(homedir(), resolve(path)));
}
