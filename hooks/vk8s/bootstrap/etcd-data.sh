# shellcheck shell=bash
# The data of etcd on the state volume, and the program for what has to be done before the kubelet runs etcd. Sourced by
# entrypoint.sh and master.sh.
# shellcheck disable=SC2034 # used by scripts that source this

ETCD_DATA=/var/lib/etcd
ETCD_PROGRAM=("$SOURCE/$SNAPSHOTTER"/snapshots/*/fs/usr/local/bin/etcd) # that of the image that the static pod runs
ALONE_SECONDS=1200 # as long as kubeadm waits for a control plane

# Whether there is data to start with: etcd puts its log in place when that is complete.
has_etcd_data() {
  compgen -G "$ETCD_DATA/member/wal/*.wal" >/dev/null
}

# Keeps data that no etcd of this node may start with, for an investigation.
set_etcd_data_aside() { # why, as the beginning of a name
  [[ ! -e $ETCD_DATA/member ]] || mv "$ETCD_DATA/member" "$ETCD_DATA/$1-$EPOCHSECONDS"
}

# Replaces it by data that is complete.
put_etcd_data_in_place() { # folder
  mv "$1/member" "$ETCD_DATA/member"
  sync "$ETCD_DATA"
  rmdir "$1"
}

# Runs etcd until it is ready, and $meanwhile, if it is set, with the socket for clients: with the name and address of the
# later one of a node alone, but listening only on sockets that nobody else uses.
run_etcd_alone() { # name of its log and of the folder of the sockets, arguments
  local etcd status=0 sockets=$RUN/$1
  mkdir -p "$sockets"
  (
    cd "$sockets" || exit
    exec "${ETCD_PROGRAM[0]}" --name "$NODE_NAME" --initial-cluster "$NODE_NAME=https://127.0.0.1:2380" "${@:2}" \
      --initial-advertise-peer-urls https://127.0.0.1:2380 --advertise-client-urls https://127.0.0.1:2379 \
      --listen-peer-urls unix://peers --listen-client-urls unix://clients \
      --heartbeat-interval 10 --election-timeout 100 # or it would wait for others for up to a second
  ) >"$LOG/$1.log" 2>&1 &
  etcd=$!
  await_etcd_alone $etcd "$sockets/clients" && ${meanwhile:-true} "$sockets/clients" || status=$?
  kill -TERM $etcd 2>/dev/null || true
  wait $etcd || true
  return $status
}

# Fails if the process has ended, or takes too long.
await_etcd_alone() { # process, socket
  local end=$((SECONDS + ALONE_SECONDS))
  until curl -s --fail --max-time 5 --output /dev/null --unix-socket "$2" http://etcd/readyz; do
    kill -0 "$1" 2>/dev/null && ((SECONDS < end)) || return 1
    sleep 0.02
  done
}

# Prints the last error in a log of etcd, as the end of a sentence.
find_etcd_error() { # log
  local error
  error=$(grep -v '"level":"\(info\|debug\)"' "$1" 2>/dev/null | tail -1 | cut -c1-300) || true
  echo "${error:-an unexpected error}"
}
