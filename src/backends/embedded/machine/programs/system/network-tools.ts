import type { Process, ProgramTable } from "../../process.ts";
import { parseArguments } from "./arguments.ts";

async function ip(process: Process): Promise<number> {
  const args = parseArguments(process.argv.slice(1), [
    "-4",
    "-6",
    "-o",
    "-br",
    "-c",
    "-d",
    "-s",
    "-b",
    "-r",
    "-j",
    "--brief",
  ]);
  const brief = process.argv.some((arg) => arg === "-br" || arg === "--brief");
  const [object = "", ...rest] = args.operands;
  const { machine } = process;
  const mac = macOf(machine.address);
  const bridge = machine.rootFiles.exists("/sys/class/net/cni0/address");
  const only = rest.includes("dev") ? rest[rest.indexOf("dev") + 1] : rest[0] === "show" ? rest[1] : undefined;
  if (/^a(ddr(ess)?)?$/.test(object)) {
    if (brief) {
      await process.out(
        `lo               UNKNOWN        127.0.0.1/8 ::1/128 \nens3             UP             ${machine.address}/24 \n${bridge ? "cni0             UP             10.22.0.1/16 \n" : ""}`,
      );
      return 0;
    }
    const blocks: Record<string, string> = {
      lo: "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n",
      ens3: `2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000\n    link/ether ${mac} brd ff:ff:ff:ff:ff:ff\n    inet ${machine.address}/24 brd ${machine.address.replace(/\d+$/, "255")} scope global dynamic ens3\n       valid_lft 86000sec preferred_lft 86000sec\n`,
    };
    if (bridge)
      blocks["cni0"] =
        "3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default qlen 1000\n    link/ether 0a:58:0a:16:00:01 brd ff:ff:ff:ff:ff:ff\n    inet 10.22.0.1/16 brd 10.22.255.255 scope global cni0\n       valid_lft forever preferred_lft forever\n";
    if (only !== undefined && blocks[only] === undefined) {
      await process.err(`Device "${only}" does not exist.\n`);
      return 1;
    }
    await process.out(only === undefined ? Object.values(blocks).join("") : (blocks[only] ?? ""));
    return 0;
  }
  if (/^r(oute)?$/.test(object)) {
    const gateway = machine.address.replace(/\d+$/, "1");
    if (rest[0] === "get")
      await process.out(
        `${rest[1] ?? ""} via ${gateway} dev ens3 src ${machine.address} uid ${process.credentials.uid} \n    cache \n`,
      );
    else {
      await process.out(
        `default via ${gateway} dev ens3 proto dhcp src ${machine.address} metric 100 \n${bridge ? "10.22.0.0/16 dev cni0 proto kernel scope link src 10.22.0.1 \n" : ""}${machine.address.replace(/\d+$/, "0")}/24 dev ens3 proto kernel scope link src ${machine.address} \n`,
      );
    }
    return 0;
  }
  if (/^l(ink)?$/.test(object)) {
    if (rest[0] === "del" || rest[0] === "delete" || rest[0] === "set") {
      const device = rest.find((word, index) => index > 0 && word !== "dev" && word !== "type") ?? "";
      if (process.credentials.uid !== 0)
        return process.err("RTNETLINK answers: Operation not permitted\n").then(() => 2);
      if (device === "cni0" && bridge && rest[0] !== "set") machine.rootFiles.removeTree("/sys/class/net/cni0");
      else if (!["lo", "ens3", "cni0"].includes(device) || (device === "cni0" && !bridge))
        return process.err(`Cannot find device "${device}"\n`).then(() => 1);
      return 0;
    }
    await process.out(
      `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n2: ens3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP mode DEFAULT group default qlen 1000\n    link/ether ${mac} brd ff:ff:ff:ff:ff:ff\n${bridge ? "3: cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000\n    link/ether 0a:58:0a:16:00:01 brd ff:ff:ff:ff:ff:ff\n" : ""}`,
    );
    return 0;
  }
  await process.err(`Object "${object}" is unknown, try "ip help".\n`);
  return 1;
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
