#!/bin/bash
# Installs what one machine of the lab needs: `master`, `method1` on the first worker, `method2` on the second.
# The profile decides the versions and where they come from: `thesis` (February 2024) or `current` (November 2026);
# without --profile the machine's own release decides. Each download is checked against the catalogue's digest or the
# one that upstream publishes; where nobody says one, the script says so. Safe to run again: nothing comes twice.
set -Eeuo pipefail
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

COMMAND=
STEP=start
# What this machine was told: digests by address, the pod network, a server to use instead of the internet.
SOURCES=/etc/wasm-k8s-lab/sources
CACHE=/var/cache/wasm-k8s-lab
DEVIATIONS=()
LISTS_ARE_FRESH=no

release_of_this_machine() {
  sed -n 's/^VERSION_ID="\{0,1\}\([0-9.]*\).*/\1/p' /etc/os-release
}

profile_of_this_machine() {
  case $RELEASE in
    20.* | 22.*) echo thesis ;;
    *) echo current ;;
  esac
}

RELEASE=$(release_of_this_machine)
PROFILE=$(profile_of_this_machine)
for argument in "$@"; do
  case $argument in --profile=*) PROFILE=${argument#*=} ;; esac
done
case $PROFILE in
  thesis | current) ;;
  *)
    echo "setup.sh: there is no profile '$PROFILE'" >&2
    echo "  what to do: say --profile=thesis or --profile=current" >&2
    exit 1
    ;;
esac

# Pins: written from vm-images/catalog.yaml by scripts/setup-pins.ts.
pins() {
  cat << 'PINS'
thesis runc 1.1.11 https://github.com/opencontainers/runc/releases/download/v{version}/runc.{arch} https://github.com/opencontainers/runc/releases/download/v{version}/runc.sha256sum
thesis cni-plugins 1.4.0 https://github.com/containernetworking/plugins/releases/download/v{version}/cni-plugins-linux-{arch}-v{version}.tgz {url}.sha256
thesis containerd 1.7.12 https://github.com/containerd/containerd/releases/download/v{version}/containerd-{version}-linux-{arch}.tar.gz {url}.sha256sum
thesis containerd-service 1.7.12 https://raw.githubusercontent.com/containerd/containerd/v{version}/containerd.service -
thesis crictl 1.28.0 https://github.com/kubernetes-sigs/cri-tools/releases/download/v{version}/crictl-v{version}-linux-{arch}.tar.gz {url}.sha256
thesis shim 0.10.0 https://github.com/deislabs/containerd-wasm-shims/releases/download/v{version}/containerd-wasm-shims-v2-spin-linux-{machine}.tar.gz -
thesis crun 1.8.4 https://github.com/containers/crun/releases/download/{version}/crun-{version}.tar.gz -
thesis wasmedge 0.12.1 https://github.com/WasmEdge/WasmEdge/releases/download/{version}/WasmEdge-{version}-ubuntu20.04_{machine}.tar.gz ?https://github.com/WasmEdge/WasmEdge/releases/download/{version}/SHA256SUM
thesis wasmedge-manylinux 0.12.1 https://github.com/WasmEdge/WasmEdge/releases/download/{version}/WasmEdge-{version}-manylinux2014_{machine}.tar.gz ?https://github.com/WasmEdge/WasmEdge/releases/download/{version}/SHA256SUM WasmEdge's build for any Linux, where there is none for Ubuntu 20.04
thesis spin 2.0.1 https://github.com/fermyon/spin/releases/download/v{version}/spin-v{version}-linux-{spinarch}.tar.gz https://github.com/fermyon/spin/releases/download/v{version}/checksums-v{version}.txt
thesis rustup 1.28.2 https://static.rust-lang.org/rustup/archive/{version}/{machine}-unknown-linux-gnu/rustup-init {url}.sha256
thesis kubernetes-key 1.28.2 https://dl.k8s.io/apt/doc/apt-key.gpg -
thesis kubernetes 1.28.2-00 https://apt.kubernetes.io/ -
thesis kubernetes-key-today 1.37 https://pkgs.k8s.io/core:/stable:/v{minor}/deb/Release.key -
thesis kubernetes-today 1.28.2-1.1 https://pkgs.k8s.io/core:/stable:/v{minor}/deb/ - apt.kubernetes.io was shut down on 2024-03-04; pkgs.k8s.io has the same Kubernetes in other packages
thesis libcontainers-key 1.32.2 https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable/xUbuntu_{release}/Release.key -
thesis libcontainers 1.32.2 https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable/xUbuntu_{release}/ -
thesis cri-o-key 1.24.6 https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable:/cri-o:/{minor}/xUbuntu_{release}/Release.key -
thesis cri-o 1.24.6 https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable:/cri-o:/{minor}/xUbuntu_{release}/ -
thesis cri-o-bundle 1.24.6 https://storage.googleapis.com/cri-o/artifacts/cri-o.{arch}.v{version}.tar.gz {url}.sha256sum CRI-O 1.24.6 from the project's static bundle; the thesis's repository of packages is no longer kept
thesis cri-o-bundle-commit 1.24.6 https://storage.googleapis.com/cri-o/artifacts/cri-o.{arch}.4bfe15a9feb74ffc95e66a21c04b15fa7bbc2b90.tar.gz {url}.sha256sum CRI-O 1.24.6 from the project's static bundle, found by its commit
thesis cri-o-bundle-1-28 1.28.5 https://storage.googleapis.com/cri-o/artifacts/cri-o.{arch}.v{version}.tar.gz {url}.sha256sum CRI-O 1.28.5 instead of 1.24.6, the last that lets the thesis's annotation through by itself
thesis flannel 0.28.9 https://github.com/flannel-io/flannel/releases/download/v{version}/kube-flannel.yml -
thesis ubuntu {release} {archive} -
thesis ubuntu-tools-for-images 1.32.2 {archive} - Ubuntu 22.04's own Buildah and skopeo
thesis image-pause 3.9 docker://registry.k8s.io/pause:{version} -
current runc 1.4.3 https://github.com/opencontainers/runc/releases/download/v{version}/runc.{arch} https://github.com/opencontainers/runc/releases/download/v{version}/runc.sha256sum
current cni-plugins 1.9.1 https://github.com/containernetworking/plugins/releases/download/v{version}/cni-plugins-linux-{arch}-v{version}.tgz {url}.sha256
current containerd 2.3.4 https://github.com/containerd/containerd/releases/download/v{version}/containerd-{version}-linux-{arch}.tar.gz {url}.sha256sum
current containerd-service 2.3.4 https://raw.githubusercontent.com/containerd/containerd/v{version}/containerd.service -
current crictl 1.36.0 https://github.com/kubernetes-sigs/cri-tools/releases/download/v{version}/crictl-v{version}-linux-{arch}.tar.gz {url}.sha256
current shim 0.24.0 https://github.com/spinframework/containerd-shim-spin/releases/download/v{version}/containerd-shim-spin-v2-linux-{machine}.tar.gz -
current spin 3.6.3 https://github.com/spinframework/spin/releases/download/v{version}/spin-v{version}-linux-{spinarch}.tar.gz https://github.com/spinframework/spin/releases/download/v{version}/checksums-v{version}.txt
current rustup 1.28.2 https://static.rust-lang.org/rustup/archive/{version}/{machine}-unknown-linux-gnu/rustup-init {url}.sha256
current kubernetes-key 1.37 https://pkgs.k8s.io/core:/stable:/v{minor}/deb/Release.key -
current kubernetes-key-own 1.36.4 https://pkgs.k8s.io/core:/stable:/v{minor}/deb/Release.key -
current kubernetes 1.36.4-1.1 https://pkgs.k8s.io/core:/stable:/v{minor}/deb/ -
current cri-o-key 1.36.4 https://download.opensuse.org/repositories/isv:/cri-o:/stable:/v{minor}/deb/Release.key -
current cri-o 1.36.4 https://download.opensuse.org/repositories/isv:/cri-o:/stable:/v{minor}/deb/ -
current flannel 0.28.9 https://github.com/flannel-io/flannel/releases/download/v{version}/kube-flannel.yml -
current ubuntu {release} {archive} -
current image-pause 3.10.2 docker://registry.k8s.io/pause:{version} -
PINS
}
# End of the pins.

