#!/bin/bash
# Installs what one machine of the lab needs: `master`, `method1` on the first worker, `method2` on the second.
# The profile decides the versions and where they come from: `thesis` (February 2024, on Ubuntu 20.04) or `current`
# (November 2026, on Ubuntu 24.04); without --profile the machine's own release decides. Safe to run again.
set -Eeuo pipefail

COMMAND=
STEP=start

profile_of_this_machine() {
  case $(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release) in
    20 | 22) echo thesis ;;
    *) echo current ;;
  esac
}

PROFILE=$(profile_of_this_machine)
for argument in "$@"; do
  case $argument in --profile=*) PROFILE=${argument#*=} ;; esac
done

OS=xUbuntu_20.04
case $PROFILE in
  thesis)
    CONTAINERD=1.7.12
    CRIO=1.24
    CRUN=1.8.4
    KUBERNETES=1.28.2-00
    RUNC=1.1.11
    SHIM=0.10.0
    WASMEDGE=0.12.1
    CNI=1.4.0
    ;;
  current)
    CONTAINERD=2.3.4
    CRIO=1.36
    CRUN=distribution
    KUBERNETES=1.36.4-1.1
    RUNC=1.4.3
    SHIM=0.24.0
    WASMEDGE=distribution
    CNI=1.9.1
    ;;
  *)
    echo "setup.sh: there is no profile '$PROFILE'" >&2
    echo "  what to do: say --profile=thesis or --profile=current" >&2
    exit 1
    ;;
esac

