# shellcheck shell=bash
# The data of etcd on the state volume, and the program for what has to be done before the kubelet runs etcd. Sourced by
# entrypoint.sh and master.sh.
# shellcheck disable=SC2034 # used by scripts that source this

ETCD_DATA=/var/lib/etcd
ETCD_PROGRAM=("$SOURCE/$SNAPSHOTTER"/snapshots/*/fs/usr/local/bin/etcd) # that of the image that the static pod runs

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

# Prints the last error in a log of etcd, as the end of a sentence.
find_etcd_error() { # log
  local error
  error=$(grep -v '"level":"\(info\|debug\)"' "$1" 2>/dev/null | tail -1 | cut -c1-300) || true
  echo "${error:-an unexpected error}"
}
