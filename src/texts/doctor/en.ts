type Said = readonly [string, string];

/** What the doctor finds, and what helps: pairs of both. */
export const doctorEn = {
  topics: {
    computer: "This computer",
    embedded: "Backend embedded: modelled machines in this program",
    multipass: "Backend multipass: virtual machines on this computer",
    ssh: "Backend ssh: machines of your own",
  },
  statuses: { ok: "ok", warn: "note", fail: "missing", unknown: "unknown" },
  ready: (backend: string) => `${backend}: ready`,
  readyWithNotes: (backend: string, ids: string) => `${backend}: ready; worth a look: ${ids}`,
  notReady: (backend: string, ids: string) => `${backend}: not ready: ${ids}`,
  more: (backend: string) => `All about one of them: wasm-k8s-lab doctor --backend ${backend}`,
  found: "found",
  version: (version: string) => `version ${version}`,
  node: (version: string, needed: string): Said => [
    `version ${version}, ${needed} is needed`,
    `Install Node ${needed} or newer from nodejs.org, or with your version manager (\`nvm install --lts\`).`,
  ],
  folder: (path: string): Said => [`${path} cannot be written`, "Set WASM_K8S_LAB_HOME to a folder you can write to."],
  space: (megabytes: number): Said => [
    `${megabytes} MB are free for the lab's state; a played course takes up to 200 MB`,
    "Free some space, or set WASM_K8S_LAB_HOME to a folder on another disk.",
  ],
  networkFolder: (kind: string): Said => [
    `the state folder is on another computer's disk (${kind}): slow, and locks may not hold`,
    "Set WASM_K8S_LAB_HOME to a folder on a disk of this computer.",
  ],
  terminal: (size: string, colors: number) => `${size}, ${colors > 2 ? "in colour" : "without colours"}`,
  noTerminal: ["not a terminal", "In a terminal the course has panes; without one use `start --plain`."] as Said,
  dumbTerminal: ["TERM=dumb", "Use `start --plain`, which reads line by line."] as Said,
  smallTerminal: (size: string): Said => [
    `${size}; the course wants at least 60x20`,
    "Make the window larger, or use `start --plain`.",
  ],
  oldConsole: (size: string): Said => [
    `${size}, in the old console of Windows`,
    "Windows Terminal (`winget install Microsoft.WindowsTerminal`) draws it better.",
  ],
  multiplexer: (name: string, term: string) => `inside ${name} (TERM=${term})`,
  wrongTerm: (name: string, term: string): Said => [
    `inside ${name}, but TERM=${term}: lines may be drawn in the wrong place`,
    `Leave TERM to ${name}: take \`export TERM=…\` out of your shell's start files.`,
  ],
  slowEscape: (ms: number): Said => [
    `tmux holds Esc back for ${ms} ms; the course's keys begin with Esc`,
    "`tmux set -s escape-time 20`, and the same in ~/.tmux.conf.",
  ],
  characters: (locale: string): Said => [
    `the locale is ${locale === "" ? "not set" : locale}: frames and umlauts may come out wrong`,
    "`export LANG=C.UTF-8`, or choose UTF-8 in the terminal's settings.",
  ],
  clockBehind: (today: string): Said => [
    `it is ${today}, says this computer: that cannot be`,
    "Set the clock; with a wrong one no certificate is valid.",
  ],
  clockAlone: (today: string): Said => [
    `${today}, not compared with a time server`,
    "`sudo timedatectl set-ntp true`; certificates of a cluster depend on the time.",
  ],
  noTool: (name: string): Said => [
    "not found",
    `Only needed to reach the cluster from this computer; the machines have their own ${name}.`,
  ],
  portsFree: (ports: string) => `${ports} are free`,
  /** Perhaps by the lab itself, in another terminal. */
  portsTaken: (ports: string) => `${ports}: in use; others stand in for them, and the course names those`,
  noSsh: (platform: string): Said => [
    "not found",
    platform === "win32"
      ? "Settings, System, Optional features: add OpenSSH Client."
      : "Install the OpenSSH client (`sudo apt-get install -y openssh-client`).",
  ],
  agentKeys: (keys: number) => (keys === 1 ? "one key in the agent" : `${keys} keys in the agent`),
  noKeys: [
    "no key in ~/.ssh and none in an agent",
    "`ssh-keygen -t ed25519`, then `ssh-copy-id USER@ADDRESS` for each machine.",
  ] as Said,
  noInventory: [
    "no machines are named yet",
    "Write down their addresses and give that file once: `wasm-k8s-lab up --backend ssh --inventory lab.yaml`.",
  ] as Said,
  noMultipass: (platform: string): Said => [
    "not installed",
    platform === "darwin"
      ? "`brew install --cask multipass`, or the package from canonical.com/multipass."
      : platform === "win32"
        ? "Install it from canonical.com/multipass (it asks for an administrator)."
        : "`sudo snap install multipass` (on systems without snap, install snapd first).",
  ],
  oldMultipass: (version: string): Said => [
    `version ${version}, 1.13 or newer is needed`,
    "`sudo snap refresh multipass`, or the newest package from canonical.com/multipass.",
  ],
  newMultipass: (version: string): Said => [
    `version ${version}, newer than what this program was written for (1.13 to 1.17)`,
    "It will most likely work. If not, look for a newer wasm-k8s-lab.",
  ],
  noService: (platform: string): Said => [
    "the service of Multipass does not answer",
    platform === "darwin"
      ? "`sudo launchctl kickstart -k system/com.canonical.multipassd`, then wait half a minute."
      : platform === "win32"
        ? "As administrator: `Start-Service Multipass`, then wait half a minute."
        : "`sudo snap start multipass`, then wait half a minute.",
  ],
  serviceAnswers: "answers",
  oldDriver: (driver: string): Said => [
    `${driver}, which Multipass is giving up`,
    "`multipass set local.driver=qemu` (machines made before stay with the old one).",
  ],
  lostMachine: (name: string): Said => [
    `Multipass has lost touch with ${name} (Unknown), as after a crash or sleep`,
    `\`multipass stop --force ${name}\`, then start the lab again.`,
  ],
  deletedMachine: (name: string): Said => [
    `${name} is deleted but not purged: its disk is still taken`,
    `\`multipass recover ${name}\` brings it back, \`multipass delete --purge ${name}\` removes it.`,
  ],
  multipassLate: [
    "no answer within eight seconds",
    "It may be starting or be stuck: `sudo snap restart multipass`, on macOS and Windows restart its service.",
  ] as Said,
  multipassSays: (words: string): Said => [`it says: ${words}`, "See canonical.com/multipass/docs, Troubleshooting."],
  noMultipassHere: (platform: string): Said => [
    `Multipass does not run on ${platform}`,
    "Use the embedded backend, or the ssh backend with machines elsewhere.",
  ],
  kvmForService: "/dev/kvm (for the service; you need no access yourself)",
  insideWindows: [
    "this is the Linux inside Windows (WSL), where Multipass does not belong",
    "Install Multipass and run this program in Windows itself, or use the embedded backend.",
  ] as Said,
  chromebook: [
    "a Chromebook's Linux has no /dev/kvm for virtual machines of its own",
    "Use the embedded backend, or the ssh backend with machines elsewhere.",
  ] as Said,
  container: [
    "this is a container without /dev/kvm",
    "Run it on the computer itself, or use the embedded backend.",
  ] as Said,
  noKvmModule: (name: string): Said => [
    "the processor can, but /dev/kvm is not there",
    `\`sudo modprobe ${name}\`; if that is refused, switch virtualization on in the firmware (BIOS).`,
  ],
  virtualMachine: [
    "this is itself a virtual machine, without nested virtualization",
    "Switch nested virtualization on for it where it is run, or use the embedded or the ssh backend.",
  ] as Said,
  noVirtualization: [
    "the processor offers none, or the firmware hides it",
    "Switch VT-x or AMD-V (SVM) on in the firmware (BIOS), or use the embedded or the ssh backend.",
  ] as Said,
  oldMac: ["this Mac cannot run virtual machines", "Use the embedded or the ssh backend."] as Said,
  unknownMac: ["could not be found out", "`sysctl kern.hv_support` should say 1."] as Said,
  rosetta: [
    "this Node is built for Intel and runs translated on Apple silicon: slow, and it takes the computer for amd64",
    "Install the arm64 build of Node.",
  ] as Said,
  unknownWindows: [
    "could not be found out",
    "Task Manager, Performance, CPU: Virtualization should be Enabled.",
  ] as Said,
  firmwareOff: [
    "virtualization is switched off in the firmware",
    "Switch it on there (BIOS or UEFI): Intel VT-x, AMD SVM.",
  ] as Said,
  windowsHome: [
    "Windows Home has no Hyper-V",
    "Install VirtualBox, then `multipass set local.driver=virtualbox`; or use the embedded backend.",
  ] as Said,
  hyperVOff: [
    "Hyper-V is switched off",
    "As administrator: `Enable-WindowsOptionalFeature -Online -FeatureName Microsoft-Hyper-V -All`, then restart.",
  ] as Said,
  arm: "arm64: machines boot arm64 images, and everything is there for them",
  architecture: (have: string, known: string): Said => [
    `${have}; the profile is there for ${known}`,
    "Use the embedded backend, or the other profile.",
  ],
  memory: (have: string, needed: string) => `${have} GiB; the machines take ${needed} GiB`,
  littleMemory: (have: string, needed: string): Said => [
    `this computer has ${have} GiB in all; the machines take ${needed} GiB, and it needs one itself`,
    "Use the embedded backend, or the ssh backend with machines elsewhere.",
  ],
  usedMemory: (free: string, needed: string): Said => [
    `${free} GiB are free now; the machines take ${needed} GiB`,
    "Close other programs and virtual machines first; too little memory makes machines hang.",
  ],
  disk: (free: number, needed: number) => `${free} GiB free; the machines may take ${needed} GiB`,
  littleDisk: (free: number, needed: number): Said => [
    `${free} GiB are free where Multipass keeps machines; they may take ${needed} GiB`,
    "Free some space. `multipass list` shows machines you have forgotten; a full disk makes all of them hang.",
  ],
  unknownDisk: (needed: number): Said => [
    "could not be found out",
    `See that ${needed} GiB are free where Multipass keeps its machines.`,
  ],
  allMade: "the machines are made already",
  sizes: (machines: number, cpus: number, release: string) =>
    `${machines} with Ubuntu ${release}, ${cpus} processors each`,
  snapHome: (home: string): Said => [
    `the snap of Multipass refuses homes outside /home, yours is ${home}`,
    "`sudo snap set system homedirs=PARENT`, where PARENT is the folder that holds the homes.",
  ],
  snapFolder: (folder: string) =>
    `the snap of Multipass does not see ${folder}; the lab passes files on without it, \`multipass transfer\` by hand would not`,
  noVpn: "none",
  quietVpn: (names: string) => `${names}, but the internet is not reached through it`,
  vpn: (name: string): Said => [
    `${name} takes all traffic: machines may get no answer, and this computer may not reach them`,
    "Disconnect while the machines are made, or allow local networks (split tunnelling) in the VPN's settings.",
  ],
  dockerUnknown: [
    "Docker is here; it may drop the machines' packets, and only root can see that",
    "If machines do not reach the internet: `sudo iptables -I DOCKER-USER -i mpqemubr0 -j ACCEPT`, and the same with `-o`.",
  ] as Said,
  dockerDrops: [
    "Docker drops the machines' packets: they would not reach the internet",
    "`sudo iptables -I DOCKER-USER -i mpqemubr0 -j ACCEPT`, and the same with `-o` (again after each restart).",
  ] as Said,
  dockerLets: "Docker is here and lets the machines' packets through",
  ufwDrops: [
    "ufw is on and forwards nothing: machines would get no address or no internet",
    "`sudo ufw allow in on mpqemubr0`, `sudo ufw route allow in on mpqemubr0`, `sudo ufw route allow out on mpqemubr0`.",
  ] as Said,
  ufwLets: "ufw is on and forwards",
  subnetClash: (name: string, own: string, network: string, of: "pods" | "services"): Said => [
    `${name} is in ${own}, and the cluster uses ${network} for its ${of}: the machines could not answer this network`,
    "Use another network (a phone's hotspot, another Wi-Fi), or the embedded backend.",
  ],
  bridgeClash: (name: string, own: string, bridge: string, network: string): Said => [
    `${name} (${own}) and Multipass's ${bridge} (${network}) share addresses: this computer may look for machines in the wrong place`,
    "Leave that network or VPN while you use the lab.",
  ],
  noSubnetClash: "none clashes with the cluster's",
  localNetwork: [
    "macOS asks each terminal whether it may use the local network; nobody can look that up",
    "If machines say `No route to host`: System Settings, Privacy & Security, Local Network: allow your terminal and restart it.",
  ] as Said,
  tahoe: (version: string): Said => [
    `Multipass ${version} and macOS 26 may use the same network (192.168.2.0/24)`,
    "Install Multipass 1.16.2 or newer.",
  ],
  defaultSwitch: [
    "Hyper-V gives machines other addresses whenever Windows restarts, and a cluster keeps its old ones",
    "Finish a lab before you restart Windows, or begin it again afterwards with `wasm-k8s-lab reset`.",
  ] as Said,
  proxy: (name: string, address: string, platform: string): Said => [
    `${name}=${address} is set in this shell; neither Multipass's service nor the machines see it`,
    platform === "linux"
      ? `\`sudo snap set system proxy.https=${address}\` for the service; the machines need the internet directly, or \`--offline\` with a bundle.`
      : "Set it for the service of Multipass; the machines need the internet directly, or `--offline` with a bundle.",
  ],
};
