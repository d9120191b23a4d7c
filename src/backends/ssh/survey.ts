import { exitCodes, LabError } from "../../domain/errors.ts";
import type { MachineRecipe } from "../../domain/recipe.ts";
import { runRemote } from "../../remote/run-remote.ts";
import type { SshConnection } from "./connection.ts";

/** What a machine says about itself. */
export interface Facts {
  user: string;
  /** Distribution and version, as in /etc/os-release. */
  system: string;
  version: string;
  /** As dpkg names it. */
  architecture: string;
  /** What sudo says when it does not let the user be root without a password; empty when it does. */
  sudo: string;
  /** The address that ssh arrives at, on the machine's own interface. */
  address: string;
  /** The same for every way to the same machine. */
  identity: string;
}

const script = `
field() { printf '%s\\t%s\\n' "$1" "$2"; }
field user "$(id -un)"
( . /etc/os-release 2>/dev/null; field system "\${ID-}"; field version "\${VERSION_ID-}" )
field architecture "$(dpkg --print-architecture 2>/dev/null || uname -m)"
if [ "$(id -u)" -ne 0 ]; then field sudo "$(sudo -n true 2>&1 | head -n 1)"; fi
set -- $SSH_CONNECTION
field arrived "\${3-}"
field addresses "$(hostname -I 2>/dev/null)"
field boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
`;

/** Asks a machine what it is. Rejects with what keeps ssh from it. */
export async function survey(connection: SshConnection): Promise<Facts> {
  const { stdout } = await runRemote(connection.transport("login"), ["bash", "-c", script]);
  const fields = new Map(
    new TextDecoder()
      .decode(stdout)
      .split("\n")
      .map((line): [string, string] => {
        const [name = "", value = ""] = line.split("\t");
        return [name, value.trim()];
      }),
  );
  const field = (name: string): string => fields.get(name) ?? "";
  const addresses = field("addresses").split(/\s+/).filter(isIpv4);
  const arrived = field("arrived");
  return {
    user: field("user"),
    system: field("system"),
    version: field("version"),
    architecture: field("architecture"),
    sudo: field("sudo"),
    address: isIpv4(arrived) && !arrived.startsWith("127.") ? arrived : (addresses[0] ?? ""),
    identity: `${field("boot")} ${addresses.toSorted().join(" ")}`,
  };
}

const isIpv4 = (text: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text);

/** Throws where a machine cannot become one of the lab; what is only untried is told by `onNotice`. */
export function expectSuitable(
  name: string,
  facts: Facts,
  recipe: MachineRecipe,
  onNotice: (text: string) => void,
): void {
  const { system, version, architecture, sudo, user, address } = facts;
  if (system !== "ubuntu") {
    throw new LabError(
      "machine-unsupported",
      `${name}: must be an Ubuntu, got ${`${system} ${version}`.trim() || "nothing known"}`,
      {
        remedy: `Install Ubuntu ${recipe.release} on it, or name another machine in the inventory.`,
        exitCode: exitCodes.environmentNeedsOther,
      },
    );
  }
  if (!recipe.architectures.includes(architecture)) {
    throw new LabError(
      "machine-architecture",
      `${name}: not everything of this profile is there for its processor, got ${architecture}`,
      { remedy: `Use a machine with ${recipe.architectures.join(" or ")}.`, exitCode: exitCodes.environmentNeedsOther },
    );
  }
  if (sudo !== "") {
    throw new LabError("machine-sudo", `${name}: ${user} may not use sudo without a password, got ${sudo}`, {
      remedy: `On ${name}: \`echo '${user} ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/90-wasm-k8s-lab\`.`,
      exitCode: exitCodes.environmentNeedsOther,
    });
  }
  if (address === "") {
    throw new LabError("machine-address", `${name}: it has no IPv4 address that others could reach it by`, {
      remedy: `Write one into the inventory: machines.${name}.address.`,
    });
  }
  if (version !== recipe.release) {
    onNotice(`${name}: runs Ubuntu ${version}; this profile is made for ${recipe.release}`);
  }
}