# Sets PIN_VERSION, PIN_URL, PIN_SUMS and PIN_NOTE; a download that only the other profile has is that one's.
look_up() { # ID
  local profile id version url sums note
  PIN_VERSION=
  while read -r profile id version url sums note; do
    if [ "$id" = "$1" ] && { [ "$profile" = "$PROFILE" ] || [ -z "$PIN_VERSION" ]; }; then
      PIN_VERSION=$version PIN_URL=$url PIN_SUMS=$sums PIN_NOTE=$note
    fi
  done < <(pins)
  [ -n "$PIN_VERSION" ] || fail "there is no download '$1'" "get setup.sh again, this one is damaged"
}

version_of() { # ID
  look_up "$1"
  echo "$PIN_VERSION"
}

minor_of() { # VERSION
  echo "$1" | cut -d. -f1,2
}

setting() { # NAME: a line of the machine's own file
  if [ -r $SOURCES ]; then awk -v name="$1" '$1 == name { print $2; exit }' $SOURCES; fi
}

OFFLINE=$(setting offline)
NETWORK=$(setting network)
NETWORK=${NETWORK:-flannel}
ADDRESS=
OS=xUbuntu_$RELEASE

usage() {
  cat << TEXT
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
  --runc=VERSION        (default $RUNC)
  --shim=VERSION        (default $SHIM; Spin is linked into it)
  --wasmedge=VERSION    (default $WASMEDGE)
  --os=NAME             (default $OS; CRI-O's old packages only)
  --network=NAME        flannel: pods reach each other on all nodes; bridge: the thesis's, the same range of addresses
                        on every node, which ends at the node (here $NETWORK; all machines of a cluster alike)
  --address=ADDRESS     of this machine as the others reach it (default: the first that is no private one of a
                        virtual machine's own network)
  --deviations          lists what may be other than in the thesis, and why; each is also said when it happens
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

deviate() { # WHAT
  DEVIATIONS+=("$1")
  echo "    other than in the thesis: $1"
}

# Every download as the profile has it on this machine.
deviations() {
  local profile id version url sums note
  while read -r profile id version url sums note; do
    if [ "$profile" = "$PROFILE" ] && [ -n "$note" ]; then echo "$id: $note"; fi
  done < <(pins)
  if [ "$PROFILE" = thesis ] && [ "$RELEASE" != 20.04 ]; then echo "ubuntu: $RELEASE instead of 20.04"; fi
  echo "network: flannel instead of the same bridge on every node, unless --network=bridge (here $NETWORK)"
  echo "containerd: configured on every node and left to systemd's control groups; the thesis forgets it on the master"
  echo "swap: off through /etc/fstab instead of a cron job"
  echo "keys: each trusted for its own repository instead of apt-key"
  echo "spin: only the shim, which has Spin inside"
}

# Fills {version}, {minor}, {arch}, {machine}, {spinarch} and {release} in.
fill() { # PATTERN VERSION
  local spin=$ARCH
  if [ "$ARCH" = arm64 ]; then spin=aarch64; fi
  echo "$1" | sed -e "s#{version}#$2#g" -e "s#{minor}#$(minor_of "$2")#g" -e "s#{arch}#$ARCH#g" \
    -e "s#{machine}#$MACHINE#g" -e "s#{spinarch}#$spin#g" -e "s#xUbuntu_{release}#$OS#g" -e "s#{release}#$RELEASE#g"
}

# The address from which this machine gets what is at URL: itself, or its copy on the offline server.
where_is() { # URL
  if [ -n "$OFFLINE" ]; then echo "${OFFLINE%/}/${1#*://}"; else echo "$1"; fi
}

# Brings URL into FILE. Answers 1 when there is no such thing (any more); ends the script when that cannot be told.
get() { # URL FILE
  local status code=0
  status=$(curl -sSL --retry 3 --connect-timeout 20 -o "$2" -w '%{http_code}' "$(where_is "$1")" 2> "$WORK/curl.log") || code=$?
  case $code:$status in
    0:200) return 0 ;;
    0:401 | 0:403 | 0:404 | 0:410 | 6:*) return 1 ;;
  esac
  cat "$WORK/curl.log" >&2
  fail "could not download $(where_is "$1") (curl $code, HTTP $status)" \
    "check the network (curl -I $(where_is "$1")), then run the same command again"
}

# Brings a download of the pins into FILE, from the cache when it came before. Answers 1 when upstream has it no longer.
fetch() { # ID VERSION FILE
  local url sums kept digest
  look_up "$1"
  url=$(fill "$PIN_URL" "$2")
  sums=$(fill "$PIN_SUMS" "$2" | sed "s#{url}#$url#")
  kept=$CACHE/$(printf %s "${url#*://}" | tr -c 'A-Za-z0-9.' _)
  mkdir -p $CACHE
  if [ ! -f "$kept" ] || ! sha256sum --status -c "$kept.sha256" 2> /dev/null; then
    get "$url" "$kept.part" || return 1
    digest=$(sha256sum "$kept.part" | cut -d ' ' -f 1)
    check "$url" "$sums" "$digest"
    mv "$kept.part" "$kept"
    echo "$digest  $kept" > "$kept.sha256"
  fi
  cp "$kept" "$3"
}

# Compares the digest of what came from URL with the catalogue's, else with the published one; never in silence.
check() { # URL SUMS DIGEST
  local wanted='' by=''
  if [ -r $SOURCES ]; then
    wanted=$(awk -v url="$1" '$1 == "sha256" && $3 == url { print $2; exit }' $SOURCES)
    by="the catalogue"
  fi
  if [ -z "$wanted" ] && [ "$2" != - ]; then
    by=${2#\?}
    if get "$by" "$WORK/sums"; then
      wanted=$(awk -v name="${1##*/}" \
        'length($1) == 64 && (NF == 1 || $2 == name || $2 == "*" name || $2 == "./" name) { print $1; exit }' "$WORK/sums")
      [ -n "$wanted" ] || fail "$by does not name ${1##*/}" "check the version; nothing was installed"
    elif [ "$2" = "$by" ]; then
      fail "the digests at $by are gone" "choose another version; nothing is installed unchecked in silence"
    fi
  fi
  if [ -z "$wanted" ]; then
    echo "    unverified: nobody publishes a digest of $1; it came with sha256 $3"
  elif [ "$wanted" != "$3" ]; then
    rm -f $CACHE/*.part
    fail "$1 is not what $by says (sha256 $3 instead of $wanted)" \
      "somebody changed it on the way or at its source: try again, and if it stays so do not use it"
  else
    echo "    verified by $by: ${1##*/}"
  fi
}

# As fetch, but upstream has to have it.
download() { # ID VERSION FILE
  fetch "$@" || fail "could not download $(where_is "$(fill "$PIN_URL" "$2")")" \
    "check the version and the network, then run the same command again"
}

# Waits for whoever else installs packages, such as the first boot. Answers 1 when a repository is broken.
fresh_lists() {
  local attempt
  if [ $LISTS_ARE_FRESH = yes ]; then return; fi
  for attempt in $(seq 60); do
    if apt-get update 2>&1 | tee "$WORK/update.log"; then
      # Broken repositories of others are warnings to apt; here they count when they name a key.
      if grep -qE 'EXPKEYSIG|KEYEXPIRED|NO_PUBKEY' "$WORK/update.log"; then return 1; fi
      LISTS_ARE_FRESH=yes
      return
    fi
    grep -q 'Could not get lock' "$WORK/update.log" || return 1
    echo "    another program uses apt, waiting ($attempt)"
    sleep 10
  done
  return 1
}

# Whether CRI-O of the wanted minor is there, as a package or from the bundle.
has_crio() {
  case "$(crio --version 2> /dev/null || true) " in *" $(minor_of "$CRIO")."* | *" $CRIO"[!0-9.]*) ;; *) return 1 ;; esac
}

