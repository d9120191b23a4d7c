import type { Texts } from "../../texts/en.ts";
import { type Finding, found, ok } from "./finding.ts";
import type { Host } from "./host.ts";
import type { MultipassSeen } from "./multipass.ts";

type Words = Texts["doctor"];

const real = ["multipass", "ssh"] as const;
const backends = ["multipass"] as const;

/** Networks that a cluster of the course uses for itself. */
const labNetworks = [
  { network: "10.22.0.0/16", of: "pods" },
  { network: "10.244.0.0/16", of: "pods" },
  { network: "10.96.0.0/24", of: "services" },
] as const;

/** What stands between this computer and machines: VPNs, firewalls, clashing networks, proxies. */
export async function lookAtSurroundings(host: Host, seen: MultipassSeen, words: Words): Promise<Finding[]> {
  return [
    await vpn(host, words),
    ...(await docker(host, words)),
    ...ufw(host, words),
    subnets(host, words),
    ...apple(host, seen, words),
    ...windows(host, seen, words),
    ...proxy(host, words),
  ];
}

const tunnel =
  /^(?:tun|tap|utun|wg|ppp|ipsec|cscotun|gpd|nordlynx|proton|mullvad|tailscale|zt)[\w-]*$|vpn|anyconnect|wireguard|fortinet|globalprotect/i;

async function vpn(host: Host, words: Words): Promise<Finding> {
  const tunnels = [...new Set(host.interfaces().flatMap(({ name }) => (tunnel.test(name) ? [name] : [])))];
  const [through] = (await defaultRoutes(host)).filter((name) => tunnel.test(name));
  if (through !== undefined) return found("warn", "vpn", words.vpn(through), { backends: real });
  return ok("vpn", tunnels.length === 0 ? words.noVpn : words.quietVpn(tunnels.join(", ")), { backends: real });
}

/** Interfaces that packets for the internet leave through, also where two halves stand in for the whole. */
async function defaultRoutes(host: Host): Promise<string[]> {
  if (host.platform === "linux") {
    return (host.readFile("/proc/net/route") ?? "").split("\n").flatMap((line) => {
      const [name = "", destination, , , , , , mask] = line.split(/\s+/);
      const whole = destination === "00000000" && (mask === "00000000" || mask === "00000080");
      return whole || (destination === "00000080" && mask === "00000080") ? [name] : [];
    });
  }
  if (host.platform === "darwin") {
    const { stdout } = await host.run("netstat", ["-rn", "-f", "inet"]);
    return stdout.split("\n").flatMap((line) => {
      const [destination = "", , , name = ""] = line.trim().split(/\s+/);
      return ["default", "0/1", "128.0/1"].includes(destination) ? [name] : [];
    });
  }
  if (host.platform !== "win32") return [];
  const script = "(Get-NetRoute -DestinationPrefix 0.0.0.0/0,0.0.0.0/1 -ErrorAction SilentlyContinue).InterfaceAlias";
  const { stdout } = await host.run("powershell", ["-NoProfile", "-NonInteractive", "-Command", script], 15_000);
  return stdout.split(/\r?\n/).map((name) => name.trim());
}

/** Docker makes the kernel drop what it does not forward itself, the machines' packets among them. */
async function docker(host: Host, words: Words): Promise<Finding[]> {
  const id = "firewall-docker";
  if (host.platform !== "linux" || !host.exists("/sys/class/net/docker0")) return [];
  const { exitCode, stdout } = await host.run("iptables", ["-S"]);
  if (exitCode !== 0) return [found("unknown", id, words.dockerUnknown, { backends })];
  const drops = /^-P FORWARD DROP$/m.test(stdout);
  const lets = /^-A (?:FORWARD|DOCKER-USER) .*mpqemubr0.*-j ACCEPT$/m.test(stdout);
  return [drops && !lets ? found("warn", id, words.dockerDrops, { backends }) : ok(id, words.dockerLets, { backends })];
}

function ufw(host: Host, words: Words): Finding[] {
  const id = "firewall-ufw";
  if (!/^ENABLED=yes/m.test(host.readFile("/etc/ufw/ufw.conf") ?? "")) return [];
  const drops = !/^DEFAULT_FORWARD_POLICY="ACCEPT"/m.test(host.readFile("/etc/default/ufw") ?? "");
  return [drops ? found("warn", id, words.ufwDrops, { backends }) : ok(id, words.ufwLets, { backends })];
}

function subnets(host: Host, words: Words): Finding {
  const id = "subnets";
  for (const { name, address, netmask } of host.interfaces()) {
    const own = networkOf({ address, netmask });
    for (const { network, of } of labNetworks) {
      // The cluster's own bridges, where this computer is a node.
      if (/^(?:cni|flannel|kube|veth|wasm)/.test(name) || !overlap(own, network)) continue;
      return found("warn", id, words.subnetClash(name, own, network, of), { backends: real });
    }
    const other = host
      .interfaces()
      .find((each) => machineBridge.test(each.name) && each.name !== name && overlap(own, networkOf(each)));
    if (other) {
      return found("warn", id, words.bridgeClash(name, own, other.name, networkOf(other)), { backends });
    }
  }
  return ok(id, words.noSubnetClash, { backends: real });
}

/** What Multipass connects its machines to: on Linux, on macOS, on Windows. */
const machineBridge = /^(?:mpqemubr\d|bridge1\d\d|vEthernet \(Default Switch\))$/;

const networkOf = ({ address, netmask }: { address: string; netmask: string }): string =>
  `${address}/${prefixOf(netmask)}`;

const numberOf = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const prefixOf = (netmask: string): number => numberOf(netmask).toString(2).replaceAll("0", "").length;

/** True when two networks, as `address/prefix`, share addresses. */
function overlap(one: string, other: string): boolean {
  const [first = "", firstPrefix = 32] = one.split("/");
  const [second = "", secondPrefix = 32] = other.split("/");
  const size = 2 ** (32 - Math.min(Number(firstPrefix), Number(secondPrefix)));
  return Math.floor(numberOf(first) / size) === Math.floor(numberOf(second) / size);
}

function apple(host: Host, { version }: MultipassSeen, words: Words): Finding[] {
  if (host.platform !== "darwin") return [];
  const kernel = Number(host.release.split(".")[0]);
  const findings: Finding[] = [];
  if (kernel >= 24) findings.push(found("unknown", "local-network", words.localNetwork, { backends: real }));
  const [major = 0, minor = 0, patch = 0] = version ?? [];
  const collides = version !== undefined && major === 1 && (minor < 16 || (minor === 16 && patch < 2));
  if (kernel >= 25 && collides)
    findings.push(found("warn", "tahoe-subnet", words.tahoe(version.join(".")), { backends }));
  return findings;
}

function windows(host: Host, { driver }: MultipassSeen, words: Words): Finding[] {
  if (host.platform !== "win32" || driver === "virtualbox") return [];
  return [found("warn", "default-switch", words.defaultSwitch, { backends })];
}

function proxy(host: Host, words: Words): Finding[] {
  const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
  const set = names.find((name) => host.env[name]);
  if (set === undefined) return [];
  // With a password in it, an address is not to be shown.
  const address = (host.env[set] ?? "").replace(/\/\/[^/@]*@/, "//…@");
  return [found("warn", "proxy", words.proxy(set, address, host.platform), { backends: real })];
}
