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
    depends: ["conmon", "crun"],
    files: {
      ...Object.fromEntries(programs.map((name) => [`${folder}/${name}`, { from: join(containerd, name) }])),
      "usr/bin/crio": {
        mode: 0o755,
        text: "#!/bin/sh\necho 'crio version 0~stand-in: this is not CRI-O but containerd'\n",
      },
      "usr/lib/systemd/system/crio.service": { text: unit(`/${folder}`) },
      [`${folder}/config.toml`]: { text: config(`/${folder}`) },
      [`${folder}/certs.d/registry.lab:5000/hosts.toml`]: {
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

const config = (folder: string): string => `version = 3
root = "/var/lib/containerd/crio-stand-in"
state = "/run/crio/containerd"

[grpc]
  address = "/run/crio/crio.sock"

[ttrpc]
  address = "/run/crio/containerd.ttrpc"

[plugins."io.containerd.cri.v1.images"]
  use_local_image_pull = true

[plugins."io.containerd.cri.v1.images".registry]
  config_path = "${folder}/certs.d"

[plugins."io.containerd.cri.v1.runtime".containerd]
  default_runtime_name = "crun"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["module.wasm.image/*"]
  container_annotations = ["module.wasm.image/*"]

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.crun.options]
  BinaryName = "/usr/bin/crun"
  SystemdCgroup = true
`;
