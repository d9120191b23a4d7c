import type { Profile } from "../../../../domain/backend.ts";
import type { Hardware, Kernel } from "../machine.ts";

/** What a running kernel holds; a reboot starts again from the defaults. */
export interface SavedKernel {
  modules: string[];
  parameters: Record<string, string>;
  swaps: { path: string; kilobytes: number }[];
}

/** Modules on disk, with the modules that each needs. */
const moduleTable: Readonly<Record<string, readonly string[]>> = {
  overlay: [],
  br_netfilter: ["bridge"],
  bridge: ["stp", "llc"],
  stp: ["llc"],
  llc: [],
  veth: [],
  vxlan: [],
  dummy: [],
  nf_conntrack: [],
  nf_nat: ["nf_conntrack"],
  ip_tables: [],
  iptable_filter: ["ip_tables"],
  iptable_nat: ["ip_tables", "nf_nat"],
  ip_vs: ["nf_conntrack"],
  ip_vs_rr: ["ip_vs"],
  ip_vs_wrr: ["ip_vs"],
  ip_vs_sh: ["ip_vs"],
  xt_conntrack: ["nf_conntrack"],
  nf_tables: [],
  loop: [],
  fuse: [],
  tun: [],
  configs: [],
  btrfs: [],
  xfs: [],
  virtio_net: [],
};

const bridgeParameters: Readonly<Record<string, string>> = {
  "net.bridge.bridge-nf-call-arptables": "1",
  "net.bridge.bridge-nf-call-ip6tables": "1",
  "net.bridge.bridge-nf-call-iptables": "1",
  "net.bridge.bridge-nf-filter-pppoe-tagged": "0",
  "net.bridge.bridge-nf-filter-vlan-tagged": "0",
  "net.bridge.bridge-nf-pass-vlan-input-dev": "0",
};

const conntrackParameters: Readonly<Record<string, string>> = {
  "net.netfilter.nf_conntrack_max": "65536",
  "net.netfilter.nf_conntrack_count": "12",
  "net.netfilter.nf_conntrack_tcp_timeout_established": "432000",
  "net.netfilter.nf_conntrack_tcp_timeout_close_wait": "60",
  "net.netfilter.nf_conntrack_tcp_be_liberal": "0",
};

const defaults: Readonly<Record<string, string>> = {
  "fs.file-max": "9223372036854775807",
  "fs.inotify.max_user_instances": "128",
  "fs.inotify.max_user_watches": "8192",
  "fs.nr_open": "1048576",
  "fs.protected_hardlinks": "1",
  "fs.protected_symlinks": "1",
  "fs.protected_regular": "1",
  "fs.protected_fifos": "1",
  "kernel.core_pattern": "core",
  "kernel.core_uses_pid": "0",
  "kernel.dmesg_restrict": "0",
  "kernel.domainname": "(none)",
  "kernel.hostname": "",
  "kernel.keys.root_maxbytes": "25000000",
  "kernel.keys.root_maxkeys": "1000000",
  "kernel.kptr_restrict": "0",
  "kernel.msgmax": "8192",
  "kernel.osrelease": "",
  "kernel.ostype": "Linux",
  "kernel.panic": "0",
  "kernel.panic_on_oops": "0",
  "kernel.pid_max": "4194304",
  "kernel.printk": "4\t4\t1\t7",
  "kernel.sysrq": "176",
  "kernel.threads-max": "15483",
  "kernel.unprivileged_bpf_disabled": "0",
  "kernel.unprivileged_userns_clone": "1",
  "kernel.yama.ptrace_scope": "1",
  "net.core.somaxconn": "4096",
  "net.ipv4.conf.all.forwarding": "0",
  "net.ipv4.conf.all.route_localnet": "0",
  "net.ipv4.conf.all.rp_filter": "2",
  "net.ipv4.conf.default.forwarding": "0",
  "net.ipv4.conf.default.rp_filter": "2",
  "net.ipv4.conf.default.promote_secondaries": "0",
  "net.ipv4.conf.all.promote_secondaries": "0",
  "net.ipv4.ip_forward": "0",
  "net.ipv4.ip_local_port_range": "32768\t60999",
  "net.ipv4.ip_unprivileged_port_start": "1024",
  "net.ipv4.ping_group_range": "1\t0",
  "net.ipv4.tcp_syncookies": "1",
  "net.ipv6.conf.all.disable_ipv6": "0",
  "net.ipv6.conf.all.forwarding": "0",
  "net.ipv6.conf.all.use_tempaddr": "0",
  "net.ipv6.conf.default.disable_ipv6": "0",
  "net.ipv6.conf.default.use_tempaddr": "0",
  "net.core.default_qdisc": "fq_codel",
  "user.max_user_namespaces": "7741",
  "vm.max_map_count": "65530",
  "vm.mmap_min_addr": "65536",
  "vm.min_free_kbytes": "45056",
  "vm.overcommit_memory": "0",
  "vm.panic_on_oom": "0",
  "vm.swappiness": "60",
  "vm.vfs_cache_pressure": "100",
};

