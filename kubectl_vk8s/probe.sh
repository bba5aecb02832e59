# shellcheck shell=bash
# Tries on a host what a node needs of it, in a privileged pod of the node image. It is sent after host.sh, which has the
# checks. Prints a line for each: ok, note or problem; what it is; and what to do. Tabs are between them.
DISK=/disk # on the disk of the host's kubelet
LEAST_FREE_GIB=5
# shellcheck disable=SC2034 # for host.sh
POD_IP=$(hostname -I | cut -d' ' -f1)

report() { # ok|note|problem SENTENCE [WHAT TO DO]
  printf '%s\t%s\t%s\n' "$1" "${2,}" "${3:-}"
}

check_disk() {
  local free
  free=$(($(df --output=avail --block-size=1M "$DISK" | tail -n 1) / 1024))
  if ((free < LEAST_FREE_GIB)); then
    report note "$free GiB are free on the host's disk" "images, logs, and volumes that are there, may soon have no room"
  else
    report ok "$free GiB are free on the host's disk"
  fi
}

check_host "$DISK"
check_vxlan
check_policies || true
check_disk
