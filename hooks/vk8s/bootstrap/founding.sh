# shellcheck shell=bash
# Initializes a virtual cluster, once: creates the first data of its etcd, empty or from a snapshot. Sourced by
# entrypoint.sh.
#
# The etcd that serves the cluster treats it as an existing one (kubeadm-init.yaml): it starts with data, or not at all.
# So only this creates an empty cluster, and only if the controller says that there has been none before.

FOUNDING=$ETCD_DATA/founding # incomplete data; may be deleted at any time

# Whether this node may initialize the cluster. The pod says so for all its life, but it may do it only once.
may_found() {
  [[ $FOUND = true && ! -e $BOOTED_BEFORE ]]
}

# A control-plane node must not start with an empty volume, unless it initializes its cluster. One of several fetches
# the data from the others (members.sh).
refuse_empty_volume() {
  [[ $ROLE = master && -z $ETCD_SERVICE ]] && ! has_etcd_data || return 0
  may_found ||
    give_up "The state volume has no data of etcd, but this virtual cluster existed before: restore that volume, or its" \
      "data. To continue with an empty cluster instead, delete claim $NODE_NAME-state and this pod, and annotate the Vk8s with" \
      "vk8s.sktelecom.com/accept-state-loss=<uid of the claim>."
}

# In the background, as it takes some tenths of a second.
start_founding() {
  founding=''
  [[ $ROLE = master ]] && ! has_etcd_data && may_found || return 0
  found_cluster &
  founding=$!
}

await_founding() {
  [[ -z $founding ]] || wait "$founding" || exit # it has said why
}

# May be interrupted and repeated at any moment.
found_cluster() {
  rm -rf "$FOUNDING" "$FIRST_BOOT_COMPLETE" "$JOINED" "$RESTORED_FROM"
  set_etcd_data_aside incomplete # left over from an earlier version that was killed right after its start
  if [[ -n $RESTORE ]]; then
    restore_etcd_data "$FOUNDING"
  else
    mkdir -p "$FOUNDING"
    run_etcd_alone founding --data-dir "$FOUNDING" --initial-cluster-token "$VK8S_UID.$GENERATION" ||
      give_up "The cluster could not be initialized: $(find_etcd_error "$LOG/founding.log")"
  fi
  stamp_quorum
  put_etcd_data_in_place "$FOUNDING"
  if [[ -n $RESTORE ]]; then rm -f "$SNAPSHOT/etcd.db"; else touch "$NEW"; fi
}
