import { join } from "node:path";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { examine, findingsFor, verdictOn } from "../../../src/cli/doctor/examine.ts";
import { type BackendId, backendIds, type Finding } from "../../../src/cli/doctor/finding.ts";
import { thisComputer } from "../../../src/cli/doctor/host.ts";
import { findingLines } from "../../../src/cli/doctor/print.ts";
import { readRecipe } from "../../../src/recipes/recipe.ts";
import { textsFor } from "../../../src/texts/texts.ts";
import { type Computer, computer, linux, mac, multipassPrograms, windows } from "./doctor-host.ts";

const recipe = readRecipe({ folder: join(import.meta.dirname, "../../../vm-images"), profile: "thesis" });
const state = "/home/ada/.wasm-k8s-lab";

const look = (given: Computer, language: "en" | "de" = "en", folder: string | undefined = state): Promise<Finding[]> =>
  examine(computer(given), folder, recipe, textsFor(language));

/** Ids and statuses of what is not in order for a backend. */
const amiss = (findings: readonly Finding[], backend: BackendId): string[] =>
  findingsFor(backend, findings).flatMap(({ id, status }) => (status === "ok" ? [] : [`${status} ${id}`]));

interface Case {
  title: string;
  given: Computer;
  backend?: BackendId;
  /** What is not in order. */
  amiss: string[];
  exitCode: number;
  /** Words that the findings hold. */
  says?: string[];
}

const noPrograms = { kubectl: "v1.36.1", curl: "8.5.0", ssh: "", "ssh-add -l": "one" };
const withoutKvm = { "/snap/multipass": "", "/proc/mounts": "" };
const amd = "processor : 0\nflags\t\t: fpu svm lm\n";
const onlyClient = '{\n    "multipass": "1.16.3"\n}\n';
const refused = (stderr: string): Computer => ({
  ...linux,
  programs: {
    ...linux.programs,
    "multipass version --format json": onlyClient,
    "multipass list --format json --no-ipv4": { exitCode: 2, stderr },
  },
});
const withFiles = (files: Record<string, string>): Computer => ({ ...linux, files: { ...linux.files, ...files } });
const withPrograms = (programs: Computer["programs"]): Computer => ({
  ...linux,
  programs: { ...linux.programs, ...programs },
});

const made = (...roles: string[]): string =>
  JSON.stringify({ list: roles.map((role) => ({ name: `wasm-k8s-lab-1f2e-${role}`, state: "Running" })) });

