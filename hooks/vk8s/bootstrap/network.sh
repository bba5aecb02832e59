# shellcheck shell=bash
# The network between the nodes: flanneld sets it up, and writes two files when it is. Sourced by boot.sh and watcher.sh.

CNI_LIST=/etc/cni/net.d/10-flannel.conflist
SUBNET_FILE=/run/flannel/subnet.env # of this boot
FORMER_CNI_LIST=$STATE/cni-list

prepare_network() {
  echo 1 >/proc/sys/net/ipv4/ip_forward
  mkdir -p /run/flannel
  # VNI and port are not flannel's defaults: the host's own network may be flannel.
  cat >/run/flannel/net-conf.json <<END
{"Network": "$POD_CIDR", "EnableNFTables": true, "Backend": {"Type": "vxlan", "VNI": 8475, "Port": 8475}}
END
}

# Without the CNI list, the kubelet says NotReady. With `none`, it is the user's to bring a network.
start_network() {
  [[ $CNI = flannel ]] || return 0
  systemctl --no-block start flanneld
}

# For the kubelet. Whether pods reach those of other nodes is another question: has_joined_network.
is_network_up() {
  [[ $CNI = none || -e $CNI_LIST ]]
}

has_joined_network() {
  [[ $CNI = none || -e $SUBNET_FILE ]]
}

# For the next boot of this node.
keep_cni_list() {
  [[ $CNI = none ]] || write_file "$FORMER_CNI_LIST" <"$CNI_LIST"
}

# The CNI list of the former boot, if the Node still has that subnet: then the kubelet need not wait for flanneld, and both
# start at the same time.
restore_cni_list() { # curl arguments for the certificate by which the Node may be read
  [[ $CNI = flannel && -s $FORMER_CNI_LIST ]] || return 0
  local subnet node
  subnet=$(read_subnet "$FORMER_CNI_LIST") || return 0
  node=$(curl -s --max-time 5 --cacert /etc/kubernetes/pki/ca.crt "$@" "$NODE_URL?pretty=false") || return 0
  [[ $node != *'"podCIDR":"'"$subnet"'"'* ]] || install -D -m 644 "$FORMER_CNI_LIST" "$CNI_LIST"
}

read_subnet() { # CNI list
  grep -o '"subnet": *"[^"]*"' "$1" | cut -d'"' -f4
}

# Ends when the network is up, or takes too long to wait for.
await_network() { # seconds, curl arguments for the certificate by which the Node may be read
  local end=$((SECONDS + $1))
  until is_network_up || ((SECONDS >= end)); do
    restore_cni_list "${@:2}"
    is_network_up || sleep 0.1
  done
}
