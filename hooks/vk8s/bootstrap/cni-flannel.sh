# shellcheck shell=bash
# The network between the nodes with cni: flannel. flanneld sets it up, and then writes two files. Sourced by network.sh
# and entrypoint.sh; cni-none.sh has the same functions.
# shellcheck source-path=SCRIPTDIR disable=SC2154 # the script that sources this sets boot
. "$boot/network-policies.sh"

KEPT_CNI=$STATE/cni # CNI lists and programs of plugins
CNI_LIST=$KEPT_CNI/net.d/10-flannel.conflist
PREVIOUS_CNI_LIST=$STATE/cni-list # that of the previous boot, until it is restored
SUBNET_FILE=/run/flannel/subnet.env # of this boot
CNI_PROGRAMS=/opt/cni/bin
CNI_LIST_PROGRAM=/usr/local/bin/cni-list # older node images don't have it

check_network_kernel() {
  check_vxlan # in host.sh
  check_policies_kernel
}

# VNI and port are those that host.sh tries.
prepare_network() {
  mkdir -p /run/flannel
  cat >/run/flannel/net-conf.json <<END
{"Network": "$POD_CIDR", "EnableNFTables": true, "Backend": {"Type": "vxlan", "VNI": 8475, "Port": 8475}}
END
}

print_network_manifests() {
  cat "$boot/flannel-access.yaml"
  print_policies_manifests
}

start_network() {
  systemctl --no-block start flanneld
  start_policies_early
}

# flanneld reads its certificate and the subnet of its Node only when it starts.
restart_network() {
  systemctl try-restart flanneld network-policies
}

# Called by the watcher while the node is ready.
tend_network() {
  arrange_policies
}

# Whether the kubelet finds a network; without a CNI list it reports NotReady. Pods may not reach other nodes yet.
is_network_up() {
  [[ -e $CNI_LIST ]]
}

# Whether pods reach those of other nodes: the CNI list alone may be that of the previous boot.
has_joined_network() {
  [[ -e $SUBNET_FILE ]]
}

# Prints the subnet of this node's pods; fails if the list can't be read.
find_subnet() { # [CNI list]
  local list=${1:-$CNI_LIST}
  if [[ -x $CNI_LIST_PROGRAM ]]; then
    $CNI_LIST_PROGRAM subnet "$list" 2>/dev/null
  else
    grep -so '"subnet": *"[^"]*"' "$list" | head -1 | cut -d'"' -f4
  fi
}

# CNI lists and programs of plugins that users install (meshes, Multus) outlive the pod, as they would a reboot of a
# machine, but not the cluster that they were installed in. Only the own list is put aside: with it, the kubelet would
# report Ready before there is a network.
keep_network_files() {
  local list
  is_same_generation || rm -rf "$KEPT_CNI" "$PREVIOUS_CNI_LIST" # in state-volume.sh
  mkdir -p "$KEPT_CNI"/{net.d,bin} /etc/cni/net.d
  for list in "$CNI_LIST.restored" "$CNI_LIST"; do
    [[ ! -e $list ]] || mv "$list" "$PREVIOUS_CNI_LIST"
  done
  if copy_network_programs "$KEPT_CNI"; then # in network-programs.sh
    # In the image it is a link.
    [[ ! -L $CNI_PROGRAMS ]] || rm "$CNI_PROGRAMS"
    mkdir -p $CNI_PROGRAMS
    mount --bind "$KEPT_CNI/bin" $CNI_PROGRAMS
  else
    say "The programs of CNI plugins can't be copied to the state volume: in this boot, pods have flannel's plugins alone. Those" \
      "of users stay on the volume, with all CNI lists, until the node boots with room for the copies."
    # No list there may change or be used, as programs of users are missing: an empty folder hides them.
    [[ ! -e $PREVIOUS_CNI_LIST ]] || mv "$PREVIOUS_CNI_LIST" "$CNI_LIST"
    mount -t tmpfs tmpfs "$KEPT_CNI/net.d"
  fi
  mount --bind "$KEPT_CNI/net.d" /etc/cni/net.d
}

# Restores the CNI list of the previous boot if the Node still has that subnet: then the kubelet need not wait for
# flanneld, and both start at the same time. As long as a plugin is in the list whose program is missing, no pod starts.
restore_cni_list() { # curl arguments for the certificate by which the Node may be read
  [[ -s $PREVIOUS_CNI_LIST ]] || return 0
  local subnet node program
  subnet=$(find_subnet "$PREVIOUS_CNI_LIST") || return 0
  node=$(curl -s --max-time 5 --cacert /etc/kubernetes/pki/ca.crt "$@" "$NODE_URL?pretty=false") || return 0
  [[ $node = *'"podCIDR":"'"$subnet"'"'* ]] || return 0
  if [[ -x $CNI_LIST_PROGRAM ]]; then
    $CNI_LIST_PROGRAM restore "$PREVIOUS_CNI_LIST" "$CNI_LIST.restored" $CNI_PROGRAMS 2>/dev/null | while read -r program; do
      say "CNI plugin $program is left out of the CNI list, as its program is not in $CNI_PROGRAMS: pods could not start."
    done || true
  else
    mv "$PREVIOUS_CNI_LIST" "$CNI_LIST.restored"
  fi
  # containerd overlooks a file that comes from another folder, but not one that gets another name.
  [[ ! -e $CNI_LIST.restored ]] || mv "$CNI_LIST.restored" "$CNI_LIST"
}
