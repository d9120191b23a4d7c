/**
 * Fills the array `login` with the environment of a fresh login: what PAM reads from /etc/environment, and nothing
 * that came over with the connection.
 */
export const loginEnvironment = `
IFS=: read -r name _ uid _ _ home shell < <(getent passwd "$(id -u)")
login=(HOME="$home" LANG=C.UTF-8 LOGNAME="$name" MAIL="/var/mail/$name" SHELL="\${shell:-/bin/bash}" USER="$name"
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
if [ -r /etc/environment ]; then
  while IFS='=' read -r key value; do
    [[ $key =~ ^(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)$ ]] || continue
    value=\${value%\\"} value=\${value#\\"} value=\${value%\\'} value=\${value#\\'}
    login+=("\${BASH_REMATCH[2]}=$value")
  done </etc/environment
fi
[ -d "/run/user/$uid" ] && login+=(XDG_RUNTIME_DIR="/run/user/$uid")
[ -S "/run/user/$uid/bus" ] && login+=(DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$uid/bus")
cd -- "$home" 2>/dev/null || cd /
`;

/**
 * Arguments: path of a new file for the process group's id, number of variables, `NAME=value`..., the program and its
 * arguments. The program has a process group of its own, so that all of it can be ended from outside.
 */
export const execScript = `
${loginEnvironment}
group=$1 count=$2
shift 2
login+=("\${@:1:count}")
shift "$count"
umask 0002
set -m
env -i "\${login[@]}" bash -c '
  case $1 in
    */*) ;;
    *) type -P -- "$1" >/dev/null || { echo "bash: $1: command not found" >&2; exit 127; } ;;
  esac
  exec -- "$@"' bash "$@" <&0 &
set +m
exec </dev/null >/dev/null 2>/dev/null
(umask 077; set -C; echo "$!" >"$group")
wait "$!"
code=$?
rm -f -- "$group"
exit "$code"
`;

/**
 * Argument: the file that `execScript` writes. Ends the process group and every descendant: politely, and two seconds
 * later by force. They stand still until each has its signal, so that no shell goes on where a command of its has ended
 * first. As root, because what \`sudo\` started is not the user's own.
 */
export const cancelScript = `
exec {idle}<> <(:)
rest() { read -rt 0.1 -u "$idle" _; }
for ((tries = 0; tries < 50; tries += 1)); do [ -s "$1" ] && break; rest; done
read -r group <"$1" || exit 0
[[ $group =~ ^[1-9][0-9]*$ ]] && [ "$group" -gt 1 ] || exit 0
send=(kill)
sudo -n true && send=(sudo -n kill)
members() {
  ps -eo pid=,ppid=,pgid= | awk -v group="$group" '
    { parent[$1] = $2; if ($3 == group) found[$1] = 1 }
    END {
      do {
        grown = 0
        for (pid in parent) if (!(pid in found) && (parent[pid] in found)) { found[pid] = 1; grown = 1 }
      } while (grown)
      for (pid in found) if (pid > 1) print pid
    }'
}
mapfile -t all < <(members)
[ "\${#all[@]}" -eq 0 ] && exit 0
"\${send[@]}" -STOP "\${all[@]}"
"\${send[@]}" -TERM "\${all[@]}"
"\${send[@]}" -CONT "\${all[@]}"
left() { local pid; for pid in "\${all[@]}"; do [ -d "/proc/$pid" ] && return 0; done; return 1; }
for ((tries = 0; tries < 20; tries += 1)); do left || exit 0; rest; done
"\${send[@]}" -KILL "\${all[@]}"
for ((tries = 0; tries < 20; tries += 1)); do left || exit 0; rest; done
`;

/** Exit code of the file scripts when the file is not there. */
export const absentCode = 44;

/** Argument: the path. Prints the file. */
export const readScript = `
[ -e "$1" ] || exit ${absentCode}
exec cat -- "$1"
`;

/**
 * Arguments: path, owner, octal mode, number of bytes on standard input. The file is complete or unchanged: a
 * connection that ends early leaves too few bytes, which are thrown away.
 */
export const writeScript = `
set -eu -o pipefail
path=$(readlink -m -- "$1") owner=$2 mode=$3 size=$4
folder=$(dirname -- "$path")
missing=()
above=$folder
while [ ! -e "$above" ]; do
  missing+=("$above")
  above=$(dirname -- "$above")
done
umask 022
mkdir -p -- "$folder"
if [ "\${#missing[@]}" -gt 0 ]; then chown -- "$owner" "\${missing[@]}"; fi
if [ -d "$path" ]; then
  echo "$path: Is a directory" >&2
  exit 1
fi
new=$(mktemp -- "$folder/.new.XXXXXXXXXX")
trap 'rm -f -- "$new"' EXIT
cat >"$new"
if [ "$(stat -c %s -- "$new")" -ne "$size" ]; then
  echo "$path: the connection ended before all $size bytes were there" >&2
  exit 1
fi
chown -- "$owner" "$new"
chmod -- "$mode" "$new"
mv -fT -- "$new" "$path"
`;

/**
 * Argument: process id of a shell. Ends when it or a process below it reads a terminal, or when standard input ends.
 * The numbers are those of read (x86-64, arm64), and of select and pselect6, which line editors call for input alone.
 */
export const inputScript = `
waits() {
  local pid call first rest
  while read -r pid; do
    read -r call first rest </proc/$pid/syscall || continue
    case $call in
      0 | 63) ;;
      23 | 270 | 72) [ "$first" = 0x1 ] || continue; first=0x0 ;;
      *) continue ;;
    esac
    case $(readlink "/proc/$pid/fd/$((first))") in /dev/pts/* | /dev/tty) return 0 ;; esac
  done < <(ps -eo pid=,ppid= | awk -v shell="$1" '
    { parent[$1] = $2 }
    END {
      below[shell] = 1
      do {
        grown = 0
        for (pid in parent) if (!(pid in below) && (parent[pid] in below)) { below[pid] = 1; grown = 1 }
      } while (grown)
      for (pid in below) print pid
    }')
  return 1
}
for (( ; ; )); do
  read -rt 0.15 _
  [ "$?" -gt 128 ] || exit 0
  waits "$1" 2>/dev/null && exit 0
done
`;

/**
 * Arguments: process id of a shell, number of a signal. Sends it to the process group that has the shell's terminal,
 * unless that is the shell's own or all of its processes catch or ignore it.
 */
export const signalScript = `
[[ $1 =~ ^[1-9][0-9]*$ && $2 =~ ^[1-9][0-9]*$ ]] || exit 1
terminal=$(ps -o tty= -p "$1")
[[ $terminal == pts/* ]] || exit 0
while read -r pid pgid tpgid; do
  [ "$pgid" = "$tpgid" ] && [ "$pgid" != "$1" ] && [[ $pgid =~ ^[1-9][0-9]*$ ]] && [ "$pgid" -gt 1 ] || continue
  known=$(awk '/^Sig(Ign|Cgt):/ { print $2 }' "/proc/$pid/status" 2>/dev/null)
  [ -n "$known" ] || continue
  taken=0
  for mask in $known; do ((16#$mask & 1 << ($2 - 1))) && taken=1; done
  if [ "$taken" = 0 ]; then
    kill -"$2" -- "-$pgid"
    exit 0
  fi
done < <(ps -t "$terminal" -o pid=,pgid=,tpgid=)
`;