is_installed() { # NAME or NAME=VERSION
  local found
  found=$(dpkg-query -W -f='${Status} ${Version}\n' "${1%%=*}" 2> /dev/null) || return 1
  case $found in *" ok installed "*) ;; *) return 1 ;; esac
  case $1 in *=*) [ "${found##* }" = "${1#*=}" ] ;; esac
}

packages() { # NAME or NAME=VERSION ...
  local wanted=() item
  for item in "$@"; do is_installed "$item" || wanted+=("$item"); done
  if [ ${#wanted[@]} -eq 0 ]; then return; fi
  fresh_lists || fail "apt-get update failed" "read its errors above; 'grep -r . /etc/apt/sources.list.d' shows the repositories"
  apt-get install -y -o DPkg::Lock::Timeout=600 --allow-change-held-packages --allow-downgrades "${wanted[@]}" ||
    fail "could not install ${wanted[*]}" "run 'apt-get update' and read its errors"
}

# Adds a repository with its key in a file of its own, trusted for it alone. Answers 1 when upstream has it no longer.
repository() { # NAME KEY-URL REPOSITORY SUITES
  local keyring=/etc/apt/keyrings/$1-apt-keyring.gpg list=/etc/apt/sources.list.d/$1.list where other
  where=$3${4:+dists/${4%% *}/}
  get "${where}InRelease" "$WORK/Release" || get "${where}Release" "$WORK/Release" || return 1
  get "$2" "$WORK/$1.key" || return 1
  mkdir -p /etc/apt/keyrings
  if head -c 5 "$WORK/$1.key" | grep -q -e '-----'; then
    gpg --batch --yes --dearmor -o "$keyring" < "$WORK/$1.key" || fail "$2 is no key" "look at it: curl -L $(where_is "$2")"
  else
    cp "$WORK/$1.key" "$keyring"
  fi
  chmod 644 "$keyring"
  # apt refuses a repository that two files name with different keys.
  for other in /etc/apt/sources.list.d/*.list; do
    if grep -qsF -e "$3" -e "$(where_is "$3")" "$other"; then
      grep -vF -e "$3" -e "$(where_is "$3")" "$other" > "$WORK/list" || true
      cp "$WORK/list" "$other"
    fi
  done
  echo "deb [signed-by=$keyring] $(where_is "$3") ${4:-/}" > "$list"
  LISTS_ARE_FRESH=no
}

drop_repository() { # NAME
  rm -f "/etc/apt/sources.list.d/$1.list"
  LISTS_ARE_FRESH=no
}

prepare_machine() {
  step "this machine: Ubuntu $RELEASE, $ARCH, profile $PROFILE"
  if [ "$PROFILE" = thesis ] && [ "$RELEASE" != 20.04 ]; then deviate "Ubuntu $RELEASE instead of 20.04"; fi
  if [ -n "$OFFLINE" ]; then
    echo "    everything comes from $OFFLINE"
    offline_mirrors
  fi
  if [ -d /var/lib/cloud/instance ] && [ ! -e /var/lib/cloud/instance/boot-finished ]; then
    echo "    the first boot is not finished, waiting for cloud-init"
    timeout 600 cloud-init status --wait > /dev/null || true
  fi
  packages ca-certificates curl gnupg
}

load() { # MODULE TEST-COMMAND...
  local module=$1
  shift
  modprobe "$module" 2> "$WORK/modprobe.log" || "$@" || {
    cat "$WORK/modprobe.log" >&2
    fail "the kernel has no $module" "install linux-modules-extra-$(uname -r), or load the module on the computer that this machine runs on"
  }
}

kernel_settings() {
  step "kernel modules and parameters"
  printf 'overlay\nbr_netfilter\n' > /etc/modules-load.d/k8s.conf
  load overlay grep -qw overlay /proc/filesystems
  load br_netfilter test -e /proc/sys/net/bridge/bridge-nf-call-iptables
  cat > /etc/sysctl.d/k8s.conf << 'CONF'
net.bridge.bridge-nf-call-iptables = 1
net.bridge.bridge-nf-call-ip6tables = 1
net.ipv4.ip_forward = 1
CONF
  sysctl --system > /dev/null 2> "$WORK/sysctl.log" || true
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || fail "net.ipv4.ip_forward is not 1" "run 'sysctl --system' and read its errors"
}

no_swap() {
  step "swap off, now and after a reboot"
  swapoff -a
  sed -i -E 's/^([^#].*[[:space:]]swap[[:space:]].*)$/# \1/' /etc/fstab
}

cni() {
  step "CNI plugins $CNI"
  mkdir -p /opt/cni/bin /etc/cni/net.d
  download cni-plugins "$CNI" "$WORK/cni.tgz"
  tar -C /opt/cni/bin -xzf "$WORK/cni.tgz"
  # CRI-O's bundles bring a network of their own, whose file is read first.
  rm -f /etc/cni/net.d/*-crio-bridge.conf /etc/cni/net.d/*-crio-bridge.conflist
  if [ "$NETWORK" = flannel ]; then
    if [ "$PROFILE" = thesis ]; then deviate "flannel instead of the same bridge on every node"; fi
    if [ -e /etc/kubernetes/admin.conf ]; then ranges_for_flannel; fi
    if [ -e /etc/cni/net.d/10-mynet.conf ]; then
      rm -f /etc/cni/net.d/10-mynet.conf /etc/cni/net.d/99-loopback.conf
      ip link delete cni0 2> /dev/null || true
    fi
    echo "    network: flannel; its pod writes the configuration once the node has joined"
    return
  fi
  echo "    network: the thesis's bridge, with the same range on every node: pods of two nodes do not reach each other"
  cat > /etc/cni/net.d/10-mynet.conf << 'CONF'
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
  cat > /etc/cni/net.d/99-loopback.conf << 'CONF'
{ "cniVersion": "0.2.0", "name": "lo", "type": "loopback" }
CONF
}

runc() {
  step "runc $RUNC"
  case $(/usr/local/sbin/runc --version 2> /dev/null || true) in "runc version $RUNC"[!0-9.]*) return ;; esac
  download runc "$RUNC" "$WORK/runc"
  install -m 755 "$WORK/runc" /usr/local/sbin/runc
}

containerd_runtime() {
  step "containerd $CONTAINERD"
  case $(/usr/local/bin/containerd --version 2> /dev/null || true) in
    *" v$CONTAINERD "*) ;;
    *)
      download containerd "$CONTAINERD" "$WORK/containerd.tar.gz"
      tar -C /usr/local -xzf "$WORK/containerd.tar.gz"
      ;;
  esac
  download containerd-service "$CONTAINERD" "$WORK/containerd.service"
  install -m 644 "$WORK/containerd.service" /etc/systemd/system/containerd.service
  mkdir -p /etc/containerd
  /usr/local/bin/containerd config default | sed -e 's/SystemdCgroup = false/SystemdCgroup = true/' \
    -e "s#registry.k8s.io/pause:[0-9.]*#registry.k8s.io/pause:$PAUSE#" > /etc/containerd/config.toml
  if [ "$COMMAND" = method2 ]; then spin_handler; fi
  if [ -n "$OFFLINE" ]; then offline_images; fi
  systemctl daemon-reload
  systemctl enable containerd
  systemctl restart containerd
}

spin_shim() {
  step "containerd-shim-spin $SHIM"
  local shim=/usr/local/bin/containerd-shim-spin-v2 words
  words=$($shim -v 2> /dev/null || true)
  case "$words " in *"Version: $SHIM"[!0-9.]*) return ;; esac
  download shim "$SHIM" "$WORK/shim.tar.gz"
  tar -C /usr/local/bin -xzf "$WORK/shim.tar.gz" containerd-shim-spin-v2
}

# Where containerd looks for other ways to a registry.
registry_folder() {
  sed -i "/registry\]/,/config_path/ s#config_path = .*#config_path = '/etc/containerd/certs.d'#" /etc/containerd/config.toml
}

# containerd 2 reads the runtimes of the CRI from another table, and unpacks images for Wasm only when it pulls itself.
spin_handler() {
  local file=/etc/containerd/config.toml runtime=io.containerd.cri.v1.runtime
  case $CONTAINERD in
    1.*) runtime=io.containerd.grpc.v1.cri ;;
    *) sed -i 's/use_local_image_pull = false/use_local_image_pull = true/' $file ;;
  esac
  registry_folder
  cat >> $file << CONF

[plugins."$runtime".containerd.runtimes.spin]
  runtime_type = "io.containerd.spin.v2"
CONF
  # Shims of today are told how control groups are kept; those of the thesis's time know no options.
  case $CONTAINERD in
    1.*) ;;
    *) printf '[plugins."%s".containerd.runtimes.spin.options]\n  SystemdCgroup = true\n' $runtime >> $file ;;
  esac
  mkdir -p /etc/containerd/certs.d/registry.lab:5000
  cat > /etc/containerd/certs.d/registry.lab:5000/hosts.toml << 'CONF'
server = "http://registry.lab:5000"

[host."http://registry.lab:5000"]
  capabilities = ["pull", "resolve"]
CONF
}

# Images of the registries that the lab uses come from the offline server, too: for containerd, then for CRI-O and the
# tools.
REGISTRIES="registry.k8s.io docker.io ghcr.io quay.io"
offline_images() {
  local name
  registry_folder
  for name in $REGISTRIES; do
    mkdir -p "/etc/containerd/certs.d/$name"
    cat > "/etc/containerd/certs.d/$name/hosts.toml" << CONF
server = "${OFFLINE%/}/v2/$name"
override_path = true

[host."${OFFLINE%/}/v2/$name"]
  capabilities = ["pull", "resolve"]
  override_path = true
CONF
  done
}

offline_mirrors() {
  local name
  mkdir -p /etc/containers/registries.conf.d
  for name in $REGISTRIES; do
    printf '[[registry]]\nlocation = "%s"\n\n[[registry.mirror]]\nlocation = "%s/%s"\ninsecure = true\n\n' \
      "$name" "$(echo "$OFFLINE" | sed -e 's#^https*://##' -e 's#/*$##')" "$name"
  done > /etc/containers/registries.conf.d/60-offline.conf
}

# The old repository first, so that it is the thesis's own where it still answers.
kubernetes_repository() {
  local key where
  if [ "$PROFILE" = thesis ] && [ "${KUBERNETES%-1.1}" = "$KUBERNETES" ]; then
    if repository kubernetes "$(key_url kubernetes-key)" "$(key_url kubernetes)" "kubernetes-xenial main"; then
      if fresh_lists; then return; fi
      drop_repository kubernetes
    fi
    look_up kubernetes-today
    deviate "$PIN_NOTE"
    KUBERNETES=${KUBERNETES%-*}-1.1
  fi
  # One key signs all minors, and the newest one's copy expires last.
  for key in "v$(minor_of "$(version_of "$NEW_KEY")")" newest "v$(minor_of "$KUBERNETES")"; do
    if [ "$key" = newest ]; then
      get https://dl.k8s.io/release/stable.txt "$WORK/stable" || continue
      key=$(minor_of "$(cat "$WORK/stable")")
    fi
    repository kubernetes "https://pkgs.k8s.io/core:/stable:/$key/deb/Release.key" \
      "https://pkgs.k8s.io/core:/stable:/v$(minor_of "$KUBERNETES")/deb/" || continue
    if fresh_lists; then return; fi
    grep -qE 'EXPKEYSIG|KEYEXPIRED|NO_PUBKEY' "$WORK/update.log" || break
  done
  where=$(where_is "https://pkgs.k8s.io/core:/stable:/v$(minor_of "$KUBERNETES")/deb/")
  grep -qsE 'EXPKEYSIG|KEYEXPIRED|NO_PUBKEY' "$WORK/update.log" ||
    fail "could not read the repository $where" "check the version and the network (curl -I ${where}InRelease), and apt's errors above"
  fail "no key is right for $where" "upstream has to renew its key (EXPKEYSIG); until then choose a newer --kubernetes"
}

key_url() { # ID
  look_up "$1"
  fill "$PIN_URL" "$PIN_VERSION"
}

kubernetes() { # PACKAGE...
  local wanted=() name missing=no
  step "Kubernetes packages $KUBERNETES"
  for name in "$@"; do
    if ! is_installed "$name=$KUBERNETES" && ! is_installed "$name=${KUBERNETES%-*}-1.1"; then missing=yes; fi
  done
  if [ $missing = yes ]; then
    kubernetes_repository
    for name in "$@"; do wanted+=("$name=$KUBERNETES"); done
    packages "${wanted[@]}"
  fi
  apt-mark hold "$@"
  # What kubeadm and kube-proxy call on the machine; today's packages leave it to us, and no longer bring crictl.
  if [ "$PROFILE" = current ]; then packages cri-tools iptables iproute2 conntrack ethtool socat; fi
}

wasmedge_runtime() {
  step "WasmEdge $WASMEDGE"
  if [ "$WASMEDGE" = distribution ]; then
    packages wasmedge
    return
  fi
  case "$(wasmedge --version 2> /dev/null || true) " in *" $WASMEDGE"[!0-9.]*) ldconfig && return ;; esac
  if ! fetch wasmedge "$WASMEDGE" "$WORK/wasmedge.tar.gz"; then
    download wasmedge-manylinux "$WASMEDGE" "$WORK/wasmedge.tar.gz"
    deviate "$PIN_NOTE"
  fi
  mkdir -p "$WORK/wasmedge"
  tar -C "$WORK/wasmedge" -xzf "$WORK/wasmedge.tar.gz"
  local folder part
  for folder in "$WORK"/wasmedge/*/; do
    for part in bin lib lib64 include; do
      if [ -d "$folder$part" ]; then
        mkdir -p "/usr/local/${part%64}"
        cp -a "$folder$part/." "/usr/local/${part%64}/"
      fi
    done
  done
  ldconfig
  case "$(wasmedge --version) " in
    *" $WASMEDGE"[!0-9.]*) ;;
    *) fail "wasmedge does not answer with version $WASMEDGE" "run 'wasmedge --version; ldd /usr/local/bin/wasmedge'" ;;
  esac
}

