/** Units of a fresh image whose daemons do nothing that the labs can see: name, description, ExecStart. */
const services: readonly (readonly [string, string, string])[] = [
  ["cron", "Regular background program processing daemon", "/usr/sbin/cron -f"],
  ["dbus", "D-Bus System Message Bus", "/usr/bin/dbus-daemon --system --nofork"],
  ["rsyslog", "System Logging Service", "/usr/sbin/rsyslogd -n"],
  ["ssh", "OpenBSD Secure Shell server", "/usr/sbin/sshd -D"],
  ["systemd-journald", "Journal Service", "/lib/systemd/systemd-journald"],
  ["systemd-logind", "Login Service", "/lib/systemd/systemd-logind"],
  ["systemd-networkd", "Network Service", "/lib/systemd/systemd-networkd"],
  ["systemd-resolved", "Network Name Resolution", "/lib/systemd/systemd-resolved"],
  ["systemd-timesyncd", "Network Time Synchronization", "/lib/systemd/systemd-timesyncd"],
];

const oneshots: readonly (readonly [string, string, string])[] = [
  ["systemd-modules-load", "Load Kernel Modules", "/lib/systemd/systemd-modules-load"],
  ["systemd-sysctl", "Apply Kernel Variables", "/lib/systemd/systemd-sysctl"],
];

const targets: Readonly<Record<string, string>> = {
  "sysinit.target": "System Initialization",
  "basic.target": "Basic System",
  "multi-user.target": "Multi-User System",
  "network.target": "Network",
  "network-online.target": "Network is Online",
  "local-fs.target": "Local File Systems",
  "graphical.target": "Graphical Interface",
  "swap.target": "Swap",
  "time-sync.target": "System Time Synchronized",
  "timers.target": "Timers",
  "sockets.target": "Sockets",
};

export interface ImageUnit {
  name: string;
  text: string;
  /** Target whose start pulls it in. */
  wantedBy: string;
}

/** Unit files in /lib/systemd/system of a fresh image. */
export function imageUnits(): ImageUnit[] {
  const units: ImageUnit[] = Object.entries(targets).map(([name, title]) => ({
    name,
    text: `[Unit]\nDescription=${title}\n`,
    wantedBy: "",
  }));
  for (const [name, title, command] of services) {
    const static_ = name.startsWith("systemd-") || name === "dbus";
    const alias = name === "ssh" ? "Alias=sshd.service\n" : "";
    const install = static_ ? "" : `\n[Install]\nWantedBy=multi-user.target\n${alias}`;
    const reload = name === "cron" ? "" : "Restart=on-failure\n";
    units.push({
      name: `${name}.service`,
      text: `[Unit]\nDescription=${title}\nAfter=network.target\n\n[Service]\nType=notify\nExecStart=${command}\n${reload}${install}`,
      wantedBy: static_ ? "sysinit.target" : "multi-user.target",
    });
  }
  for (const [name, title, command] of oneshots) {
    units.push({
      name: `${name}.service`,
      text: `[Unit]\nDescription=${title}\n\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${command}\n`,
      wantedBy: "sysinit.target",
    });
  }
  return units;
}
