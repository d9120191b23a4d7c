#!/bin/bash
# Makes a booted Ubuntu a machine of the lab. Runs as root: from cloud-init at the first boot, or over SSH; may run again.
# The lines above this one, which wasm-k8s-lab writes, say NAME, OFFLINE, TOOLS, SOURCES and VERSION.
set -Eeuo pipefail
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
: "${NAME:?is the machine to be: master, worker1 or worker2}" "${OFFLINE?}" "${TOOLS?}" "${SOURCES?}" "${VERSION:?}"

MARKER=/var/lib/wasm-k8s-lab/prepared
STEP=start

step() {
  STEP=$1
  echo "prepare: $1"
}

fail() {
  echo "prepare.sh: step '$STEP': $1" >&2
  echo "  what to do: $2" >&2
  exit 1
}

trap 'echo "prepare.sh: step '\''$STEP'\'' failed; mend what is named above and prepare the machine again" >&2' ERR

if [ "$(cat $MARKER 2> /dev/null)" = "$VERSION" ]; then
  echo "prepare: this machine is prepared already"
  exit 0
fi
[ "$(id -u)" -eq 0 ] || fail "not root" "run it with sudo"
WORK=$(mktemp -d)
# The first boot and a hasty hand may run it at the same time; whoever comes second finds it done.
exec 9> /run/wasm-k8s-lab-prepare.lock
flock 9
if [ "$(cat $MARKER 2> /dev/null)" = "$VERSION" ]; then exit 0; fi
trap 'rm -rf "$WORK"' EXIT

step "what this machine may download"
mkdir -p /etc/wasm-k8s-lab
printf '%s\n' "$SOURCES" > "$WORK/sources"
install -m 644 "$WORK/sources" /etc/wasm-k8s-lab/sources

step "user ubuntu"
id ubuntu > /dev/null 2>&1 || useradd --create-home --shell /bin/bash ubuntu
# The lab's shells page nothing, under sudo as without it.
printf 'ubuntu ALL=(ALL) NOPASSWD:ALL\nDefaults env_keep += "PAGER SYSTEMD_PAGER"\n' > "$WORK/sudoers"
install -m 440 "$WORK/sudoers" /etc/sudoers.d/90-wasm-k8s-lab

step "name $NAME"
if [ "$(hostname)" != "$NAME" ]; then
  hostnamectl set-hostname "$NAME" 2> /dev/null || { echo "$NAME" > /etc/hostname && hostname "$NAME"; }
fi

step "no updates by themselves"
# They would hold the package manager's lock while a lab installs something.
if [ -d /run/systemd/system ]; then
  systemctl mask --now apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service 2> /dev/null || true
  systemctl stop apt-daily.service apt-daily-upgrade.service 2> /dev/null || true
fi

if [ "$NAME" = master ]; then
  step "the lab's registry"
  # Ubuntu's package of it asks for a password, which it makes up by chance.
  mkdir -p /etc/systemd/system/docker-registry.service.d
  printf '[Service]\nEnvironment=REGISTRY_AUTH=none\n' > /etc/systemd/system/docker-registry.service.d/wasm-k8s-lab.conf
fi

if [ -n "$OFFLINE" ]; then
  step "packages from $OFFLINE"
  series=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  archive=archive.ubuntu.com/ubuntu
  case $(dpkg --print-architecture) in arm64) archive=ports.ubuntu.com/ubuntu-ports ;; esac
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/ubuntu.sources; do
    if [ -s $file ] && [ ! -e $file.online ]; then mv $file $file.online; fi
  done
  for suite in "$series" "$series-updates" "$series-security"; do
    echo "deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] ${OFFLINE%/}/$archive $suite main universe"
  done > /etc/apt/sources.list.d/wasm-k8s-lab.list
fi

step "tools"
missing=()
for tool in $TOOLS; do
  dpkg-query -W -f='${Status}\n' "$tool" 2> /dev/null | grep -q ' ok installed$' || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  for attempt in $(seq 60); do
    if apt-get update > "$WORK/update.log" 2>&1; then break; fi
    if [ "$attempt" = 60 ] || ! grep -q 'Could not get lock' "$WORK/update.log"; then
      cat "$WORK/update.log" >&2
      fail "apt-get update failed" "check the machine's network and the repositories below /etc/apt"
    fi
    sleep 5
  done
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" ||
    fail "could not install ${missing[*]}" "read apt's errors above"
fi

step "done"
mkdir -p "${MARKER%/*}"
echo "$VERSION" > $MARKER
