import { isIP } from "node:net";
import type { NetworkPlace } from "../../../network/network.ts";
import type { ModelledMachine } from "../../machine.ts";
import type { Process, ProgramTable } from "../../process.ts";
import { cniBridges, removeBridge } from "../../system/bridges.ts";
import { parseArguments } from "./arguments.ts";
import { ipRoute } from "./ip-route.ts";

interface Link {
  name: string;
  mac: string;
  flags: string;
  mtu: number;
  queue: string;
  address: string;
  prefix: number;
  state: string;
}

const loopback: Link = {
  name: "lo",
  mac: "00:00:00:00:00:00",
  flags: "LOOPBACK,UP,LOWER_UP",
  mtu: 65_536,
  queue: "noqueue",
  address: "127.0.0.1",
  prefix: 8,
  state: "UNKNOWN",
};

/** The network cards of a place: a machine's, a pod's, or none but loopback in a namespace that nothing connected. */
function linksOf(machine: ModelledMachine, place: NetworkPlace): Link[] {
  const up = "BROADCAST,MULTICAST,UP,LOWER_UP";
  if (place.pod !== undefined) {
    if (isIP(place.pod) === 0) return [loopback];
    const eth: Link = {
      name: "eth0",
      mac: macOf(place.pod),
      flags: up,
      mtu: 1500,
      queue: "noqueue",
      address: place.pod,
      prefix: 16,
      state: "UP",
    };
    return [loopback, eth];
  }
  return [
    loopback,
    {
      name: "ens3",
      mac: macOf(machine.address),
      flags: up,
      mtu: 1500,
      queue: "fq_codel",
      address: machine.address,
      prefix: 24,
      state: "UP",
    },
    ...cniBridges(machine).map((bridge) => ({
      name: bridge.name,
      mac: macOf(bridge.address),
      flags: up,
      mtu: 1500,
      queue: "noqueue",
      address: bridge.address,
      prefix: bridge.prefix,
      state: "UP",
    })),
  ];
}

const broadcast = (link: Link): string =>
  link.address.replace(link.prefix === 16 ? /\d+\.\d+$/ : /\d+$/, link.prefix === 16 ? "255.255" : "255");

function linkText(link: Link, index: number, mode: string): string {
  const loop = link.name === "lo";
  return (
    `${index + 1}: ${link.name}: <${link.flags}> mtu ${link.mtu} qdisc ${link.queue} state ${link.state} ${mode}group default qlen 1000\n` +
    `    link/${loop ? "loopback" : "ether"} ${link.mac} brd ${loop ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff"}\n`
  );
}

function addressText(link: Link): string {
  if (link.name === "lo")
    return "    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n";
  const dynamic = link.name === "ens3";
  const life = dynamic ? "86000sec" : "forever";
  return `    inet ${link.address}/${link.prefix} brd ${broadcast(link)} scope global ${dynamic ? "dynamic " : ""}${link.name}\n       valid_lft ${life} preferred_lft ${life}\n`;
}

async function ip(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), ["-4", "-6", "-o", "-b", "-c", "-d", "-s", "-r", "-j", "--brief"]);
  const brief = process.argv.some((arg) => arg === "-br" || arg === "--brief");
  const [object = "", ...rest] = args.operands;
  const links = linksOf(process.machine, process.place);
  const isLink = /^l(ink?)?$/.test(object);
  if (isLink && ["add", "del", "delete", "set"].includes(rest[0] ?? "")) return changeLink(process, rest, links);
  if (isLink || /^a(ddr(ess)?)?$/.test(object)) {
    const wanted = rest.includes("dev")
      ? rest[rest.indexOf("dev") + 1]
      : rest[0] === "show" || rest[0] === "list"
        ? rest[1]
        : undefined;
    const shown = links
      .map((link, index) => ({ link, index }))
      .filter(({ link }) => wanted === undefined || link.name === wanted);
    if (shown.length === 0) {
      await process.err(`Device "${wanted ?? ""}" does not exist.\n`);
      return 1;
    }
    const text = shown.map(({ link, index }) => {
      if (brief)
        return `${link.name.padEnd(16)} ${link.state.padEnd(14)} ${isLink ? `${link.mac} <${link.flags}>` : `${link.address}/${link.prefix}`} \n`;
      return isLink ? linkText(link, index, "mode DEFAULT ") : linkText(link, index, "") + addressText(link);
    });
    await process.out(text.join(""));
    return 0;
  }
  if (/^r(oute)?$/.test(object)) return ipRoute(process, rest);
  await process.err(`Object "${object}" is unknown, try "ip help".\n`);
  return 1;
}