crun_runtime() {
  local words
  if [ "$CRUN" = distribution ]; then
    step "crun of this Ubuntu"
    packages crun
    case $(/usr/bin/crun --version) in
      *+WASM:wasmedge*) ;;
      *) fail "this Ubuntu's crun was built without WasmEdge" "build one: --crun=1.29.1 --wasmedge=0.17.1" ;;
    esac
    return
  fi
  step "crun $CRUN built with WasmEdge"
  words=$(/usr/local/bin/crun --version 2> /dev/null || true)
  case $words in "crun version $CRUN"[!0-9.]*+WASM:wasmedge*) return ;; esac
  packages make git gcc build-essential pkgconf libtool libsystemd-dev libprotobuf-c-dev libcap-dev libseccomp-dev libyajl-dev go-md2man autoconf python3 automake
  # From 1.28 on crun reads JSON with another library.
  case $CRUN in 1.2[89]* | 1.[3-9][0-9]*) packages libjson-c-dev ;; esac
  download crun "$CRUN" "$WORK/crun.tar.gz"
  tar -C "$WORK" --no-overwrite-dir -xzf "$WORK/crun.tar.gz"
  (cd "$WORK/crun-$CRUN" && ./autogen.sh && ./configure --with-wasmedge && make && make install) ||
    fail "crun $CRUN could not be built" "read the compiler's errors above"
}

