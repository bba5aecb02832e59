# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
# The network between the nodes, for either value of spec.network.cni: the differences are in cni-flannel.sh and
# cni-none.sh, which have the same functions. Sourced by boot.sh, watcher.sh and renew-certificates.sh.
# shellcheck disable=SC2154 # the script that sources this sets boot
# shellcheck source=cni-flannel.sh
. "$boot/cni-$CNI.sh"

# How long the kernel keeps connections in the node's own network, in seconds: kube-proxy's defaults. kube-proxy itself
# leaves them alone (node_config/components.py), as it would end on a host that keeps them read-only. A value that an
# owner gives it comes later than this.
CONNECTION_SECONDS=(established=86400 close_wait=3600)

forward_packets() {
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

keep_connections() {
  local entry folder=/proc/sys/net/netfilter refused=()
  for entry in "${CONNECTION_SECONDS[@]}"; do
    { echo "${entry#*=}" >"$folder/nf_conntrack_tcp_timeout_${entry%=*}"; } 2>/dev/null || refused+=("${entry%=*}")
  done
  [[ ${#refused[@]} -eq 0 ]] ||
    say "The host lets no node write $folder (${refused[*]}): a connection through a Service of which one side is closed is" \
      "forgotten after a minute, not an hour."
}

# Returns as soon as the kubelet finds a network, or after so many seconds.
await_network() { # seconds, curl arguments for the certificate by which the Node may be read
  local end=$((SECONDS + $1))
  until is_network_up || ((SECONDS >= end)); do
    restore_cni_list "${@:2}"
    is_network_up || sleep 0.1
  done
}