usage() {
  cat <<TEXT
Usage: sudo $0 [OPTIONS] COMMAND

Commands:
  master    control plane: runc, CNI plugins, containerd, kubeadm, kubectl, kubeadm init
  method1   worker for WasmEdge: WasmEdge, crun built with it, CRI-O, kubeadm
  method2   worker for Spin: runc, CNI plugins, the shim, containerd, kubeadm
  worker    worker for ordinary containers: runc, CNI plugins, containerd, kubeadm
  containers  a machine without a cluster: runc, containerd, CRI-O, skopeo, crictl

Options (before or after the command; \`distribution\` takes the package of this Ubuntu):
  --profile=NAME        thesis or current (here $PROFILE)
  --containerd=VERSION  (default $CONTAINERD)
  --crio=VERSION        (default $CRIO)
  --crun=VERSION        (default $CRUN)
  --kubernetes=VERSION  (default $KUBERNETES)
  --os=NAME             (default $OS; CRI-O's old packages only)
  --runc=VERSION        (default $RUNC)
  --shim=VERSION        (default $SHIM; Spin is linked into it)
  --wasmedge=VERSION    (default $WASMEDGE)
  -h, --help
TEXT
}

fail() {
  echo "setup.sh: step '$STEP': $1" >&2
  echo "  what to do: $2" >&2
  exit 1
}

trap 'echo "setup.sh: step '\''$STEP'\'' failed; mend what is named above and run the same command again, finished steps are skipped" >&2' ERR

step() {
  STEP=$1
  echo "==> $1"
}

download() { # URL FILE
  curl -fsSL --retry 2 -o "$2" "$1" || fail "could not download $1" "check the version and the network, then run the same command again"
}

packages() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y "$@" || fail "could not install $*" "run 'apt-get update' and read its errors"
}

kernel_settings() {
  step "kernel modules and parameters"
  printf 'overlay\nbr_netfilter\n' > /etc/modules-load.d/k8s.conf
  modprobe overlay
  modprobe br_netfilter
  cat > /etc/sysctl.d/k8s.conf <<'CONF'
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
CONF
  sysctl --system > /dev/null
}

no_swap() {
  step "swap off, now and after a reboot"
  swapoff -a
  sed -i -E 's/^([^#].*[[:space:]]swap[[:space:]].*)$/# \1/' /etc/fstab
}

cni() {
  step "CNI plugins $CNI"
  mkdir -p /opt/cni/bin /etc/cni/net.d
  if [ ! -x /opt/cni/bin/bridge ]; then
    download "https://github.com/containernetworking/plugins/releases/download/v$CNI/cni-plugins-linux-amd64-v$CNI.tgz" "$WORK/cni.tgz"
    tar -C /opt/cni/bin -xzf "$WORK/cni.tgz"
  fi
  cat > /etc/cni/net.d/10-mynet.conf <<'CONF'
{
  "cniVersion": "0.2.0",
  "name": "mynet",
  "type": "bridge",
  "bridge": "cni0",
  "isGateway": true,
  "ipMasq": true,
  "ipam": {
    "type": "host-local",
    "subnet": "10.22.0.0/16",
    "routes": [{ "dst": "0.0.0.0/0" }]
  }
}
CONF
  cat > /etc/cni/net.d/99-loopback.conf <<'CONF'
{ "cniVersion": "0.2.0", "name": "lo", "type": "loopback" }
CONF
}

runc() {
  step "runc $RUNC"
  if [ ! -x /usr/local/sbin/runc ] || ! /usr/local/sbin/runc --version | grep -q "runc version $RUNC"; then
    download "https://github.com/opencontainers/runc/releases/download/v$RUNC/runc.amd64" "$WORK/runc"
    install -m 755 "$WORK/runc" /usr/local/sbin/runc
  fi
}

containerd_runtime() {
  step "containerd $CONTAINERD"
  if [ ! -x /usr/local/bin/containerd ] || ! /usr/local/bin/containerd --version | grep -q " v$CONTAINERD "; then
    download "https://github.com/containerd/containerd/releases/download/v$CONTAINERD/containerd-$CONTAINERD-linux-amd64.tar.gz" "$WORK/containerd.tar.gz"
    tar -C /usr/local -xzf "$WORK/containerd.tar.gz"
  fi
  download "https://raw.githubusercontent.com/containerd/containerd/main/containerd.service" /etc/systemd/system/containerd.service
  mkdir -p /etc/containerd
  /usr/local/bin/containerd config default | sed 's/SystemdCgroup = false/SystemdCgroup = true/' > /etc/containerd/config.toml
  if [ "$COMMAND" = method2 ]; then spin_handler; fi
  systemctl daemon-reload
  systemctl enable containerd
  systemctl restart containerd
}

spin_shim() {
  step "containerd-shim-spin $SHIM"
  local shim=/usr/local/bin/containerd-shim-spin-v2 address
  if [ -x $shim ] && $shim -v | grep -q "Version: $SHIM\$"; then return; fi
  case $SHIM in
    0.[0-9].* | 0.1[0-2].*) address=https://github.com/deislabs/containerd-wasm-shims/releases/download/v$SHIM/containerd-wasm-shims-v2-spin-linux-x86_64.tar.gz ;;
    *) address=https://github.com/spinframework/containerd-shim-spin/releases/download/v$SHIM/containerd-shim-spin-v2-linux-x86_64.tar.gz ;;
  esac
  download "$address" "$WORK/shim.tar.gz"
  tar -C /usr/local/bin -xzf "$WORK/shim.tar.gz" containerd-shim-spin-v2
}

# containerd 2 reads the runtimes of the CRI from another table, and unpacks images for Wasm only when it pulls itself.
spin_handler() {
  local file=/etc/containerd/config.toml runtime=io.containerd.cri.v1.runtime
  case $CONTAINERD in
    1.*) runtime=io.containerd.grpc.v1.cri ;;
    *) sed -i 's/use_local_image_pull = false/use_local_image_pull = true/' $file ;;
  esac
  sed -i "/registry\]/,/config_path/ s#config_path = .*#config_path = '/etc/containerd/certs.d'#" $file
  cat >> $file <<CONF

[plugins."$runtime".containerd.runtimes.spin]
  runtime_type = "io.containerd.spin.v2"
CONF
  mkdir -p /etc/containerd/certs.d/registry.lab:5000
  cat > /etc/containerd/certs.d/registry.lab:5000/hosts.toml <<'CONF'
server = "http://registry.lab:5000"

[host."http://registry.lab:5000"]
  capabilities = ["pull", "resolve"]
CONF
}

# The signing key in a file of its own, trusted for this repository alone.
repository() { # NAME URL
  mkdir -p /etc/apt/keyrings
  download "$2Release.key" "$WORK/$1.key"
  gpg --dearmor < "$WORK/$1.key" > "/etc/apt/keyrings/$1-apt-keyring.gpg"
  echo "deb [signed-by=/etc/apt/keyrings/$1-apt-keyring.gpg] $2 /" > "/etc/apt/sources.list.d/$1.list"
}

minor_of() { # VERSION
  echo "$1" | cut -d. -f1,2
}

kubernetes() { # PACKAGE...
  step "Kubernetes packages $KUBERNETES"
  apt-get update
  packages apt-transport-https ca-certificates curl gnupg
  if [ "$PROFILE" = thesis ]; then
    download "https://dl.k8s.io/apt/doc/apt-key.gpg" /usr/share/keyrings/kubernetes-archive-keyring.gpg
    echo "deb [signed-by=/usr/share/keyrings/kubernetes-archive-keyring.gpg] https://apt.kubernetes.io/ kubernetes-xenial main" > /etc/apt/sources.list.d/kubernetes.list
  else
    repository kubernetes "https://pkgs.k8s.io/core:/stable:/v$(minor_of "$KUBERNETES")/deb/"
  fi
  apt-get update
  local wanted=() name
  for name in "$@"; do wanted+=("$name=$KUBERNETES"); done
  packages --allow-change-held-packages "${wanted[@]}"
  apt-mark hold "$@"
  # Today's kubeadm no longer brings crictl.
  if [ "$PROFILE" = current ]; then packages cri-tools; fi
}

wasmedge_runtime() {
  step "WasmEdge $WASMEDGE"
  if [ "$WASMEDGE" = distribution ]; then
    apt-get update
    packages wasmedge
    return
  fi
  if command -v wasmedge > /dev/null && wasmedge --version | grep -q " $WASMEDGE\$"; then return; fi
  apt-get update
  packages git python3
  download "https://raw.githubusercontent.com/WasmEdge/WasmEdge/master/utils/install.sh" "$WORK/install_wasmedge.sh"
  bash "$WORK/install_wasmedge.sh" --path=/usr/local --version="$WASMEDGE"
  ldconfig
}

crun_runtime() {
  if [ "$CRUN" = distribution ]; then
    step "crun of this Ubuntu"
    packages crun
    crun --version | grep -q +WASM:wasmedge || fail "this Ubuntu's crun was built without WasmEdge" "build one: --crun=1.8.4 --wasmedge=0.12.1"
    return
  fi
  step "crun $CRUN built with WasmEdge"
  if [ -x /usr/local/bin/crun ] && /usr/local/bin/crun --version | grep -q "crun version $CRUN\$" && /usr/local/bin/crun --version | grep -q +WASM:wasmedge; then return; fi
  packages make git gcc build-essential pkgconf libtool libsystemd-dev libprotobuf-c-dev libcap-dev libseccomp-dev libyajl-dev go-md2man autoconf python3 automake
  download "https://github.com/containers/crun/releases/download/$CRUN/crun-$CRUN.tar.gz" "$WORK/crun.tar.gz"
  tar -C "$WORK" --no-overwrite-dir -xzf "$WORK/crun.tar.gz"
  (
    cd "$WORK/crun-$CRUN"
    ./autogen.sh
    ./configure --with-wasmedge
    make
    make install
  )
}

crio_runtime() {
  step "CRI-O $CRIO with crun as its default"
  mkdir -p /etc/crio/crio.conf.d
  if [ "$PROFILE" = thesis ]; then crio_of_2024; else crio_of_today; fi
  systemctl daemon-reload
  systemctl enable crio
  systemctl restart crio
}

# Its own crun knows no WebAssembly, and annotations for Wasm pass only where a handler allows them.
crio_of_today() {
  repository cri-o "https://download.opensuse.org/repositories/isv:/cri-o:/stable:/v$CRIO/deb/"
  apt-get update
  packages cri-o
  cat > /etc/crio/crio.conf.d/99-crun-wasm.conf <<CONF
[crio.runtime]
default_runtime = "crun-wasm"

[crio.runtime.runtimes.crun-wasm]
runtime_path = "$(command -v crun)"
monitor_path = "/usr/libexec/crio/conmon"
allowed_annotations = ["module.wasm.image/variant"]
CONF
}

crio_of_2024() {
  local base=https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable
  packages curl gnupg libseccomp2
  echo "deb $base/$OS/ /" > /etc/apt/sources.list.d/devel:kubic:libcontainers:stable.list
  echo "deb $base:/cri-o:/$CRIO/$OS/ /" > "/etc/apt/sources.list.d/devel:kubic:libcontainers:stable:cri-o:$CRIO.list"
  download "$base/$OS/Release.key" "$WORK/libcontainers.key"
  download "$base:/cri-o:/$CRIO/$OS/Release.key" "$WORK/crio.key"
  apt-key add "$WORK/libcontainers.key"
  apt-key add "$WORK/crio.key"
  apt-get update
  packages cri-o
  cat > /etc/crio/crio.conf.d/99-crun-wasmedge.conf <<'CONF'
[crio.runtime]
default_runtime = "crun"

[crio.runtime.runtimes.crun]
runtime_path = "/usr/local/bin/crun"
CONF
}

trust_lab_registry() {
  step "the lab's registry"
  mkdir -p /etc/containers/registries.conf.d
  cat > /etc/containers/registries.conf.d/50-lab.conf <<'CONF'
[[registry]]
location = "registry.lab:5000"
insecure = true
CONF
}

image_tools() {
  step "skopeo and jq"
  if [ "$PROFILE" = thesis ]; then
    local base=https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable
    echo "deb $base/$OS/ /" > /etc/apt/sources.list.d/devel:kubic:libcontainers:stable.list
    download "$base/$OS/Release.key" "$WORK/libcontainers.key"
    apt-key add "$WORK/libcontainers.key"
  fi
  apt-get update
  packages skopeo jq curl gnupg
}

# CRI-O as its packages leave it, without a default of the lab's own.
plain_crio() {
  step "CRI-O $CRIO"
  if [ "$PROFILE" = thesis ]; then
    local base=https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable
    echo "deb $base:/cri-o:/$CRIO/$OS/ /" > "/etc/apt/sources.list.d/devel:kubic:libcontainers:stable:cri-o:$CRIO.list"
    download "$base:/cri-o:/$CRIO/$OS/Release.key" "$WORK/crio.key"
    apt-key add "$WORK/crio.key"
    apt-get update
    packages cri-o cri-o-runc
  else
    repository cri-o "https://download.opensuse.org/repositories/isv:/cri-o:/stable:/v$CRIO/deb/"
    apt-get update
    packages cri-o
  fi
  systemctl daemon-reload
  systemctl enable crio
  systemctl restart crio
}

cri_tools() {
  step "crictl"
  local version=1.28.0
  if [ "$PROFILE" = current ]; then version=1.29.0; fi
  download "https://github.com/kubernetes-sigs/cri-tools/releases/download/v$version/crictl-v$version-linux-amd64.tar.gz" "$WORK/crictl.tar.gz"
  tar -C /usr/local/bin -xzf "$WORK/crictl.tar.gz"
  printf 'runtime-endpoint: unix:///run/containerd/containerd.sock\nimage-endpoint: unix:///run/containerd/containerd.sock\n' > /etc/crictl.yaml
}

init_cluster() {
  step "kubeadm init"
  if [ -f /etc/kubernetes/admin.conf ]; then
    echo "there is a control plane already"
  else
    kubeadm init --kubernetes-version="v${KUBERNETES%%-*}" --apiserver-advertise-address="$(hostname -I | awk '{print $1}')"
  fi
  step "kubectl for ${LEARNER:-root}"
  local home
  home=$(getent passwd "${LEARNER:-root}" | cut -d: -f6)
  mkdir -p "$home/.kube"
  cp /etc/kubernetes/admin.conf "$home/.kube/config"
  chmod 600 "$home/.kube/config"
  chown -R "$(id -u "${LEARNER:-root}"):$(id -g "${LEARNER:-root}")" "$home/.kube"
  step "join command"
  kubeadm token create --print-join-command
}

for argument in "$@"; do
  case $argument in
    --profile=*) ;;
    --containerd=*) CONTAINERD=${argument#*=} ;;
    --crio=*) CRIO=${argument#*=} ;;
    --crun=*) CRUN=${argument#*=} ;;
    --kubernetes=*) KUBERNETES=${argument#*=} ;;
    --os=*) OS=${argument#*=} ;;
    --runc=*) RUNC=${argument#*=} ;;
    --shim=*) SHIM=${argument#*=} ;;
    --wasmedge=*) WASMEDGE=${argument#*=} ;;
    -h | --help) usage; exit 0 ;;
    master | method1 | method2 | worker | containers) COMMAND=$argument ;;
    *) usage >&2; fail "unknown argument $argument" "use one of the options above" ;;
  esac
done
[ -n "$COMMAND" ] || { usage >&2; fail "no command" "say master, method1, method2, worker or containers"; }
[ "$(id -u)" -eq 0 ] || fail "not root" "run: sudo $0 $*"

# Without sudo (a root login, cloud-init) kubectl is set up for the ubuntu user when there is one.
LEARNER=${SUDO_USER:-}
if [ -z "$LEARNER" ] && id ubuntu > /dev/null 2>&1; then LEARNER=ubuntu; fi
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

case $COMMAND in
  master)
    runc
    cni
    containerd_runtime
    kernel_settings
    no_swap
    kubernetes kubelet kubeadm kubectl
    init_cluster
    ;;
  method1)
    wasmedge_runtime
    crun_runtime
    cni
    crio_runtime
    trust_lab_registry
    kernel_settings
    no_swap
    kubernetes kubelet kubeadm
    ;;
  method2)
    runc
    cni
    spin_shim
    containerd_runtime
    kernel_settings
    no_swap
    kubernetes kubelet kubeadm
    ;;
  worker)
    runc
    cni
    containerd_runtime
    kernel_settings
    no_swap
    kubernetes kubelet kubeadm
    ;;
  containers)
    kernel_settings
    runc
    cni
    containerd_runtime
    image_tools
    plain_crio
    cri_tools
    ;;
esac
echo "==> finished: $COMMAND"