# CRI-O as its packages or its bundle leave it.
crio_packages() {
  mkdir -p /etc/crio/crio.conf.d
  if [ "$PROFILE" = current ]; then
    if ! has_crio; then
      repository cri-o "$(fill "$(pattern_of cri-o-key)" "$CRIO")" "$(fill "$(pattern_of cri-o)" "$CRIO")" ||
        fail "there is no $(where_is "$(fill "$(pattern_of cri-o)" "$CRIO")")" "choose another --crio"
      packages cri-o
    fi
    return
  fi
  if has_crio; then return; fi
  local base=https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable bundle
  if repository cri-o "$(fill "$(pattern_of cri-o-key)" "$CRIO")" "$(fill "$(pattern_of cri-o)" "$CRIO")"; then
    if repository libcontainers "$base/$OS/Release.key" "$base/$OS/" && fresh_lists; then
      packages libseccomp2 cri-o "$@"
      return
    fi
    drop_repository cri-o
    drop_repository libcontainers
  fi
  for bundle in cri-o-bundle cri-o-bundle-commit cri-o-bundle-1-28; do
    look_up $bundle
    if [ "$(minor_of "$CRIO")" != "$(minor_of "$(version_of cri-o)")" ]; then PIN_VERSION=$CRIO; fi
    fetch $bundle "$PIN_VERSION" "$WORK/cri-o.tar.gz" || continue
    deviate "$PIN_NOTE"
    packages libseccomp2 socat conntrack
    tar -C "$WORK" -xzf "$WORK/cri-o.tar.gz"
    (cd "$WORK/cri-o" && ./install) || fail "CRI-O's own installer failed" "read its errors above"
    return
  done
  fail "CRI-O $CRIO is gone, from $(where_is "$base:/cri-o:/$(minor_of "$CRIO")/$OS/") and as a bundle" \
    "choose another --crio, or use the profile current"
}

