# shellcheck shell=bash
# Initializes a virtual cluster, once: creates the first data of its etcd. Sourced by entrypoint.sh.
#
# The etcd that serves the cluster treats it as an existing one (kubeadm-init.yaml): it starts with data, or not at all.
# So only this creates an empty cluster, and only if the controller says that there has been none before.

FOUNDING=$ETCD_DATA/founding # incomplete data; may be deleted at any time
FOUNDING_SECONDS=1200 # as long as kubeadm waits for a control plane

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
  [[ -z $founding ]] || wait "$founding" || give_up "The cluster could not be initialized: $(find_etcd_error "$LOG/founding.log")"
}

# May be interrupted and repeated at any moment.
found_cluster() {
  rm -rf "$FOUNDING" "$FIRST_BOOT_COMPLETE" "$JOINED"
  mkdir -p "$FOUNDING" "$RUN/founding"
  set_etcd_data_aside incomplete # left over from an earlier version that was killed right after its start
  run_founding_etcd
  put_etcd_data_in_place "$FOUNDING"
  touch "$NEW"
}

# With the name and address of the later etcd, but listening only on sockets that nobody else uses.
run_founding_etcd() {
  local etcd status=0
  (
    cd "$RUN/founding" || exit
    exec "${ETCD_PROGRAM[0]}" --name "$NODE_NAME" --data-dir "$FOUNDING" \
      --initial-cluster-token "$VK8S_UID.$GENERATION" --initial-cluster "$NODE_NAME=https://127.0.0.1:2380" \
      --initial-advertise-peer-urls https://127.0.0.1:2380 --advertise-client-urls https://127.0.0.1:2379 \
      --listen-peer-urls unix://peers --listen-client-urls unix://clients \
      --heartbeat-interval 10 --election-timeout 100 # or it would wait for others for up to a second
  ) >"$LOG/founding.log" 2>&1 &
  etcd=$!
  await_founding_etcd $etcd || status=$?
  kill -TERM $etcd 2>/dev/null || true
  wait $etcd || true
  return $status
}

# Fails if the process has ended, or takes too long.
await_founding_etcd() { # process
  local end=$((SECONDS + FOUNDING_SECONDS))
  until curl -s --fail --max-time 5 --output /dev/null --unix-socket "$RUN/founding/clients" http://etcd/readyz; do
    kill -0 "$1" 2>/dev/null && ((SECONDS < end)) || return 1
    sleep 0.02
  done
}