const multipassCases: Case[] = [
  {
    title: "a computer whose memory the lab's machines use",
    given: {
      ...withPrograms({ "multipass list --format json --no-ipv4": made("master", "worker1", "worker2") }),
      memoryMiB: { totalMiB: 10_000, freeMiB: 900 },
    },
    amiss: [],
    exitCode: 0,
    says: ["made already"],
  },
  {
    title: "a computer with room for what is missing",
    given: {
      ...withPrograms({ "multipass list --format json --no-ipv4": made("master", "worker1") }),
      memoryMiB: { totalMiB: 10_000, freeMiB: 2500 },
    },
    amiss: [],
    exitCode: 0,
    says: ["take 2.0 GiB"],
  },
  { title: "Linux where all is in order", given: linux, amiss: [], exitCode: 0, says: ["/dev/kvm", "1.16.3", "qemu"] },
  {
    title: "Linux without Multipass",
    given: { ...linux, programs: noPrograms },
    amiss: ["fail multipass-program"],
    exitCode: 4,
    says: ["sudo snap install multipass"],
  },
  {
    title: "a version that is too old",
    given: withPrograms(multipassPrograms("1.12.2")),
    amiss: ["fail multipass-program"],
    exitCode: 4,
    says: ["1.12.2", "1.13"],
  },
  {
    title: "a version from the future",
    given: withPrograms(multipassPrograms("1.21.0")),
    amiss: ["warn multipass-program"],
    exitCode: 0,
  },
  {
    title: "a development version",
    given: withPrograms(multipassPrograms("1.17.0-dev.2929.pr661+gc67ef6641")),
    amiss: [],
    exitCode: 0,
  },
  {
    title: "a service that is down",
    given: withPrograms({
      "multipass version --format json": onlyClient,
      "multipass list --format json --no-ipv4": {
        exitCode: 2,
        stderr: "list failed: cannot connect to the multipass socket\n",
      },
    }),
    amiss: ["fail multipass-service"],
    exitCode: 4,
    says: ["snap start multipass"],
  },
  {
    title: "a socket that is closed to this user",
    given: refused("list failed: multipass socket access denied\n"),
    amiss: ["fail multipass-service"],
    exitCode: 5,
    says: ["group sudo, admin or wheel"],
  },
  {
    title: "a user whom Multipass does not know",
    given: refused(
      "list failed: The client is not authenticated with the Multipass service.\nPlease use 'multipass authenticate' before proceeding.\n",
    ),
    amiss: ["fail multipass-service"],
    exitCode: 4,
    says: ["multipass authenticate"],
  },
  {
    title: "an answer that nobody has seen before",
    given: refused("list failed: the moon is full\n"),
    amiss: ["fail multipass-service"],
    exitCode: 4,
    says: ["the moon is full"],
  },
  {
    title: "a service that does not answer",
    given: withPrograms({ "multipass version --format json": { late: true } }),
    amiss: ["fail multipass-program"],
    exitCode: 4,
    says: ["eight seconds"],
  },
  {
    title: "a hypervisor that Multipass gives up",
    given: withPrograms(multipassPrograms("1.16.3", "lxd")),
    amiss: ["warn multipass-driver"],
    exitCode: 0,
  },
  {
    title: "a processor whose module is not loaded",
    given: { ...linux, files: { ...withoutKvm, "/proc/cpuinfo": amd } },
    amiss: ["fail virtualization"],
    exitCode: 4,
    says: ["modprobe kvm_amd"],
  },
  {
    title: "a virtual machine without nested virtualization",
    given: { ...linux, files: { ...withoutKvm, "/proc/cpuinfo": "flags\t: fpu hypervisor\n" } },
    amiss: ["fail virtualization"],
    exitCode: 5,
    says: ["nested virtualization"],
  },
  {
    title: "a container",
    given: { ...linux, files: { ...withoutKvm, "/proc/cpuinfo": amd, "/.dockerenv": "" } },
    amiss: ["fail virtualization"],
    exitCode: 5,
    says: ["a container"],
  },
  {
    title: "a Chromebook",
    given: { ...linux, files: { ...withoutKvm, "/dev/.cros_milestone": "130" } },
    amiss: ["fail virtualization"],
    exitCode: 5,
    says: ["Chromebook"],
  },
  {
    title: "Windows' own Linux",
    given: { ...linux, release: "5.15.153.1-microsoft-standard-WSL2", files: withoutKvm },
    amiss: ["fail virtualization"],
    exitCode: 4,
    says: ["WSL"],
  },
  {
    title: "/dev/kvm that only the service may open",
    given: { ...linux, canOpen: () => false },
    amiss: [],
    exitCode: 0,
  },
  {
    title: "a computer with little memory",
    given: { ...linux, memoryMiB: { totalMiB: 8000, freeMiB: 4000 } },
    amiss: ["fail memory"],
    exitCode: 5,
    says: ["7.8 GiB in all", "take 8.0 GiB"],
  },
  {
    title: "a computer whose memory is in use",
    given: { ...linux, memoryMiB: { totalMiB: 16_000, freeMiB: 3000 } },
    amiss: ["fail memory"],
    exitCode: 4,
  },
  { title: "a full disk", given: { ...linux, freeGiB: 20 }, amiss: ["fail disk"], exitCode: 4, says: ["50 GiB"] },
  {
    title: "another architecture",
    given: { ...linux, arch: "riscv64" },
    amiss: ["fail architecture"],
    exitCode: 5,
    says: ["riscv64"],
  },
  {
    title: "a home that the snap refuses",
    given: { ...linux, homeFolder: "/users/ada", folder: "/users/ada" },
    amiss: ["warn snap-home"],
    exitCode: 0,
    says: ["homedirs"],
  },
  {
    title: "a folder that the snap does not see",
    given: { ...linux, folder: "/tmp/course" },
    amiss: [],
    exitCode: 0,
    says: ["does not see /tmp/course"],
  },
  {
    title: "a VPN that takes all traffic",
    given: {
      ...withFiles({
        "/proc/net/route":
          "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\ntun0\t00000000\t01020304\t0003\t0\t0\t50\t00000080\nwlp2s0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n",
      }),
      interfaces: () => [{ name: "tun0", address: "172.16.0.2", netmask: "255.255.255.0" }],
    },
    amiss: ["warn vpn"],
    exitCode: 0,
    says: ["tun0 takes all traffic"],
  },
  {
    title: "a VPN for one network only",
    given: { ...linux, interfaces: () => [{ name: "tailscale0", address: "100.64.1.2", netmask: "255.255.255.255" }] },
    amiss: [],
    exitCode: 0,
    says: ["tailscale0, but the internet"],
  },
  {
    title: "Docker that drops packets",
    given: {
      ...withFiles({ "/sys/class/net/docker0": "" }),
      programs: { ...linux.programs, "iptables -S": "-P INPUT ACCEPT\n-P FORWARD DROP\n-N DOCKER-USER\n" },
    },
    amiss: ["warn firewall-docker"],
    exitCode: 0,
    says: ["DOCKER-USER -i mpqemubr0"],
  },
  {
    title: "Docker that was told to let packets through",
    given: {
      ...withFiles({ "/sys/class/net/docker0": "" }),
      programs: {
        ...linux.programs,
        "iptables -S": "-P FORWARD DROP\n-A DOCKER-USER -i mpqemubr0 -j ACCEPT\n",
      },
    },
    amiss: [],
    exitCode: 0,
  },
  {
    title: "Docker where only root can look",
    given: withFiles({ "/sys/class/net/docker0": "" }),
    amiss: ["unknown firewall-docker"],
    exitCode: 0,
  },
  {
    title: "ufw",
    given: withFiles({ "/etc/ufw/ufw.conf": "ENABLED=yes\n", "/etc/default/ufw": 'DEFAULT_FORWARD_POLICY="DROP"\n' }),
    amiss: ["warn firewall-ufw"],
    exitCode: 0,
    says: ["ufw route allow"],
  },
  {
    title: "a network like the pods'",
    given: { ...linux, interfaces: () => [{ name: "eth0", address: "10.22.7.9", netmask: "255.255.0.0" }] },
    amiss: ["warn subnets"],
    exitCode: 0,
    says: ["10.22.7.9/16", "10.22.0.0/16", "pods"],
  },
  {
    title: "a VPN in the network of Multipass's machines",
    given: {
      ...linux,
      interfaces: () => [
        { name: "mpqemubr0", address: "10.168.32.1", netmask: "255.255.255.0" },
        { name: "tun0", address: "10.168.0.9", netmask: "255.255.0.0" },
      ],
    },
    amiss: ["warn subnets"],
    exitCode: 0,
    says: ["tun0", "mpqemubr0"],
  },
  {
    title: "machines that are lost or deleted",
    given: withPrograms({
      "multipass list --format json --no-ipv4": JSON.stringify({
        list: [
          { ipv4: [], name: "wasm-k8s-lab-1f2e-master", release: "", state: "Unknown" },
          { zone: { name: "zone1" }, state: "Deleted", name: "wasm-k8s-lab-1f2e-worker1" },
          { name: "somebody-elses", state: "Unknown" },
        ],
      }),
    }),
    amiss: ["warn multipass-machine", "warn multipass-machine"],
    exitCode: 0,
    says: ["stop --force wasm-k8s-lab-1f2e-master", "recover wasm-k8s-lab-1f2e-worker1", "take 4.0 GiB"],
  },
  {
    title: "a network that holds all of 10.0.0.0/8",
    given: { ...linux, interfaces: () => [{ name: "eth0", address: "10.1.2.3", netmask: "255.0.0.0" }] },
    amiss: ["warn subnets"],
    exitCode: 0,
  },
  {
    title: "a proxy with a password",
    given: { ...linux, env: { LANG: "C.UTF-8", https_proxy: "http://ada:secret@proxy.example:3128" } },
    amiss: ["warn proxy"],
    exitCode: 0,
    says: ["//…@proxy.example:3128"],
  },
  {
    title: "a Mac with Apple silicon",
    given: mac,
    amiss: ["unknown local-network"],
    exitCode: 0,
    says: ["arm64 images", "Local Network"],
  },
  {
    title: "a Mac with macOS 14",
    given: { ...mac, release: "23.6.0" },
    amiss: [],
    exitCode: 0,
  },
  {
    title: "macOS 26 and a Multipass that takes its network",
    given: { ...mac, release: "25.0.0", programs: { ...mac.programs, ...multipassPrograms("1.16.1+mac") } },
    amiss: ["unknown local-network", "warn tahoe-subnet"],
    exitCode: 0,
    says: ["1.16.2"],
  },
  {
    title: "a Mac that is too old",
    given: {
      ...mac,
      arch: "x64",
      release: "21.0.0",
      programs: {
        ...mac.programs,
        "sysctl -n kern.hv_support": "0\n",
        "sysctl -n sysctl.proc_translated": { exitCode: 1 },
      },
    },
    amiss: ["fail virtualization"],
    exitCode: 5,
  },
  {
    title: "a Node for Intel on Apple silicon",
    given: {
      ...mac,
      arch: "x64",
      release: "23.0.0",
      programs: { ...mac.programs, "sysctl -n sysctl.proc_translated": "1\n" },
    },
    amiss: ["warn rosetta"],
    exitCode: 0,
  },
  {
    title: "a Mac whose VPN takes all traffic",
    given: {
      ...mac,
      release: "23.0.0",
      programs: { ...mac.programs, "netstat -rn -f inet": "0/1 10.8.0.1 UGSc utun4\ndefault 192.168.1.1 UGScg en0\n" },
      interfaces: () => [{ name: "utun4", address: "10.8.0.2", netmask: "255.255.255.0" }],
    },
    amiss: ["warn vpn"],
    exitCode: 0,
    says: ["utun4"],
  },
  {
    title: "Windows Pro with Hyper-V",
    given: windows,
    amiss: ["warn default-switch"],
    exitCode: 0,
    says: ["Hyper-V"],
  },
  {
    title: "Windows Home",
    given: { ...windows, programs: { ...windows.programs, powershell: "False True 101\r\n" } },
    amiss: ["fail virtualization", "warn default-switch"],
    exitCode: 4,
    says: ["VirtualBox"],
  },
  {
    title: "Windows Home with VirtualBox",
    given: {
      ...windows,
      programs: {
        ...windows.programs,
        ...multipassPrograms("1.16.3+win", "virtualbox"),
        powershell: "False True 101\r\n",
      },
    },
    amiss: [],
    exitCode: 0,
  },
  {
    title: "Windows whose firmware has it off",
    given: { ...windows, programs: { ...windows.programs, powershell: "False False 48\r\n" } },
    amiss: ["fail virtualization", "warn default-switch"],
    exitCode: 5,
  },
  {
    title: "Windows Pro without Hyper-V",
    given: { ...windows, programs: { ...windows.programs, powershell: "False True 48\r\n" } },
    amiss: ["fail virtualization", "warn default-switch"],
    exitCode: 5,
    says: ["Enable-WindowsOptionalFeature"],
  },
  {
    title: "Windows that does not answer",
    given: { ...windows, programs: { ...windows.programs, powershell: { late: true } } },
    amiss: ["unknown virtualization", "warn default-switch"],
    exitCode: 0,
  },
];