pattern_of() { # ID
  look_up "$1"
  echo "$PIN_URL"
}

crio_runtime() {
  step "CRI-O $CRIO"
  crio_packages
}

# With crun as its default. Today's packages bring a crun that knows no WebAssembly, and let annotations for it pass
# only where a handler allows them.
crio_settings() {
  local monitor
  step "CRI-O's default runtime"
  if [ "$PROFILE" = current ]; then
    cat > /etc/crio/crio.conf.d/99-crun-wasm.conf << CONF
[crio.runtime]
default_runtime = "crun-wasm"

[crio.runtime.runtimes.crun-wasm]
runtime_path = "$CRUN_PATH"
monitor_path = "/usr/libexec/crio/conmon"
allowed_annotations = ["module.wasm.image/variant"]
CONF
  else
    cat > /etc/crio/crio.conf.d/99-crun-wasmedge.conf << 'CONF'
[crio.runtime]
default_runtime = "crun"

[crio.runtime.runtimes.crun]
runtime_path = "/usr/local/bin/crun"
CONF
    # Bundles keep conmon where CRI-O does not look by itself.
    for monitor in /usr/local/libexec/crio/conmon /usr/libexec/crio/conmon; do
      if [ -x $monitor ] && ! command -v conmon > /dev/null; then
        echo "monitor_path = \"$monitor\"" >> /etc/crio/crio.conf.d/99-crun-wasmedge.conf
      fi
    done
  fi
  start_crio
}

