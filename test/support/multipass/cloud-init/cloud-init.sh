#!/bin/bash
# `cloud-init status [--wait] [--long]` over the files that the daemon's cloud-init leaves.
root="@root@"
result=$root/run/cloud-init/result.json
if [ "${1-}" != status ]; then
  echo "cloud-init: error: argument subcommand: invalid choice: '${1-}' (choose from 'status')" >&2
  exit 2
fi
shift
for option; do
  case $option in
  -w | --wait) wait=1 ;;
  -l | --long) long=1 ;;
  *)
    echo "cloud-init: error: unrecognized arguments: $option" >&2
    exit 2
    ;;
  esac
done
waited=0
while [ -n "${wait-}" ] && [ ! -e "$result" ]; do
  printf .
  waited=1
  sleep 0.1
done
[ "$waited" = 0 ] || echo
if [ ! -e "$result" ]; then
  status=running
elif grep -q '"errors": \[\]' "$result"; then
  status=done
else
  status=error
fi
echo "status: $status"
if [ -n "${long-}" ]; then
  case $status in
  running) echo "extended_status: running" ;;
  done) echo "extended_status: done" ;;
  error) echo "extended_status: error - done" ;;
  esac
  echo "boot_status_code: enabled-by-generator"
  echo "detail: DataSourceNoCloud [seed=/dev/sr0]"
  if [ "$status" = error ]; then
    echo "errors:"
    sed -n 's/^    "\(.*\)",\?$/\t- \1/p' "$result"
  else
    echo "errors: []"
  fi
  echo "recoverable_errors: {}"
fi
[ "$status" != error ]