const otherCases: Case[] = [
  { title: "a computer without anything", given: { programs: {} }, amiss: ["warn kubectl", "warn curl"], exitCode: 0 },
  { title: "an old Node", given: { ...linux, nodeVersion: "20.11.0" }, amiss: ["fail node"], exitCode: 4 },
  { title: "the oldest Node", given: { ...linux, nodeVersion: "22.18.0" }, amiss: [], exitCode: 0 },
  {
    title: "a folder that cannot be written",
    given: { ...linux, canWrite: () => false },
    amiss: ["fail state-folder"],
    exitCode: 4,
    says: ["WASM_K8S_LAB_HOME"],
  },
  {
    title: "a folder on another computer",
    given: { ...linux, files: { "/proc/mounts": "/dev/sda1 / ext4 rw 0 0\nnas:/home /home nfs4 rw 0 0\n" } },
    amiss: ["warn state-network"],
    exitCode: 0,
  },
  { title: "a little space", given: { ...linux, freeGiB: 0.1 }, amiss: ["warn state-space"], exitCode: 0 },
  { title: "no space", given: { ...linux, freeGiB: 0 }, amiss: ["fail state-space"], exitCode: 4 },
  { title: "no terminal", given: { ...linux, terminal: undefined }, amiss: ["warn terminal"], exitCode: 0 },
  {
    title: "a small terminal",
    given: { ...linux, terminal: { columns: 50, rows: 40, colors: 2 } },
    amiss: ["warn terminal"],
    exitCode: 0,
    says: ["50x40"],
  },
  {
    title: "a dumb terminal",
    given: { ...linux, env: { LANG: "C.UTF-8", TERM: "dumb" } },
    amiss: ["warn terminal"],
    exitCode: 0,
  },
  {
    title: "the old console of Windows",
    given: { ...windows, env: {} },
    amiss: ["warn terminal"],
    exitCode: 0,
  },
  {
    title: "tmux that holds Esc back, and a wrong TERM",
    given: {
      ...withPrograms({ "tmux show-options -sv escape-time": "500\n" }),
      env: { LANG: "C.UTF-8", TERM: "xterm-256color", TMUX: "/tmp/tmux-0/default,1,0" },
    },
    amiss: ["warn multiplexer", "warn tmux-escape"],
    exitCode: 0,
  },
  {
    title: "tmux as it should be",
    given: {
      ...withPrograms({ "tmux show-options -sv escape-time": "10\n" }),
      env: { LANG: "C.UTF-8", TERM: "tmux-256color", TMUX: "/tmp/tmux-0/default,1,0" },
    },
    amiss: [],
    exitCode: 0,
  },
  { title: "no UTF-8", given: { ...linux, env: { LANG: "C" } }, amiss: ["warn characters"], exitCode: 0 },
  {
    title: "a clock that stands in the past",
    given: { ...linux, now: () => new Date("1970-01-01T00:00:00Z") },
    amiss: ["fail clock"],
    exitCode: 4,
  },
  {
    title: "a clock that nobody sets",
    given: withPrograms({ "timedatectl show --property=NTPSynchronized --value": "no\n" }),
    amiss: ["warn clock"],
    exitCode: 0,
  },
  {
    title: "ports that are taken",
    given: { ...linux, isPortFree: (port) => Promise.resolve(port !== 6443) },
    amiss: [],
    exitCode: 0,
    says: ["6443: in use"],
  },
  {
    title: "ssh that is not there",
    backend: "ssh",
    given: { programs: {} },
    amiss: ["warn kubectl", "warn curl", "fail ssh"],
    exitCode: 4,
  },
  {
    title: "ssh without keys",
    backend: "ssh",
    given: {
      programs: { ...noPrograms, "ssh-add -l": { exitCode: 1 } },
      env: { LANG: "C.UTF-8", SSH_AUTH_SOCK: "/tmp/a" },
    },
    amiss: ["warn ssh-keys", "warn ssh-inventory"],
    exitCode: 0,
  },
  {
    title: "ssh with a key in a file",
    backend: "ssh",
    given: {
      programs: noPrograms,
      files: { [join("/home/ada", ".ssh", "id_ed25519")]: "", [join(state, "ssh", "inventory.yaml")]: "" },
    },
    amiss: [],
    exitCode: 0,
  },
];

