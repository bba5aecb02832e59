# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# The network between the nodes, for either value of spec.network.cni: the differences are in cni-flannel.sh and
# cni-none.sh, which have the same functions. Sourced by boot.sh, watcher.sh and renew-certificates.sh.
# shellcheck disable=SC2154 # the script that sources this sets boot
# shellcheck source=cni-flannel.sh
. "$boot/cni-$CNI.sh"

forward_packets() {
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

# Returns as soon as the kubelet finds a network, or after so many seconds.
await_network() { # seconds, curl arguments for the certificate by which the Node may be read
  local end=$((SECONDS + $1))
  until is_network_up || ((SECONDS >= end)); do
    restore_cni_list "${@:2}"
    is_network_up || sleep 0.1
  done
}
