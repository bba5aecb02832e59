# shellcheck shell=bash
# Runs program etcd-member (images/binaries), which asks the members of etcd, and changes the membership. Sourced by
# members.sh and watcher.sh.

ETCD_PKI=/etc/kubernetes/pki/etcd
# shellcheck disable=SC2034 # used by scripts that source this
LEAVING=$STATE/leaving # when this control-plane node began to leave the others

# Whether this node is one of several control-plane nodes, or was it before the last change of their number.
is_one_of_several() {
  [[ -n $ETCD_SERVICE ]]
}

# Sets $printed to what the program prints, and logs what it waits for, and why it fails. It waits for as long as it
# takes, and may be interrupted and repeated.
run_etcd_member() { # command, arguments
  local file=$RUN/etcd-member-$1
  call_etcd_member "$@" 2>&1 >"$file" | while read -r line; do say "etcd: ${line#etcd-member: }"; done || return
  # shellcheck disable=SC2034 # used by scripts that source this
  printed=$(<"$file")
}

call_etcd_member() { # command, arguments
  etcd-member "$@" --name "$NODE_NAME" --service "$ETCD_SERVICE" --address "$POD_IP" --ca $ETCD_PKI/ca.crt \
    --cert $ETCD_PKI/healthcheck-client.crt --key $ETCD_PKI/healthcheck-client.key --local https://127.0.0.1:2379
}