describe.each([
  { backend: "multipass" as BackendId, cases: multipassCases },
  { backend: "embedded" as BackendId, cases: otherCases },
])("for $backend", ({ backend, cases }) => {
  it.each(cases)("$title", async ({ given, backend: asked = backend, amiss: expected, exitCode, says = [] }) => {
    const findings = await look(given);
    expect(amiss(findings, asked)).toEqual(expected);
    expect(verdictOn(asked, findings)).toBe(exitCode);
    const words = findings.map(({ detail, remedy }) => `${detail} ${remedy}`).join("\n");
    for (const word of says) expect(words).toContain(word);
    expect(words).not.toContain("secret");

    const german = await look(given, "de");
    expect(german.map(({ id, status }) => [id, status])).toEqual(findings.map(({ id, status }) => [id, status]));
    for (const { id, detail, remedy, status } of [...findings, ...german]) {
      expect(detail, id).not.toBe("");
      expect(remedy === "", id).toBe(status === "ok");
    }
  });
});

it("finds a folder missing that could not even be made", async () => {
  const findings = await examine(computer(linux), undefined, recipe, textsFor("en"));
  expect(amiss(findings, "embedded")).toEqual(["fail state-folder"]);
});

it.each([60, 80, 120])("prints rows of at most %i columns, and sums up each backend", async (columns) => {
  for (const { given } of [...multipassCases, ...otherCases]) {
    for (const language of ["en", "de"] as const) {
      const findings = await look(given, language);
      for (const backend of [undefined, ...backendIds]) {
        const rows = findingLines(findings, backend, columns, textsFor(language));
        for (const row of rows) {
          const long = row
            .trim()
            .split(" ")
            .some((word) => stringWidth(word) > columns - 10);
          if (!long) expect(stringWidth(row)).toBeLessThanOrEqual(columns);
        }
        for (const id of backend === undefined ? backendIds : [backend]) {
          expect(rows.some((row) => row.startsWith(verdictOn(id, findings) === 0 ? `✓ ${id}: ` : `✗ ${id}: `))).toBe(
            true,
          );
        }
      }
    }
  }
});

describe("this computer", () => {
  it("waits for no program that does not end", async () => {
    const argv = ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"];
    expect(await thisComputer().run(process.execPath, argv, 300)).toMatchObject({ late: true, missing: false });
  });

  it("tells a program that is not there from one that fails", async () => {
    const host = thisComputer();
    expect(await host.run("no-such-program-of-the-lab", [])).toMatchObject({ missing: true, late: false });
    expect(await host.run(process.execPath, ["-e", "process.exit(3)"])).toMatchObject({ missing: false, exitCode: 3 });
  });

  it("can be looked at, whatever it is", async () => {
    const findings = await examine(thisComputer(), import.meta.dirname, recipe, textsFor("en"));
    expect(findings.find(({ id }) => id === "node")?.status).toBe("ok");
    expect(thisComputer().freeBytes("/no/such/folder/anywhere")).toBeGreaterThan(0);
    expect(thisComputer().readFile("/no/such/file")).toBeUndefined();
  });
});
