import { sep } from "node:path";
import type { MachineRecipe } from "../../domain/recipe.ts";
import type { Texts } from "../../texts/en.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { Host } from "./host.ts";
import { allRoles, type MultipassSeen } from "./multipass.ts";

type Words = Texts["doctor"];

const backends = ["multipass"] as const;
const needsOther = true;
const gibibyte = 1024 ** 3;

/** Memory that the computer itself keeps, in MiB. */
const spareMiB = 1024;

/** Where Multipass keeps its machines, by platform. */
const vaults: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "/var/snap/multipass/common/data/multipassd",
  darwin: "/var/root/Library/Application Support/multipassd",
  win32: "C:\\ProgramData\\Multipass",
};

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Is there enough for the machines still to be made, of a kind that everything was built for? */
export function lookAtResources(host: Host, recipe: MachineRecipe, seen: MultipassSeen, words: Words): Finding[] {
  const sizes = allRoles.filter((role) => !seen.machines.includes(role)).map((role) => recipe.size(role));
  if (sizes.length === 0) return [ok("machine-sizes", words.allMade, { backends }), ...confinement(host, seen, words)];
  const memoryMiB = sizes.reduce((sum, size) => sum + size.memoryMiB, 0);
  const diskGiB = sizes.reduce((sum, size) => sum + size.diskGiB, 0);
  const cpus = Math.max(...sizes.map((size) => size.cpus));
  return [
    architecture(host, recipe, words),
    memory(host, memoryMiB, words),
    disk(host, diskGiB, words),
    ...confinement(host, seen, words),
    ok("machine-sizes", words.sizes(sizes.length, cpus, recipe.release), { backends }),
  ];
}

function architecture({ arch }: Host, recipe: MachineRecipe, words: Words): Finding {
  const name = architectures[arch] ?? arch;
  return recipe.architectures.includes(name)
    ? ok("architecture", name === "arm64" ? words.arm : name, { backends })
    : found("fail", "architecture", words.architecture(name, recipe.architectures.join(", ")), {
        backends,
        needsOther,
      });
}

const inGiB = (mebibytes: number): string => (mebibytes / 1024).toFixed(1);

function memory(host: Host, neededMiB: number, words: Words): Finding {
  const { totalMiB, freeMiB } = host.memory();
  const needed = inGiB(neededMiB);
  if (totalMiB < neededMiB + spareMiB) {
    return found("fail", "memory", words.littleMemory(inGiB(totalMiB), needed), { backends, needsOther });
  }
  if (freeMiB !== undefined && freeMiB < neededMiB) {
    return found("fail", "memory", words.usedMemory(inGiB(freeMiB), needed), { backends });
  }
  return ok("memory", words.memory(inGiB(freeMiB ?? totalMiB), needed), { backends });
}

function disk(host: Host, neededGiB: number, words: Words): Finding {
  const bytes = host.freeBytes(vaults[host.platform] ?? host.homeFolder);
  if (bytes === undefined) return found("unknown", "disk", words.unknownDisk(neededGiB), { backends });
  const free = Math.floor(bytes / gibibyte);
  return free < neededGiB
    ? found("fail", "disk", words.littleDisk(free, neededGiB), { backends })
    : ok("disk", words.disk(free, neededGiB), { backends });
}

/** A snap sees the home folder, without what begins with a dot in it, and only homes below /home. */
function confinement(host: Host, { confined }: MultipassSeen, words: Words): Finding[] {
  if (!confined) return [];
  const { folder, homeFolder } = host;
  if (!homeFolder.startsWith("/home/") && homeFolder !== "/root") {
    return [found("warn", "snap-home", words.snapHome(homeFolder), { backends })];
  }
  const inside = folder === homeFolder || folder.startsWith(`${homeFolder}${sep}`);
  const hidden = folder.slice(homeFolder.length + 1).startsWith(".");
  return inside && !hidden ? [] : [ok("snap-folder", words.snapFolder(folder), { backends })];
}
