# shellcheck shell=bash
# Initializes a virtual cluster, once: creates the first data of its etcd. Sourced by entrypoint.sh.
#
# The etcd that serves the cluster treats it as an existing one (kubeadm-init.yaml): it starts with data, or not at all.
# So only this creates an empty cluster, and only if the controller says that there has been none before.

ETCD_DATA=/var/lib/etcd
ETCD_PROGRAM=("$SOURCE/$SNAPSHOTTER"/snapshots/*/fs/usr/local/bin/etcd) # that of the image that the static pod runs
FOUNDING=$ETCD_DATA/founding # incomplete data; may be deleted at any time
FOUNDING_SECONDS=1200 # as long as kubeadm waits for a control plane

# Whether there is data to start with: etcd puts its log in place when that is complete.
has_etcd_data() {
  compgen -G "$ETCD_DATA/member/wal/*.wal" >/dev/null
}

# A control-plane node must not start with an empty volume, unless it initializes its cluster.
refuse_empty_volume() {
  [[ $ROLE = master ]] && ! has_etcd_data || return 0
  [[ $FOUND = true && ! -e $BOOTED_BEFORE ]] ||
    give_up "The state volume has no data of etcd, but this virtual cluster existed before: restore that volume, or its" \
      "data. To continue with an empty cluster instead, delete claim $NODE_NAME-state and this pod, and annotate the Vk8s with" \
      "vk8s.sktelecom.com/accept-state-loss=<uid of the claim>."
}

# In the background, as it takes some tenths of a second.
start_founding() {
  founding=''
  [[ $ROLE = master ]] && ! has_etcd_data || return 0
  found_cluster &
  founding=$!
}

await_founding() {
  [[ -z $founding ]] || wait "$founding" || give_up "The cluster could not be initialized: $(find_founding_error)"
}

find_founding_error() {
  local error
  error=$(grep -v '"level":"\(info\|debug\)"' "$LOG/founding.log" 2>/dev/null | tail -1 | cut -c1-300) || true
  echo "${error:-an unexpected error}"
}

# May be interrupted and repeated at any moment.
found_cluster() {
  rm -rf "$FOUNDING" "$FIRST_BOOT_COMPLETE"
  mkdir -p "$FOUNDING" "$RUN/founding"
  # Left over from an earlier version that was killed right after its start. Kept for an investigation.
  [[ ! -e $ETCD_DATA/member ]] || mv "$ETCD_DATA/member" "$ETCD_DATA/incomplete-$EPOCHSECONDS"
  run_founding_etcd
  mv "$FOUNDING/member" "$ETCD_DATA/member"
  sync "$ETCD_DATA"
  rmdir "$FOUNDING"
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
