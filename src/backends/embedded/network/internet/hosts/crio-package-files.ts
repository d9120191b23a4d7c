/** Files that the CRI-O 1.24 packages bring; names and defaults are CRI-O's, the comments are short. */

export const crioUnit = `[Unit]
Description=Container Runtime Interface for OCI (CRI-O)
Documentation=https://github.com/cri-o/cri-o
Wants=network-online.target
Before=kubelet.service
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/crio
Environment=GOTRACEBACK=crash
ExecStart=/usr/bin/crio \\
          $CRIO_CONFIG_OPTIONS \\
          $CRIO_RUNTIME_OPTIONS \\
          $CRIO_STORAGE_OPTIONS \\
          $CRIO_NETWORK_OPTIONS \\
          $CRIO_METRICS_OPTIONS
ExecReload=/bin/kill -s HUP $MAINPID
TasksMax=infinity
LimitNOFILE=1048576
LimitNPROC=1048576
LimitCORE=infinity
OOMScoreAdjust=-999
TimeoutStartSec=0
Restart=on-failure
RestartSec=10

[Install]
WantedBy=multi-user.target
Alias=cri-o.service
`;

export const crioConfig = `# Settings of the CRI-O daemon; see crio.conf(5). A value that is commented out is the default.
# Files in /etc/crio/crio.conf.d are read after this one.

[crio]

# root = "/var/lib/containers/storage"
# runroot = "/run/containers/storage"
# storage_driver = "overlay"
# log_dir = "/var/log/crio/pods"
# version_file = "/var/run/crio/version"
# clean_shutdown_file = "/var/lib/crio/clean.shutdown"

[crio.api]

# listen = "/var/run/crio/crio.sock"
# stream_address = "127.0.0.1"
# stream_port = "0"
# stream_enable_tls = false

[crio.runtime]

# default_runtime is the name of a table below crio.runtime.runtimes.
# default_runtime = "runc"

# no_pivot = false
# decryption_keys_path = "/etc/crio/keys/"

# The monitor of each container; empty: looked up in PATH.
# conmon = ""
# conmon_cgroup = ""

# selinux = false
# seccomp_profile = ""
# apparmor_profile = "crio-default"
# cgroup_manager = "systemd"
# pids_limit = 0
# log_size_max = -1
# log_to_journald = false
# read_only = false
# log_level = "info"
# ctr_stop_timeout = 30
# drop_infra_ctr = true
# pinns_path = ""

# Each table below crio.runtime.runtimes is a handler that a RuntimeClass can name.
# [crio.runtime.runtimes.runc]
# runtime_path = ""
# runtime_type = "oci"
# runtime_root = "/run/runc"
# monitor_path = ""
# monitor_cgroup = "system.slice"

# crun is a runtime written in C, with a low memory footprint.
#[crio.runtime.runtimes.crun]

# Workloads give pods resources or annotations by their own annotations.
# [crio.runtime.workloads.workload-type]
# activation_annotation = "io.crio/workload"

[crio.image]

# default_transport = "docker://"
# pause_image = "registry.k8s.io/pause:3.6"
# pause_command = "/pause"
# signature_policy = ""
# insecure_registries = [
# ]
# image_volumes = "mkdir"

[crio.network]

# The first configuration found is taken when this is empty.
# cni_default_network = ""
# network_dir = "/etc/cni/net.d/"
# plugin_dirs = [
# 	"/opt/cni/bin/",
# ]

[crio.metrics]

# enable_metrics = false
# metrics_port = 9090

[crio.tracing]

# enable_tracing = false

[crio.stats]

# stats_collection_period = 0
`;

export const runcDropIn = `[crio.runtime.runtimes.runc]
runtime_path = "/usr/lib/cri-o-runc/sbin/runc"
runtime_type = "oci"
runtime_root = "/run/runc"
`;

export const crictlConfig = `runtime-endpoint: "unix:///var/run/crio/crio.sock"
timeout: 0
debug: false
`;

export const crioBridge = `{
    "cniVersion": "0.3.1",
    "name": "crio",
    "type": "bridge",
    "bridge": "cni0",
    "isGateway": true,
    "ipMasq": true,
    "hairpinMode": true,
    "ipam": {
        "type": "host-local",
        "routes": [
            { "dst": "0.0.0.0/0" },
            { "dst": "1100:200::1/24" }
        ],
        "ranges": [
            [{ "subnet": "10.85.0.0/16" }],
            [{ "subnet": "1100:200::/24" }]
        ]
    }
}
`;

export const crioLoopback = `{
    "cniVersion": "0.3.1",
    "type": "loopback"
}
`;