/** Simplified: only bridges can be taken away; a real kernel makes and changes links of many types. */
async function changeLink(process: Process, words: readonly string[], links: readonly Link[]): Promise<number> {
  const device = words.slice(1).find((word) => !["dev", "type", "bridge"].includes(word)) ?? "";
  if (words[0] !== "add" && !links.some((link) => link.name === device)) {
    await process.err(`Cannot find device "${device}"\n`);
    return 1;
  }
  if (process.credentials.uid !== 0) {
    await process.err("RTNETLINK answers: Operation not permitted\n");
    return 2;
  }
  if (words[0] === "set" || (words[0] !== "add" && removeBridge(process.machine, device))) return 0;
  await process.err("RTNETLINK answers: Operation not supported\n");
  return 2;
}

const macOf = (address: string): string =>
  `52:54:00:${address
    .split(".")
    .slice(1)
    .map((part) => Number(part).toString(16).padStart(2, "0"))
    .join(":")}`;

async function ss(process: Process): Promise<number> {
  const letters = process.argv
    .slice(1)
    .filter((arg) => arg.startsWith("-"))
    .join("");
  const wanted = process.argv
    .slice(1)
    .filter((arg) => !arg.startsWith("-"))
    .join(" ");
  const port = /:(\d+)/.exec(wanted)?.[1];
  const listening = process.machine.environment.network.listening(process.place);
  const rows = [{ port: 22, address: "0.0.0.0", process: "sshd", pid: undefined }, ...listening].filter(
    (item) => port === undefined || item.port === Number(port),
  );
  const head = letters.includes("H")
    ? ""
    : "State    Recv-Q   Send-Q     Local Address:Port      Peer Address:Port   Process\n";
  const lines = rows.map((item) => {
    const users =
      letters.includes("p") && process.credentials.uid === 0
        ? `users:(("${item.process}",pid=${item.pid ?? 800},fd=3))`
        : "";
    return `LISTEN   0        4096     ${`${item.address}:${item.port}`.padStart(22)}           0.0.0.0:*       ${users}\n`;
  });
  await process.out(head + lines.join(""));
  return 0;
}

/** Simplified: service rules live in the lab's network, so no chains are listed. */
async function iptables(process: Process): Promise<number> {
  const args = process.argv.slice(1);
  if (args.includes("--version") || args.includes("-V")) {
    await process.out(`iptables v${process.executable.version} (legacy)\n`);
    return 0;
  }
  if (process.credentials.uid !== 0) {
    await process.err(
      `iptables v${process.executable.version} (legacy): can't initialize iptables table \`filter': Permission denied (you must be root)\nPerhaps iptables or your kernel needs to be upgraded.\n`,
    );
    return 4;
  }
  if (args.some((arg) => arg.startsWith("-L") || arg.startsWith("-S") || arg === "--list")) {
    const chains = args.includes("nat")
      ? ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]
      : ["INPUT", "FORWARD", "OUTPUT"];
    const spec = args.some((arg) => arg.startsWith("-S"));
    await process.out(
      chains
        .map((chain) =>
          spec
            ? `-P ${chain} ACCEPT\n`
            : `Chain ${chain} (policy ACCEPT)\ntarget     prot opt source               destination         \n`,
        )
        .join(spec ? "" : "\n"),
    );
  }
  return 0;
}

async function iptablesSave(process: Process): Promise<number> {
  await process.out("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
  return 0;
}

async function ufw(process: Process): Promise<number> {
  if (process.credentials.uid !== 0) {
    await process.err("ERROR: You need to be root to run this script\n");
    return 1;
  }
  await process.out(
    process.argv[1] === "status"
      ? "Status: inactive\n"
      : process.argv[1] === "disable"
        ? "Firewall stopped and disabled on system startup\n"
        : "Rules updated\nRules updated (v6)\n",
  );
  return 0;
}

const silent = (): Promise<number> => Promise.resolve(0);

export const networkTools: ProgramTable = {
  ip,
  ss,
  iptables,
  "iptables-save": iptablesSave,
  "iptables-restore": silent,
  ufw,
  bridge: silent,
  tc: silent,
  conntrack: (process) =>
    process.err("conntrack v1.4.5 (conntrack-tools): 0 flow entries have been shown.\n").then(() => 0),
  ebtables: silent,
  ethtool: (process) => process.out(`Settings for ${process.argv[1] ?? ""}:\n\tLink detected: yes\n`).then(() => 0),
  resolvectl: (process) =>
    process
      .out(
        "Global\n       LLMNR setting: no\nLink 2 (ens3)\n      Current Scopes: DNS\n         DNS Servers: 10.0.0.1\n          DNS Domain: lab\n",
      )
      .then(() => 0),
};
