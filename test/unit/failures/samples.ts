/** What a failure looks like where it was met, and what resembles it and is something else. */
export interface Sample {
  says: readonly string[];
  not: readonly string[];
  /** Texts that the words then hold. */
  names?: readonly string[];
}

/** By id of the catalogue. */
export const samples: Readonly<Record<string, Sample>> = {
  // apt
  "apt-kubernetes-repository-gone": {
    says: [
      "E: The repository 'https://apt.kubernetes.io/ kubernetes-xenial Release' no longer has a Release file.",
      "E: The repository 'https://apt.kubernetes.io kubernetes-xenial Release' does not have a Release file.",
      "Err:5 https://packages.cloud.google.com/apt kubernetes-xenial Release\n  404  Not Found [IP: 142.250.74.110 443]",
    ],
    not: [
      "E: The repository 'https://example.org/ kubernetes-xenial Release' no longer has a Release file.",
      "Hit:5 https://apt.kubernetes.io kubernetes-xenial InRelease",
    ],
  },
  "apt-kubernetes-version-gone": {
    says: ["E: Version '1.28.2-00' for 'kubelet' was not found"],
    not: ["E: Version '1.28.2-1.1' for 'kubelet' was not found"],
    names: ["1.28.2-00", "kubelet"],
  },
  "apt-version-unknown": {
    says: ["E: Version '1.28.2-1.1' for 'kubelet' was not found"],
    not: ["E: Version '1.28.2-00' for 'kubelet' was not found", "kubelet was not found"],
    names: ["1.28.2-1.1", "kubelet"],
  },
  "apt-kubernetes-key-expired": {
    says: [
      "The following signatures were invalid: EXPKEYSIG 234654DA9A296436 isv:kubernetes OBS Project <isv:kubernetes@build.opensuse.org>",
    ],
    not: ["EXPKEYSIG 234654DA9A296437 somebody", "GOODSIG 234654DA9A296436 isv:kubernetes OBS Project"],
  },
  "apt-key-expired": {
    says: ["The following signatures were invalid: EXPKEYSIG 4D64390375060AA4 devel:kubic OBS Project"],
    not: ["EXPKEYSIG 234654DA9A296436 isv:kubernetes", "EXPKEYSIG of nobody"],
    names: ["4D64390375060AA4"],
  },
  "apt-key-missing": {
    says: [
      "W: GPG error: https://pkgs.k8s.io InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 234654DA9A296436",
    ],
    not: ["NO_PUBKEY of mine", "GOODSIG 234654DA9A296436"],
    names: ["234654DA9A296436"],
  },
  "apt-key-command-gone": {
    says: ["sudo: apt-key: command not found", "bash: apt-key: command not found"],
    not: ["apt-key is deprecated. Manage keyring files in trusted.gpg.d instead", "gpg: command not found"],
  },
  "apt-kubic-key-address": {
    says: [
      "https://download.opensuse.org/repositories/devel:kubic:libcontainers:stable:cri-o:1.24/xUbuntu_20.04/Release.key:\n2026-11-23 10:00:00 ERROR 404: Not Found.",
      "curl: (22) The requested URL returned error: 404 https://download.opensuse.org/repositories/devel:kubic:libcontainers:stable",
    ],
    not: [
      "https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable:/cri-o:/1.24/xUbuntu_20.04/Release.key 200 OK",
      "https://download.opensuse.org/repositories/devel:kubic:libcontainers:stable 200 OK",
    ],
  },
  "apt-kubic-system": {
    says: [
      "Err:6 https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable:/cri-o:/1.24/xUbuntu_24.04  Release\n  404  Not Found",
      "E: The repository 'https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable/xUbuntu_24.04  Release' does not have a Release file.",
    ],
    not: [
      "Get:6 https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable/xUbuntu_20.04 InRelease",
    ],
    names: ["xUbuntu_24.04"],
  },
  "apt-release-not-yet-valid": {
    says: [
      "E: Release file for http://archive.ubuntu.com/ubuntu/dists/noble-updates/InRelease is not valid yet (invalid for another 5h 3min 2s).",
    ],
    not: ["E: Release file for http://archive.ubuntu.com is expired"],
    names: ["http://archive.ubuntu.com/ubuntu/dists/noble-updates/InRelease"],
  },
  "apt-repository-without-release": {
    says: ["E: The repository 'https://example.org/deb ./ Release' does not have a Release file."],
    not: [
      "E: The repository 'https://apt.kubernetes.io/ kubernetes-xenial Release' no longer has a Release file.",
      "E: The repository 'https://example.org/deb ./ Release' is not signed.",
    ],
    names: ["https://example.org/deb ./ Release"],
  },
  "apt-locked": {
    says: [
      "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2213 (unattended-upgr)",
      "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1044 (apt-get)",
    ],
    not: ["flock: could not get lock /home/ubuntu/mine"],
    names: ["/var/lib/"],
  },
  "apt-interrupted": {
    says: ["E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem."],
    not: ["dpkg was interrupted by nobody"],
  },
  "apt-package-unknown": {
    says: ["E: Unable to locate package kubeadm"],
    not: ["Unable to locate the package"],
    names: ["kubeadm"],
  },
  "apt-host-unresolved": {
    says: [
      "Err:1 http://archive.ubuntu.com/ubuntu noble InRelease\n  Temporary failure resolving 'archive.ubuntu.com'",
    ],
    not: ["Temporary failure of archive.ubuntu.com"],
    names: ["archive.ubuntu.com"],
  },
  // kubeadm
  "kubeadm-several-runtimes": {
    says: [
      "Found multiple CRI endpoints on the host. Please define which one do you wish to use by setting the 'criSocket' field in the kubeadm configuration file: unix:///var/run/containerd/containerd.sock, unix:///var/run/crio/crio.sock",
      "found multiple CRI endpoints on the host. Please define which one do you wish to use by setting the 'criSocket' field in the kubeadm configuration file: unix:///var/run/containerd/containerd.sock, unix:///var/run/crio/crio.sock",
    ],
    not: ["Found one CRI endpoint on the host: unix:///var/run/crio/crio.sock"],
    names: ["unix:///var/run/containerd/containerd.sock, unix:///var/run/crio/crio.sock"],
  },
  "kubeadm-runtime-without-cri": {
    says: [
      '[ERROR CRI]: container runtime is not running: output: time="2023-01-31T09:00:00Z" level=fatal msg="validate service connection: CRI v1 runtime API is not implemented for endpoint \\"unix:///var/run/containerd/containerd.sock\\": rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService"',
    ],
    not: [
      "[ERROR CRI]: container runtime is not running: exit status 1",
      "unknown service runtime.v1alpha2.ImageService",
    ],
    names: ["unix:///var/run/containerd/containerd.sock"],
  },
  "kubeadm-runtime-not-running": {
    says: ["\t[ERROR CRI]: container runtime is not running: output: E1124, error: exit status 1"],
    not: ["[preflight] the container runtime is running"],
  },
  "kubeadm-bridge-netfilter": {
    says: [
      "[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables does not exist",
      "[ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables contents are not set to 1",
    ],
    not: ["[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1"],
  },
  "kubeadm-ip-forward": {
    says: [
      "[ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1",
    ],
    not: ["net.ipv4.ip_forward = 1"],
  },
  "kubeadm-port-in-use": {
    says: ["\t[ERROR Port-6443]: Port 6443 is in use", "[ERROR Port-10250]: Port 10250 is in use"],
    not: ["Port 6443 is in use by somebody", "[ERROR Port-6443]: cannot listen"],
    names: ["port "],
  },
  "kubeadm-folder-not-empty": {
    says: ["[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty"],
    not: ["/var/lib/etcd is not empty"],
    names: ["/var/lib/etcd"],
  },
  "kubeadm-file-exists": {
    says: [
      "[ERROR FileAvailable--etc-kubernetes-manifests-kube-apiserver.yaml]: /etc/kubernetes/manifests/kube-apiserver.yaml already exists",
    ],
    not: ["/etc/kubernetes/manifests/kube-apiserver.yaml already exists"],
    names: ["/etc/kubernetes/manifests/kube-apiserver.yaml"],
  },
  "kubeadm-too-few-cpus": {
    says: ["[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2"],
    not: ["the number of available CPUs 2 is enough"],
    names: ["2 processors; this machine has 1"],
  },
  "kubeadm-too-little-memory": {
    says: ["[ERROR Mem]: the system RAM (957 MB) is less than the minimum 1700 MB"],
    not: ["the system RAM (1957 MB) is enough"],
    names: ["957 MB", "1700 MB"],
  },
  "kubeadm-program-missing": {
    says: ["[ERROR FileExisting-conntrack]: conntrack not found in system path"],
    not: ["[WARNING FileExisting-socat]: socat not found in system path"],
    names: ["conntrack"],
  },
  "kubeadm-not-root": {
    says: ["[ERROR IsPrivilegedUser]: user is not running as root"],
    not: ["the user is running as root"],
  },
  "kubeadm-cgroup-v1": {
    says: [
      "[WARNING SystemVerification]: cgroups v1 support is deprecated and will be removed in a future release. Please migrate to cgroups v2.",
      "[WARNING SystemVerification]: for kubelet, you must set the kubelet configuration option 'FailCgroupV1' to 'false'. You must also explicitly skip this validation.",
    ],
    not: ["CGROUPS_CPU: enabled", "[WARNING SystemVerification]: missing optional cgroups: hugetlb"],
  },
  "kubeadm-swap": {
    says: [
      "[WARNING Swap]: swap is enabled; production deployments should disable swap unless testing the NodeSwap feature gate of the kubelet",
      "[WARNING Swap]: swap is supported for cgroup v2 only. The kubelet must be properly configured to use swap.",
    ],
    not: ["running with swap on is not supported, please disable swap!", "Swap: 0B 0B 0B"],
  },
  "kubeadm-sandbox-image": {
    says: [
      'W1124 checks.go:835] detected that the sandbox image "registry.k8s.io/pause:3.8" of the container runtime is inconsistent with that used by kubeadm. It is recommended to use "registry.k8s.io/pause:3.9" as the CRI sandbox image.',
    ],
    not: ['the sandbox image "registry.k8s.io/pause:3.9" of the container runtime'],
    names: ["pause:3.8", "pause:3.9"],
  },
  "kubeadm-token-expired": {
    says: [
      'couldn\'t validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID "abcdef"',
    ],
    not: ["failed to verify JWS signature of received cluster info object"],
    names: ["abcdef"],
  },
  "kubeadm-ca-hash": {
    says: [
      'cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "sha256:0123abcd" are pinned',
    ],
    not: ["cluster CA found in cluster-info ConfigMap"],
    names: ["sha256:0123abcd"],
  },
  "kubeadm-api-server-unreachable": {
    says: [
      'error execution phase preflight: couldn\'t validate the identity of the API Server: Get "https://10.0.0.182:6443/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s": dial tcp 10.0.0.182:6443: connect: connection refused',
    ],
    not: ["couldn't validate the identity of the API Server: cluster CA found is invalid"],
  },
  "kubeadm-typographic-dash": {
    says: [
      "$ sudo kubeadm join 10.0.0.182:6443 —-token abcdef.0123456789abcdef",
      "kubeadm join 10.0.0.182:6443 ––token x",
    ],
    not: ["kubeadm join 10.0.0.182:6443 --token abcdef.0123456789abcdef", "a pod — or two — is there", "spin—or crun"],
    names: ["token"],
  },
  "kubeadm-version-falls-back": {
    says: ["W1124 version.go:104] remote version is much newer: v1.27.1; falling back to: stable-1.24"],
    not: ["remote version is newer", "falling back to the local client version"],
    names: ["v1.27.1", "stable-1.24"],
  },
  "kubeadm-preflight": {
    says: [
      "error execution phase preflight: [preflight] Some fatal errors occurred:\n\t[ERROR Hostname]: hostname could not be reached\n",
    ],
    not: ["[WARNING Hostname]: hostname could not be reached", "[ERROR Port-6443]: Port 6443 is in use"],
    names: ["Hostname"],
  },
  // kubelet and kubectl
  "kubelet-cgroup-v1": {
    says: ["kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is in maintenance mode"],
    not: ["kubelet runs on a host using cgroup v1"],
  },
  "kubelet-swap": {
    says: [
      "failed to run Kubelet: running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false. /proc/swaps contained: [Filename\t\t\t\tType]",
    ],
    not: ["[WARNING Swap]: swap is enabled; production deployments should disable swap"],
  },
  "kubelet-no-configuration": {
    says: [
      "failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, error: failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed to read kubelet config file, error: open /var/lib/kubelet/config.yaml: no such file or directory",
    ],
    not: ["failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, error: yaml: line 3"],
    names: ["/var/lib/kubelet/config.yaml"],
  },
  "kubelet-network-not-ready-containerd": {
    says: [
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
    ],
    not: ["cni plugin initialized"],
  },
  "kubelet-network-not-ready-crio": {
    says: [
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: No CNI configuration file in /etc/cni/net.d/. Has your network provider started?",
      "Network plugin returns error: no CNI configuration file in /etc/cni/net.d/. Has your network provider started?",
    ],
    not: ["cni plugin not initialized"],
    names: ["/etc/cni/net.d/"],
  },
  "kubelet-network-not-ready": {
    says: [
      "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:docker: something",
    ],
    not: [
      "NetworkReady=true reason: message:",
      "NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized",
    ],
  },
  "kubectl-no-kubeconfig": {
    says: [
      "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
      'couldn\'t get current server API group list: Get "http://localhost:8080/api?timeout=32s": dial tcp 127.0.0.1:8080: connect: connection refused',
    ],
    not: [
      "The connection to the server 10.0.0.182:6443 was refused",
      "curl: (7) Failed to connect to localhost port 8080",
    ],
  },
  "kubectl-api-server-down": {
    says: ["The connection to the server 10.0.0.182:6443 was refused - did you specify the right host or port?"],
    not: ["The connection to the server localhost:8080 was refused"],
    names: ["10.0.0.182:6443"],
  },
  "kubectl-unreachable": {
    says: [
      "Unable to connect to the server: dial tcp 192.168.64.2:6443: i/o timeout",
      "Unable to connect to the server: dial tcp 192.168.64.2:6443: connect: no route to host",
    ],
    not: ["dial tcp 10.244.1.3:8080: i/o timeout"],
    names: ["192.168.64.2:6443"],
  },
  "kubectl-other-cluster": {
    says: [
      'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")',
    ],
    not: ["x509: certificate signed by unknown authority"],
  },
  "manifest-without-separator": {
    says: [
      'error: error parsing app.yaml: error converting YAML to JSON: yaml: unmarshal errors:\n  line 24: key "apiVersion" already set in map',
    ],
    not: ['key "apiVersion" is set'],
    names: ["apiVersion"],
  },
  "kubectl-certificate-address": {
    says: [
      "Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for 10.96.0.1, 192.168.64.2, not 192.168.64.9",
    ],
    not: ["x509: certificate has expired or is not yet valid"],
    names: ["10.96.0.1, 192.168.64.2", "192.168.64.9"],
  },
  "certificate-not-yet-valid": {
    says: [
      "x509: certificate has expired or is not yet valid: current time 2026-11-24T03:00:00Z is before 2026-11-25T00:00:00Z",
    ],
    not: ["x509: certificate signed by unknown authority"],
  },
  // CRI-O
  "crio-default-runtime-missing": {
    says: ['default_runtime set to "crun", but no runtime entry table [crio.runtime.runtimes.crun] was found'],
    not: ['default_runtime = "crun"'],
    names: ["[crio.runtime.runtimes.crun]"],
  },
  "crio-runtime-path": {
    says: [`invalid runtime_path for runtime 'crun': "stat /usr/local/bin/crun: no such file or directory"`],
    not: ["invalid runtime_type for runtime 'crun'", "stat /usr/local/bin/crun: no such file or directory"],
    names: ["/usr/local/bin/crun"],
  },
  "crio-annotation-invalid": {
    says: ["invalid allowed_annotation: run.oci.handler"],
    not: ['allowed_annotations = ["run.oci."]'],
    names: ["run.oci.handler"],
  },
  "crio-handler-unknown": {
    says: [
      "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to find runtime handler crun-wasm from runtime list map[crun:0xc0001 runc:0xc0002]",
    ],
    not: ["failed to find the runtime"],
    names: ["crun-wasm"],
  },
  // containerd
  "containerd-2-handler-unknown": {
    says: [
      'rpc error: code = Unknown desc = unable to get OCI runtime for sandbox "0d4f": no runtime for "spin" is configured',
    ],
    not: ['failed to get sandbox runtime: no runtime for "spin" is configured'],
    names: ["containerd.runtimes.spin]"],
  },
  "containerd-handler-unknown": {
    says: [
      'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "spin" is configured',
      'rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for \\"spin\\" is configured',
    ],
    not: ['unable to get OCI runtime for sandbox "x": no runtime for "spin" is configured', "no runtime is configured"],
    names: ["`spin`"],
  },
  "containerd-sandbox-of-lost-handler": {
    says: [
      'code = InvalidArgument desc = failed to start sandbox "0d4f": failed to create containerd container: create container failed validation: container.Runtime.Name must be set: invalid argument',
    ],
    not: ["container.Runtime.Name is runc"],
  },
  "containerd-shim-missing": {
    says: ['runtime "io.containerd.spin.v2" binary not installed "containerd-shim-spin-v2": file does not exist'],
    not: ['runtime "io.containerd.spin.v2" binary installed'],
    names: ["containerd-shim-spin-v2", "io.containerd.spin.v2"],
  },
  "containerd-configuration-version": {
    says: [
      "containerd: failed to load TOML: /etc/containerd/config.toml: expected containerd config version equal to or less than `2`, got `3`",
    ],
    not: ["version = 3"],
    names: ["version = 3", "up to 2"],
  },
  "docker-handler-unsupported": {
    says: ['rpc error: code = Unknown desc = RuntimeHandler "spin" not supported'],
    not: ['RuntimeHandler "spin" is supported'],
    names: ["spin"],
  },
  "containerd-shim-format": {
    says: ["failed to start shim: start failed: : fork/exec /usr/local/bin/containerd-shim-spin-v2: exec format error"],
    not: ["fork/exec /usr/local/bin/server: exec format error"],
    names: ["/usr/local/bin/containerd-shim-spin-v2"],
  },
  // crun and runc
  "crun-wasm-exec-format": {
    says: [
      "exec container process `/http_server.wasm`: Exec format error",
      '{"msg":"exec container process `/http_server.wasm`: Exec format error","level":"error","time":"2023-01-31T09:00:00Z"}',
    ],
    not: ["exec container process `/bin/server`: Exec format error", "exec /x.wasm: exec format error"],
    names: ["/http_server.wasm"],
  },
  "runc-wasm-exec-format": {
    says: ["exec /x.wasm: exec format error", 'exec "/spin-hello.wasm": exec format error'],
    not: ["exec /bin/server: exec format error", "exec container process `/http_server.wasm`: Exec format error"],
    names: [".wasm"],
  },
  "wrong-architecture": {
    says: [
      "exec container process `/bin/server`: Exec format error",
      "exec /bin/server: exec format error",
      "bash: /usr/local/bin/spin: cannot execute binary file: Exec format error",
    ],
    not: ["exec /x.wasm: exec format error", "exec /bin/server: permission denied"],
    names: ["/"],
  },
  "crun-library-missing": {
    says: [
      "could not load `libwasmedge.so.0`: `libwasmedge.so.0: cannot open shared object file: No such file or directory`",
    ],
    not: ["libwasmedge.so.0 (libc6,x86-64) => /usr/local/lib/libwasmedge.so.0"],
    names: ["libwasmedge.so.0"],
  },
  "library-missing": {
    says: [
      "wasmedge: error while loading shared libraries: libwasmedge.so.0: cannot open shared object file: No such file or directory",
    ],
    not: ["could not load `libwasmedge.so.0`: `libwasmedge.so.0: cannot open shared object file`"],
    names: ["libwasmedge.so.0"],
  },
  "crun-wasm-import-unknown": {
    says: ["[error] instantiation failed: unknown import, Code: 0x62"],
    not: ["instantiation failed: out of bounds"],
  },
  "crun-wasm-run-failed": {
    says: ["could not get wasmedge result from VM"],
    not: ["could not get wasmedge"],
  },
  // images
  "image-no-platform": {
    says: [
      'Failed to pull image "ghcr.io/x/y:v1": rpc error: code = NotFound desc = failed to pull and unpack image "ghcr.io/x/y:v1": no match for platform in manifest: not found',
      'choosing image instance: no image found in manifest list for architecture "amd64", variant "", OS "linux"',
    ],
    not: ['Failed to pull image "ghcr.io/x/y:v1": not found'],
  },
  "image-layers-mismatched": {
    says: ["failed to unpack image on snapshotter overlayfs: mismatched image rootfs and manifest layers"],
    not: ["failed to unpack image on snapshotter overlayfs: unexpected media type"],
  },
  "image-not-unpacked": {
    says: ["failed to create containerd container: parent snapshot sha256:0123abcd does not exist: not found"],
    not: ["snapshot sha256:0123abcd does not exist"],
  },
  "registry-speaks-http": {
    says: ['Get "https://registry.lab:5000/v2/": http: server gave HTTP response to HTTPS client'],
    not: ["server gave an answer to HTTPS client"],
  },
  "registry-rate-limit": {
    says: [
      "toomanyrequests: You have reached your pull rate limit.",
      "You have reached your unauthenticated pull rate limit.",
    ],
    not: ["too many requests for me"],
  },
  "image-short-name": {
    says: [
      'short-name "http-server:v1" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"',
    ],
    not: ['short-name "http-server:v1" resolved'],
    names: ["http-server:v1"],
  },
  "image-missing": {
    says: [
      "reading manifest v2 in registry.lab:5000/http-server: manifest unknown",
      'failed to resolve reference "registry.lab:5000/http-server:v2": registry.lab:5000/http-server:v2: not found',
    ],
    not: ["manifest known"],
  },
  "image-denied": {
    says: [
      "pull access denied, repository does not exist or may require authorization",
      "requested access to the resource is denied",
    ],
    not: ["access denied for me"],
  },
  "image-back-off": {
    says: ['Back-off pulling image "registry.lab:5000/http-server:v2"', "http-server-1  0/1  ImagePullBackOff  0  3m"],
    not: ["Back-off restarting failed container", 'ErrImagePull: "x": no match for platform in manifest: not found'],
  },
  // scheduling
  "runtime-class-missing": {
    says: [
      'Error from server (Forbidden): error when creating "pod.yaml": pods "nginx-runc" is forbidden: pod rejected: RuntimeClass "runc" not found',
    ],
    not: ['RuntimeClass "runc" created'],
    names: ["`runc`"],
  },
  "node-selector-unmet": {
    says: [
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
    ],
    not: ["1 node(s) matched Pod's node affinity/selector"],
    names: ["1 of the nodes"],
  },
  "control-plane-taint": {
    says: [
      "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.",
      "1 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't tolerate",
    ],
    not: [
      "Taints: node-role.kubernetes.io/control-plane:NoSchedule",
      "1 node(s) had untolerated taint {dedicated: gpu}",
    ],
    names: ["node-role.kubernetes.io/"],
  },
  "node-not-ready-taint": {
    says: ["0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."],
    not: ["node.kubernetes.io/not-ready:NoExecute op=Exists for 300s"],
    names: ["node.kubernetes.io/not-ready"],
  },
  "taint-not-tolerated": {
    says: [
      "0/3 nodes are available: 1 node(s) had untolerated taint {dedicated: gpu}.",
      "1 node(s) had taint {dedicated: gpu}, that the pod didn't tolerate",
    ],
    not: ["1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }"],
    names: ["dedicated: gpu"],
  },
  "node-cordoned": {
    says: ["0/3 nodes are available: 1 node(s) were unschedulable."],
    not: ["worker1 Ready,SchedulingDisabled"],
  },
  "node-resources": {
    says: ["0/3 nodes are available: 3 Insufficient memory."],
    not: ["Insufficient words"],
    names: ["memory"],
  },
  "nodes-unavailable": {
    says: ["Warning FailedScheduling 0/3 nodes are available: 3 node(s) had something of their own."],
    not: ["3/3 nodes are available", "0/3 nodes are available: 3 Insufficient cpu."],
    names: ["3 nodes"],
  },
  "node-port-taken": {
    says: ["spec.ports[0].nodePort: Invalid value: 31001: provided port is already allocated"],
    not: ["spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range"],
    names: ["31001"],
  },
  // Wasm
  "cargo-edition-2024": {
    says: [
      "feature `edition2024` is required\n\nThe package requires the Cargo feature called `edition2024`, but that feature is not stabilized in this version of Cargo (1.75.0)",
      "feature edition2024 is required",
    ],
    not: ['edition = "2024"'],
  },
  "rust-newer-needed": {
    says: [
      "error: rustc 1.75.0 is not supported by the following package:",
      "package `x v1.0.0` cannot be built because it requires rustc 1.81 or newer, while the currently active rustc version is 1.75.0",
    ],
    not: ["rustc 1.75.0 (82e1608df 2023-12-21)"],
    names: ["1.75.0"],
  },
  "rust-target-renamed": {
    says: [
      "warning: the `wasm32-wasi` target is being renamed to `wasm32-wasip1` and the wasm32-wasi target will be removed from nightly in October 2024",
      "the wasm32-wasi target is being renamed to wasm32-wasip1 and the wasm32-wasi target will be removed",
    ],
    not: ["the wasm32-wasi target may not be installed"],
  },
  "rust-target-gone": {
    says: [
      "error: toolchain '1.94.0-x86_64-unknown-linux-gnu' does not support target 'wasm32-wasi'; did you mean 'wasm32-wasip1'?",
    ],
    not: ["toolchain '1.94.0' does not support target 'wasm32-wasip9'"],
    names: ["1.94.0-x86_64-unknown-linux-gnu"],
  },
  "rust-target-missing": {
    says: ["error[E0463]: can't find crate for `std`\n  |\n  = note: the `wasm32-wasip1` target may not be installed"],
    not: ["the `x86_64-apple-darwin` target may not be installed"],
    names: ["rustup target add wasm32-wasip1"],
  },
  "wasmedge-installer-minimum": {
    says: ["Exception: Version not supported. Min Version: 0.13.0"],
    not: ["Version supported. Min Version: 0.13.0"],
    names: ["0.13.0"],
  },
  "wasmedge-installer-git": { says: ["ERROR - Please install git"], not: ["please install the git package"] },
  "spin-installer-version": {
    says: ["Unknown argument --version=v2.0.1."],
    not: ["Unknown argument --verbose."],
    names: ["--version v2.0.1`"],
  },
  "spin-operator-webhook": {
    says: [
      'failed calling webhook "mspinappexecutor.kb.io": failed to call webhook: Post "https://spin-operator-webhook-service.spin-operator.svc:443/mutate?timeout=10s": no endpoints available for service "spin-operator-webhook-service"',
    ],
    not: ['failed calling webhook "webhook.cert-manager.io": context deadline exceeded'],
    names: ["mspinappexecutor.kb.io", "spin-operator-webhook-service"],
  },
  // The network
  "flannel-no-pod-cidr": {
    says: [
      'E1124 main.go:332] Error registering network: failed to acquire lease: node "worker1" pod cidr not assigned',
    ],
    not: ['failed to acquire lease: node "worker1" not found'],
    names: ["worker1"],
  },
  "flannel-bridge-netfilter": {
    says: [
      "Failed to check br_netfilter: stat /proc/sys/net/bridge/bridge-nf-call-iptables: no such file or directory",
    ],
    not: ["br_netfilter 32768 0"],
  },
  "bridge-of-another-network": {
    says: [
      'failed to set bridge addr: "cni0" already has an IP address different from 10.244.1.1/24',
      "could not set bridge's address: cni0 already has an IP address different from 10.244.1.1/24",
    ],
    not: ['"cni0" already has an IP address'],
    names: ["cni0", "10.244.1.1/24"],
  },
  "webhook-without-endpoints": {
    says: ['failed calling webhook "webhook.cert-manager.io": failed to call webhook: context deadline exceeded'],
    not: [
      'failed calling webhook "mspinapp.kb.io": no endpoints available for service "spin-operator-webhook-service"',
    ],
    names: ["webhook.cert-manager.io"],
  },
  "host-unresolved": {
    says: [
      "curl: (6) Could not resolve host: registry.lab",
      'Get "https://registry.lab:5000/v2/": dial tcp: lookup registry.lab on 127.0.0.53:53: no such host',
    ],
    not: ["could not resolve the question of hosts"],
    names: ["registry.lab:"],
  },
  "disk-full": { says: ["write /var/lib/containerd/x: no space left on device"], not: ["no space between them"] },
  // ssh
  "ssh-host-key-changed": {
    says: ["@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @"],
    not: ["Warning: Permanently added '10.0.0.1' (ED25519) to the list of known hosts."],
  },
  "ssh-host-key-unknown": {
    says: [
      "Host key verification failed.",
      "No ED25519 host key is known for 10.0.0.182 and you have requested strict checking.",
    ],
    not: ["Host key verified"],
  },
  "ssh-key-refused": {
    says: ["ubuntu@10.0.0.182: Permission denied (publickey).", "Permission denied (publickey,password)."],
    not: ["bash: /etc/shadow: Permission denied"],
    names: ["publickey"],
  },
  "ssh-too-many-keys": {
    says: ["Received disconnect from 10.0.0.182 port 22:2: Too many authentication failures"],
    not: ["Too many open files"],
  },
  "ssh-key-file-open": {
    says: [
      "@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @",
      "Bad owner or permissions on /home/ada/.ssh/config",
    ],
    not: ["Load key: invalid format"],
  },
  "ssh-no-common-algorithm": {
    says: ["Unable to negotiate with 10.0.0.182 port 22: no matching host key type found. Their offer: ssh-rsa"],
    not: ["no matching pods found"],
    names: ["host key type"],
  },
  "ssh-name-unresolved": {
    says: ["ssh: Could not resolve hostname worker9: Name or service not known"],
    not: ["curl: (6) Could not resolve host: worker9"],
    names: ["worker9"],
  },
  "ssh-unreachable": {
    says: [
      "ssh: connect to host 10.0.0.182 port 22: Connection timed out",
      "ssh: connect to host worker1 port 22: No route to host",
    ],
    not: ["ssh: connect to host 10.0.0.182 port 22: Connection refused"],
    names: ["ping "],
  },
  "ssh-refused": {
    says: ["ssh: connect to host 10.0.0.182 port 22: Connection refused"],
    not: ["curl: (7) Failed to connect to 10.0.0.182 port 31001: Connection refused"],
    names: ["10.0.0.182", "port 22"],
  },
  "sudo-password": {
    says: [
      "sudo: a password is required",
      "sudo: a terminal is required to read the password; either use the -S option",
    ],
    not: ["[sudo] password for ada:"],
  },
};
