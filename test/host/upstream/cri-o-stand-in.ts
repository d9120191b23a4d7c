import { join } from "node:path";
import type { DebianPackage } from "./packages.ts";

/**
 * Not CRI-O: its source is not to be had where Go modules come from, and Debian does not pack it. So that the recipe of
 * the first worker can go on after that step, a package of that name lets containerd listen on CRI-O's socket, with
 * Debian's crun for all containers. It says so wherever it is asked.
 */
export function crioStandIn(containerd: string): DebianPackage {
  const programs = ["containerd", "containerd-shim-runc-v2"];
  const folder = "usr/libexec/crio-stand-in";
  return {
    name: "cri-o",
    version: "0~stand-in",
    description: "NOT CRI-O: containerd behind CRI-O's socket, for a test of wasm-k8s-lab",
    depends: ["conmon", "crun", "jq"],
    files: {
      ...Object.fromEntries(programs.map((name) => [`${folder}/${name}`, { from: join(containerd, name) }])),
      "usr/bin/crio": {
        mode: 0o755,
        text: "#!/bin/sh\necho 'crio version 0~stand-in: this is not CRI-O but containerd'\n",
      },
      "usr/lib/systemd/system/crio.service": { text: unit(`/${folder}`) },
      [`${folder}/crun`]: { mode: 0o755, text: crun },
      [`${folder}/config.toml`]: { text: config },
      "etc/containerd/certs.d/registry.lab:5000/hosts.toml": {
        text: 'server = "http://registry.lab:5000"\n\n[host."http://registry.lab:5000"]\n  capabilities = ["pull", "resolve"]\n',
      },
    },
  };
}

const unit = (folder: string): string => `[Unit]
Description=NOT CRI-O: containerd behind CRI-O's socket, for a test
After=network.target

[Service]
Environment=PATH=${folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=${folder}/containerd --config ${folder}/config.toml
Delegate=yes
KillMode=process
OOMScoreAdjust=0

[Install]
WantedBy=multi-user.target
`;

/** The namespaces of a test share this computer's cgroups, whose version 2 may have no controllers to give. */
const crun = `#!/bin/bash
# Takes limits that nobody here could enforce out of what crun is asked.
for ((at = 1; at < $#; at += 1)); do
  next=$((at + 1))
  if [ "\${!at}" = --bundle ]; then config=\${!next}/config.json; fi
done
if [ -n "\${config-}" ] && ! grep -qw cpu /sys/fs/cgroup/cgroup.controllers; then
  limits=$(jq 'del(.linux.resources)' "$config") && printf '%s\\n' "$limits" > "$config"
fi
exec /usr/bin/crun "$@"
`;

const config = `version = 3
root = "/var/lib/containerd/crio-stand-in"
state = "/run/crio/containerd"

[grpc]
  address = "/run/crio/crio.sock"

[ttrpc]
  address = "/run/crio/containerd.ttrpc"

[plugins."io.containerd.cri.v1.images"]
  use_local_image_pull = true

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "crun"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["module.wasm.image/*"]
  container_annotations = ["module.wasm.image/*"]

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun.options]
  BinaryName = "/usr/libexec/crio-stand-in/crun"
  SystemdCgroup = true
`;
