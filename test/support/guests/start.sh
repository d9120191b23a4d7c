#!/bin/bash
# Starts one guest: `start.sh FOLDER LAB UPLINK ADDRESS GATEWAY KIND TREE` (see guests.ts). Prints nothing; 0 when it runs.
# KIND is host, tree, or system: a tree whose own systemd is process 1.
set -euo pipefail

# The time of its start tells a process from a later one with the same number.
alive() {
  local pid started stat
  read -r pid started <"$1/holder" 2>/dev/null || return 1
  read -r -a stat <"/proc/$pid/stat" 2>/dev/null || return 1
  [ "${stat[21]}" = "$started" ]
}

if [ "$1" = inside ]; then
  shift
  folder=$1 lab=$2 port=$3 address=$4 gateway=$5 kind=$6 tree=$7
  root=$folder/mount disk=$folder/disk
  # This computer's /proc is still mounted here: it tells the number that this process has outside.
  read -r -a stat </proc/self/stat

  ip -netns "$lab" link del "$port" 2>/dev/null || true
  ip -netns "$lab" link add "$port" up master bridge type veth peer name eth0 netns 1
  ip -batch - <<END
link set lo up
address add $address/24 dev eth0
link set eth0 up
route add default via $gateway
END

  mkdir -p "$root"
  if [ "$kind" != host ]; then
    mount -t overlay -o "lowerdir=$tree,upperdir=$disk/root,workdir=$folder/work" guest "$root"
  else
    mount --bind "$disk/root" "$root"
    mount --bind -o ro /usr "$root/usr"
    mount --bind "$disk/local" "$root/usr/local"
  fi
  find "$root/tmp" -mindepth 1 -delete
  mount -t proc proc "$root/proc"
  if [ "$kind" = system ]; then
    # What is set for the whole kernel belongs to this computer; what is set for a network is the guest's own.
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
    mount -o remount,bind,ro "$root/proc/sys"
    mount -t sysfs sysfs "$root/sys"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mkdir "$root/sys/fs/cgroup/entered"
    # Layers of images are overlays, which cannot lie on this one.
    for store in containers containerd; do
      mkdir -p "$disk/plain/$store" "$root/var/lib/$store"
      mount --bind "$disk/plain/$store" "$root/var/lib/$store"
    done
  else
    mount -t sysfs -o ro sysfs "$root/sys"
  fi
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mkdir "$root/run/lock" "$root/run/sshd"
  chmod 1777 "$root/run/lock"
  mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  for device in null zero full random urandom tty kmsg fuse; do
    [ -e "/dev/$device" ] || continue
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
  hostname "$(cat "$root/etc/hostname")"
  exec 3>"$folder/console.log"
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
  cd /
  echo "${stat[0]} ${stat[21]}"
  if [ "$kind" = system ]; then
    exec env -i container=wasm-k8s-lab TERM=dumb /lib/systemd/systemd --log-target=console </dev/null >&3 2>&3 3>&-
  fi
  # The kernel reaps what is adopted by a process that ignores SIGCHLD.
  exec env -i --ignore-signal=CHLD sleep infinity </dev/null >/dev/null 2>&1 3>&-
fi

folder=$1
alive "$folder" && exit 0
rm -f "$folder/holder"
namespaces=(--pid --mount --uts --ipc --net)
group=
if [ "$6" = system ]; then
  group=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)/$2-$3
  [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} +
  mkdir "$group"
  namespaces+=(--cgroup)
fi
coproc guest {
  [ -z "$group" ] || echo "$BASHPID" >"$group/cgroup.procs"
  exec setsid unshare "${namespaces[@]}" --fork --kill-child bash "$0" inside "$@" </dev/null 2>"$folder/start.log"
}
if read -r -u "${guest[0]}" holder; then
  echo "$holder" >"$folder/holder"
else
  cat "$folder/start.log" >&2
  exit 1
fi