const readOnly = new Set(["kernel.osrelease", "kernel.ostype", "net.netfilter.nf_conntrack_count"]);

/** A kernel that says when a parameter appears or goes, so that /proc/sys can follow. */
export interface ModelledKernel extends Kernel {
  save(): SavedKernel;
  /** As after a power-on: no extra modules, default parameters, no swap. */
  reset(): void;
  writable(key: string): boolean;
  onParameters(listener: () => void): void;
}

export function createKernel(options: {
  profile: Profile;
  hostname: string;
  hardware: Hardware;
  saved: SavedKernel | undefined;
  changed: () => void;
}): ModelledKernel {
  const release = options.profile === "thesis" ? "5.4.0-172-generic" : "6.8.0-90-generic";
  const fresh = (): SavedKernel => ({
    modules: ["virtio_net", "ip_tables", "nf_conntrack", "loop"],
    parameters: {},
    swaps: [],
  });
  let state = options.saved ?? fresh();
  const listeners = new Set<() => void>();

  const tableValue = (key: string): string | undefined => {
    if (key === "kernel.hostname") return options.hostname;
    if (key === "kernel.osrelease") return release;
    if (key in bridgeParameters) return state.modules.includes("br_netfilter") ? bridgeParameters[key] : undefined;
    if (key in conntrackParameters)
      return state.modules.includes("nf_conntrack") ? conntrackParameters[key] : undefined;
    return defaults[key];
  };
  const announce = (): void => {
    options.changed();
    for (const listener of listeners) listener();
  };

  const normalize = (name: string): string => name.replaceAll("-", "_");
  const load = (name: string): boolean => {
    const needs = moduleTable[name];
    if (!needs) return false;
    for (const other of needs) load(other);
    if (!state.modules.includes(name)) state.modules.unshift(name);
    return true;
  };

  return {
    release,
    cgroupVersion: options.profile === "thesis" ? 1 : 2,
    modules: () => [...state.modules],
    loadModule(name) {
      const known = load(normalize(name));
      if (known) announce();
      return known;
    },
    unloadModule(name) {
      const wanted = normalize(name);
      const inUse = state.modules.some((other) => moduleTable[other]?.includes(wanted));
      if (inUse || !state.modules.includes(wanted)) return false;
      state.modules = state.modules.filter((other) => other !== wanted);
      if (wanted === "br_netfilter") {
        for (const key of Object.keys(bridgeParameters)) delete state.parameters[key];
      }
      announce();
      return true;
    },
    parameter(key) {
      const value = tableValue(key);
      return value === undefined ? undefined : (state.parameters[key] ?? value);
    },
    setParameter(key, value) {
      if (tableValue(key) === undefined || readOnly.has(key)) return false;
      state.parameters[key] = value.trim().replaceAll(/\s+/g, "\t");
      if (key === "net.ipv4.ip_forward") {
        state.parameters["net.ipv4.conf.all.forwarding"] = state.parameters[key];
        state.parameters["net.ipv4.conf.default.forwarding"] = state.parameters[key];
      }
      if (key === "net.ipv4.conf.all.forwarding") state.parameters["net.ipv4.ip_forward"] = state.parameters[key];
      options.changed();
      return true;
    },
    parameters: () =>
      [...Object.keys(defaults), ...Object.keys(bridgeParameters), ...Object.keys(conntrackParameters)]
        .filter((key) => tableValue(key) !== undefined)
        .sort(),
    swaps: () => [...state.swaps],
    setSwap(path, kilobytes) {
      state.swaps = state.swaps.filter((swap) => swap.path !== path);
      if (kilobytes !== undefined) state.swaps.push({ path, kilobytes });
      options.changed();
    },
    save: () => structuredClone(state),
    reset() {
      state = fresh();
      announce();
    },
    writable: (key) => !readOnly.has(key),
    onParameters: (listener) => {
      listeners.add(listener);
    },
  };
}
