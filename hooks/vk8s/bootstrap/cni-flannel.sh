# shellcheck shell=bash
# The network between the nodes with cni: flannel. flanneld sets it up, and then writes two files. Sourced by network.sh
# and entrypoint.sh; cni-none.sh has the same functions.

CNI_LIST=/etc/cni/net.d/10-flannel.conflist
SUBNET_FILE=/run/flannel/subnet.env # of this boot
PREVIOUS_CNI_LIST=$STATE/cni-list

check_network_kernel() {
  check_vxlan # in host.sh
}

# VNI and port are those that host.sh tries.
prepare_network() {
  mkdir -p /run/flannel
  cat >/run/flannel/net-conf.json <<END
{"Network": "$POD_CIDR", "EnableNFTables": true, "Backend": {"Type": "vxlan", "VNI": 8475, "Port": 8475}}
END
}

# shellcheck disable=SC2154 # the script that sources this sets boot
print_network_manifests() {
  cat "$boot/flannel-access.yaml"
}

start_network() {
  systemctl --no-block start flanneld
}

# flanneld reads its certificate and the subnet of its Node only when it starts.
restart_network() {
  systemctl try-restart flanneld
}

# Whether the kubelet finds a network; without a CNI list it reports NotReady. Pods may not reach other nodes yet.
is_network_up() {
  [[ -e $CNI_LIST ]]
}

# Whether pods reach those of other nodes: the CNI list alone may be that of the previous boot.
has_joined_network() {
  [[ -e $SUBNET_FILE ]]
}

# Prints the subnet of this node's pods.
find_subnet() { # [CNI list]
  grep -o '"subnet": *"[^"]*"' "${1:-$CNI_LIST}" | cut -d'"' -f4
}

# For the next boot.
keep_cni_list() {
  write_file "$PREVIOUS_CNI_LIST" <"$CNI_LIST"
}

# Restores the CNI list of the previous boot if the Node still has that subnet: then the kubelet need not wait for
# flanneld, and both start at the same time.
restore_cni_list() { # curl arguments for the certificate by which the Node may be read
  [[ -s $PREVIOUS_CNI_LIST ]] || return 0
  local subnet node
  subnet=$(find_subnet "$PREVIOUS_CNI_LIST") || return 0
  node=$(curl -s --max-time 5 --cacert /etc/kubernetes/pki/ca.crt "$@" "$NODE_URL?pretty=false") || return 0
  [[ $node != *'"podCIDR":"'"$subnet"'"'* ]] || install -D -m 644 "$PREVIOUS_CNI_LIST" "$CNI_LIST"
}
