import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Settings } from "./settings.ts";

export interface Image {
  aliases: readonly string[];
  /** `24.04 LTS`; empty for an image of somebody else's. */
  release: string;
  /** `Ubuntu 24.04.3 LTS` */
  title: string;
  version: string;
  /** 64 hexadecimal digits. */
  hash: string;
  /** Least size of a disk. */
  bytes: number;
  supported: boolean;
}

const image = (aliases: string, release: string, title: string, version: string, supported = true): Image => ({
  aliases: aliases.split(" "),
  release,
  title,
  version,
  hash: createHash("sha256").update(aliases).digest("hex"),
  bytes: 3_758_096_384,
  supported,
});

export const images: readonly Image[] = [
  image("20.04 focal", "20.04 LTS", "Ubuntu 20.04.6 LTS", "20250624", false),
  image("22.04 jammy", "22.04 LTS", "Ubuntu 22.04.5 LTS", "20260515"),
  image("24.04 noble", "24.04 LTS", "Ubuntu 24.04.3 LTS", "20260518"),
  image("25.10 questing", "25.10", "Ubuntu 25.10", "20260518"),
  image("26.04 resolute lts ubuntu default", "26.04 LTS", "Ubuntu 26.04 LTS", "20260518"),
];

/** The image that `launch` was asked for, or the reason why there is none. */
export function findImage(wanted: string, settings: Settings): Image | string {
  if (wanted.startsWith("file://")) {
    if (!wanted.startsWith("file:///")) return `Invalid file URL \`${wanted}\`; did you forget a slash?`;
    const path = fileURLToPath(wanted);
    return existsSync(path) ? image(wanted, "", "", "") : `Custom image \`${path}\` does not exist.`;
  }
  if (/^https?:\/\//.test(wanted)) return image(wanted, "", "", "");
  const [remote = "", alias = ""] = wanted.includes(":") ? wanted.split(":") : ["", wanted];
  if (!["", "release", "daily"].includes(remote)) {
    return `Remote "${remote}" is unknown or unreachable. If image mirror is enabled, please confirm it is valid.`;
  }
  const found = images.find(({ aliases }) => aliases.includes(alias));
  if (found) return found;
  return settings.atLeast("1.12")
    ? `Unable to find an image matching "${alias}" in remote "${remote}".`
    : `'${alias}' is not a supported alias. Please use \`multipass find\` for supported image aliases.`;
}