start_crio() {
  cat > /etc/crio/crio.conf.d/90-pause.conf << CONF
[crio.image]
pause_image = "registry.k8s.io/pause:$PAUSE"
CONF
  systemctl daemon-reload
  systemctl enable crio
  systemctl restart crio || fail "CRI-O does not start" "journalctl -u crio -n 20 --no-pager"
}

trust_lab_registry() {
  step "the lab's registry"
  mkdir -p /etc/containers/registries.conf.d
  cat > /etc/containers/registries.conf.d/50-lab.conf << 'CONF'
[[registry]]
location = "registry.lab:5000"
insecure = true
CONF
}

image_tools() {
  step "skopeo and jq"
  # Ubuntu itself has skopeo from 22.04 on.
  if [ "$RELEASE" = 20.04 ] && ! is_installed skopeo; then
    local base=https://download.opensuse.org/repositories/devel:/kubic:/libcontainers:/stable
    repository libcontainers "$base/$OS/Release.key" "$base/$OS/" ||
      fail "there is no $(where_is "$base/$OS/")" "use Ubuntu 22.04, which has skopeo and buildah itself"
  fi
  packages skopeo jq curl gnupg
}

cri_tools() {
  step "crictl"
  download crictl "$(version_of crictl)" "$WORK/crictl.tar.gz"
  tar -C /usr/local/bin -xzf "$WORK/crictl.tar.gz"
  printf 'runtime-endpoint: unix:///run/containerd/containerd.sock\nimage-endpoint: unix:///run/containerd/containerd.sock\n' > /etc/crictl.yaml
}

# Addresses that only this machine has do not count: VirtualBox's first network card, and the pods' networks.
address_of_this_machine() {
  local address
  for address in $ADDRESS $(hostname -I); do
    case $address in
      10.0.2.15 | 10.22.* | 10.244.* | *:*) ;;
      *) echo "$address" && return ;;
    esac
  done
  fail "this machine has no address that the others could reach" "say it: --address=ADDRESS"
}

