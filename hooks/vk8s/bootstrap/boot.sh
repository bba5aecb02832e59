#!/bin/bash
# shellcheck source-path=SCRIPTDIR
# Makes this machine a node of its virtual cluster. vk8s-boot.service runs it at every boot, and again if it fails.
#
# Every step may be interrupted and repeated. Nothing here deletes etcd's data.
set -Eeuo pipefail
boot=$(dirname "$0")
. "$boot/sentences.sh"
. "$boot/cgroups.sh"
. "$boot/state-volume.sh"
. "$boot/settings.sh"
. "$boot/kubelet.sh"
. "$boot/network.sh"
. "$boot/templates.sh"
# shellcheck source=/dev/null
. "$boot/$ROLE.sh" # master.sh or worker.sh

main() {
  trap 'say "The boot failed and is retried in 3 s: $(explain_failure "line $LINENO of ${BASH_SOURCE[0]##*/}")."' ERR
  if is_kubelet_stopped_for_good; then
    say "This node has been removed from its cluster: it starts no kubelet, and can be deleted."
    return
  fi
  keep_previous_log "$LOG/kubeadm.log"
  stop_kubelet_for_boot
  forward_packets
  keep_connections
  prepare_network
  prepare_kubelet_cgroup
  write_kubelet_settings
  boot_node
  stamp_volume
  [[ $ROLE = worker ]] || { touch "$BOOTED_BEFORE" && sync "$BOOTED_BEFORE"; }
  touch "$BOOTED"
}

explain_failure() { # where
  local error
  error=$(find_error)
  echo "${error:-an unexpected error in $1}"
}

keep_previous_log() { # file
  [[ ! -e $1 ]] || mv "$1" "$1.old"
}

main "$@"