init_cluster() {
  local address options=(--cri-socket=unix:///run/containerd/containerd.sock)
  step "kubeadm init"
  if [ -f /etc/kubernetes/admin.conf ]; then
    echo "there is a control plane already"
  else
    address=$(address_of_this_machine)
    if [ "$NETWORK" = flannel ]; then options+=(--pod-network-cidr=10.244.0.0/16); fi
    kubeadm init --kubernetes-version="v${KUBERNETES%%-*}" --apiserver-advertise-address="$address" "${options[@]}"
  fi
  step "kubectl for ${LEARNER:-root}"
  local home
  home=$(getent passwd "${LEARNER:-root}" | cut -d: -f6)
  mkdir -p "$home/.kube"
  cp /etc/kubernetes/admin.conf "$home/.kube/config"
  chmod 600 "$home/.kube/config"
  chown -R "$(id -u "${LEARNER:-root}"):$(id -g "${LEARNER:-root}")" "$home/.kube"
  if [ "$NETWORK" = flannel ]; then pod_network; fi
  step "join command"
  kubeadm token create --print-join-command
}

ranges_for_flannel() {
  local ranges
  ranges=$(kubectl --kubeconfig=/etc/kubernetes/admin.conf get nodes -o 'jsonpath={.items[*].spec.podCIDR}')
  [ -n "$ranges" ] || fail "the cluster was made without --pod-network-cidr, which flannel needs" \
    "keep its network (--network=bridge), or begin anew: kubeadm reset on every node, then this command again"
}

pod_network() {
  step "flannel $(version_of flannel), a pod network across the nodes"
  local kubectl="kubectl --kubeconfig=/etc/kubernetes/admin.conf"
  download flannel "$(version_of flannel)" "$WORK/kube-flannel.yml"
  $kubectl apply -f "$WORK/kube-flannel.yml"
  $kubectl wait --for=condition=Ready nodes --all --timeout=300s ||
    fail "the node did not become Ready" "kubectl get pods -A; kubectl describe nodes"
}

ARCH=$(dpkg --print-architecture)
MACHINE=$(uname -m)
CONTAINERD=$(version_of containerd)
CRIO=$(minor_of "$(version_of cri-o)")
KUBERNETES=$(version_of kubernetes)
RUNC=$(version_of runc)
SHIM=$(version_of shim)
CNI=$(version_of cni-plugins)
PAUSE=$(version_of image-pause)
case $PROFILE in
  thesis)
    CRUN=$(version_of crun)
    WASMEDGE=$(version_of wasmedge)
    NEW_KEY=kubernetes-key-today
    ;;
  current)
    CRUN=distribution
    WASMEDGE=distribution
    NEW_KEY=kubernetes-key
    ;;
esac

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
    --network=flannel | --network=bridge) NETWORK=${argument#*=} ;;
    --address=*) ADDRESS=${argument#*=} ;;
    --deviations) deviations; exit 0 ;;
    -h | --help) usage; exit 0 ;;
    master | method1 | method2 | worker | containers) COMMAND=$argument ;;
    *) usage >&2; fail "unknown argument $argument" "use one of the options above" ;;
  esac
done
[ -n "$COMMAND" ] || { usage >&2; fail "no command" "say master, method1, method2, worker or containers"; }
[ "$(id -u)" -eq 0 ] || fail "not root" "run: sudo $0 $*"
case $ARCH in amd64 | arm64) ;; *) fail "there is nothing for $ARCH" "use a machine with amd64 or arm64" ;; esac

if [ "$CRUN" = distribution ]; then CRUN_PATH=/usr/bin/crun; else CRUN_PATH=/usr/local/bin/crun; fi
# Without sudo (a root login, cloud-init) kubectl is set up for the ubuntu user when there is one.
LEARNER=${SUDO_USER:-}
if [ -z "$LEARNER" ] && id ubuntu > /dev/null 2>&1; then LEARNER=ubuntu; fi
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# Without a cluster nothing brings flannel.
if [ "$COMMAND" = containers ]; then NETWORK=bridge; fi

prepare_machine
kernel_settings
case $COMMAND in
  master)
    runc
    containerd_runtime
    no_swap
    kubernetes kubelet kubeadm kubectl
    cni
    init_cluster
    ;;
  method1)
    wasmedge_runtime
    crio_runtime
    crun_runtime
    no_swap
    kubernetes kubelet kubeadm
    cni
    trust_lab_registry
    crio_settings
    ;;
  method2)
    runc
    spin_shim
    containerd_runtime
    no_swap
    kubernetes kubelet kubeadm
    cni
    ;;
  worker)
    runc
    containerd_runtime
    no_swap
    kubernetes kubelet kubeadm
    cni
    ;;
  containers)
    runc
    cni
    containerd_runtime
    image_tools
    step "CRI-O $CRIO"
    crio_packages cri-o-runc
    start_crio
    cri_tools
    ;;
esac
if [ ${#DEVIATIONS[@]} -gt 0 ]; then
  echo "==> other than in the thesis:"
  printf '    %s\n' "${DEVIATIONS[@]}"
fi
echo "==> finished: $COMMAND"
